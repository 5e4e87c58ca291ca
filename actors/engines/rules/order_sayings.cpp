#include "actors/engines/rules/order_sayings.hpp"

#include "actors/engines/rules/lexicon.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

using words = std::vector<word>;

bool done(std::string_view flat) {
  return contains_any(flat, {"done",   "in",     "merged",   "finished", "ready",
                             "there",  "landed", "released", "stored",   "works",
                             "exists", "been",   "complete", "deployed", "live",
                             "out",    "up",     "fixed",    "through",  "settled",
                             "lands",  "ships",  "shipped",  "built",    "working"});
}

/// Of work only: `when the upload is done, then …` is a rule of the product.
bool delivered(std::string_view flat) {
  return contains_any(flat, {"lands", "landed", "merged", "deployed", "ships", "shipped",
                             "released", "is in", "are in", "goes live"});
}

/// `the emails and the word counter` are two things.
std::vector<words> things(words const& w) {
  std::vector<words> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= w.size(); ++i) {
    bool const end = i == w.size() || contains_any(" or otherwise because so but ", {w[i].low}) ||
                     (w[i].before != 0 && i > 0);
    if (!end && w[i].low != "and")
      continue;
    if (i > begin)
      out.push_back(slice(w, begin, i));
    begin = i + 1;
    if (end)
      break;
  }
  return out;
}

/// First word from `i` on that has a comma or the like before it.
std::size_t comma_after(words const& w, std::size_t i) {
  auto k = i + 1;
  while (k < w.size() && w[k].before == 0)
    ++k;
  return std::min(k, w.size());
}

/// `After`, `once`, `as soon as`, … at word `i`: how many words; 0 where there is none.
std::size_t connector(words const& w, std::size_t i) {
  auto const& low = w[i].low;
  if (low == "after" || low == "once")
    return 1;
  if (low == "as" && i + 3 < w.size() && w[i + 1].low == "soon" && w[i + 2].low == "as")
    return 3;
  if (low != "until" && low != "when")
    return 0; // most words: what stands before them is not copied for nothing
  auto const before = i == 0 ? std::string{" "} : flat_of(slice(w, 0, i));
  if (low == "until" && i > 0 &&
      (contains_any(" wait waits waiting start begin ", {w[i - 1].low}) ||
       contains_any(before, {"can't start", "cannot start", "can't begin", "cannot begin",
                             "don't start", "not start", "can't do", "won't start", "hold off"})))
    return 1;
  if (low == "until")
    return 0;
  if (i > 0)
    return contains_any(before, {"then", "only", "start"}) ? 1 : 0;
  auto const main = comma_after(w, 0);
  return main + 1 < w.size() && w[main].low == "then" && delivered(flat_of(slice(w, 0, main))) ? 1
                                                                                               : 0;
}

/// `After the audit`, `once the fix is in`.
bool take_clause(words const& w, std::size_t i, std::size_t n, std::vector<saying>& out) {
  // `Thirty minutes after the car is full` and `after sending` are rules of the product.
  if (i > 0 && lexicon::is_unit(w[i - 1].low) && w[i].low == "after")
    return false;
  auto const rest = slice(w, i + n, w.size());
  if (rest.empty())
    return false;
  auto const comma = comma_after(rest, 0);
  auto const clause = slice(rest, 0, comma);
  bool const definite =
      clause[0].what != word::kind::plain || contains_any(" the that this ", {clause[0].low});
  bool const bare = w[i].low == "after" && definite && clause.size() <= 4 && (i == 0 || i > 2) &&
                    quantities_of(clause).empty() &&
                    std::none_of(clause.begin(), clause.end(),
                                 [](word const& x) { return lexicon::is_auxiliary(x.low); });
  if (!done(flat_of(clause)) && !bare)
    return false;
  auto main = comma;
  if (i == 0 && main < rest.size() && rest[main].low == "then")
    ++main;
  out.push_back({i == 0 ? slice(rest, main, rest.size()) : slice(w, 0, i), things(clause)});
  return true;
}

