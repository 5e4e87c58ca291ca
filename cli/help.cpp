#include "cli/commands.hpp"
#include "cli/text/table.hpp"

#include <algorithm>

#ifndef TROUPE_VERSION
#define TROUPE_VERSION "0"
#endif

namespace troupe {

namespace {

int exit_codes(console& out) {
  json::array all;
  table t{{{"code", false, true}, {"name"}, {"meaning"}}};
  for (auto const& row : exit_code_table()) {
    t.add({std::to_string(row.code), {std::string{row.name}, ink::name}, std::string{row.meaning}});
    all.push_back(json::object{{"code", row.code}, {"name", row.name}, {"meaning", row.meaning}});
  }
  return out.show(json::object{{"exit_codes", std::move(all)}}, t.text(out.style()));
}

int help(console& out, command root, std::vector<std::string> const& words) {
  if (words.size() == 1 && words.front() == "exit-codes")
    return exit_codes(out);
  auto at = root;
  std::string before;
  for (auto const& word : words) {
    auto const below = at.commands();
    auto const named = std::find_if(below.begin(), below.end(),
                                    [&](command const& c) { return c.name() == word; });
    if (named == below.end()) {
      auto const name = (before.empty() ? "" : before + " ") + at.name();
      auto const meant = nearest_command(at, word);
      return out.misuse("there is no command `" + name + " " + word + "`",
                        (meant.empty() ? "" : "Did you mean `" + name + " " + meant + "`? ") +
                            "`troupe help` lists all commands.");
    }
    before += (before.empty() ? "" : " ") + at.name();
    at = *named;
  }
  auto const text = at.help(before.empty() ? at.name() : before + " " + at.name());
  return out.show(json::object{{"help", text}}, text);
}

} // namespace

void add_help_commands(command_line& line) {
  auto const words = std::make_shared<std::vector<std::string>>();
  auto const root = line.root();
  auto const h = line.add(root, "help", "Help for a command, or the list of exit codes.",
                          "  troupe help brief submit\n  troupe help exit-codes",
                          [words, root](console& out) { return help(out, root, *words); });
  h.add_option("command", *words, "words of a command, or exit-codes").type_name("WORD");
  line.without_settings(h);
  auto const v =
      line.add(root, "version", "Prints the version.", "  troupe version --json", show_version);
  line.without_settings(v);
  root.add_version_flag("--version", "troupe " TROUPE_VERSION, "print the version");
}

int show_version(console const& out) {
  return out.show(json::object{{"version", TROUPE_VERSION}}, "troupe " TROUPE_VERSION "\n");
}

} // namespace troupe
