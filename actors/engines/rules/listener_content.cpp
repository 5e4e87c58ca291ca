#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/values.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

/// A demand in full form about a thing: `the desk's screen mustn't show names`. What people should
/// do (`you should see it`, `I need to run`) is mostly no change of anything.
bool formal(unit const& u) {
  // `We must print weeks.`: three words are enough for a wish with a verb and its object.
  auto const brief_wish = [&] {
    for (std::size_t i = 1; i + 2 < u.words.size(); ++i)
      if (contains_any(" must should to ", {u.words[i].low}) &&
          lexicon::is_change_verb(u.words[i + 1].low))
        return true;
    return false;
  };
  auto const content = terms_of(u.words).size();
  if (u.chatter || u.judges || content < 1 ||
      ((u.words.size() < 5 || content < 2) && !brief_wish()))
    return false;
  auto const& first = u.words[0].low;
  if (first == "you" || first == "he" || first == "she" || first == "they" || first == "i")
    return contains_any(u.flat, {"i'd like", "i want", "they must", "they should"});
  return contains_any(u.flat, {"must", "should", "has to", "have to", "needs to", "need to",
                               "mustn't", "shouldn't", "are to be", "is to be", "may not",
                               "we need", "we want", "i'd like", "i'd want", "may only"});
}

/// `parse("x") returns 300. It should return undef.`: what `it` means, where the sentence before
/// begins with a name in code.
std::string subject_before(unit const& before, unit const& u) {
  if (before.turn != u.turn || before.does != act::statement || before.words.empty() ||
      before.words[0].what != word::kind::identifier)
    return {};
  for (std::size_t i = 1; i < before.words.size() && i < 6; ++i)
    if (before.words[i].what == word::kind::plain &&
        (lexicon::is_verb_form(before.words[i].low) || lexicon::is_auxiliary(before.words[i].low)))
      return std::string{trim(std::string_view{before.body}.substr(0, before.words[i].begin))};
  return {};
}

/// `That's a law thing`, `it's the most voted issue`, and what stands behind `fifteen is long`: why
/// something is wanted, not what.
bool explains(unit const& u, unit const* before) {
  if (u.does != act::statement || u.words.size() < 2)
    return false;
  if (before != nullptr && before->turn == u.turn && before->judges && !u.hedged)
    return true;
  bool const named = std::any_of(u.words.begin(), u.words.end(), [](word const& w) {
    return w.what == word::kind::literal || w.what == word::kind::identifier;
  });
  if (named || contains_any(u.flat, {"only", "default", "off", "on", "same", "optional", "never",
                                     "always", "if", "when", "unless", "not", "without"}))
    return false;
  auto const& a = u.words[0].low;
  auto const& b = u.words[1].low;
  bool const copula = a == "it's" || a == "that's" || a == "they're" || a == "he's" ||
                      a == "she's" ||
                      ((a == "it" || a == "that" || a == "this" || a == "those") &&
                       (b == "is" || b == "was" || b == "sounds" || b == "looks" || b == "means"));
  // `Single sign-on, that's months of talking.`
  bool const dislocated =
      std::any_of(u.words.begin(), u.words.end(),
                  [](word const& w) {
                    return w.before == ',' && (w.low == "that's" || w.low == "it's");
                  }) &&
      !u.hedged;
  return dislocated || (copula && quantities_of(u.words).empty());
}

/// `If she doesn't react in a day, it's off the table`, `and giving both is a ValueError`: how the
/// thing will behave, said behind a demand in the same breath.
bool regulates(unit const& u) {
  if (u.does != act::statement || u.told || u.judges || u.words.size() < 4)
    return false;
  auto const& first = u.words[0].low;
  bool const named = std::any_of(u.words.begin(), u.words.end(), [](word const& w) {
    return w.what == word::kind::literal || w.what == word::kind::identifier;
  });
  return first == "if" || first == "when" || first == "unless" || (u.additive && named);
}

/// People can do something already, and nothing of what was asked for.
bool manage_anyway(unit const& u, unit const& asked) {
  if (u.words.size() < 3 || u.words[1].low != "can" ||
      !contains_any(" they people everyone everybody users customers ", {u.words[0].low}))
    return false;
  auto const wanted = terms_of(asked.words);
  auto const said = terms_of(u.words);
  return std::none_of(said.begin(), said.end(), [&](auto const& x) {
    return std::binary_search(wanted.begin(), wanted.end(), x);
  });
}

std::string bare_text(std::string_view s) {
  s = trim(s);
  while (!s.empty() && (s.back() == '.' || s.back() == '?' || s.back() == '!'))
    s.remove_suffix(1);
  return std::string{s};
}

} // namespace

