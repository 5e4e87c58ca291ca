#include "cli/text/heading.hpp"
#include "cli/text/table.hpp"

namespace troupe {

using namespace views;

std::string render_budget(json::value const& budget, text_style const& style) {
  auto out = heading("Budget", budget, style);
  table scopes{{{"scope", true},
                {"status"},
                {"granted", false, true},
                {"reserved", false, true},
                {"spent", false, true},
                {"left", false, true},
                {"within", true}}};
  if (auto const& all = look::at(budget, "scopes"); all.is_object()) {
    for (auto const& [name, a] : all.get_object()) {
      auto const level = look::text(a, "level", "open");
      auto const granted = look::number(a, "granted");
      auto const reserved = look::number(a, "reserved");
      auto const spent = look::number(a, "spent");
      scopes.add({{columns::printable(name), ink::name},
                  {level, ink_of_status(level)},
                  look::money(granted),
                  look::money(reserved),
                  look::money(spent),
                  look::money(granted - reserved - spent),
                  look::text(a, "parent")});
    }
  }
  if (!scopes.empty())
    out += scopes.text(style, 2);
  table waiting{{{"ticket"}, {"wants", false, true}, {"too little in", true}}};
  for (auto const& w : look::list(budget, "wanted"))
    waiting.add({{look::text(w, "ticket"), ink::name},
                 look::money(look::number(w, "amount")),
                 {look::text(w, "short_in"), ink::attention}});
  if (!waiting.empty())
    out += part("Waiting for money", style) + waiting.text(style, 2);
  return out;
}

} // namespace troupe
