#include "cli/command_line.hpp"

#include "cli/text/look.hpp"
#include "cli/text/nearest.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr char const* common_group = "Common";

/// What other programs call it.
std::string other_name(std::vector<std::string> const& known, std::string const& word) {
  for (auto const& [theirs, ours] :
       {std::pair{"--host", "--address"}, std::pair{"--bind", "--address"},
        std::pair{"--listen", "--address"}, std::pair{"--database", "--store"},
        std::pair{"--db", "--store"}, std::pair{"--output", "--out"}})
    if (word == theirs && std::find(known.begin(), known.end(), ours) != known.end())
      return ours;
  return nearest(known, word);
}

std::vector<std::string> commands_of(command of) {
  std::vector<std::string> out;
  for (auto const& sub : of.commands()) {
    if (!sub.hidden())
      out.push_back(sub.name());
  }
  return out;
}

/// `--limit` and the like, of a command and of those above it.
std::vector<std::string> options_of(command of) {
  std::vector<std::string> out;
  for (std::optional at = of; at; at = at->parent()) {
    for (auto const& o : at->options()) {
      for (auto const& name : o.long_names())
        out.push_back("--" + name);
    }
  }
  return out;
}

/// Of a command or of one above it.
std::optional<option> option_named(command of, std::string const& name) {
  for (std::optional at = of; at; at = at->parent()) {
    if (auto const found = at->find_option(name))
      return found;
  }
  return std::nullopt;
}

/// `troupe brief submit`.
std::string full_name(command of) {
  auto out = of.name();
  for (auto up = of.parent(); up; up = up->parent())
    out = up->name() + " " + out;
  return out;
}

/// The first argument that fits nowhere, and what to say of it.
struct misfit {
  std::string said, hint;
  bool command = false; ///< it stands where a command's name should
};

/// Reads the arguments once more, in their order: the parser only answers those that are left over,
/// where the arguments of a mistyped command stand beside its name.
std::optional<misfit> find_misfit(command root, int argc, char const* const* argv) {
  auto at = root;
  std::size_t positionals = 0;
  auto const meant = [&](std::string const& before, std::string const& near) {
    return near.empty() ? std::string{} : "Did you mean `" + before + near + "`? ";
  };
  for (int i = 1; i < argc; ++i) {
    std::string const word = argv[i];
    if (word == "--")
      return std::nullopt;
    auto const see = "See `" + full_name(at) + " --help`.";
    if (word.size() > 1 && word.front() == '-') {
      auto const name = word.substr(0, word.find('='));
      auto const known = option_named(at, name);
      if (!known)
        return misfit{"`" + full_name(at) + "` has no option `" + name + "`",
                      meant("", other_name(options_of(at), name)) + see};
      if (name == word && known->most_values() > 0)
        ++i; // its value
      continue;
    }
    auto const below = at.commands();
    auto const named = std::find_if(below.begin(), below.end(),
                                    [&](command const& sub) { return sub.name() == word; });
    if (named != below.end()) {
      at = *named;
      positionals = 0;
      continue;
    }
    auto places = at.options();
    std::erase_if(places, [](option const& o) { return !o.positional(); });
    if (positionals < places.size()) {
      if (places[positionals].most_values() > 1)
        return std::nullopt; // takes all that follow
      ++positionals;
      continue;
    }
    if (auto const commands = commands_of(at); !commands.empty())
      return misfit{"there is no command `" + full_name(at) + " " + word + "`",
                    meant(full_name(at) + " ", nearest(commands, word)) + see, true};
    return misfit{"`" + full_name(at) + "` takes no argument `" + word + "`", see};
  }
  return std::nullopt;
}

} // namespace

