#include "cli/command_line.hpp"

#include "cli/text/look.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr char const* common_group = "Common";

/// Edits between two words, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto const above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

/// The word of a list that was meant; empty where none is near.
std::string nearest(std::vector<std::string> const& known, std::string const& word) {
  std::string best;
  std::size_t least = 3;
  for (auto const& k : known) {
    auto const d = distance(word, k);
    if (d < least && d < word.size()) {
      least = d;
      best = k;
    }
  }
  return best;
}

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

std::vector<std::string> commands_of(CLI::App const& app) {
  std::vector<std::string> out;
  for (auto const* sub : app.get_subcommands({})) {
    if (!sub->get_group().empty())
      out.push_back(sub->get_name());
  }
  return out;
}

/// `--limit` and the like, of a command and of those above it.
std::vector<std::string> options_of(CLI::App const& app) {
  std::vector<std::string> out;
  for (auto const* at = &app; at != nullptr; at = at->get_parent()) {
    for (auto const* option : at->get_options()) {
      for (auto const& name : option->get_lnames())
        out.push_back("--" + name);
    }
  }
  return out;
}

CLI::Option const* option_named(CLI::App const& app, std::string const& name) {
  for (auto const* at = &app; at != nullptr; at = at->get_parent()) {
    if (auto const* found = at->get_option_no_throw(name))
      return found;
  }
  return nullptr;
}

/// `troupe brief submit`.
std::string full_name(CLI::App const& app) {
  auto out = app.get_name();
  for (auto const* up = app.get_parent(); up != nullptr; up = up->get_parent())
    out = up->get_name() + " " + out;
  return out;
}

/// The command whose arguments are wrong: the deepest that was begun.
CLI::App const& deepest(CLI::App const& app) {
  auto const* at = &app;
  for (auto subs = at->get_subcommands(); !subs.empty(); subs = at->get_subcommands())
    at = subs.back();
  return *at;
}

/// The first argument that fits nowhere, and what to say of it.
struct misfit {
  std::string said, hint;
};

/// Reads the arguments once more, in their order: the parser only answers those that are left over,
/// where the arguments of a mistyped command stand beside its name.
std::optional<misfit> find_misfit(CLI::App const& root, int argc, char const* const* argv) {
  auto const* at = &root;
  std::size_t positionals = 0;
  auto const meant = [&](std::string const& before, std::string const& near) {
    return near.empty() ? std::string{} : "Did you mean `" + before + near + "`? ";
  };
  for (int i = 1; i < argc; ++i) {
    std::string const word = argv[i];
    if (word == "--")
      return std::nullopt;
    auto const see = "See `" + full_name(*at) + " --help`.";
    if (word.size() > 1 && word.front() == '-') {
      auto const name = word.substr(0, word.find('='));
      auto const* known = option_named(*at, name);
      if (known == nullptr)
        return misfit{"`" + full_name(*at) + "` has no option `" + name + "`",
                      meant("", other_name(options_of(*at), name)) + see};
      if (name == word && known->get_items_expected_max() > 0)
        ++i; // its value
      continue;
    }
    auto const below =
        at->get_subcommands([&](CLI::App const* sub) { return sub->get_name() == word; });
    if (!below.empty()) {
      at = below.front();
      positionals = 0;
      continue;
    }
    auto const places = at->get_options([](CLI::Option const* o) { return o->get_positional(); });
    if (positionals < places.size()) {
      if (places[positionals]->get_items_expected_max() > 1)
        return std::nullopt; // takes all that follow
      ++positionals;
      continue;
    }
    if (auto const commands = commands_of(*at); !commands.empty())
      return misfit{"there is no command `" + full_name(*at) + " " + word + "`",
                    meant(full_name(*at) + " ", nearest(commands, word)) + see};
    return misfit{"`" + full_name(*at) + "` takes no argument `" + word + "`", see};
  }
  return std::nullopt;
}

/// Lists commands with the first sentence of what they do; their own help has the rest.
class short_formatter : public CLI::Formatter {
public:
  short_formatter() { column_width(34); }
  std::string make_subcommand(CLI::App const* sub) const override {
    auto what = sub->get_description();
    if (auto const end = what.find_first_of(".:;"); end != std::string::npos)
      what.resize(end);
    std::string name = "  " + sub->get_name();
    name.resize(std::max<std::size_t>(name.size() + 1, 16), ' ');
    return name + what + "\n";
  }
};

} // namespace

