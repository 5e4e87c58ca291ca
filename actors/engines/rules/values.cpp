#include "actors/engines/rules/values.hpp"

#include "actors/engines/rules/text.hpp"

namespace troupe::rules {

bool same_measure(quantity const& a, quantity const& b) {
  auto const x = measure_of(a.unit);
  auto const y = measure_of(b.unit);
  return x == measure::none || y == measure::none ||
         (x == y && (x != measure::count || a.unit == b.unit));
}

std::string substituted(std::string const& text, quantity const& old, std::vector<word> const& w,
                        std::string const& by, std::vector<word> const& bw, quantity const& now) {
  auto value = by.substr(bw[now.first].begin, bw[now.last - 1].end - bw[now.first].begin);
  if (w[old.first].begin > 0 && now.spelled)
    value = lower(value); // it stood at the start of its sentence
  std::string unit_text;
  auto end = w[old.last - 1].end;
  if (!now.unit.empty() && now.last < bw.size()) {
    unit_text = ' ' + bw[now.last].text;
    if (!old.unit.empty() && old.last < w.size())
      end = w[old.last].end;
  } else if (old.value == 1 && !old.unit.empty() && old.last < w.size() && now.value != 1) {
    unit_text = ' ' + w[old.last].text + (w[old.last].text.ends_with('s') ? "" : "s");
    end = w[old.last].end;
  }
  return text.substr(0, w[old.first].begin) + value + unit_text + text.substr(end);
}

} // namespace troupe::rules