command_line::command_line() : tree_("troupe", "An AI software team on your own machines.") {
  auto const top = root();
  top.footer("Every command has --help with examples. `troupe help exit-codes` lists the exit "
             "codes.\n\nFirst steps:\n"
             "  troupe serve                       in one terminal\n"
             "  troupe init                        in your repository\n"
             "  troupe daemon code | troupe daemon enroll --code -\n"
             "  troupe daemon run                  in another terminal; does the work\n"
             "  troupe brief submit meeting.vtt --wait\n"
             "  troupe approve                     what waits for you; watch: what happens");
  top.add_flag("--json", common_.json, "one JSON document (watch: one a line) on standard output")
      .group(common_group);
  top.add_option("--color", common_.colour, "auto, always or never; NO_COLOR is obeyed")
      .one_of({"auto", "always", "never"})
      .type_name("WHEN")
      .group(common_group);
  top.add_option("--server", common_.server,
                 "server to talk to (TROUPE_SERVER; http://127.0.0.1:7777)")
      .type_name("URL")
      .group(common_group);
  top.add_option("--token-file", common_.token_file,
                 "file with the token (TROUPE_TOKEN holds the token itself)")
      .type_name("FILE")
      .group(common_group);
  top.add_option("--config", common_.config, "settings file (TROUPE_CONFIG)")
      .type_name("FILE")
      .group(common_group);
  top.add_option_function(
         "--set",
         [this](std::vector<std::string> const& all) {
           for (auto const& one : all) {
             auto const equals = one.find('=');
             if (equals == std::string::npos)
               refuse_value("--set", one + " is not SECTION.KEY=VALUE");
             common_.settings[one.substr(0, equals)] = one.substr(equals + 1);
           }
         },
         "any setting, as `troupe config print` shows it")
      .type_name("SECTION.KEY=VALUE")
      .group(common_group);
}

command command_line::add(command below, std::string const& name, std::string const& what,
                          std::string const& examples, action run) {
  auto const out = below.add(name, what);
  if (!examples.empty())
    out.footer("Examples:\n" + examples +
               "\nCommon flags: --json --color --server --token-file "
               "--config --set; see `troupe --help`.");
  // The innermost command is the one that was meant: groups may have a default action.
  if (run)
    out.on_chosen([this, out, run = std::move(run)] {
      chosen_ = run;
      chosen_command_ = out;
    });
  return out;
}

command command_line::add_group(std::string const& name, std::string const& what,
                                std::string const& examples) {
  auto const out = add(root(), name, what, examples, {});
  out.may_choose_below();
  return out;
}

int command_line::refuse(std::string const& what) const {
  console const out{common_};
  return out.misuse(what, "See `" + full_name(root().innermost()) + " --help`.");
}

int command_line::run(int argc, char const* const* argv) {
  // Also before the parser has come so far: a refusal of the arguments is JSON as well where JSON
  // was asked for.
  auto const ask_json = [&] {
    for (int i = 1; i < argc; ++i)
      common_.json = common_.json || std::string_view{argv[i]} == "--json";
  };
  auto const understood = tree_.parse(argc, argv);
  switch (understood.how) {
  case parsed::as::commands:
    break;
  case parsed::as::help: {
    ask_json();
    if (auto const wrong = find_misfit(root(), argc, argv); wrong && wrong->command)
      return console{common_}.misuse(wrong->said, wrong->hint); // nobody has help for that
    auto const text = tree_.help();
    return console{common_}.show(json::object{{"help", text}}, text);
  }
  case parsed::as::version:
    ask_json();
    return show_version(console{common_});
  case parsed::as::wrong: {
    ask_json();
    // A required argument may be missing only because its option was mistyped.
    auto const wrong = find_misfit(root(), argc, argv);
    return wrong ? console{common_}.misuse(wrong->said, wrong->hint) : refuse(understood.text);
  }
  }
  if (!chosen_) {
    auto const at = root().innermost();
    auto const last = std::find(argv, argv + argc, std::string_view{"--"});
    if (at == root() && last != argv + argc)
      return refuse("no command stands before `--`");
    if (at != root() && common_.json)
      return refuse("`" + full_name(at) + "` wants one of: " + look::joined(commands_of(at), ", "));
    auto const text = tree_.help();
    (void)console{common_}.show(json::object{{"help", text}}, text);
    return at == root() ? exit_code::ok : exit_code::usage;
  }
  console out{common_};
  bool const bare = std::find(bare_.begin(), bare_.end(), chosen_command_) != bare_.end();
  if (!bare && !out.load())
    return exit_code::usage;
  return chosen_(out);
}

std::string nearest_command(command of, std::string const& word) {
  return nearest(commands_of(of), word);
}

option add_setting(command_line& line, command to, std::string const& flag, std::string const& key,
                   std::string const& what) {
  return to.add_option_function(
      flag, [&line, key](std::string const& text) { line.common().settings[key] = text; }, what);
}

} // namespace troupe
