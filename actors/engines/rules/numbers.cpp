#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/words.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>

namespace troupe::rules {
namespace {

using table = std::unordered_map<std::string_view, int>;

table const& small() {
  static table const t = {{"zero", 0},     {"one", 1},        {"two", 2},       {"three", 3},
                          {"four", 4},     {"five", 5},       {"six", 6},       {"seven", 7},
                          {"eight", 8},    {"nine", 9},       {"ten", 10},      {"eleven", 11},
                          {"twelve", 12},  {"thirteen", 13},  {"fourteen", 14}, {"fifteen", 15},
                          {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18}, {"nineteen", 19},
                          {"twenty", 20},  {"thirty", 30},    {"forty", 40},    {"fifty", 50},
                          {"sixty", 60},   {"seventy", 70},   {"eighty", 80},   {"ninety", 90}};
  return t;
}

std::optional<int> cardinal(std::string_view low) {
  if (auto const i = small().find(low); i != small().end())
    return i->second;
  auto const dash = low.find('-');
  if (dash == std::string_view::npos)
    return std::nullopt;
  auto const tens = small().find(low.substr(0, dash));
  auto const ones = small().find(low.substr(dash + 1));
  if (tens == small().end() || ones == small().end() || tens->second < 20 || ones->second > 9)
    return std::nullopt;
  return tens->second + ones->second;
}

int scale(std::string_view low) {
  if (low == "hundred")
    return 100;
  if (low == "thousand")
    return 1000;
  return low == "million" ? 1000000 : 0;
}

bool any_scale(std::vector<word> const& w, std::size_t i) {
  return i < w.size() && scale(w[i].low) > 0;
}

/// A number in words that starts at `i`; moves `i` behind it.
std::optional<double> spelled(std::vector<word> const& w, std::size_t& i) {
  double total = 0;
  double group = 0;
  std::size_t at = i;
  bool any = false;
  // `half an hour`
  if (w[at].low == "half" && at + 2 < w.size() && (w[at + 1].low == "a" || w[at + 1].low == "an") &&
      w[at + 1].before == 0 && measure_of(w[at + 2].stem) == measure::time) {
    i = at + 2;
    return 0.5;
  }
  if ((w[at].low == "a" || w[at].low == "an") && any_scale(w, at + 1)) {
    group = 1;
    ++at;
    any = true;
  }
  bool small_before = false;
  while (at < w.size() && (at == i || w[at].before == 0)) {
    if (auto const n = cardinal(w[at].low)) {
      if (small_before && !(static_cast<int>(group) % 10 == 0 && *n < 10 && group >= 20))
        break; // `one fifty`, `two three`: two numbers
      group += *n;
      small_before = true;
    } else if (auto const s = scale(w[at].low); s > 0 && any) {
      group = (group == 0 ? 1 : group) * s;
      if (s >= 1000) {
        total += group;
        group = 0;
      }
      small_before = false;
    } else if (w[at].low == "and" && any && !small_before && at + 1 < w.size() &&
               cardinal(w[at + 1].low)) {
    } else {
      break;
    }
    any = true;
    ++at;
  }
  if (!any)
    return std::nullopt;
  auto value = total + group;
  if (at + 1 < w.size() && w[at].low == "point" && cardinal(w[at + 1].low)) {
    double place = 0.1;
    ++at;
    while (at < w.size()) {
      auto const n = cardinal(w[at].low);
      if (!n || *n > 9)
        break;
      value += *n * place;
      place /= 10;
      ++at;
    }
  }
  i = at;
  return value;
}

} // namespace

measure measure_of(std::string_view unit_stem) {
  static constexpr std::string_view times =
      " ms millisecond second sec minut min hour day week month "
      "year ";
  static constexpr std::string_view sizes = " byt kb mb gb tb kib mib gib megabyt meg gigabyt gig "
                                            "kilobyt ";
  auto const in = [&](std::string_view list) {
    return list.find(' ' + std::string{unit_stem} + ' ') != std::string_view::npos;
  };
  if (unit_stem.empty())
    return measure::none;
  if (in(times))
    return measure::time;
  return in(sizes) ? measure::size : measure::count;
}

std::optional<int> ordinal_of(std::string_view low) {
  static table const words = {{"first", 1},       {"second", 2},       {"third", 3},
                              {"fourth", 4},      {"fifth", 5},        {"sixth", 6},
                              {"seventh", 7},     {"eighth", 8},       {"ninth", 9},
                              {"tenth", 10},      {"eleventh", 11},    {"twelfth", 12},
                              {"thirteenth", 13}, {"fourteenth", 14},  {"fifteenth", 15},
                              {"sixteenth", 16},  {"seventeenth", 17}, {"eighteenth", 18},
                              {"nineteenth", 19}, {"twentieth", 20},   {"thirtieth", 30}};
  if (auto const i = words.find(low); i != words.end())
    return i->second;
  if (auto const dash = low.find('-'); dash != std::string_view::npos) {
    auto const tens = small().find(low.substr(0, dash));
    auto const ones = words.find(low.substr(dash + 1));
    if (tens != small().end() && ones != words.end() && ones->second < 10)
      return tens->second + ones->second;
    return std::nullopt;
  }
  std::size_t n = 0;
  while (n < low.size() && is_digit(low[n]))
    ++n;
  auto const rest = low.substr(n);
  if (n > 0 && n < 3 && (rest == "st" || rest == "nd" || rest == "rd" || rest == "th"))
    return std::atoi(std::string{low.substr(0, n)}.c_str());
  return std::nullopt;
}

std::vector<quantity> quantities_of(std::vector<word> const& w) {
  std::vector<quantity> out;
  for (std::size_t i = 0; i < w.size();) {
    quantity q;
    q.first = i;
    if (w[i].what == word::kind::number) {
      std::string plain;
      for (auto const c : w[i].text)
        if (is_digit(c) || c == '.')
          plain += c;
      q.value = std::strtod(plain.c_str(), nullptr);
      q.last = ++i;
    } else if (w[i].what == word::kind::plain) {
      auto at = i;
      auto value = spelled(w, at);
      // `a day` measures as `one day` does.
      if (!value && (w[i].low == "a" || w[i].low == "an") && i + 1 < w.size() &&
          w[i + 1].before == 0 && measure_of(w[i + 1].stem) == measure::time) {
        value = 1;
        at = i + 1;
      }
      if (!value) {
        ++i;
        continue;
      }
      q.value = *value;
      q.spelled = true;
      q.last = i = at;
    } else {
      ++i;
      continue;
    }
    if (q.last < w.size() && w[q.last].before == 0 && lexicon::is_unit(w[q.last].low))
      q.unit = w[q.last].stem;
    else if (q.last < w.size() && w[q.last].before == '%')
      q.unit = "percent";
    // In `divided by twelve` the number is part of a rule, not a value of its own.
    if (q.first > 0 && w[q.first - 1].low == "by" && q.first > 1 &&
        (w[q.first - 2].low == "divided" || w[q.first - 2].low == "multiplied"))
      continue;
    // `one` is mostly a pronoun, and `the two` counts what was said before.
    if (q.spelled && q.value == 1 && q.unit.empty())
      continue;
    out.push_back(std::move(q));
  }
  return out;
}

double base_value(quantity const& q) {
  static std::unordered_map<std::string_view, double> const factors = {
      {"ms", 0.001},        {"millisecond", 0.001}, {"second", 1},
      {"sec", 1},           {"minut", 60},          {"min", 60},
      {"hour", 3600},       {"day", 86400},         {"week", 604800},
      {"kb", 1024},         {"kib", 1024},          {"kilobyt", 1024},
      {"mb", 1048576},      {"mib", 1048576},       {"meg", 1048576},
      {"megabyt", 1048576}, {"gb", 1073741824},     {"gib", 1073741824},
      {"gig", 1073741824},  {"gigabyt", 1073741824}};
  auto const f = factors.find(q.unit);
  return f == factors.end() ? q.value : q.value * f->second;
}

bool is_number_word(std::string_view low) {
  return cardinal(low).has_value() || scale(low) > 0;
}

std::string digits_of(double value) {
  char buffer[64];
  if (value == std::floor(value) && std::fabs(value) < 1e15)
    std::snprintf(buffer, sizeof buffer, "%.0f", value);
  else
    std::snprintf(buffer, sizeof buffer, "%.10g", value);
  return buffer;
}

} // namespace troupe::rules
