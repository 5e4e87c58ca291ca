#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"

#include <algorithm>
#include <utility>

namespace troupe::rules {
namespace {

constexpr std::size_t threads_in_mind = 10; ///< a talk goes back to one of the last few things

} // namespace

/// Finds the thread that a unit belongs to, or makes one. -1: it belongs nowhere.
std::ptrdiff_t listener::place(unit const& u, bool core, pending const* answered) {
  bool const label_free = label_open_ && label_thread_ < 0 && label_turn_ + 8 >= u.turn;
  auto about = matter_of(u);
  if (about == matter::feature && label_free) {
    unit named;
    named.words = words_of(label_);
    named.flat = flat_of(named.words);
    about = matter_of(named);
  }
  auto const terms = terms_of(u.words);
  auto const n = static_cast<std::ptrdiff_t>(out_.threads.size());
  auto const oldest = std::max<std::ptrdiff_t>(0, n - static_cast<std::ptrdiff_t>(threads_in_mind));
  std::ptrdiff_t best = -1;
  double best_score = 0;
  for (auto i = n - 1; i >= oldest; --i) {
    auto const& t = out_.threads[static_cast<std::size_t>(i)];
    if (t.about != about && about != matter::feature)
      continue;
    if (about == matter::feature && t.about != matter::feature && i != focus_)
      continue;
    auto score = overlap(terms, t);
    if (i == focus_ && fresh(i, u.turn, 3))
      score *= 1.5;
    else if (!fresh(i, u.turn, 6))
      score *= 0.5;
    if (score > best_score) {
      best = i;
      best_score = score;
    }
  }
  bool const near = fresh(focus_, u.turn, 3) && !label_free;
  auto const kind_of = [&](std::ptrdiff_t i) {
    return out_.threads[static_cast<std::size_t>(i)].about;
  };
  // A find, and a thing that was not named before, open threads of their own.
  if (core && forced_ >= 0)
    return std::exchange(forced_, -1);
  if (core && answered == nullptr && about == matter::feature) {
    if (finding_ == u.turn + 1) {
      finding_ = 0;
      return new_thread(matter::feature, {});
    }
    if (!label_free && introduces(u))
      return new_thread(matter::feature, {});
  }
  // `If two have it open they overwrite each other.` — `Then the second one gets it read-only.`
  if (core && u.concludes && answered == nullptr && !label_free && about == matter::feature &&
      u.does == act::statement && u.turn > 0) {
    auto const* first = &u;
    while (first > units_.data() && first[-1].turn + 1 >= u.turn)
      --first;
    std::vector<std::string> both = terms;
    for (auto const* x = first; x->turn + 1 == u.turn; ++x)
      for (auto& t : terms_of(x->words))
        both.push_back(std::move(t));
    std::sort(both.begin(), both.end());
    both.erase(std::unique(both.begin(), both.end()), both.end());
    std::ptrdiff_t where = -1;
    double most = 0.8;
    for (auto i = n - 1; i >= oldest; --i) {
      auto const score = overlap(both, out_.threads[static_cast<std::size_t>(i)]);
      if (score > most) {
        most = score;
        where = i;
      }
    }
    return where >= 0 ? where : new_thread(matter::feature, {});
  }
  // `And giving both is an error.`
  if (!core && u.additive && u.index_in_turn > 0 && fresh(focus_, u.turn, 0) && !label_free &&
      about == matter::feature)
    return focus_;
  // What is hung on in the same breath goes where the breath went.
  if (u.fragment && u.index_in_turn > 0 && !label_free && fresh(focus_, u.turn, 0) &&
      about == matter::feature)
    return focus_;
  auto const claim = [&](matter m) {
    // `Shall we talk about Tally?` — `We should have …`: the demand says itself
    // what it is about.
    bool const unsaid = label_loose_ && !u.leans && !u.fragment && terms.size() >= 2;
    auto const i = new_thread(m, unsaid ? std::string{} : label_);
    if (unsaid)
      note_terms(i, words_of(label_));
    label_thread_ = i;
    return i;
  };
  if (about == matter::tests || about == matter::docs || about == matter::delivery) {
    // A test for *that* belongs to what it tests; other tests and documents are things of their
    // own.
    bool const that = about == matter::tests &&
                      contains_any(u.flat, {"it", "that", "that one", "this", "that very", "them"});
    if (that && fresh(focus_, u.turn, 2))
      return focus_;
    if (fresh(focus_, u.turn, 4) && kind_of(focus_) == about)
      return focus_;
    if (best >= 0 && kind_of(best) == about && best_score > 0.4)
      return best;
    if (about == matter::delivery)
      for (auto i = n - 1; i >= oldest; --i)
        if (kind_of(i) == about)
          return i;
    if (!core)
      return -1;
    if (label_free)
      return claim(about);
    bool const leaning =
        contains_any(u.flat, {"it", "that", "this", "them", "that sentence", "those"});
    std::string refers;
    if (leaning && fresh(focus_, u.turn, 2))
      for (auto const& l : out_.threads[static_cast<std::size_t>(focus_)].lines)
        if (l.live)
          refers = l.text;
    auto const made = new_thread(about, {});
    out_.threads.back().refers = refers;
    return made;
  }
  if (answered != nullptr) {
    if (!answered->subject.empty() && label_free)
      return best >= 0 && best_score > 1.2 ? best : claim(matter::feature);
    if (answered->thread >= 0)
      return answered->thread;
    if (answered->elsewhere && !answered->answered)
      return best >= 0 && best != focus_ && best_score > 0.8 ? best
                                                             : new_thread(matter::feature, {});
  }
  if (label_free) {
    // A statement alone does not open a topic: it is the problem, not the wish.
    if (best >= 0 && best_score > 1.6 && fresh(best, u.turn, 6))
      return best;
    return core || answered != nullptr ? claim(matter::feature) : -1;
  }
  if (core && focus_ >= 0 && label_thread_ == focus_ && label_turn_ == u.turn &&
      fresh(focus_, u.turn, 0))
    return focus_;
  // `There has to be a limit. If more than …`: the first one only announces.
  if (core && u.index_in_turn > 0 && fresh(focus_, u.turn, 0) && kind_of(focus_) == about) {
    auto const& t = out_.threads[static_cast<std::size_t>(focus_)];
    if (t.lines.size() == 1 && t.label.empty() && at(t.lines[0].unit).turn == u.turn &&
        terms_of(at(t.lines[0].unit).words).size() <= 1)
      return focus_;
  }
  // `A new column is no error. Ignore it and log it.`: in one breath, `it` is what was just said.
  if (core && u.leans && u.index_in_turn > 0 && fresh(focus_, u.turn, 0) &&
      last_placed_ + 1 < units_.size() && &units_[last_placed_ + 1] == &u && best_score < 1.2 &&
      kind_of(focus_) == about)
    return focus_;
  bool const alone = core && !u.leans && answered == nullptr;
  double const needed = alone              ? best == focus_ ? 0.8 : 1.0
                        : best == focus_   ? 0.45
                        : u.leans || !core ? 0.4
                                           : 0.7;
  if (best >= 0 && best_score >= needed && (core || fresh(best, u.turn, 4)))
    return best;
  // `Yes. Strip the accents.` goes on with what it agrees to.
  bool const agrees = u.index_in_turn <= 1 && fresh(focus_, u.turn, 1) && !label_free &&
                      (u.stance > 0 || (u.index_in_turn == 1 && &u > units_.data() &&
                                        (&u)[-1].stance > 0 && (&u)[-1].turn == u.turn)) &&
                      (u.does == act::directive || u.does == act::constraint) &&
                      lexicon::is_change_verb(u.words[0].low) && kind_of(focus_) == about;
  if (agrees && best_score < 1.2)
    return focus_;
  // `It should …` may mean the product: with words of its own it is a thing of its own.
  bool const own_words = u.does == act::directive && terms.size() >= 2 && u.words.size() >= 5 &&
                         u.words[0].low == "it" &&
                         contains_any(" should must has needs ", {u.words[1].low}) &&
                         !(label_open_ && label_thread_ == focus_) && answered == nullptr;
  // A long order with an `it` somewhere stands alone, unless it is said in the same breath.
  bool const long_order = u.does == act::directive && terms.size() > 3 && u.index_in_turn == 0 &&
                          !lexicon::is_pronoun(u.words[0].low) && answered == nullptr;
  if (u.leans && near && !own_words && !long_order)
    return focus_;
  if (!core)
    return answered != nullptr && near ? focus_ : -1;
  if (answered != nullptr && near)
    return focus_;
  return new_thread(matter::feature, {});
}

} // namespace troupe::rules