command_line::command_line() : root_("An AI software team on your own machines.", "troupe") {
  root_.require_subcommand(0, 1);
  root_.fallthrough();
  root_.formatter(std::make_shared<short_formatter>()); // commands below inherit it
  root_.footer("Every command has --help with examples. `troupe help exit-codes` lists the exit "
               "codes.\n\nFirst steps:\n"
               "  troupe serve                       in one terminal\n"
               "  troupe init                        in your repository\n"
               "  troupe daemon code | troupe daemon enroll --code -\n"
               "  troupe daemon run                  in another terminal; does the work\n"
               "  troupe brief submit meeting.vtt --wait\n"
               "  troupe approve                     what waits for you; watch: what happens");
  root_
      .add_flag("--json", common_.json, "one JSON document (watch: one a line) on standard output")
      ->group(common_group);
  root_.add_option("--color", common_.colour, "auto, always or never; NO_COLOR is obeyed")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN")
      ->group(common_group);
  root_
      .add_option("--server", common_.server,
                  "server to talk to (TROUPE_SERVER; http://127.0.0.1:7777)")
      ->type_name("URL")
      ->group(common_group);
  root_
      .add_option("--token-file", common_.token_file,
                  "file with the token (TROUPE_TOKEN holds the token itself)")
      ->type_name("FILE")
      ->group(common_group);
  root_.add_option("--config", common_.config, "settings file (TROUPE_CONFIG)")
      ->type_name("FILE")
      ->group(common_group);
  root_
      .add_option_function<std::vector<std::string>>(
          "--set",
          [this](std::vector<std::string> const& all) {
            for (auto const& one : all) {
              auto const equals = one.find('=');
              if (equals == std::string::npos)
                throw CLI::ValidationError("--set", one + " is not SECTION.KEY=VALUE");
              common_.settings[one.substr(0, equals)] = one.substr(equals + 1);
            }
          },
          "any setting, as `troupe config print` shows it")
      ->type_name("SECTION.KEY=VALUE")
      ->group(common_group);
}

CLI::App& command_line::add(CLI::App& below, std::string const& name, std::string const& what,
                            std::string const& examples, action run) {
  auto& out = *below.add_subcommand(name, what);
  out.fallthrough();
  if (!examples.empty())
    out.footer("Examples:\n" + examples +
               "\nCommon flags: --json --color --server --token-file "
               "--config --set; see `troupe --help`.");
  // The innermost command is the one that was meant: groups may have a default action.
  out.callback([this, &out, run = std::move(run)] {
    if (run && out.get_subcommands().empty()) {
      chosen_ = run;
      chosen_command_ = &out;
    }
  });
  return out;
}

CLI::App& command_line::add_group(std::string const& name, std::string const& what,
                                  std::string const& examples) {
  auto& out = add(root_, name, what, examples, {});
  out.require_subcommand(0, 1);
  return out;
}

int command_line::refuse(std::string const& what) const {
  console const out{common_};
  return out.misuse(what, "See `" + full_name(deepest(root_)) + " --help`.");
}

int command_line::run(int argc, char const* const* argv) {
  // Also before the parser has come so far: a refusal of the arguments is JSON as well where JSON
  // was asked for.
  auto const ask_json = [&] {
    for (int i = 1; i < argc; ++i)
      common_.json = common_.json || std::string_view{argv[i]} == "--json";
  };
  try {
    root_.parse(argc, argv);
  } catch (CLI::CallForHelp const&) {
    ask_json();
    auto const text = root_.help();
    return console{common_}.show(json::object{{"help", text}}, text);
  } catch (CLI::CallForAllHelp const& e) {
    return root_.exit(e);
  } catch (CLI::CallForVersion const& e) {
    return root_.exit(e);
  } catch (CLI::ParseError const& e) {
    ask_json();
    // A required argument may be missing only because its option was mistyped.
    auto const wrong = find_misfit(root_, argc, argv);
    return wrong ? console{common_}.misuse(wrong->said, wrong->hint) : refuse(e.what());
  }
  if (!chosen_) {
    auto const& at = deepest(root_);
    if (&at != &root_ && common_.json)
      return refuse("`" + full_name(at) + "` wants one of: " + look::joined(commands_of(at), ", "));
    auto const text = root_.help();
    (void)console{common_}.show(json::object{{"help", text}}, text);
    return &at == &root_ ? exit_code::ok : exit_code::usage;
  }
  console out{common_};
  if (!bare_.contains(chosen_command_) && !out.load())
    return exit_code::usage;
  return chosen_(out);
}

std::string nearest_command(CLI::App const& app, std::string const& word) {
  return nearest(commands_of(app), word);
}

CLI::Option* add_setting(command_line& line, CLI::App& command, std::string const& flag,
                         std::string const& key, std::string const& what) {
  return command.add_option_function<std::string>(
      flag, [&line, key](std::string const& text) { line.common().settings[key] = text; }, what);
}

} // namespace troupe
