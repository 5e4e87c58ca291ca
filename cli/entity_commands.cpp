#include "cli/entity_commands.hpp"

namespace troupe {

namespace {

command with_id(command c, entity_words const& of, std::string& id) {
  c.add_option(of.name, id, "id of the " + of.name).required().type_name("ID");
  return c;
}

std::string command_of(entity_words const& of) {
  return "troupe " + (of.name == "agent" ? "agents" : of.name);
}

std::string titled(std::string name) {
  name.front() = static_cast<char>(name.front() - 'a' + 'A');
  return name;
}

result<std::string> whole_id(console& out, entity_words const& of, std::string const& said) {
  return of.find ? of.find(out, said) : result<std::string>{said};
}

struct decision_flags {
  std::string id, notes;
  std::string content; ///< hash that the person saw, or the beginning of it
};

int decide(console& out, entity_words const& of, entity_decision const& decision,
           decision_flags const& f) {
  auto const entity = out.api().get(of.path_of(f.id));
  if (!entity)
    return out.fail(entity.error());
  auto const hash = look::text(*entity, "content_hash");
  if (!f.content.empty() && !hash.starts_with(f.content))
    return out.fail(fail(errc::conflict, of.name + " " + f.id + " has other content now (" +
                                             look::short_hash(hash) + ") than you saw"),
                    "Read it again with `" + command_of(of) + " show " + f.id + "`.");
  // Bound to what was read just now: a draft that changes in between is not approved by accident.
  auto const done = out.api().post(of.path_of(f.id) + "/" + decision.how,
                                   json::object{{"notes", f.notes}, {"content_hash", hash}});
  auto const code = show_done(out, done,
                              titled(of.name) + " " + f.id + ": " + decision.how +
                                  " recorded (content " + look::short_hash(hash) + ").\n");
  if (done && decision.next)
    out.note(decision.next(out, *entity));
  return code;
}

int edit(console& out, entity_words const& of, std::string const& id, std::string const& file,
         std::function<std::string(console const&, json::value const&)> const& render) {
  auto const entity = out.api().get(of.path_of(id));
  if (!entity)
    return out.fail(entity.error());
  std::string kept;
  auto const before = pretty_json(look::at(*entity, "content"));
  auto const text =
      file.empty() ? edit_text(out, before, of.name + "-" + id, kept) : read_input(file);
  if (!text)
    return out.fail(text.error(), !file.empty() ? "Name a file with the content as JSON."
                                                : "Set EDITOR, or give the content with --file "
                                                  "FILE.");
  if (!kept.empty() && *text == before) {
    std::filesystem::remove(kept);
    out.note("Nothing was changed, so nothing was sent.");
    return out.show(*entity, render(out, *entity));
  }
  auto const content = json::parse(*text);
  if (!content) // nothing was sent
    return out.misuse(content.error().message,
                      kept.empty() ? "`" + command_of(of) + " show " + id +
                                         " --json | jq .content` has the form it must have."
                                   : "Your text is in " + kept + "; send it with --file.");
  auto const done = out.api().put(of.path_of(id), json::object{{"content", *content}});
  if (!done && !kept.empty())
    out.note("Your text is in " + kept + "; send it with --file.");
  else if (!kept.empty())
    std::filesystem::remove(kept);
  return show_done(out, done, done ? render(out, *done) : std::string{});
}

} // namespace

int fail_to_find(console& out, entity_words const& of, error const& e) {
  if (e.code == errc::invalid_argument)
    return out.misuse(e.message, "Say which one.");
  return out.fail(e, e.code == errc::not_found
                         ? "`" + command_of(of) + " list` shows what there is."
                         : std::string{});
}

void add_entity_steps(command_line& line, command group, entity_words const& of,
                      std::vector<entity_step> const& steps) {
  struct flags {
    std::string id, why;
  };
  for (auto const& s : steps) {
    auto const f = std::make_shared<flags>();
    std::string const name = s.name;
    bool const has_why = s.has_why;
    auto const c =
        line.add(group, name, s.what, "  " + command_of(of) + " " + name + " " + of.example,
                 [f, of, name, has_why, next = s.next](console& out) {
                   auto const id = whole_id(out, of, f->id);
                   if (!id)
                     return fail_to_find(out, of, id.error());
                   auto const done = out.api().post(
                       of.path_of(*id) + "/" + name,
                       has_why ? json::value(json::object{{"why", f->why}}) : json::value{});
                   auto const code =
                       show_done(out, done, done ? status_line(out, titled(of.name), *done) : "");
                   if (done && next)
                     if (auto const hint = next(*done); !hint.empty())
                       out.note(hint);
                   return code;
                 });
    with_id(c, of, f->id);
    if (has_why)
      c.add_option("--why", f->why, "for the ledger").type_name("TEXT");
  }
}

void add_entity_decision(command_line& line, command group, entity_words const& of,
                         entity_decision decision) {
  auto const f = std::make_shared<decision_flags>();
  auto const d = std::make_shared<entity_decision>(std::move(decision));
  bool const notes_needed = !d->notes_example.empty();
  auto const c = line.add(group, d->how, d->what,
                          "  " + command_of(of) + " " + d->how + " " + of.example +
                              (notes_needed ? " --notes \"" + d->notes_example + "\"" : ""),
                          [f, of, d](console& out) { return decide(out, of, *d, *f); });
  with_id(c, of, f->id);
  c.add_option("--notes", f->notes, "why, or what is to change")
      .required(notes_needed)
      .type_name("TEXT");
  c.add_option("--content", f->content, "the content that you saw, as `show` prints it")
      .type_name("HASH");
}

void add_entity_edit(command_line& line, command group, entity_words const& of,
                     std::string const& what,
                     std::function<std::string(console const&, json::value const&)> render) {
  struct flags {
    std::string id, file;
  };
  auto const f = std::make_shared<flags>();
  auto const command = command_of(of);
  auto const c = line.add(group, "edit", what,
                          "  " + command + " edit " + of.example + "\n  " + command + " show " +
                              of.example + " --json | jq .content > content.json\n  " + command +
                              " edit " + of.example + " --file content.json",
                          [f, of, render = std::move(render)](console& out) {
                            return edit(out, of, f->id, f->file, render);
                          });
  with_id(c, of, f->id);
  c.add_option("--file", f->file, "JSON of the content; - for standard input").type_name("FILE");
}

} // namespace troupe
