#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/values.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

/// `Let's leave that out for now`, `but not now`: says of what was said just before that it is put
/// off, and names nothing itself; `not for the mobile page` limits it only.
bool puts_off_that(unit const& u) {
  if (!u.defers || u.does == act::question)
    return false;
  if (u.words.size() <= 3 && u.all.starts_with(" but "))
    return true; // `Remove it in version four. Not now.` says when, not whether
  bool named = false;
  for (std::size_t i = 0; i + 1 < u.words.size(); ++i) {
    bool const the = u.words[i + 1].low == "the" && i + 2 < u.words.size();
    named =
        named || (u.words[i].low == "for" && !contains_any(" now later another next a moment time ",
                                                           {u.words[the ? i + 2 : i + 1].low}));
  }
  return !named && u.words.size() <= 10 &&
         contains_any(u.flat, {"that", "it", "this", "them", "these", "those"});
}

} // namespace

bool listener::keeps_refused(std::size_t i) const {
  auto const& u = at(i);
  if (u.stance >= 0 || u.words.size() < 2 || u.words.size() > 5 ||
      !contains_any(" leave keep forget skip drop ", {u.words[0].low}))
    return false;
  auto const named = terms_of(u.words);
  return std::any_of(pending_.begin(), pending_.end(), [&](pending const& p) {
    auto const asked = terms_of(at(p.unit).words);
    return p.rejected && at(p.unit).turn + 1 == u.turn &&
           std::any_of(named.begin(), named.end(), [&](auto const& x) {
             return std::binary_search(asked.begin(), asked.end(), x);
           });
  });
}

bool listener::take_back_own(std::size_t i) {
  auto const& u = at(i);
  if (i == 0 || !puts_off_that(u) || at(i - 1).turn != u.turn)
    return false;
  bool any = false;
  for (auto& t : out_.threads)
    for (auto& l : t.lines)
      if (l.live && l.unit + 1 == i) {
        l.live = false;
        if (l.core)
          put_out(l.text, l.unit, {i});
        any = true;
      }
  return any;
}

bool listener::hear_refusal(std::size_t i) {
  auto const& u = at(i);
  if (u.defers)
    refused_ = u.turn + 1;
  if (u.stance < 0 && !u.defers && i > 0) {
    // `We don't make it a thousand.` — `No no.` agrees.
    auto const* before = &units_[i - 1];
    if (u.index_in_turn > 0)
      before = nullptr;
    // `Is that a lot?` — `No, half a day.`: good news for what was asked for.
    if (units_[i - 1].turn + 1 == u.turn && units_[i - 1].burden)
      return false;
    auto const* asked = open_question(u, false);
    bool const answers = asked != nullptr && !asked->answered && before != nullptr &&
                         at(asked->unit).turn == before->turn;
    if (before != nullptr && before->negated && before->speaker != u.speaker &&
        before->does != act::question && !answers)
      return false;
  }
  if (auto* p = open_question(u, true);
      p != nullptr && (u.defers || !(p->answered && p->thread >= 0 && u.index_in_turn > 0))) {
    bool const rejected_before = p->rejected;
    p->rejected = true;
    auto const& q = at(p->unit);
    // `What about Excel? Someone asked for it.` — `Not now.` turns down both.
    for (auto& o : pending_)
      if (o.weak && o.unit > p->unit && at(o.unit).turn == q.turn)
        o.rejected = true;
    bool const idea =
        p->weak || (q.wants == asks::proposal && (!q.fragment || !p->subject.empty()));
    // The thread may already hold it, when somebody said yes before somebody said no.
    for (auto& t : out_.threads)
      for (auto& l : t.lines)
        if (l.unit == p->unit ||
            (u.defers && at(l.unit).turn == u.turn && at(l.unit).does == act::statement))
          l.live = false;
    bool const scope = contains_any(u.all, {"out of scope"}); // said of work only
    // `What about a median?` — `Not now.`: an idea that is put off behind the
    // talk about the work.
    bool const later = u.defers && !q.chatter && fresh(focus_, u.turn, 6) &&
                       contains_any(q.flat, {"what about", "how about"});
    if (idea && !rejected_before && (about_work(q) || scope || later))
      put_out(p->text.empty() ? q.body : p->text, p->unit, {i});
    if (!p->subject.empty() && label_thread_ < 0 && (u.defers || u.only_stance))
      label_open_ = false;
    return false;
  }
  // `I would love to change it, but yes. Different release.`
  if (u.defers && !pending_.empty() && pending_.back().weak &&
      at(pending_.back().unit).turn == u.turn) {
    pending_.back().rejected = true;
    put_out(pending_.back().text, pending_.back().unit, {i});
    return false;
  }
  // `I'd also like emoji support, but let's leave that out for now.`
  if (take_back_own(i))
    return false;
  // `E-mail yes. Disabled no.`: only what is named is turned down.
  auto const terms = terms_of(u.words);
  if (u.stance < 0 && u.fragment && !u.words.empty() && u.words.size() <= 3 && !terms.empty() &&
      focus_ >= 0) {
    for (auto& l : out_.threads[static_cast<std::size_t>(focus_)].lines) {
      auto const mine = terms_of(at(l.unit).words);
      if (at(l.unit).turn + 3 >= u.turn && at(l.unit).speaker != u.speaker &&
          std::any_of(terms.begin(), terms.end(), [&](auto const& t) {
            return std::binary_search(mine.begin(), mine.end(), t);
          }))
        l.live = false;
    }
    put_out(u.body, i, {});
    return true;
  }
  // `I'd leave braces out of this release`: the unit says itself what is not wanted.
  if (u.defers && terms.size() >= 2 && !u.leans && u.words.size() > 5) {
    put_out(u.body, i, {});
    return false;
  }
  // A demand of the speaker before is turned down.
  if (focus_ >= 0 && u.index_in_turn == 0) {
    auto& t = out_.threads[static_cast<std::size_t>(focus_)];
    for (auto l = t.lines.rbegin(); l != t.lines.rend(); ++l) {
      auto const& said = at(l->unit);
      if (said.turn + 1 < u.turn)
        break;
      if (said.speaker == u.speaker || !l->live || l->agreed)
        continue;
      bool const value = !quantities_of(u.words).empty() && !quantities_of(said.words).empty();
      if (value && u.stance < 0)
        return false; // a correction: see hear_correction
      l->live = false;
      if (l->core)
        put_out(l->text, l->unit, {i});
      restore(l->unit);
      break;
    }
  }
  return false;
}

