#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/values.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::rules {
/// True if a fragment says no word and no number that the thread does not have.
bool listener::repeats(unit const& u, thread const& t) const {
  for (auto const& x : terms_of(u.words))
    if (!std::binary_search(t.terms.begin(), t.terms.end(), x))
      return false;
  for (auto const& q : quantities_of(u.words)) {
    bool const known = std::any_of(t.lines.begin(), t.lines.end(), [&](line const& l) {
      auto const have = quantities_of(words_of(l.text));
      return l.live && std::any_of(have.begin(), have.end(), [&](auto const& h) {
               return h.value == q.value && (h.unit.empty() || q.unit.empty() || h.unit == q.unit);
             });
    });
    if (!known)
      return false;
  }
  // `Off by default` has only small words, and they matter.
  return !contains_any(u.flat, {"default", "only", "off", "on", "both", "first", "last", "oldest",
                                "newest", "none", "any", "not", "same", "before"});
}

namespace {

/// `A week is seven days, that is 604800 seconds.`: a fact, whose numbers nobody chose.
bool defines(unit const& u) {
  if (u.words.size() < 4 || !contains_any(" a an one ", {u.words[0].low}) ||
      contains_any(u.flat, {"should", "must", "has to", "needs to"}))
    return false;
  for (std::size_t i = 2; i < u.words.size() && i < 5; ++i)
    if (contains_any(" is has means equals makes ", {u.words[i].low})) {
      auto const q = quantities_of(u.words);
      return std::any_of(q.begin(), q.end(), [&](quantity const& x) { return x.first == i + 1; });
    }
  return false;
}

} // namespace

/// `A fifth is not realistic, make it a quarter`: what is said of a line of the last turns is
/// replaced word for word. True if something was.
bool listener::hear_swap(std::size_t i) {
  auto const& u = at(i);
  auto const& w = u.words;
  std::size_t verb = 0;
  std::size_t order = 0;
  for (std::size_t k = 1; k < w.size(); ++k) {
    if (verb == 0 && k <= 4 && contains_any(" is are isn't aren't sounds seems ", {w[k].low}))
      verb = k;
    if (verb != 0 && order == 0 && k + 2 < w.size() && w[k].before != 0 &&
        contains_any(" make call take ", {w[k].low}) && w[k + 1].low == "it")
      order = k;
  }
  if (verb == 0 || order == 0 || order > verb + 6)
    return false;
  auto const old = flat_of({w.begin(), w.begin() + static_cast<std::ptrdiff_t>(verb)});
  auto const now = u.body.substr(w[order + 2].begin, w.back().end - w[order + 2].begin);
  if (lexicon::is_pronoun(w[0].low))
    return false;
  for (auto t = out_.threads.rbegin(); t != out_.threads.rend(); ++t)
    for (auto l = t->lines.rbegin(); l != t->lines.rend(); ++l) {
      auto const have = words_of(l->text);
      if (!l->live || at(l->unit).turn + 4 < u.turn)
        continue;
      for (std::size_t k = 0; k + verb <= have.size(); ++k) {
        std::vector<word> const part(have.begin() + static_cast<std::ptrdiff_t>(k),
                                     have.begin() + static_cast<std::ptrdiff_t>(k + verb));
        if (flat_of(part) != old)
          continue;
        l->text.replace(part.front().begin, part.back().end - part.front().begin, now);
        l->changed = l->agreed = true;
        l->cites.push_back(i);
        t->last_turn = u.turn;
        focus_ = static_cast<std::ptrdiff_t>(out_.threads.size()) - 1 - (t - out_.threads.rbegin());
        return true;
      }
    }
  return false;
}

/// `Drop it.` … `Then we keep 3.8.`: who keeps a thing takes back that it goes.
void listener::hear_keeping(std::size_t i) {
  auto const& u = at(i);
  if (!u.concludes || u.does == act::question || focus_ < 0 || !fresh(focus_, u.turn, 6) ||
      !contains_any(u.flat, {"keep", "stay", "stays", "leave"}))
    return;
  for (auto& l : out_.threads[static_cast<std::size_t>(focus_)].lines) {
    auto const& said = at(l.unit);
    if (l.live && said.leans && said.turn < u.turn && !said.words.empty() &&
        contains_any(" drop remove delete kill cut change rename replace move ",
                     {said.words[0].low})) {
      l.live = false;
      put_out(l.text, l.unit, {i});
      forced_ = focus_;
    }
  }
}

