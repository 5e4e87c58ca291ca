#include "actors/engines/rules/listener.hpp"

#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/order_sayings.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

constexpr std::size_t patience = 3; ///< turns that a question waits for its answer

/// `Remove the old banner`: a change of something, which is no errand, whoever does it; `write it
/// down` and `tell the vendor` are.
bool changes_thing(unit const& u) {
  auto const& w = u.words;
  // `We should stream it instead` is said of the thing, whatever its verb is.
  bool const ours = w.size() > 2 && w[0].low == "we" && contains_any(" should must ", {w[1].low});
  auto const v = std::size_t{ours ? 2U : !w.empty() && w[0].low == "please" ? 1U : 0U};
  return v + 1 < w.size() && !u.leans && (ours || lexicon::is_change_verb(w[v].low)) &&
         !contains_any(" ask tell send check mention answer mail write remember ping test sign "
                       "share read open wait update call talk discuss meet plan ",
                       {w[v].low}) &&
         !terms_of({w.begin() + static_cast<std::ptrdiff_t>(v) + 1, w.end()}).empty();
}

} // namespace

listener::listener(transcript const& t, std::vector<unit> const& units, name_list const& names)
    : transcript_(t), units_(units), names_(names), weights_(units), duties_(names) {
  for (auto const& u : units)
    if (!u.chatter && (u.does == act::directive || u.does == act::constraint ||
                       (u.does == act::question && u.wants == asks::proposal && !u.fragment) ||
                       std::any_of(u.words.begin(), u.words.end(), [](word const& w) {
                         return w.what == word::kind::identifier || w.what == word::kind::literal ||
                                lexicon::is_software_word(w.low);
                       })))
      for (auto& x : terms_of(u.words))
        wanted_.insert(std::move(x));
}

bool listener::fresh(std::ptrdiff_t thread, std::size_t turn, std::size_t turns) const {
  return thread >= 0 && out_.threads[static_cast<std::size_t>(thread)].last_turn + turns >= turn;
}

double listener::overlap(std::vector<std::string> const& terms, thread const& t) const {
  double sum = 0;
  for (auto const& term : terms)
    if (std::binary_search(t.terms.begin(), t.terms.end(), term))
      sum += weights_.of(term);
  return sum;
}

listener::pending* listener::open_question(unit const& u, bool weak_too) {
  for (auto i = pending_.rbegin(); i != pending_.rend(); ++i) {
    auto const& q = at(i->unit);
    if (q.turn + patience < u.turn)
      return nullptr;
    bool const own = q.turn == u.turn || (q.speaker == u.speaker && !q.speaker.empty());
    if (own || i->rejected || (i->weak && !weak_too) || (i->answered && q.turn + 2 < u.turn))
      continue;
    if (i->weak) // what was asked in the same breath comes before what was only wished
      for (auto k = i + 1; k != pending_.rend() && at(k->unit).turn == q.turn; ++k)
        if (!k->weak && !k->rejected && !k->answered)
          return &*k;
    return &*i;
  }
  return nullptr;
}

matter listener::matter_of(unit const& u) const {
  bool docs = false;
  bool tests = false;
  bool delivery = false;
  for (std::size_t i = 0; i < u.words.size(); ++i) {
    auto const& w = u.words[i];
    if (w.what == word::kind::literal)
      continue;
    docs = docs || lexicon::is_doc_word(w.low) ||
           (w.low == "file" && i > 0 && u.words[i - 1].low == "history") ||
           (w.low == "notes" && i > 0 && u.words[i - 1].low == "release") ||
           (w.low == "text" && i > 0 && u.words[i - 1].low == "help");
    bool const verb = i > 0 && (u.words[i - 1].low == "to" || u.words[i - 1].low == "who" ||
                                u.words[i - 1].low == "people" || u.words[i - 1].low == "can");
    tests = tests || (lexicon::is_test_word(w.low) && !verb && w.low != "regression") ||
            (w.low == "regression" && i + 1 < u.words.size() && u.words[i + 1].low == "test");
    delivery =
        delivery ||
        (lexicon::is_delivery_word(w.low) &&
         !(w.low == "version" && !contains_any(u.flat, {"version number"})) &&
         !(w.low == "pull" && !contains_any(u.flat, {"pull request"})) &&
         !(w.low == "merge" || w.low == "branch"
               ? !contains_any(u.flat, {"branch off", "main branch", "squash", "feature branch",
                                        "one branch", "the branch", "merge commit"})
               : false));
  }
  if (tests)
    return matter::tests;
  if (docs)
    return matter::docs;
  return delivery ? matter::delivery : matter::feature;
}