void listener::hear_agreement(std::size_t i) {
  auto const& u = at(i);
  auto* p = open_question(u, true);
  bool between = false; // `Would that be a problem?` — `No.` — `Then yes.`
  for (auto k = p == nullptr ? i : p->unit + 1; k < i; ++k)
    between = between || (at(k).does == act::question && at(k).wants == asks::consent);
  if (p != nullptr && u.only_stance && at(p->unit).turn + (between ? 3 : 2) < u.turn)
    p = nullptr; // a bare yes answers what was just said
  if (auto const now = quantities_of(u.words); p != nullptr && !p->answered && now.size() == 1) {
    // `Quality 90?` — `82 it is.`
    auto const w = words_of(p->text);
    if (auto const old = quantities_of(w);
        old.size() == 1 && old[0].value != now[0].value && same_measure(old[0], now[0]))
      p->text = substituted(p->text, old[0], w, u.body, u.words, now[0]);
  }
  // `Can we have a dark mode?` — `There's a sensor.` — `Even better, use that.`: nobody was
  // against.
  if (p == nullptr && u.does == act::directive && u.words.size() <= 4 &&
      contains_any(u.flat, {"that", "it", "this"}))
    for (auto& own : pending_)
      if (!own.answered && !own.rejected && !own.weak && at(own.unit).speaker == u.speaker &&
          at(own.unit).wants == asks::proposal && at(own.unit).turn + 2 == u.turn &&
          !own.text.empty() && !at(own.unit).fragment) {
        accept(own, i);
        return;
      }
  if (p != nullptr && !p->answered) {
    // `In memory?` — `Sixteen megabytes is plenty.`: yes and more; the content is the answer.
    auto const asked = terms_of(at(p->unit).words);
    auto const said = terms_of(u.words);
    bool const more = !u.only_stance && at(p->unit).fragment && !quantities_of(u.words).empty() &&
                      !std::includes(asked.begin(), asked.end(), said.begin(), said.end());
    if (more)
      return;
    accept(*p, i);
    // `Could format have an option?` — `Like iec true?` — `Works.` settles both.
    for (auto& other : pending_)
      if (!other.answered && !other.rejected && !other.weak && at(other.unit).turn + 2 >= u.turn &&
          at(other.unit).turn != u.turn && at(other.unit).wants == asks::proposal &&
          !at(other.unit).fragment)
        accept(other, i);
    return;
  }
  if (focus_ < 0)
    return;
  for (auto& l : out_.threads[static_cast<std::size_t>(focus_)].lines)
    if (at(l.unit).turn + 1 == u.turn && at(l.unit).speaker != u.speaker && l.live && !l.agreed) {
      l.agreed = true;
      l.cites.push_back(i);
    }
}

void listener::withdraw(unit const& u) {
  for (auto& p : pending_)
    if (at(p.unit).speaker == u.speaker && at(p.unit).turn + 1 >= u.turn)
      p.rejected = true;
  std::size_t last = 0;
  bool any = false;
  for (auto const& t : out_.threads)
    for (auto const& l : t.lines)
      if (l.live && at(l.unit).speaker == u.speaker &&
          at(l.unit).turn + (u.index_in_turn > 0 ? 0 : 2) >= u.turn &&
          at(l.unit).quote != u.quote) {
        last = any ? std::max(last, l.unit) : l.unit;
        any = true;
      }
  if (!any)
    return;
  for (auto& t : out_.threads)
    for (auto& l : t.lines)
      if (l.unit == last)
        l.live = false;
}

} // namespace troupe::rules
