#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"
#include "actors/engines/rules/order_sayings.hpp"

#include <algorithm>
#include <utility>

namespace troupe::rules {
namespace {

constexpr std::size_t threads_in_mind = 10; ///< a talk goes back to one of the last few things

/// Stems of the noun phrase that begins at word `i`: `the old beta banner | on the start page`.
std::vector<std::string> phrase_terms(std::vector<word> const& w, std::size_t i) {
  auto end = i;
  while (end < w.size() && (end == i || w[end].before == 0) &&
         !contains_any(" for in on at of with from to that which who when if so by as and or below "
                       "above into over under after before should must has have needs shall may "
                       "can will ",
                       {w[end].low}))
    ++end;
  return terms_of(
      {w.begin() + static_cast<std::ptrdiff_t>(i), w.begin() + static_cast<std::ptrdiff_t>(end)});
}

/// Where the thing that a demand is about is named: its subject (`the invoice should print …`) or
/// the object of its order (`remove the banner`, `we need a page`); the end where there is none.
std::size_t thing_at(std::vector<word> const& w) {
  std::size_t i = 0;
  while (i + 1 < w.size() &&
         contains_any(" please also then just and we i we'd i'd you let's let us "
                      "should must need have to want like would ",
                      {w[i].low}))
    ++i;
  if (i + 1 >= w.size() || lexicon::is_pronoun(w[i].low))
    return w.size();
  if (w[i].low == "there") {
    while (i + 1 < w.size() && w[i].low != "be")
      ++i;
    return i + 1;
  }
  bool const wish = i > 0 && contains_any(" need want like ", {w[i - 1].low});
  if (!wish && lexicon::is_change_verb(w[i].low) &&
      (i > 0 || contains_any(" the a an our all every each ", {w[i + 1].low}) ||
       !lexicon::is_noun_too(w[i].low)))
    return i + 1;
  // A subject needs its modal behind it.
  for (auto k = i + 1; k < w.size() && k < i + 9 && !wish; ++k)
    if (contains_any(" should must shall needs need has have mustn't shouldn't ", {w[k].low}))
      return i;
  return wish ? i : w.size();
}

} // namespace

bool listener::other_thing(unit const& u, thread const& t) const {
  bool const demands = u.does == act::directive || u.does == act::constraint;
  if (!demands || u.fragment || transcript_.form == "prose")
    return false;
  auto const words = apart_from_order(u.words);
  auto const at_thing = thing_at(words);
  if (at_thing >= words.size())
    return false;
  auto const named = phrase_terms(words, at_thing);
  if (named.empty() || lexicon::is_people(words[at_thing].low) ||
      lexicon::is_pronoun(words[at_thing].low))
    return false;
  // `The tool should …` names the product, not a thing of it.
  if (named.size() == 1 &&
      contains_any(" tool app application system program software site website product ",
                   {words[at_thing + (at_thing + 1 < words.size() ? 1 : 0)].low}))
    return false;
  auto const known = [&](std::string const& x) {
    return std::binary_search(t.terms.begin(), t.terms.end(), x);
  };
  if (std::none_of(named.begin(), named.end(), known))
    return true;
  // `And the report should be sent every Monday`: the same subject, and nothing else of it.
  auto rest = terms_of(words);
  std::erase_if(
      rest, [&](auto const& x) { return std::find(named.begin(), named.end(), x) != named.end(); });
  bool const plain = std::all_of(words.begin(), words.end(),
                                 [](word const& w) { return w.what == word::kind::plain; });
  return plain && u.additive && !u.leans && rest.size() >= 3 &&
         std::none_of(rest.begin(), rest.end(), known);
}

/// A sentence of the notes stands alone: what leans on nothing that was said, and words without a
/// sentence, ask for nothing that could be found; a statement about something of the draft counts.
bool listener::hear_note(std::size_t i) {
  auto const& u = at(i);
  bool const demands = u.does == act::directive || u.does == act::constraint;
  if (demands && !u.leans)
    return false;
  // `The title: at most 60 characters.`
  bool const value = u.body.find(": ") != std::string::npos && !quantities_of(u.words).empty();
  label_open_ = false;
  if (!demands && (u.does != act::statement || (u.fragment && !value) || u.judges || u.told))
    return true;
  auto const terms = terms_of(u.words);
  std::ptrdiff_t best = -1;
  double most = demands ? 0.4 : 0.8;
  for (std::size_t k = 0; k < out_.threads.size(); ++k)
    if (auto const score = overlap(terms, out_.threads[k]);
        score > most && out_.threads[k].about == matter_of(u)) {
      best = static_cast<std::ptrdiff_t>(k);
      most = score;
    }
  if (best >= 0)
    add_line(best, i, u.body, true);
  return true;
}

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
  auto const terms = terms_of(apart_from_order(u.words)); // what it waits for is another thing
  auto const n = static_cast<std::ptrdiff_t>(out_.threads.size());
  // Who writes notes has the whole draft before them.
  bool const note = noted(u);
  auto const oldest =
      note ? 0 : std::max<std::ptrdiff_t>(0, n - static_cast<std::ptrdiff_t>(threads_in_mind));
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
    else if (!note && !fresh(i, u.turn, 6))
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
    bool const unsaid =
        label_loose_ && ((!u.leans && !u.fragment && terms.size() >= 2) ||
                         (u.leans && !u.fragment && u.index_in_turn > 0)); // of what stands before
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
  // Under a topic that is still open its sentences belong together, whatever they name.
  auto const another = [&](std::ptrdiff_t where) {
    bool const topic = label_open_ && label_thread_ == where && fresh(where, u.turn, 3);
    return core && answered == nullptr && !topic && about == matter::feature &&
           other_thing(u, out_.threads[static_cast<std::size_t>(where)]);
  };
  bool const opens = alone && u.breaks && !u.fragment && about == matter::feature;
  if (best >= 0 && best_score >= (opens ? 1.6 : needed) && (core || fresh(best, u.turn, 4)) &&
      !another(best))
    return best;
  // What says most of its words is about something else; what was talked of last may be about it.
  if (best >= 0 && best != focus_ && best_score >= needed && near && another(best) &&
      kind_of(focus_) == about && !another(focus_) &&
      overlap(terms, out_.threads[static_cast<std::size_t>(focus_)]) > 0)
    return focus_;
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
  if (u.leans && near && !own_words && !long_order && !another(focus_))
    return focus_;
  if (!core)
    return answered != nullptr && near ? focus_ : -1;
  if (answered != nullptr && near)
    return focus_;
  return new_thread(matter::feature, {});
}

} // namespace troupe::rules