/// `Before we start on the feed, the chapters must be in`, `the schema before we touch the import`.
bool take_before(words const& w, std::size_t i, std::vector<saying>& out) {
  if (w[i].low != "before" || i + 3 >= w.size() ||
      !contains_any(" we you i anyone anybody somebody ", {w[i + 1].low}))
    return false;
  auto verb = i + 2;
  while (verb < w.size() && contains_any(" can could even ", {w[verb].low}))
    ++verb;
  if (verb + 1 >= w.size() ||
      !contains_any(" start begin touch do build tackle ship release merge roll switch work ",
                    {w[verb].low}))
    return false;
  auto from = verb + 1;
  while (from < w.size() && contains_any(" on with out working the ", {w[from].low}))
    ++from;
  auto const end = comma_after(w, i);
  auto sooner = i == 0 ? slice(w, end, w.size()) : slice(w, 0, i);
  if (sooner.empty() || from >= end)
    return false;
  out.push_back({slice(w, from, end), {std::move(sooner)}});
  return true;
}

/// `The import needs the schema first`, `needs the schema merged`.
bool take_need(words const& w, std::size_t i, std::vector<saying>& out) {
  if (!contains_any(" need needs ", {w[i].low}) || i == 0 || i + 2 >= w.size())
    return false;
  auto const end = comma_after(w, i);
  if (end < i + 3 ||
      !contains_any(" first merged landed deployed finished done ", {w[end - 1].low}) ||
      w[i + 1].low == "to")
    return false;
  auto to = end - 1;
  while (to > i + 2 && contains_any(" to be in there place is ", {w[to - 1].low}))
    --to;
  auto const begin = [&] {
    auto k = i;
    while (k > 0 && w[k].before == 0)
      --k;
    return k;
  }();
  // `We need the schema first`: for what was talked about just before.
  auto later = slice(w, begin, i);
  if (!later.empty() && lexicon::is_pronoun(later.back().low))
    later.clear();
  out.push_back({std::move(later), things(slice(w, i + 1, to))});
  return true;
}

} // namespace

words slice(words const& w, std::size_t from, std::size_t to) {
  return {w.begin() + static_cast<std::ptrdiff_t>(std::min(from, w.size())),
          w.begin() + static_cast<std::ptrdiff_t>(std::min(std::max(from, to), w.size()))};
}

std::vector<saying> sayings_of(unit const& u) {
  auto const& w = u.words;
  std::vector<saying> out;
  for (std::size_t i = 0; i + 1 < w.size(); ++i) {
    auto const& low = w[i].low;
    if (auto const n = connector(w, i); n > 0) {
      if (take_clause(w, i, n, out))
        return out;
      continue;
    }
    if (take_before(w, i, out) || take_need(w, i, out))
      return out;
    // `Chapters first, and then the feed.`
    if (low == "first" && i > 0 && i < 6) {
      auto k = i + 1;
      while (k < w.size() && (w[k].low == "and" || w[k].low == "then"))
        ++k;
      bool const then = k > i + 1 && w[k - 1].low == "then";
      if (then && k < w.size()) {
        out.push_back({slice(w, k, w.size()), things(slice(w, 0, i))});
        return out;
      }
    }
    // `It hangs off the session record`, `depends on the queue`, `is blocked by the schema`
    auto const& next = w[i + 1].low;
    bool const leans =
        (contains_any(" depends depend relies rely builds build ", {low}) && next == "on") ||
        (contains_any(" hangs hang ", {low}) && (next == "off" || next == "on")) ||
        (low == "blocked" && (next == "by" || next == "on")) ||
        (contains_any(" waits wait ", {low}) && next == "for") ||
        (low == "waiting" && i > 0 && (next == "for" || next == "on"));
    if (leans && i + 2 < w.size()) {
      auto from = i + 2;
      if (w[from].low == "top" && from + 2 < w.size() && w[from + 1].low == "of")
        from += 2; // `builds on top of`
      out.push_back({slice(w, 0, i), things(slice(w, from, w.size()))});
      return out;
    }
  }
  return out;
}

} // namespace troupe::rules