bool listener::about_work(unit const& u) const {
  for (auto const& w : u.words)
    if (w.what != word::kind::plain || lexicon::is_software_word(w.low) ||
        lexicon::is_doc_word(w.low) || lexicon::is_test_word(w.low))
      return true;
  // A word that comes back elsewhere, and in a demand, is a word of this talk's subject; a joke
  // that runs through the talk is never asked for.
  for (auto const& t : terms_of(u.words))
    if (weights_.turns(t) >= 3 && wanted_.count(t) != 0)
      return true;
  return false;
}

std::ptrdiff_t listener::new_thread(matter about, std::string label) {
  thread t;
  t.about = about;
  t.label = std::move(label);
  out_.threads.push_back(std::move(t));
  auto const i = static_cast<std::ptrdiff_t>(out_.threads.size()) - 1;
  if (!out_.threads.back().label.empty())
    note_terms(i, words_of(out_.threads.back().label));
  return i;
}

void listener::note_terms(std::ptrdiff_t thread, std::vector<word> const& words) {
  auto& terms = out_.threads[static_cast<std::size_t>(thread)].terms;
  if (terms.size() > 400)
    return;
  for (auto& t : terms_of(words)) {
    auto const where = std::lower_bound(terms.begin(), terms.end(), t);
    if (where == terms.end() || *where != t)
      terms.insert(where, std::move(t));
  }
}

line& listener::add_line(std::ptrdiff_t thread, std::size_t i, std::string text, bool core) {
  auto& t = out_.threads[static_cast<std::size_t>(thread)];
  auto const& u = at(i);
  line l;
  l.unit = i;
  l.text = std::move(text);
  l.core = core;
  t.lines.push_back(std::move(l));
  t.last_turn = u.turn;
  last_placed_ = i;
  note_terms(thread, apart_from_order(u.words));
  if (last_background_ < units_.size()) {
    auto const& b = at(last_background_);
    if (b.turn + 1 >= u.turn && t.lines.size() == 1)
      t.background.push_back(last_background_);
  }
  focus_ = thread;
  return t.lines.back();
}

void listener::put_out(std::string const& text, std::size_t i,
                       std::vector<std::size_t> const& more) {
  cited_statement s;
  s.text = as_sentence(text);
  s.who = at(i).speaker;
  s.cites.push_back(citation_of(at(i)));
  for (auto const m : more)
    s.cites.push_back(citation_of(at(m)));
  out_.out.push_back(std::move(s));
}

void listener::accept(pending& p, std::size_t by) {
  p.answered = true;
  if (p.text.empty() || at(p.unit).wants == asks::fact)
    return;
  auto const& q = at(p.unit);
  bool const only_value =
      q.fragment && terms_of(q.words).empty() && quantities_of(q.words).size() == 1;
  if ((q.corrects || only_value) && q.does == act::question && hear_correction(p.unit)) {
    p.thread = focus_;
    return;
  }
  if (only_value && !at(by).only_stance)
    return; // `Ten?` — `Ten minutes, okay.`: the answer says it better
  auto const where = p.thread >= 0 ? p.thread : place(q, true, nullptr);
  if (where < 0)
    return;
  if (std::any_of(out_.threads[static_cast<std::size_t>(where)].lines.begin(),
                  out_.threads[static_cast<std::size_t>(where)].lines.end(),
                  [&](line const& l) { return l.unit == p.unit; }))
    return;
  auto& l = add_line(where, p.unit, p.text, true);
  l.agreed = true;
  l.cites.push_back(by);
  out_.threads[static_cast<std::size_t>(where)].last_turn = at(by).turn;
  if (at(by).optional || q.optional)
    out_.threads[static_cast<std::size_t>(where)].optional = true;
  p.thread = where;
}

