#include "cli/commands.hpp"
#include "cli/text/table.hpp"

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

int help(console& out, CLI::App& root, std::vector<std::string> const& words) {
  if (words.size() == 1 && words.front() == "exit-codes")
    return exit_codes(out);
  auto* at = &root;
  std::string before;
  for (auto const& word : words) {
    auto const below = at->get_subcommands([&](CLI::App* c) { return c->get_name() == word; });
    if (below.empty()) {
      auto const name = (before.empty() ? "" : before + " ") + at->get_name();
      auto const meant = nearest_command(*at, word);
      return out.misuse("there is no command `" + name + " " + word + "`",
                        (meant.empty() ? "" : "Did you mean `" + name + " " + meant + "`? ") +
                            "`troupe help` lists all commands.");
    }
    before += (before.empty() ? "" : " ") + at->get_name();
    at = below.front();
  }
  auto const text = at->get_formatter()->make_help(
      at, before.empty() ? at->get_name() : before + " " + at->get_name(),
      CLI::AppFormatMode::Normal);
  return out.show(json::object{{"help", text}}, text);
}

} // namespace

void add_help_commands(command_line& line) {
  auto const words = std::make_shared<std::vector<std::string>>();
  auto& root = line.root();
  auto& h = line.add(root, "help", "Help for a command, or the list of exit codes.",
                     "  troupe help brief submit\n  troupe help exit-codes",
                     [words, &root](console& out) { return help(out, root, *words); });
  h.add_option("command", *words, "words of a command, or exit-codes")->type_name("WORD");
  line.without_settings(h);
  auto& v =
      line.add(root, "version", "Prints the version.", "  troupe version --json", [](console& out) {
        return out.show(json::object{{"version", TROUPE_VERSION}}, "troupe " TROUPE_VERSION "\n");
      });
  line.without_settings(v);
  root.set_version_flag("--version", "troupe " TROUPE_VERSION, "print the version");
}

} // namespace troupe
