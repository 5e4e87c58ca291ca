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
  auto const& all = look::at(budget, "scopes");
  int places = 2; // the same for all: what is added up can be compared
  if (all.is_object())
    for (auto const& [name, a] : all.get_object())
      places = look::places_for(
          {look::number(a, "granted"), look::number(a, "reserved"), look::number(a, "spent"),
           look::number(a, "granted") - look::number(a, "reserved") - look::number(a, "spent")},
          places);
  for (auto const& w : look::list(budget, "wanted"))
    places = look::places_for({look::number(w, "amount")}, places);
  if (all.is_object()) {
    for (auto const& [name, a] : all.get_object()) {
      auto const level = look::text(a, "level", "open");
      auto const granted = look::number(a, "granted");
      auto const reserved = look::number(a, "reserved");
      auto const spent = look::number(a, "spent");
      scopes.add({{columns::printable(name), ink::name},
                  {level, ink_of_status(level)},
                  look::money(granted, places),
                  look::money(reserved, places),
                  look::money(spent, places),
                  look::money(granted - reserved - spent, places),
                  look::text(a, "parent")});
    }
  }
  if (!scopes.empty())
    out += scopes.text(style, 2);
  table waiting{{{"ticket"}, {"wants", false, true}, {"too little in", true}}};
  for (auto const& w : look::list(budget, "wanted"))
    waiting.add({{look::text(w, "ticket"), ink::name},
                 look::money(look::number(w, "amount"), places),
                 {look::text(w, "short_in"), ink::attention}});
  if (!waiting.empty())
    out += part("Waiting for money", style) + waiting.text(style, 2);
  return out;
}

} // namespace troupe
