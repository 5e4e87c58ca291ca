#include "actors/engines/rules/order.hpp"

#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

using terms = std::vector<std::string>;

void make_set(terms& t) {
  std::sort(t.begin(), t.end());
  t.erase(std::unique(t.begin(), t.end()), t.end());
}

/// Stems of the words; `format_duration` is also about formatting and durations.
terms spread(std::vector<word> const& words) {
  auto out = terms_of(words);
  for (auto const& w : words) {
    if (w.what != word::kind::identifier)
      continue;
    std::string part;
    auto const flush = [&] {
      if (part.size() > 2 && !lexicon::is_stopword(part))
        out.push_back(stem_of(part));
      part.clear();
    };
    for (std::size_t i = 0; i < w.text.size(); ++i) {
      auto const c = w.text[i];
      if (!is_letter(c) || (i > 0 && is_upper(c) && is_lower(w.text[i - 1])))
        flush();
      if (is_letter(c))
        part += lower(std::string_view{&c, 1});
    }
    flush();
  }
  make_set(out);
  return out;
}

std::vector<word> slice(std::vector<word> const& w, std::size_t from, std::size_t to) {
  return {w.begin() + static_cast<std::ptrdiff_t>(std::min(from, w.size())),
          w.begin() + static_cast<std::ptrdiff_t>(std::min(to, w.size()))};
}

bool done(std::string_view flat) {
  return contains_any(flat, {"done",   "in",     "merged",   "finished", "ready",
                             "there",  "landed", "released", "stored",   "works",
                             "exists", "been",   "complete", "deployed", "live",
                             "out",    "up",     "fixed",    "through",  "settled"});
}

/// What one sentence says about order: `later` comes after each of `sooner`. An empty `later` means
/// what was talked about just before.
struct saying {
  std::vector<word> later;
  std::vector<std::vector<word>> sooner;
};

/// `the emails and the word counter` are two things.
std::vector<std::vector<word>> things(std::vector<word> const& w) {
  std::vector<std::vector<word>> out;
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

std::vector<saying> sayings_of(unit const& u) {
  auto const& w = u.words;
  std::vector<saying> out;
  for (std::size_t i = 0; i + 1 < w.size(); ++i) {
    auto const& low = w[i].low;
    bool const until =
        low == "until" && i > 0 && contains_any(" wait waits waiting start begin ", {w[i - 1].low});
    if (low == "after" || low == "once" || until ||
        (low == "when" && i > 0 &&
         contains_any(slice(w, 0, i).empty() ? " " : flat_of(slice(w, 0, i)),
                      {"then", "only", "start"}))) {
      auto const rest = slice(w, i + 1, w.size());
      auto comma = std::size_t{0};
      while (comma < rest.size() && (comma == 0 || rest[comma].before == 0))
        ++comma;
      auto const clause = slice(rest, 0, comma);
      // `Thirty minutes after the car is full` and `after sending` are rules of the product.
      if (i > 0 && lexicon::is_unit(w[i - 1].low) && low == "after")
        continue;
      bool const definite = !clause.empty() && (clause[0].what != word::kind::plain ||
                                                contains_any(" the that this ", {clause[0].low}));
      bool const bare = low == "after" && definite && clause.size() <= 4 && (i == 0 || i > 2) &&
                        quantities_of(clause).empty() &&
                        std::none_of(clause.begin(), clause.end(),
                                     [](word const& x) { return lexicon::is_auxiliary(x.low); });
      if (!done(flat_of(clause)) && !bare)
        continue;
      saying s;
      s.later = i == 0 ? slice(rest, comma, rest.size()) : slice(w, 0, i);
      s.sooner = things(clause);
      out.push_back(std::move(s));
      return out;
    }
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
    // `It hangs off the session record`, `depends on the queue`
    bool const leans =
        (contains_any(" depends depend relies rely builds build ", {low}) &&
         w[i + 1].low == "on") ||
        (contains_any(" hangs hang ", {low}) && (w[i + 1].low == "off" || w[i + 1].low == "on")) ||
        (contains_any(" waits wait ", {low}) && w[i + 1].low == "for");
    if (leans && i + 2 < w.size()) {
      out.push_back({slice(w, 0, i), things(slice(w, i + 2, w.size()))});
      return out;
    }
  }
  return out;
}

class order_finder {
public:
  order_finder(std::vector<requirement>& out, std::vector<thread const*> const& from,
               std::vector<unit> const& units, term_weights const& weights)
      : out_(out), units_(units), weights_(weights) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      auto own = from[i]->terms;
      for (auto const& l : from[i]->lines) {
        if (!l.live)
          continue;
        holder_.emplace(l.unit, i);
        auto more = spread(units[l.unit].words);
        own.insert(own.end(), more.begin(), more.end());
      }
      make_set(own);
      terms_.push_back(std::move(own));
      named_.push_back(spread(words_of(out[i].title + " " + from[i]->label)));
    }
  }

  void find() {
    for (std::size_t i = 0; i < units_.size(); ++i) {
      auto const& u = units_[i];
      if (u.chatter || u.does == act::question)
        continue;
      sequence(i);
      for (auto const& s : sayings_of(u))
        apply(s, i);
      comes_first(i);
    }
  }

