#include "cli/commands.hpp"
#include "cli/text/table.hpp"

namespace troupe {

namespace {

std::string render_dead_letters(json::value const& page, text_style const& style) {
  auto const& items = look::list(page, "items");
  if (items.empty())
    return "No dead letters: no command took its entity down twice since the server started.\n";
  table t{{{"at"}, {"entity"}, {"kind"}, {"command", true}, {"why", true}}};
  for (auto const& l : items)
    t.add({look::date(look::number(l, "at"), style.local_time),
           {look::text(l, "entity"), ink::name},
           look::text(l, "kind", "-"),
           look::text(l, "command"),
           {look::text(l, "why", "it went down without saying why"), ink::bad}});
  return t.text(style);
}

} // namespace

void add_dead_letter_command(command_line& line) {
  line.add(
      line.root(), "dead-letters",
      "Lists commands that took their entity down twice and were put aside, the newest first; "
      "--json has what was sent. The server keeps the newest hundred until it stops.",
      "  troupe dead-letters\n  troupe dead-letters --json | jq '.items[].body'", [](console& out) {
        auto const page = out.api().get("/api/dead-letters");
        if (!page)
          return out.fail(page.error());
        auto const code = out.show(*page, render_dead_letters(*page, out.style()));
        if (!look::list(*page, "items").empty())
          out.note("Each is refused at once while the server remembers it, and tried again after a "
                   "restart of the server or of the part that had it. What was thrown is a "
                   "mistake of the program: report it with the lines of the server's log.");
        return code;
      });
}

} // namespace troupe