void listener::expire(std::size_t turn) {
  std::vector<pending> asked;
  std::erase_if(pending_, [&](pending& p) {
    auto const& q = at(p.unit);
    if (q.turn + patience >= turn)
      return false;
    bool const settled = std::any_of(pending_.begin(), pending_.end(), [&](pending const& o) {
      return at(o.unit).turn == q.turn && (o.answered || o.rejected);
    });
    if (!settled && !p.answered && !p.rejected && !p.weak && !request_in(q).empty())
      asked.push_back(p);
    else if (!settled && !p.answered && !p.rejected && !p.weak && q.wants != asks::consent &&
             about_work(q) && !q.chatter)
      out_.open.push_back({as_sentence(q.body), q.speaker, {citation_of(q)}});
    return true;
  });
  for (auto const& p : asked)
    take_request(p);
}

void listener::hear(std::size_t i) {
  take_in(i);
  note_names(at(i));
}

void listener::take_in(std::size_t i) {
  auto const& u = at(i);
  expire(u.turn);
  if (transcript_.form == "prose" && hear_section(i))
    return;
  // Who comes late is told what was said; that says nothing new.
  if (contains_any(u.all, {"what did i miss", "where are we", "what have we got", "did i miss"}))
    recap_ = u.turn + 1;
  if (recap_ != 0 && recap_ == u.turn)
    return;
  bool change = false;
  bool asks_somebody = false;
  auto duties = duties_.take(u, i > 0 ? &units_[i - 1] : nullptr, change, asks_somebody);
  // `Write it down.` — `Will do.`: somebody's errand, not a change.
  bool const errand = u.does == act::directive && !changes_thing(u) && days_in(u).empty() &&
                      u.last_in_turn && i + 1 < units_.size() && units_[i + 1].words.size() <= 6 &&
                      contains_any(units_[i + 1].all, {"will do", "i'll do that", "on it",
                                                       "i can do that", "i'll note"}) &&
                      units_[i + 1].speaker != u.speaker;
  if (errand)
    return;
  bool const duty_only = (!duties.empty() && !change) || asks_somebody;
  for (auto& d : duties)
    if (std::none_of(out_.duties.begin(), out_.duties.end(), [&](duty const& had) {
          return had.person == d.person && lower(had.does).ends_with(lower(d.does));
        }))
      out_.duties.push_back(std::move(d));
  // `When?` behind a proposal asks about that.
  auto const* floated =
      u.does == act::question && u.words.size() <= 3 ? open_question(u, true) : nullptr;
  bool const detail = floated != nullptr && !floated->answered &&
                      at(floated->unit).turn + 1 == u.turn &&
                      at(floated->unit).wants == asks::proposal && days_in(u).empty();
  bool const days = !detail && due_.take(u, names_);
  if (u.withdraws) {
    withdraw(u);
    if (u.does == act::none || u.words.size() < 3)
      return;
  }
  if (u.open) {
    if (auto* p = open_question(u, false); p != nullptr && !p->answered) {
      p->answered = true;
      out_.open.push_back({as_sentence(at(p->unit).body),
                           at(p->unit).speaker,
                           {citation_of(at(p->unit)), citation_of(u)}});
    } else if (!pending_.empty() && at(pending_.back().unit).turn + 1 >= u.turn &&
               !pending_.back().answered) {
      pending_.back().answered = true;
      auto const& q = at(pending_.back().unit);
      out_.open.push_back({as_sentence(q.body), q.speaker, {citation_of(q), citation_of(u)}});
    }
    return;
  }
  if (u.chatter) {
    if (u.does == act::question || u.words.size() > 4)
      side_talk_ = u.turn + 1;
    if (u.stance > 0)
      hear_agreement(i);
    return;
  }
  if (days) {
    if (u.stance > 0 && u.only_stance)
      hear_agreement(i);
    return;
  }
  if (duty_only) {
    if (u.stance > 0)
      hear_agreement(i);
    return;
  }
  if (contains_any(u.all, {"i was wrong", "we were wrong", "changed my mind", "change my mind",
                           "on second thought", "on second thoughts", "thought about it again",
                           "i've thought about it", "thinking about it", "come to think of it",
                           "i take it back", "let's go back to"}))
    reversal_ = u.turn + 1;
  if (auto report = fault_in(u))
    faults_.push_back({i, std::move(*report)});
  if (u.told && contains_any(u.flat, {"bug", "defect", "glitch", "regression", "mistake"}) &&
      contains_any(u.flat, {"found", "noticed", "saw", "hit", "spotted", "discovered"})) {
    // What follows is about the find, not about what was talked of before.
    finding_ = u.turn + 1;
    focus_ = -1;
    label_open_ = false;
    out_.problems.push_back(i);
    return;
  }
  // `Holidays?` — `Holidays.`: says yes and nothing else.
  if (u.fragment && u.does == act::statement && u.stance == 0)
    if (auto* p = open_question(u, false);
        p != nullptr && !p->answered && at(p->unit).fragment && at(p->unit).turn + 1 == u.turn &&
        terms_of(u.words) == terms_of(at(p->unit).words) && says_content(u) &&
        u.words.size() <= at(p->unit).words.size() &&
        quantities_of(u.words).size() == quantities_of(at(p->unit).words).size()) {
      if (p->subject.empty())
        accept(*p, i);
      return;
    }
  if (hear_topic_talk(i))
    return;
  if (hear_strike(i))
    return;
  hear_reproach(i);
  hear_reversal(i);
  if (hear_fault(i) || hear_echo(i))
    return;
  if (hear_label(i))
    return;
  // `Not as part of this.`: who begins an answer with not, and says nothing else, refuses.
  auto const* asked = open_question(u, false);
  bool const denies = u.fragment && u.index_in_turn == 0 && !u.words.empty() &&
                      u.words[0].low == "not" && asked != nullptr && !asked->answered &&
                      at(asked->unit).wants == asks::proposal &&
                      u.body.find(',') == std::string::npos && quantities_of(u.words).empty();
  bool const refuses = u.stance < 0 || (u.defers && u.does != act::question) || denies;
  if (refuses) {
    if (hear_refusal(i) || u.defers || u.only_stance || denies)
      return;
  } else if (u.stance > 0) {
    hear_agreement(i);
    if (u.only_stance)
      return;
  }
  if (u.optional && focus_ >= 0 && fresh(focus_, u.turn, 2) &&
      (u.fragment || terms_of(u.words).size() <= 1)) {
    out_.threads[static_cast<std::size_t>(focus_)].optional = true;
    return;
  }
  if (u.does == act::question) {
    hear_question(i);
    return;
  }
  auto const* waits = open_question(u, false);
  if (keeps_refused(i) || ((waits == nullptr || waits->answered) && only_order(u)))
    return;
  if (u.words.empty() || hear_swap(i) || hear_correction(i) || hear_alternative(i))
    return;
  if (noted(u) && hear_note(i))
    return;
  hear_keeping(i);
  hear_content(i);
}

outcome follow(transcript const& t, std::vector<unit> const& units, name_list const& names) {
  listener l{t, units, names};
  for (std::size_t i = 0; i < units.size(); ++i)
    l.hear(i);
  return l.finish();
}

} // namespace troupe::rules
