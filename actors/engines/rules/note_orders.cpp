#include "actors/engines/rules/note_orders.hpp"

#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/order_sayings.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::rules {
namespace {

using words = std::vector<word>;

/// Words for what a plan and a draft are made of, and for being done; they name nothing in it.
bool says_nothing(std::string_view low) {
  return contains_any(" ticket tickets item items requirement requirements number the a please put "
                      "do move start only must should has have needs to come comes go goes be is "
                      "are been first done merged finished landed ready in own its of ",
                      {low});
}

words told(words const& w) {
  words out;
  for (auto const& x : w)
    if (!says_nothing(x.low))
      out.push_back(x);
  return out;
}

/// Where the words `phrase` begin in `w`, at word 1 or later; the end where they do not.
std::size_t find_words(words const& w, std::string_view phrase, std::size_t& length) {
  length = static_cast<std::size_t>(std::count(phrase.begin(), phrase.end(), ' ')) + 1;
  for (std::size_t i = 1; i + length < w.size(); ++i)
    if (trim(flat_of(slice(w, i, i + length))) == phrase)
      return i;
  return w.size();
}

/// Every `later` behind every `sooner`; nothing where a side names nothing.
std::vector<key_order> all_pairs(std::vector<std::string> const& later,
                                 std::vector<std::string> const& sooner) {
  std::vector<key_order> out;
  for (auto const& a : later)
    for (auto const& b : sooner) {
      if (a == b)
        return {};
      out.push_back({a, b});
    }
  return out;
}

} // namespace

named_thing named(std::string key, std::string const& title, std::string const& text,
                  std::vector<std::string> const& criteria) {
  auto all = title + ". " + text;
  for (auto const& c : criteria)
    all += ' ' + c;
  return {std::move(key), terms_of(words_of(title)), terms_of(words_of(all))};
}

std::string key_named(words const& w, std::vector<named_thing> const& things) {
  auto const rest = told(w);
  if (rest.size() == 1)
    for (auto const& t : things)
      if (lower(t.key) == rest[0].low)
        return t.key;
  auto const terms = terms_of(rest);
  if (terms.empty())
    return {};
  for (bool const whole : {false, true}) {
    std::string found;
    bool several = false;
    for (auto const& t : things) {
      auto const& have = whole ? t.all : t.title;
      if (!std::includes(have.begin(), have.end(), terms.begin(), terms.end()))
        continue;
      several = !found.empty();
      found = t.key;
      if (several)
        break;
    }
    if (several)
      return {};
    if (!found.empty())
      return found;
  }
  return {};
}

std::vector<std::string> keys_named(words const& w, std::vector<named_thing> const& things) {
  std::vector<std::string> out;
  words part;
  for (std::size_t i = 0; i <= w.size(); ++i) {
    bool const ends = i == w.size() || w[i].low == "and" || w[i].low == "or" ||
                      (w[i].before == ',' && !part.empty());
    if (ends && !told(part).empty()) {
      auto key = key_named(part, things);
      if (key.empty())
        return {};
      out.push_back(std::move(key));
    }
    if (ends)
      part.clear();
    if (i < w.size() && w[i].low != "and" && w[i].low != "or")
      part.push_back(w[i]);
  }
  return out;
}

std::vector<key_order> orders_in(std::string_view sentence,
                                 std::vector<named_thing> const& things) {
  auto const w = words_of(sentence);
  static constexpr std::array<std::pair<std::string_view, bool>, 11> signs{{{"after", true},
                                                                            {"behind", true},
                                                                            {"waits for", true},
                                                                            {"wait for", true},
                                                                            {"depends on", true},
                                                                            {"blocked by", true},
                                                                            {"once", true},
                                                                            {"before", false},
                                                                            {"ahead of", false},
                                                                            {"and then", false},
                                                                            {"then", false}}};
  for (auto const& [sign, left_waits] : signs) {
    std::size_t n = 0;
    auto const at = find_words(w, sign, n);
    if (at >= w.size())
      continue;
    auto const left = keys_named(slice(w, 0, at), things);
    auto const right = keys_named(slice(w, at + n, w.size()), things);
    if (auto out = left_waits ? all_pairs(left, right) : all_pairs(right, left); !out.empty())
      return out;
  }
  unit u;
  u.body = std::string{sentence};
  u.words = w;
  u.flat = u.all = flat_of(w);
  for (auto const& s : sayings_of(u)) {
    auto const later = keys_named(s.later, things);
    std::vector<std::string> sooner;
    for (auto const& thing : s.sooner) {
      auto key = key_named(thing, things);
      if (key.empty())
        return {};
      sooner.push_back(std::move(key));
    }
    if (auto out = all_pairs(later, sooner); !out.empty())
      return out;
  }
  return {};
}

} // namespace troupe::rules