void listener::hear_content(std::size_t i) {
  auto const& u = at(i);
  bool const prose = transcript_.form == "prose";
  if (hear_repair(i))
    return;
  // `The second one, the avatar is stretched.`: what was talked of before is over.
  if (u.breaks && !u.fragment && u.does != act::directive && u.does != act::constraint) {
    focus_ = -1;
    label_open_ = false;
  }
  if (u.does == act::weak) {
    if (!says_content(u))
      return; // `I'd love that.`
    // `Customers keep asking for averages. We should have …`: why, and then
    // what.
    bool wished = false;
    for (auto k = i + 1; k < units_.size() && units_[k].turn == u.turn; ++k)
      wished = wished || units_[k].does == act::directive;
    if (u.past && wished) {
      last_background_ = i;
      if (about_work(u) || u.turn < 10)
        out_.problems.push_back(i);
      return;
    }
    pending p;
    p.unit = i;
    p.text = u.body;
    p.weak = true;
    pending_.push_back(std::move(p));
    return;
  }
  if (u.does != act::directive && u.does != act::constraint && !pending_.empty() &&
      at(pending_.back().unit).turn == u.turn && !pending_.back().answered &&
      at(pending_.back().unit).index_in_turn + 1 == u.index_in_turn) {
    auto& own = pending_.back();
    bool const named = std::any_of(u.words.begin(), u.words.end(), [](word const& w) {
      return w.what == word::kind::identifier || w.what == word::kind::literal;
    });
    if (u.negated && u.leans) {
      own.rejected = true; // `Can both go together? That can't work.`
      return;
    }
    // `What if there is no card? I'd say the button is hidden.`
    if (at(own.unit).wants == asks::fact && !u.told && !u.judges && u.does == act::statement &&
        !u.fragment && (u.hedged || next_agrees(i)) && focus_ >= 0 && fresh(focus_, u.turn, 3) &&
        about_work(u)) {
      auto& l = add_line(focus_, i, u.body, true);
      l.lead = own.lead;
      l.cites.push_back(own.unit);
      own.answered = true;
      own.thread = focus_;
      return;
    }
    // `Are we going to rewrite it? They're two thousand lines.`: why it is asked.
    if (u.leans && !u.fragment && at(own.unit).wants == asks::proposal &&
        lexicon::is_pronoun(u.words[0].low)) {
      own.more.push_back(i);
      return;
    }
    if (named && u.words.size() <= 8 && !u.past) {
      own.text += own.text.empty() ? "" : " – " + bare_text(u.body);
      own.more.push_back(i);
      return;
    }
  }
  bool core = u.does == act::directive || u.does == act::constraint ||
              (u.additive && u.fragment && u.stance == 0 && matter_of(u) != matter::feature);
  auto* asked = open_question(u, false);
  bool const open_now = asked != nullptr && !asked->answered;
  // `Then the second one gets it read-only.` — `That's sensible.`
  bool const concluded = u.concludes && (!u.fragment || label_free_now()) &&
                         (fresh(focus_, u.turn, 4) || label_free_now()) &&
                         (!u.leans || u.words[0].low == "then");
  core = core || (u.fragment && !open_now && introduces(u) && !u.judges && !u.past);
  // `Next, the limit.` … `Three bookings per person, I'd say.` — `Three's fine.`
  core = core || (u.does == act::statement && !open_now && !u.told &&
                  (label_free_now() || u.hedged || concluded) && says_content(u) &&
                  next_agrees(i) && (u.fragment ? !quantities_of(u.words).empty() : about_work(u)));
  bool const plain_answer = asked != nullptr && !asked->answered && !u.told && !u.judges &&
                            at(asked->unit).wants == asks::fact && u.index_in_turn <= 1 &&
                            at(asked->unit).turn + 1 == u.turn && about_work(u);
  if (u.does == act::none && !core && !plain_answer) {
    if (about_work(u) && !u.judges) {
      last_background_ = i;
      if (u.past || u.turn < 10)
        out_.problems.push_back(i);
    }
    // An answer may be given as an opinion or as news; a plain one is no requirement.
    return;
  }
  if (!core && u.leans && !u.fragment && refused_ == u.turn + 1)
    return; // the reason for a refusal
  if (side_talk_ + 1 >= u.turn + 1 && side_talk_ > 0 && !about_work(u))
    return;
  // Sentences behind a question of the same speaker belong to it: `A flag like --store 117.`
  if (!core && u.fragment && !pending_.empty() && at(pending_.back().unit).turn == u.turn &&
      !pending_.back().answered) {
    auto& p = pending_.back();
    if (!p.text.empty())
      p.text += " – " + bare_text(u.body);
    if (!p.subject.empty() && label_open_ && label_thread_ < 0)
      label_ += ", " + u.body;
    while (!label_.empty() && (label_.back() == '.'))
      label_.pop_back();
    p.more.push_back(i);
    return;
  }
  auto* p = open_question(u, false);
  bool answers =
      p != nullptr && (!p->answered || at(p->unit).turn + 1 == u.turn) && !(u.breaks || prose);
  // A demand with a subject of its own, turns after the question, answers it only if it is about
  // it.
  if (answers && core && !u.leans && !u.fragment && at(p->unit).turn + 1 < u.turn &&
      u.index_in_turn == 0 && terms_of(u.words).size() >= 2) {
    auto const wanted = terms_of(at(p->unit).words);
    auto const said = terms_of(u.words);
    answers = std::any_of(said.begin(), said.end(), [&](auto const& x) {
      return std::binary_search(wanted.begin(), wanted.end(), x);
    });
  }
  // `To everyone on the list. We also need a page for the settings.`: answered, and then another
  // thing.
  if (answers && core && p->answered && u.index_in_turn > 0 && p->thread >= 0 &&
      other_thing(u, out_.threads[static_cast<std::size_t>(p->thread)]))
    answers = false;
  if (!core && explains(u, i > 0 ? &units_[i - 1] : nullptr) &&
      !(answers && !p->answered && at(p->unit).turn + 1 == u.turn &&
        at(p->unit).wants == asks::fact)) {
    if (answers && at(p->unit).turn + 1 == u.turn)
      p->answered = true; // the question is settled by it, if by nothing else
    return;
  }
  // `Swedish?` — `They can read Danish.`: what people can do anyway is why not.
  if (!core && answers && !p->answered && at(p->unit).turn + 1 == u.turn &&
      at(p->unit).wants == asks::proposal && at(p->unit).words.size() <= 2 &&
      manage_anyway(u, at(p->unit))) {
    p->answered = p->rejected = true;
    put_out(at(p->unit).body, p->unit, {i});
    return;
  }
  // `No. Not in a point release.`
  if (u.fragment && u.words[0].low == "not" && i > 0 && units_[i - 1].turn == u.turn &&
      units_[i - 1].stance < 0)
    return;
  // `How often does that happen?` — `Ten times a week.`
  if (!core && u.index_in_turn == 0 && i > 0 && units_[i - 1].turn + 1 == u.turn &&
      units_[i - 1].organises)
    return;
  // `They'd have to type… no. Leave it.`
  if (u.leans && u.words.size() <= 2 && u.words[0].low == "leave" && i > 0 &&
      units_[i - 1].turn == u.turn && units_[i - 1].stance < 0)
    return;
  // `Is that a lot?` — `That's half a day.`
  if (!core && u.leans && i > 0) {
    auto k = i;
    while (k > 0 && units_[k - 1].turn == u.turn)
      --k;
    if (k > 0 && units_[k - 1].burden && units_[k - 1].turn + 1 == u.turn)
      return;
  }
  // `Not all.` tells of today.
  if (!core && !says_content(u) && u.fragment &&
      !(answers && (contains_phrase(at(p->unit).flat, "or") ||
                    (u.words.size() > 2 &&
                     !contains_any(u.flat, {"a little", "a bit", "not much", "not all"})))) &&
      !contains_any(u.flat, {"default", "only", "both", "off", "on", "first", "last", "same"}))
    return;
  if (!core && !answers) {
    // A statement completes what was just demanded; alone it only tells.
    bool const people =
        !u.words.empty() && lexicon::is_people(u.words[0].low) && u.words[0].low != "we";
    if (people || prose || !says_content(u))
      return;
    // In the same breath as a demand: `Keep it short. The log goes as an attachment.`
    bool const completes = focus_ >= 0 && u.index_in_turn > 0 && !label_free_now() &&
                           out_.threads[static_cast<std::size_t>(focus_)].last_turn == u.turn &&
                           out_.threads[static_cast<std::size_t>(focus_)].lines.back().core &&
                           ((!u.leans && about_work(u) && u.words[0].low == "the") || regulates(u));
    if (completes) {
      add_line(focus_, i, u.body, regulates(u));
      return;
    }
    bool const consents =
        u.index_in_turn > 0 && units_[i - 1].turn == u.turn && units_[i - 1].stance > 0;
    if (focus_ < 0 || !fresh(focus_, u.turn, consents ? 4 : 2)) {
      if (about_work(u))
        last_background_ = i;
      if (about_work(u) && u.turn < 10)
        out_.problems.push_back(i);
      return;
    }
  }
  // `We need jitter.` under a topic is about it, even if nobody says the word again.
  bool const demand = contains_any(u.flat, {"we need", "must", "should", "has to", "needs"});
  if (core && terms_of(u.words).empty() && quantities_of(u.words).empty() && !answers &&
      !fresh(focus_, u.turn, 1) && !label_free_now())
    return; // `Don't ask.`
  if (core && !answers && !u.leans && !about_work(u) && !formal(u) && !introduces(u) &&
      !(demand && (label_free_now() || fresh(focus_, u.turn, 3))) &&
      !(!u.past && !u.hedged && next_agrees(i)) && // `We need charts.` — `Yes.`
      !(label_thread_ >= 0 && label_thread_ == focus_ && fresh(focus_, u.turn, 0)) &&
      !(fresh(focus_, u.turn, 1) && u.additive) && !label_free_now() && !needs_thing(u)) {
    unplaced_.push_back(i);
    return;
  }
  // `total breaks with strings. It should skip them.`: the thing that goes
  // wrong is meant.
  auto const* wrong = core && !answers && u.leans && forced_ < 0 ? fault_before(i) : nullptr;
  if (wrong != nullptr && lexicon::is_pronoun(u.words[0].low))
    forced_ = thread_of(*wrong, u);
  else
    wrong = nullptr;
  bool const under_label = label_free_now();
  // An extra is a thing of its own: it must not make optional what it is hung on.
  bool const extra = u.optional && core && terms_of(u.words).size() >= 2 && !under_label;
  bool const elided = contains_any(" must should needs mustn't shouldn't ", {u.words[0].low});
  if (core && u.leans && i > 0 && units_[i - 1].turn == u.turn && (!under_label || elided) &&
      (units_[i - 1].does == act::statement || (elided && units_[i - 1].does == act::none)) &&
      !units_[i - 1].fragment && (about_work(units_[i - 1]) || elided) &&
      (elided ||
       contains_any(u.flat, {"like that", "that way", "as it is", "keep it", "keep that"})) &&
      last_placed_ != i - 1) {
    // `A star does not cross a slash. I want it to remain like that.`
    auto const antecedent = place(units_[i - 1], true, nullptr);
    if (antecedent >= 0)
      add_line(antecedent, i - 1, units_[i - 1].body, true);
  }
  auto const where =
      extra ? new_thread(matter_of(u), {}) : place(u, core || answers, answers ? p : nullptr);
  if (where < 0) {
    if (about_work(u))
      last_background_ = i;
    return;
  }
  // `Three hundred.` repeats; only what is new is a line.
  auto& holder = out_.threads[static_cast<std::size_t>(where)];
  if (u.fragment && !(answers && !p->answered) && !holder.lines.empty() && repeats(u, holder)) {
    auto& last = holder.lines.back();
    last.agreed = true;
    last.cites.push_back(i);
    holder.last_turn = u.turn;
    focus_ = where;
    return;
  }
  std::string not_this;
  auto text = without_contrast(u.body, not_this);
  bool const first_answer = answers && !p->answered;
  if (not_this.empty() || quantities_of(words_of(not_this)).empty())
    text = u.body;
  if (core)
    text = without_complaint(text);
  if (auto const named = wrong != nullptr && u.words[0].low == "it" ? wrong->report.subject
                         : core && i > 0 && u.words[0].low == "it" && !answers
                             ? subject_before(units_[i - 1], u)
                             : std::string{};
      !named.empty())
    text = named + text.substr(u.words[0].end);
  auto& l = add_line(where, i, text, core || first_answer);
  if (u.optional)
    out_.threads[static_cast<std::size_t>(where)].optional = true;
  if (under_label && label_thread_ < 0) {
    if (!label_loose_)
      l.lead = label_; // the topic went to a thread that was there
    label_thread_ = where;
  }
  if (!answers)
    return;
  l.agreed = true;
  l.cites.push_back(p->unit);
  bool const thin = u.leans || terms_of(u.words).size() <= 2;
  if (first_answer && thin && !p->rejected) {
    // A floated value that was not taken does not stand before the answer.
    auto const& floated = at(p->unit);
    if (!p->lead.empty() &&
        (quantities_of(words_of(p->lead)).empty() || floated.wants == asks::fact ||
         p->lead.find("if ") != std::string::npos))
      l.lead = p->lead;
    else if (!p->parent_lead.empty())
      l.lead = p->parent_lead;
    else if (contains_any(u.flat, {"it", "them"}) && floated.wants == asks::proposal &&
             u.stance >= 0 && !u.negated && !u.corrects)
      l.lead = l.lead.empty() ? object_of(p->text) : l.lead;
  }
  auto const& q = at(p->unit);
  if (first_answer && q.wants == asks::proposal && !q.fragment && !p->rejected && u.stance >= 0 &&
      q.flat.starts_with(" could ") && core == false)
    accept(*p, i);
  p->answered = true;
  p->thread = where;
}

outcome listener::finish() {
  expire(static_cast<std::size_t>(-1));
  take_up_rest();
  out_.due = due_.due();
  out_.due_turn = due_.said_in_turn();
  return std::move(out_);
}

} // namespace troupe::rules
