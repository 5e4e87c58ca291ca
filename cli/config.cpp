#include "cli/commands.hpp"
#include "cli/text/table.hpp"

namespace troupe {

namespace {

json::value as_json(setting_value const& of) {
  return std::visit([](auto const& x) { return json::to(x); }, of.value);
}

int print(console& out, bool example) {
  if (example) {
    auto const text = example_toml();
    return out.show(json::object{{"toml", text}}, text);
  }
  if (!out.load())
    return exit_code::usage;
  json::object document;
  table t{{{"setting"}, {"value", true}, {"from", true}}};
  for (auto const& [name, value] : describe(out.configured())) {
    auto const& origin = out.loaded().origins.at(name);
    t.add({{name, ink::name}, value.toml, {origin, origin == "default" ? ink::faint : ink::plain}});
    document.emplace(name, json::object{{"value", as_json(value)}, {"from", origin}});
  }
  return out.show(document, t.text(out.style()));
}

int check(console& out, std::string const& file) {
  auto flags = out.flags();
  if (!file.empty())
    flags.config = file;
  console other{flags};
  if (!other.load())
    return exit_code::usage;
  return other.show(json::object{{"ok", true}}, "The settings are right.\n");
}

} // namespace

void add_config_commands(command_line& line) {
  auto const group = line.add_group("config", "Settings: defaults, file, environment, flags.",
                                    "  troupe config print\n  troupe config check troupe.toml");
  {
    auto const example = std::make_shared<bool>(false);
    auto const c =
        line.add(group, "print", "Prints every setting, its value and where it comes from.",
                 "  troupe config print\n"
                 "  troupe config print --example > ~/.config/troupe/troupe.toml",
                 [example](console& out) { return print(out, *example); });
    c.add_flag("--example", *example, "a settings file with every key, its meaning and default");
    line.without_settings(c);
  }
  {
    auto const file = std::make_shared<std::string>();
    auto const c =
        line.add(group, "check", "Checks the settings and prints everything that is wrong.",
                 "  troupe config check\n  troupe config check troupe.toml",
                 [file](console& out) { return check(out, *file); });
    c.add_option("file", *file, "settings file; left out: the usual one").type_name("FILE");
    line.without_settings(c);
  }
}

} // namespace troupe
