#include "actors/engines/rules/order.hpp"

#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/order_sayings.hpp"
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

class order_finder {
public:
  order_finder(std::vector<requirement>& out, std::vector<thread const*> const& from,
               std::vector<unit> const& units, term_weights const& weights)
      : out_(out), units_(units), weights_(weights) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      auto own = from[i]->terms;
      std::size_t last = 0;
      for (auto const& l : from[i]->lines) {
        if (!l.live)
          continue;
        holder_.emplace(l.unit, i);
        last = std::max(last, units[l.unit].turn);
        auto more = spread(apart_from_order(units[l.unit].words));
        own.insert(own.end(), more.begin(), more.end());
      }
      make_set(own);
      last_.push_back(last);
      terms_.push_back(std::move(own));
      named_.push_back(spread(words_of(out[i].title + " " + from[i]->label)));
    }
  }

  void find() {
    for (std::size_t i = 0; i < units_.size(); ++i) {
      auto const& u = units_[i];
      if (u.chatter || (u.does == act::question && !only_tagged(u)))
        continue;
      sequence(i);
      for (auto const& s : sayings_of(u))
        apply(s, i);
      comes_first(i);
      asked_first(i);
    }
  }

private:
  /// Requirement that says most of the terms; -1 for none. Its own title counts more, and of two
  /// that say as much it is the one that was talked of last, other
  /// than the one of the sentence that `speaks`.
  [[nodiscard]] std::ptrdiff_t best(terms const& wanted, std::size_t but,
                                    std::size_t speaks = static_cast<std::size_t>(-1)) const {
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
      bool const as_much = found >= 0 && sum == most && i != speaks;
      if (sum > most || (as_much && last_[i] > last_[static_cast<std::size_t>(found)])) {
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

  /// `That's blocked by the sale, isn't it?` says what it seems to ask.
  static bool only_tagged(unit const& u) {
    return u.words.size() > 4 &&
           contains_any(u.flat.substr(u.flat.size() - std::min<std::size_t>(u.flat.size(), 18)),
                        {"isn't it", "doesn't it", "aren't they", "don't they", "don't we",
                         "isn't that", "no", "right"});
  }

  static bool is_it(std::string_view low) {
    return contains_any(" it it's that that's this they they're those ", {low});
  }

  /// `Nora, can you look after the texts?` — `I can, but after the bike page`: the part that the
  /// speaker, who talks of the own work, was just asked to take; -1 where nobody asked.
  [[nodiscard]] std::ptrdiff_t part_asked_of_speaker(std::size_t i) const {
    auto const& u = units_[i];
    if (u.words.empty() || !contains_any(" i i'm i'd i'll i've ", {u.words[0].low}))
      return -1;
    // `The handbook must …` — `I can do that after the sorter is in.`
    if (contains_any(u.flat, {"do that", "do it", "do this", "take that", "take it", "take this"}))
      for (auto k = i; k-- > 0 && units_[k].turn + 1 >= u.turn;)
        if (auto const h = holder_.find(k); h != holder_.end() && units_[k].turn + 1 == u.turn)
          return static_cast<std::ptrdiff_t>(h->second);
    for (auto k = i; k-- > 0 && units_[k].turn + 1 >= u.turn;)
      if (units_[k].turn + 1 == u.turn && units_[k].speaker != u.speaker &&
          contains_any(units_[k].all,
                       {"can you", "could you", "would you", "will you", "you take", "you do"}))
        return best(spread(units_[k].words), out_.size());
    return -1;
  }

  void apply(saying const& s, std::size_t i) {
    auto const none = out_.size();
    auto const h = holder_.find(i);
    auto const asked = part_asked_of_speaker(i);
    auto const self = h == holder_.end() || asked >= 0 ? none : h->second;
    for (auto const& thing : s.sooner) {
      auto wanted = spread(thing);
      auto const mine = asked >= 0 ? terms{} : spread(s.later);
      // `Once that is done the readme should …`: what was talked about just before.
      if (s.fronted && !thing.empty() && thing.size() <= 5 && is_it(thing[0].low) && asked < 0) {
        auto const later = self != none ? static_cast<std::ptrdiff_t>(self) : best(mine, none);
        if (later >= 0)
          link(later, context(i, static_cast<std::size_t>(later)));
        continue;
      }
      // `An example for the antimeridian once it's in`: it is what stands before.
      if (wanted.empty() && !thing.empty() && is_it(thing[0].low) && self != none) {
        link(static_cast<std::ptrdiff_t>(self), best(mine, self));
        continue;
      }
      auto sooner = best(wanted, none, self);
      if (asked >= 0) {
        link(asked, sooner == asked ? best(wanted, static_cast<std::size_t>(asked)) : sooner);
        continue;
      }
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
        !contains_any(u.flat,
                      {"there before",     "in before",      "place before",    "up before",
                       "available before", "running before", "working before",  "exist before",
                       "fixed before",     "stable before",  "sorted before",   "done before",
                       "finished before",  "ready before",   "come before",     "comes before",
                       "merged before",    "live before",    "deployed before", "happen before"}))
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

  /// `The download depends on the storage, so the readings need to be kept first.`: what is asked
  /// for at the end of the sentence comes before what was talked about.
  void asked_first(std::size_t i) {
    auto const& u = units_[i];
    auto const h = holder_.find(i);
    if (h == holder_.end() || u.words.size() < 5 || u.words.back().low != "first" ||
        !contains_any(u.flat, {"need to", "needs to", "has to", "have to", "must", "should"}))
      return;
    // `Errors should be shown first` is a rule of the product, unless the same breath talks of
    // work.
    bool ordering = false;
    for (auto k = i; k-- > 0 && units_[k].turn == u.turn;)
      ordering = ordering || !sayings_of(units_[k]).empty();
    if (!ordering)
      return;
    link(context(i, h->second), static_cast<std::ptrdiff_t>(h->second));
  }

  std::vector<requirement>& out_;
  std::vector<unit> const& units_;
  term_weights const& weights_;
  std::vector<terms> terms_;
  std::vector<std::size_t> last_;                       ///< turn of the last line
  std::vector<terms> named_;                            ///< of title and label
  std::unordered_map<std::size_t, std::size_t> holder_; ///< unit -> requirement it is a line of
};

} // namespace

void find_order(std::vector<requirement>& out, std::vector<thread const*> const& from,
                std::vector<unit> const& units, term_weights const& weights) {
  order_finder{out, from, units, weights}.find();
}

} // namespace troupe::rules