/// A value that takes the place of another. True if the unit is nothing but the new value.
bool listener::hear_correction(std::size_t i) {
  auto const& u = at(i);
  std::string not_this;
  auto const kept = without_contrast(u.body, not_this);
  auto const now_words = not_this.empty() ? u.words : words_of(kept);
  auto const now = quantities_of(now_words);
  // `A hundred is too low.` says which value the next one replaces.
  std::optional<quantity> blamed;
  if (!not_this.empty()) {
    auto const w = words_of(not_this);
    if (auto const q = quantities_of(w); !q.empty())
      blamed = q[0];
  }
  bool judged = true; // `Half an hour is too –` — `Too short.` — `Forty-five minutes.`
  for (std::size_t k = i; k-- > 0 && units_[k].turn + 2 >= u.turn && !blamed;) {
    if (units_[k].turn + 1 == u.turn)
      judged = units_[k].judges; // in the end, that of the first sentence of the turn between
    // `Forget the twenty-four hours.` blames like `a hundred is too low`.
    bool const dropped = contains_any(units_[k].flat, {"forget the", "forget", "scrap",
                                                       "instead of", "rather than"}) &&
                         units_[k].turn == u.turn;
    // `And the fifteen… Make it ten.`
    bool const taken_up = units_[k].turn == u.turn && units_[k].fragment &&
                          units_[k].words.size() == 2 && units_[k].words[0].low == "the" &&
                          revisit_ == u.turn + 1;
    if (!dropped && !taken_up && (!units_[k].judges || (units_[k].turn + 2 == u.turn && !judged)))
      continue;
    if (auto const q = quantities_of(units_[k].words); !q.empty())
      blamed = q[0];
  }
  // `How fast should it be?` — `One gigabyte in four seconds.`: an answer, not another value.
  if (auto const* asked = open_question(u, false);
      asked != nullptr && !asked->answered && at(asked->unit).wants == asks::fact && !blamed &&
      at(asked->unit).turn + 1 == u.turn && now.size() > 1)
    return false;
  bool const agreed = u.stance > 0 || (u.index_in_turn > 0 && units_[i - 1].stance > 0);
  bool const bare =
      u.fragment && u.words.size() <= 4 && now.size() == 1 && u.index_in_turn == 0 && !agreed;
  bool const turned_down = u.stance < 0;
  if (now.empty() && not_this.empty())
    return false;
  if (!u.corrects && !turned_down && !blamed && !bare && !(u.turn > 0 && u.withdraws))
    return false;
  // A demand with a subject and a value of its own corrects nothing by the way.
  bool const own_demand = u.does == act::directive && terms_of(u.words).size() >= 3 &&
                          contains_any(u.flat, {"must", "should", "has to", "have to", "needs"});
  if (own_demand && !blamed && !turned_down)
    return false;
  bool replaced = false;
  for (auto t = out_.threads.rbegin(); t != out_.threads.rend(); ++t) {
    // A value that is named, or a topic that is taken up again, may be long ago.
    bool const again = revisit_ != 0 && revisit_ + 2 >= u.turn &&
                       focus_ == static_cast<std::ptrdiff_t>(out_.threads.size()) - 1 -
                                     (t - out_.threads.rbegin());
    if (t->last_turn + 3 < u.turn && !blamed)
      continue;
    for (auto l = t->lines.rbegin(); l != t->lines.rend(); ++l) {
      auto const& said = at(l->unit);
      std::size_t const reach = blamed || again ? 10000 : turned_down || bare ? 1 : 3;
      if (blamed && !l->core && said.turn + 4 < u.turn && !again)
        continue;
      if (!blamed && defines(said) && (now.empty() || now[0].unit.empty()))
        continue;
      if (!l->live || said.turn + reach < u.turn || l->unit == i ||
          (said.turn == u.turn && !u.withdraws))
        continue;
      auto const w = words_of(l->text);
      auto const old = quantities_of(w);
      if (bare && !u.corrects &&
          t == out_.threads.rbegin() +
                   (static_cast<std::ptrdiff_t>(out_.threads.size()) - 1 - focus_) &&
          repeats(u, *t))
        return false;
      if (bare && !blamed && !u.corrects && std::any_of(old.begin(), old.end(), [&](auto const& q) {
            return q.value == now[0].value;
          }))
        return false; // `429, definitely.` repeats a value
      quantity const* hit = nullptr;
      for (auto const& q : old) {
        // 409 is a name: a measured value does not replace it.
        if (!blamed && q.unit.empty() && q.value >= 100 && !now.empty() &&
            (!now[0].unit.empty() || now[0].value < 100))
          continue;
        if (blamed ? q.value != blamed->value || !same_measure(q, *blamed)
                   : now.empty() || !same_measure(q, now[0]))
          continue;
        auto const same = [&] {
          auto const a = base_value(q);
          auto const b = base_value(now[0]);
          return std::abs(a - b) <= 1e-6 * std::max(a, b);
        };
        if (now.empty() || (q.value != now[0].value && !same()))
          hit = &q;
      }
      if (hit == nullptr)
        continue;
      auto const mine = terms_of(u.words);
      auto rest = terms_of(w);
      std::erase_if(rest, [&](auto const& x) {
        return std::find(mine.begin(), mine.end(), x) != mine.end();
      });
      bool const replaceable = !now.empty() && same_measure(*hit, now[0]) && rest.size() >= 2;
      if (!replaceable) {
        l->live = false; // the whole statement is replaced by what is said now
        replaced = true;
        if (not_this.empty())
          return false;
        continue;
      }
      if (replaced)
        return false;
      l->text = substituted(l->text, *hit, w, kept, now_words, now[0]);
      l->changed = l->agreed = true;
      l->cites.push_back(i);
      t->last_turn = u.turn;
      focus_ = static_cast<std::ptrdiff_t>(out_.threads.size()) - 1 - (t - out_.threads.rbegin());
      return u.words.size() <= 8 && mine.size() <= 2;
    }
  }
  return false;
}

} // namespace troupe::rules
