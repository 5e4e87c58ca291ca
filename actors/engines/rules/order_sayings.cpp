#include "actors/engines/rules/order_sayings.hpp"

#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/grammar.hpp"
#include "actors/engines/rules/lexicon.hpp"

#include <algorithm>
#include <array>

namespace troupe::rules {
namespace {

using words = std::vector<word>;

constexpr std::array<std::string_view, 7> particles{"in", "there", "live",   "out",
                                                    "up", "been",  "through"};

bool done(std::string_view flat) {
  for (std::string_view const tail :
       {" of course ", " though ", " then ", " again ", " now ", " first ", " obviously "})
    if (flat.ends_with(tail))
      flat.remove_suffix(tail.size() - 1);
  if (contains_any(flat, {"done",    "merged", "finished",      "ready",     "landed",   "released",
                          "stored",  "works",  "exists",        "complete",  "deployed", "in place",
                          "in main", "fixed",  "in production", "settled",   "lands",    "ships",
                          "shipped", "built",  "working",       "available", "started"}))
    return true;
  // `The schema is in`, `the mail is up`; `in the queue` says where.
  return std::any_of(particles.begin(), particles.end(), [&](std::string_view p) {
    return flat.ends_with(' ' + std::string{p} + ' ');
  });
}

/// Who works speaks: `we can`, `I'll`, `somebody has to`; what follows is work, not the product.
bool worker(std::string_view low) {
  return contains_any(" we i you we'll i'll you'll we've i've anyone anybody somebody someone "
                      "nobody no-one whoever ",
                      {low});
}

/// What people do with a piece of work, as against what the product does.
bool work_verb(std::string_view low) {
  return contains_any(" start begin touch do build tackle ship release merge roll switch work "
                      "launch deploy publish plan attempt implement finish develop continue ",
                      {low});
}

/// `We can't do X`, `X can't go live`, `I wouldn't start on X`: work that must wait; the end of it
/// is `to`.
bool held_back(words const& w, std::size_t to) {
  bool negated = false;
  bool works = false;
  for (std::size_t i = 0; i < to; ++i) {
    auto const& low = w[i].low;
    negated = negated || low == "not" || low == "cannot" || low == "never" || low == "nobody" ||
              low == "nothing" || low.ends_with("n't");
    works =
        works || worker(low) || work_verb(low) ||
        contains_any(" started begun built shipped released merged deployed launched ", {low}) ||
        (low == "live" && i > 0 && contains_any(" go goes ", {w[i - 1].low}));
  }
  return negated && works;
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

/// Where the main clause behind the clause at `i` begins: at a comma, where somebody works again
/// (`as soon as we have the archive we can do the rest`), or at the next subject with its verb. Its
/// own words begin at `from`.
std::size_t main_after(words const& w, std::size_t i, std::size_t from) {
  auto const comma = comma_after(w, i);
  for (auto k = i + 3; k + 2 < comma; ++k)
    if (worker(w[k].low) && w[k].low != "nobody" &&
        (!lexicon::is_stopword(w[k - 1].low) ||
         contains_any(" in up there out through done ready live ", {w[k - 1].low})) &&
        (w[k].low.find('\'') != std::string::npos ||
         contains_any(" can could should will start do ", {w[k + 1].low})))
      return k;
  return std::min(comma, second_clause(w, from));
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
      (contains_any(" wait waits waiting start begin ", {w[i - 1].low}) || held_back(w, i) ||
       contains_any(before, {"can't start", "cannot start", "can't begin", "cannot begin",
                             "don't start", "not start", "can't do", "won't start", "hold off"})))
    return 1;
  if (low == "until")
    return 0;
  if (i > 0)
    return contains_any(before, {"then", "only", "start"}) ? 1 : 0;
  auto const main = main_after(w, 0, 1);
  if (main + 1 >= w.size())
    return 0;
  auto const then = w[main].low == "then" ? std::size_t{1} : std::size_t{0};
  bool const works = main + then < w.size() && worker(w[main + then].low);
  auto const clause = flat_of(slice(w, 0, main));
  return ((then == 1 && delivered(clause)) || (works && done(clause))) ? 1 : 0;
}

/// `After the audit`, `once the fix is in`.
bool take_clause(words const& w, std::size_t i, std::size_t n, std::vector<saying>& out) {
  // `Thirty minutes after the car is full` and `after sending` are rules of the product.
  if (i > 0 && lexicon::is_unit(w[i - 1].low) && w[i].low == "after")
    return false;
  auto const rest = slice(w, i + n, w.size());
  if (rest.empty())
    return false;
  auto main = main_after(rest, 0, 0);
  auto const clause = slice(rest, 0, main);
  // `After the login the user should …` is a rule; a mere name takes a comma to say an order.
  bool const parted = main >= rest.size() || rest[main].before != 0 || worker(rest[main].low);
  bool const definite =
      clause[0].what != word::kind::plain || contains_any(" the that this ", {clause[0].low});
  bool const bare = w[i].low == "after" && definite && parted && clause.size() <= 4 &&
                    (i == 0 || i > 2) && quantities_of(clause).empty() &&
                    std::none_of(clause.begin(), clause.end(),
                                 [](word const& x) { return lexicon::is_auxiliary(x.low); });
  // `Once we have the archive`, `until the sign-in does`: what one has is there.
  auto const said = flat_of(clause);
  bool const have = worker(clause[0].low) && clause.size() > 2 &&
                    (contains_any(" have got know see finish finished did ", {clause[1].low}) ||
                     clause[0].low.ends_with("'ve"));
  bool const echo = clause.size() <= 6 && contains_any(" does do is are ", {clause.back().low});
  if (!done(said) && !bare && !have && !echo)
    return false;
  // Its end was not found: what waits would seem to be nothing.
  if (i == 0 && main >= rest.size() &&
      contains_any(said, {"should", "must", "shall", "has to", "have to", "needs to", "need to"}))
    return false;
  if (i == 0 && main < rest.size() && rest[main].low == "then")
    ++main;
  out.push_back({i == 0 ? slice(rest, main, rest.size()) : slice(w, 0, i), things(clause), i == 0});
  return true;
}

/// `Before we start on the feed, the chapters must be in`, `the schema before we touch the import`.
bool take_before(words const& w, std::size_t i, std::vector<saying>& out) {
  if (w[i].low != "before" || i + 2 >= w.size())
    return false;
  // `The archive can't go live before the sign-in does.`
  if (i > 0 && held_back(w, i)) {
    auto const end = comma_after(w, i);
    auto const clause = slice(w, i + 1, end);
    if (clause.size() >= 2 && done(flat_of(clause) + "does in ")) {
      out.push_back({slice(w, 0, i), things(clause)});
      return true;
    }
  }
  if (i + 3 >= w.size() || !worker(w[i + 1].low))
    return false;
  auto verb = i + 2;
  bool able = false; // `before we can send anything`: whatever it is that somebody wants to do
  while (verb < w.size() && contains_any(" can could even get are able to ", {w[verb].low})) {
    able = able || w[verb].low == "can" || w[verb].low == "could" || w[verb].low == "able";
    ++verb;
  }
  if (verb + 1 >= w.size() || (!able && !work_verb(w[verb].low)))
    return false;
  auto from = verb + 1;
  while (from < w.size() && contains_any(" on with out working the ", {w[from].low}))
    ++from;
  auto const end = main_after(w, i, i + 1);
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

/// `The log needs the sign-in, because …`, `it requires the sign-in`: what something cannot do
/// without. `The form needs a button` asks for one.
bool take_want(words const& w, std::size_t i, std::vector<saying>& out) {
  if (i == 0 || i + 2 >= w.size() ||
      !contains_any(" needs need requires require assumes presupposes ", {w[i].low}) ||
      !contains_any(" the that those our ", {w[i + 1].low}))
    return false;
  auto const end = comma_after(w, i);
  bool const reason =
      end < w.size() && contains_any(" because otherwise without since or as ", {w[end].low});
  bool const leans = lexicon::is_pronoun(w[i - 1].low) && !worker(w[i - 1].low);
  bool const already = contains_phrase(flat_of(slice(w, i, end)), "already");
  if ((!reason && !already &&
       !contains_any(" requires require assumes presupposes ", {w[i].low})) ||
      (worker(w[i - 1].low) && !reason) || (!leans && !reason && end > i + 5))
    return false;
  auto later = slice(w, 0, i);
  if (lexicon::is_pronoun(later.back().low))
    later.clear();
  out.push_back({std::move(later), things(slice(w, i + 1, end))});
  return true;
}

/// `The download only makes sense with the new table`, `X is pointless without Y`.
bool take_sense(unit const& u, std::vector<saying>& out) {
  if (!contains_any(u.flat, {"makes no sense", "make no sense", "only makes sense",
                             "only make sense", "doesn't make sense", "don't make sense",
                             "pointless", "useless", "no point", "no use", "is impossible",
                             "won't work", "doesn't work", "can't work", "only works"}))
    return false;
  auto const& w = u.words;
  for (std::size_t i = 1; i + 1 < w.size(); ++i) {
    if (!contains_any(" without until before once when after with unless ", {w[i].low}))
      continue;
    bool const plain = contains_any(" without with ", {w[i].low});
    auto const clause = slice(w, i + 1, comma_after(w, i));
    if (clause.empty() || (!plain && !done(flat_of(clause)) && !worker(clause[0].low)))
      return false;
    out.push_back({slice(w, 0, i), things(clause)});
    return true;
  }
  return false;
}

/// `Start with the schema, then the import`, `first the schema, then the import`: work, because
/// nothing in it does anything by itself.
bool take_steps(unit const& u, std::vector<saying>& out) {
  auto const& w = u.words;
  bool const starts =
      w.size() > 4 && contains_any(" start begin ", {w[0].low}) && w[1].low == "with";
  bool const works = starts || (u.all.find(" first ") < 24 &&
                                (u.fragment || worker(w[0].low) || w[0].low == "let's"));
  if (!works)
    return false;
  for (std::size_t i = 2; i + 1 < w.size(); ++i) {
    if (w[i].low != "then" || (w[i].before == 0 && w[i - 1].low != "and"))
      continue;
    auto const from = starts ? std::size_t{2} : std::size_t{0};
    auto const to = w[i - 1].low == "and" ? i - 1 : i;
    if (to <= from)
      return false;
    out.push_back({slice(w, i + 1, w.size()), things(slice(w, from, to))});
    return true;
  }
  return false;
}

} // namespace

words slice(words const& w, std::size_t from, std::size_t to) {
  return {w.begin() + static_cast<std::ptrdiff_t>(std::min(from, w.size())),
          w.begin() + static_cast<std::ptrdiff_t>(std::min(std::max(from, to), w.size()))};
}

std::size_t behind_order(words const& w) {
  auto const n = w.size() < 4 ? std::size_t{0} : connector(w, 0);
  std::vector<saying> out;
  if (n == 0 || !take_clause(w, 0, n, out) || out[0].later.empty())
    return 0;
  return w.size() - out[0].later.size();
}

words apart_from_order(words const& w) {
  // `The labels can only start when …` says nothing apart from its order.
  auto const says = [](words const& part) {
    return terms_of(part).size() >= 2 && std::none_of(part.begin(), part.end(), [](word const& x) {
             return contains_any(" start begin wait starts begins waits ", {x.low});
           });
  };
  if (auto const main = behind_order(w); main > 0) {
    auto part = slice(w, main, w.size());
    return says(part) ? part : w;
  }
  for (std::size_t i = 3; i + 2 < w.size(); ++i) {
    auto const n = connector(w, i);
    std::vector<saying> out;
    if (n == 0 || !take_clause(w, i, n, out))
      continue;
    auto part = slice(w, 0, i);
    return says(part) ? part : w;
  }
  return w;
}

bool only_order(unit const& u) {
  auto const n = u.words.size() < 3 ? std::size_t{0} : connector(u.words, 0);
  std::vector<saying> out;
  return n > 0 && take_clause(u.words, 0, n, out) && out[0].later.empty();
}

std::vector<saying> sayings_of(unit const& u) {
  auto const& w = u.words;
  std::vector<saying> out;
  if (w.size() < 2 || take_sense(u, out) || take_steps(u, out))
    return out;
  for (std::size_t i = 0; i + 1 < w.size(); ++i) {
    auto const& low = w[i].low;
    if (auto const n = connector(w, i); n > 0) {
      if (take_clause(w, i, n, out))
        return out;
      continue;
    }
    if (take_before(w, i, out) || take_need(w, i, out) || take_want(w, i, out))
      return out;
    // `Chapters first, and then the feed.`
    if (low == "first" && i > 0 && i < 6) {
      auto k = i + 1;
      while (k < w.size() && contains_any(" and then only after that ", {w[k].low}) &&
             !(w[k].low == "that" && w[k - 1].low != "after"))
        ++k;
      bool const then = k > i + 1 && contains_any(" then that ", {w[k - 1].low});
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