private:
  /// Requirement that says most of the terms; -1 for none. Its own title counts twice.
  [[nodiscard]] std::ptrdiff_t best(terms const& wanted, std::size_t but) const {
    std::ptrdiff_t found = -1;
    double most = 0.5;
    for (std::size_t i = 0; i < out_.size(); ++i) {
      if (i == but)
        continue;
      double sum = 0;
      for (auto const& x : wanted)
        if (std::binary_search(terms_[i].begin(), terms_[i].end(), x))
          sum += weights_.of(x) *
                 (std::binary_search(named_[i].begin(), named_[i].end(), x) ? 1.5 : 1);
      if (sum > most) {
        most = sum;
        found = static_cast<std::ptrdiff_t>(i);
      }
    }
    return found;
  }

  void link(std::ptrdiff_t later, std::ptrdiff_t sooner) {
    if (later < 0 || sooner < 0 || later == sooner)
      return;
    auto& a = out_[static_cast<std::size_t>(later)];
    auto& b = out_[static_cast<std::size_t>(sooner)];
    if (std::find(b.after.begin(), b.after.end(), a.key) == b.after.end() &&
        std::find(a.after.begin(), a.after.end(), b.key) == a.after.end())
      a.after.push_back(b.key);
  }

  /// What was talked about just before unit `i`, other than `but`.
  [[nodiscard]] std::ptrdiff_t context(std::size_t i, std::size_t but) const {
    for (auto k = i; k-- > 0 && units_[k].turn + 3 >= units_[i].turn;) {
      if (auto const h = holder_.find(k); h != holder_.end() && h->second != but)
        return static_cast<std::ptrdiff_t>(h->second);
      if (units_[k].turn + 1 >= units_[i].turn && units_[k].does != act::question)
        if (auto const b = best(spread(units_[k].words), but); b >= 0)
          return b;
    }
    return -1;
  }

  void apply(saying const& s, std::size_t i) {
    auto const none = out_.size();
    auto const h = holder_.find(i);
    auto const self = h == holder_.end() ? none : h->second;
    for (auto const& thing : s.sooner) {
      auto const wanted = spread(thing);
      auto sooner = best(wanted, none);
      auto const mine = spread(s.later);
      auto later = self != none ? static_cast<std::ptrdiff_t>(self) : best(mine, none);
      if (sooner >= 0 && sooner == later) {
        // It names itself: either the other thing is meant, or the sentence stands beside its own.
        bool const about_self =
            self != none && std::all_of(wanted.begin(), wanted.end(), [&](auto const& x) {
              return std::binary_search(named_[self].begin(), named_[self].end(), x);
            });
        if (self != none && !about_self)
          sooner = best(wanted, self);
        else if (!mine.empty() && !lexicon::is_pronoun(s.later[0].low) &&
                 best(mine, static_cast<std::size_t>(sooner)) >= 0)
          later = best(mine, static_cast<std::size_t>(sooner));
        else
          later = context(i, static_cast<std::size_t>(sooner));
      } else if (later < 0 && sooner >= 0) {
        later = context(i, static_cast<std::size_t>(sooner));
      }
      link(later, sooner);
    }
  }

  /// `The check-in has to be there before the lapsing is switched on.`
  void sequence(std::size_t i) {
    auto const& u = units_[i];
    if (holder_.count(i) != 0 ||
        !contains_any(u.flat, {"there before", "in before", "done before", "finished before",
                               "ready before", "come before", "comes before", "merged before",
                               "live before", "deployed before", "happen before"}))
      return;
    auto const at =
        static_cast<std::size_t>(std::find_if(u.words.begin(), u.words.end(),
                                              [](word const& w) { return w.low == "before"; }) -
                                 u.words.begin());
    link(best(spread(slice(u.words, at, u.words.size())), out_.size()),
         best(spread(slice(u.words, 0, at)), out_.size()));
  }

  /// `The queue has to come first`, said of a requirement or right behind one.
  void comes_first(std::size_t i) {
    auto const& u = units_[i];
    if (!contains_any(u.flat, {"come first", "comes first", "goes first", "go first", "be first",
                               "before that"}) ||
        contains_phrase(u.flat, "so"))
      return;
    auto const h = holder_.find(i);
    auto const self =
        h != holder_.end() ? static_cast<std::ptrdiff_t>(h->second) : context(i, out_.size());
    if (self >= 0)
      link(self, best(spread(u.words), static_cast<std::size_t>(self)));
  }

  std::vector<requirement>& out_;
  std::vector<unit> const& units_;
  term_weights const& weights_;
  std::vector<terms> terms_;
  std::vector<terms> named_;                            ///< of title and label
  std::unordered_map<std::size_t, std::size_t> holder_; ///< unit -> requirement it is a line of
};

} // namespace

void find_order(std::vector<requirement>& out, std::vector<thread const*> const& from,
                std::vector<unit> const& units, term_weights const& weights) {
  order_finder{out, from, units, weights}.find();
}

} // namespace troupe::rules
