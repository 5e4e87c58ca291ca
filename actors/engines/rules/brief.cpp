#include "actors/engines/rules/brief.hpp"

#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/order.hpp"
#include "actors/engines/rules/requests.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>

namespace troupe {
namespace rules {
namespace {

constexpr std::size_t most_requirements = 150; ///< a plan holds 200 tickets at most
constexpr std::size_t most_criteria = 12;

std::string spoken(line const& l) {
  auto const text = with_digits(l.text);
  return l.lead.empty() ? text : with_digits(l.lead) + ": " + text;
}

void add_cite(std::vector<citation>& out, unit const& u) {
  auto c = citation_of(u);
  if (std::find(out.begin(), out.end(), c) == out.end())
    out.push_back(std::move(c));
}

bool looks_like_file(word const& w) {
  if (w.what != word::kind::identifier)
    return false;
  auto const dot = w.text.rfind('.');
  if (dot == std::string::npos || dot == 0 || w.text.size() - dot > 6 || dot + 1 >= w.text.size())
    return false;
  return is_letter(w.text[dot + 1]) && !is_digit(w.text[dot - 1]) &&
         w.text.find("//") == std::string::npos;
}

/// `kb stays 1024` says what `we don't make kb a thousand` says, and says it better.
void drop_restated_negations(thread& t, std::vector<unit> const& units) {
  for (std::size_t i = 0; i + 1 < t.lines.size(); ++i) {
    auto& l = t.lines[i];
    auto const& u = units[l.unit];
    if (!l.live || !u.negated || u.fragment || u.does == act::constraint)
      continue;
    for (std::size_t k = i + 1; k < t.lines.size() && k < i + 3; ++k) {
      auto const& v = units[t.lines[k].unit];
      if (!t.lines[k].live || v.negated || v.turn > u.turn + 1 || v.speaker == u.speaker ||
          v.does != act::constraint)
        continue;
      auto const a = terms_of(u.words);
      auto const b = terms_of(v.words);
      if (std::any_of(a.begin(), a.end(),
                      [&](auto const& x) { return std::binary_search(b.begin(), b.end(), x); }))
        l.live = false;
    }
  }
}

bool share_terms(std::vector<word> const& a, std::vector<word> const& b) {
  auto const x = terms_of(a);
  auto const y = terms_of(b);
  return std::any_of(x.begin(), x.end(),
                     [&](auto const& t) { return std::binary_search(y.begin(), y.end(), t); });
}

std::string context_of(thread const& t, std::vector<unit> const& units, name_set const& names) {
  std::string out;
  for (auto const b : t.background)
    out += (out.empty() ? "" : " ") + as_sentence(units[b].body, names);
  return out;
}

/// Names of code as they are written in this talk: what begins a sentence in lower case where the
/// others begin in upper case, and single words in backticks.
name_set names_in_code(std::vector<unit> const& units) {
  std::size_t upper = 0;
  std::size_t low = 0;
  name_set out;
  name_set starts;
  for (auto const& u : units) {
    for (auto const& w : u.words)
      if (w.what == word::kind::literal && w.text[0] == '`' && w.low.find(' ') == std::string::npos)
        out.insert(w.text.substr(1, w.text.size() - 2));
    // `There is a bug: total crashes …`: written small behind a colon, and a whole subject.
    if (auto const f = fault_in(u); f && f->subject.find(' ') == std::string::npos &&
                                    !f->subject.empty() && is_lower(f->subject[0]) &&
                                    !u.body.starts_with(f->subject))
      out.insert(f->subject);
    if (u.quote.empty() || !is_letter(u.quote[0]))
      continue;
    // `getUser` keeps its spelling anyway and says nothing of how this talk is written.
    bool const opens = !u.words.empty() && u.quote.starts_with(u.words[0].text);
    if (opens && u.words[0].what != word::kind::plain)
      continue;
    bool const lowercase = is_lower(u.quote[0]);
    (lowercase ? low : upper) += 1;
    if (opens && lowercase && u.quote.starts_with(u.words[0].text) &&
        !lexicon::is_stopword(u.words[0].low))
      starts.insert(u.words[0].text);
  }
  if (upper >= 3 * low)
    out.insert(starts.begin(), starts.end());
  return out;
}

std::optional<requirement> requirement_of(thread& t, std::vector<unit> const& units,
                                          name_set const& names) {
  drop_restated_negations(t, units);
  std::vector<line const*> live;
  line const* head = nullptr;
  bool wanted = false;
  for (auto const& l : t.lines) {
    if (!l.live || trim(l.text).empty())
      continue;
    // `What about types?` — `Yes.`: the label says it already.
    if (lower(trim(l.text)) == lower(t.label) && t.lines.size() > 1) {
      wanted = wanted || l.core;
      continue;
    }
    live.push_back(&l);
    // The title comes from a demand that stands by itself, where there is one.
    auto const rank = [&](line const& x) {
      auto const& u = units[x.unit];
      bool const demands =
          u.does == act::directive || u.does == act::constraint ||
          (x.agreed && u.does == act::question && u.words.size() > 2 && !u.fragment);
      bool const tells =
          (u.past || u.told) && !contains_any(u.flat, {"must", "should", "has to", "have to"});
      return (demands && !tells ? 2 : 0) + (demands && !u.leans && !u.fragment ? 1 : 0);
    };
    if (l.core && (head == nullptr || (rank(l) > rank(*head) && rank(*head) < 2)))
      head = &l;
  }
  if (head == nullptr && wanted && !live.empty())
    head = live.front();
  if (head == nullptr)
    return std::nullopt;
  requirement r;
  auto const label = names.count(t.label) != 0 ? t.label : capitalized(t.label);
  auto const& first = units[head->unit];
  bool const thin = first.leans || terms_of(first.words).size() < 2;
  auto const topic = !label.empty() ? label : head->lead;
  r.title = !head->title.empty()
                ? shorten(head->title, 118)
                : imperative_of(head->text,
                                thin || units[head->unit].fragment ? topic : std::string{}, names);
  std::string text;
  // A label of several parts is a whole question (`every upload, also the ads`); a demand that
  // names its thing itself may have answered it otherwise.
  bool const overruled = label.find(',') != std::string::npos && !first.fragment &&
                         (first.does == act::directive || first.does == act::constraint) &&
                         share_terms(first.words, words_of(label));
  if (!label.empty() && !overruled)
    text = label + ": ";
  std::vector<std::string> seen;
  for (auto const* l : live) {
    auto const s = as_sentence(spoken(*l), names);
    if (std::find(seen.begin(), seen.end(), lower(s)) != seen.end())
      continue;
    seen.push_back(lower(s));
    if (text == label + ": " && lower(s).starts_with(lower(text)))
      text.clear(); // `Backfill: there has to be …` names its topic itself
    text += (text.empty() || text.ends_with(": ") ? "" : " ") + s;
    if (r.criteria.size() < most_criteria)
      r.criteria.push_back(
          !label.empty() && units[l->unit].leans && l->lead.empty() ? label + ": " + s : s);
    add_cite(r.cites, units[l->unit]);
    for (auto const c : l->cites)
      add_cite(r.cites, units[c]);
    for (auto const& w : words_of(l->text))
      if (looks_like_file(w) && std::find(r.files.begin(), r.files.end(), w.text) == r.files.end())
        r.files.push_back(w.text);
  }
  if (!t.refers.empty())
    text += " This means: " + as_sentence(with_digits(t.refers));
  else if (thin || t.fault)
    if (auto const c = context_of(t, units, names); !c.empty())
      text += " Background: " + with_digits(c);
  r.text = text;
  r.optional = t.optional;
  r.importance = t.optional ? priority::low : priority::normal;
  for (auto const* l : live) {
    auto const& u = units[l->unit];
    if (contains_any(u.all, {"urgent", "asap", "as soon as possible", "blocker", "critical",
                             "most important", "number one priority", "first of all"}) &&
        !t.optional)
      r.importance = priority::high;
  }
  return r;
}

/// What a brief has no room for: it is told, with the first of it, and never cut in silence.
struct left_out {
  std::size_t requirements = 0;
  requirement first;

  void add(requirement const& r) {
    if (requirements++ == 0)
      first = r;
  }
  [[nodiscard]] cited_statement told() const {
    cited_statement out;
    out.text = "This brief holds " + std::to_string(most_requirements) +
               " requirements and no more; " + std::to_string(requirements) +
               (requirements == 1 ? " further one was left out: \""
                                  : " further ones were left out, from this one on: \"") +
               first.title + "\". Submit the rest as a brief of its own?";
    out.who = first.cites.empty() ? std::string{} : first.cites.front().speaker;
    out.cites = first.cites;
    return out;
  }
};

std::string title_of(transcript const& t, std::vector<unit> const& units, outcome const& o) {
  if (!t.title.empty())
    return shorten(t.title, 118);
  for (auto const& u : units) {
    if (u.turn > 12)
      break;
    for (auto const* lead : {" about "}) {
      auto const p = u.all.find(lead);
      if (p == std::string::npos ||
          !contains_any(u.all, {"this is", "it's about", "we're here", "today is",
                                "quick one about", "meeting about", "talk about"}))
        continue;
      auto const at = lower(u.quote).find(lead);
      auto rest =
          at == std::string::npos ? std::string_view{} : std::string_view{u.quote}.substr(at + 7);
      while (!rest.empty() && (rest.back() == '.' || rest.back() == '?'))
        rest.remove_suffix(1);
      if (!rest.empty())
        return shorten(capitalized(std::string{trim(rest)}), 118);
    }
  }
  // `So, colsum, the little tool …` names the thing.
  for (auto const& u : units) {
    if (u.turn > 12)
      break;
    auto const comma = u.body.find(',');
    if (u.does != act::question && comma != std::string::npos && comma < 30 &&
        u.body.compare(comma, 6, ", the ") == 0)
      return shorten(capitalized(u.body.substr(0, comma)), 118);
  }
  for (auto const& th : o.threads)
    if (!th.label.empty())
      return shorten(capitalized(th.label), 118);
  return {};
}

std::string goal_of(std::vector<unit> const& units, outcome const& o) {
  std::string out;
  std::size_t n = 0;
  for (auto const i : o.problems) {
    auto const& u = units[i];
    if (u.words.size() < 5 || n >= 3 || u.body.ends_with('?'))
      continue;
    auto const s = as_sentence(u.body);
    if (out.size() + s.size() > 500)
      break;
    out += (out.empty() ? "" : " ") + s;
    ++n;
  }
  return out;
}

} // namespace
} // namespace rules

result<brief_content> draft_brief(transcript const& t) {
  using namespace rules;
  if (t.turns.empty())
    return fail(errc::invalid_argument, "the transcript has no turns: nothing was said");
  auto const names = names_of(t);
  auto const units = units_of(t, names);
  auto talk = follow(t, units, names);
  term_weights const weights{units};
  auto const in_code = names_in_code(units);
  brief_content out;
  std::vector<thread const*> from;
  left_out beyond;
  for (auto& th : talk.threads) {
    auto r = requirement_of(th, units, in_code);
    if (!r)
      continue;
    if (out.requirements.size() >= most_requirements) {
      beyond.add(*r);
      continue;
    }
    r->key = "R" + std::to_string(out.requirements.size() + 1);
    for (auto const& l : th.lines) {
      if (!l.live || !(l.agreed && (l.changed || !l.cites.empty())))
        continue;
      cited_statement d;
      d.text = as_sentence(th.label.empty() ? spoken(l) : capitalized(th.label) + ": " + spoken(l),
                           in_code);
      d.who = units[l.cites.empty() ? l.unit : l.cites.back()].speaker;
      add_cite(d.cites, units[l.unit]);
      for (auto const c : l.cites)
        add_cite(d.cites, units[c]);
      out.decisions.push_back(std::move(d));
    }
    out.requirements.push_back(std::move(*r));
    from.push_back(&th);
  }
  find_order(out.requirements, from, units, weights);
  // Whoever takes a part owns the requirements that it names.
  for (auto const& d : talk.duties) {
    auto const words = words_of(d.does);
    auto const terms = terms_of(words);
    bool const docs = std::any_of(words.begin(), words.end(),
                                  [](word const& w) { return lexicon::is_doc_word(w.low); });
    if (contains_any(' ' + lower(d.does) + ' ',
                     {"review", "reviews", "check", "checks", "release"}))
      continue;
    double score = 0.6;
    requirement* best = nullptr;
    for (std::size_t i = 0; i < out.requirements.size(); ++i) {
      double sum = 0;
      for (auto const& x : terms)
        if (std::binary_search(from[i]->terms.begin(), from[i]->terms.end(), x))
          sum += weights.of(x);
      if (docs && from[i]->about == matter::docs)
        sum += 1; // `I'll do the README`, which others may name in passing
      if (sum > score) {
        score = sum;
        best = &out.requirements[i];
      }
    }
    if (best != nullptr && best->owner.empty())
      best->owner = d.person;
  }
  out.open_questions = std::move(talk.open);
  if (beyond.requirements > 0)
    out.open_questions.push_back(beyond.told());
  out.out_of_scope = std::move(talk.out);
  out.people = std::move(talk.duties);
  out.due = talk.due;
  out.title = title_of(t, units, talk);
  if (out.title.empty())
    out.title = out.requirements.empty() ? "Untitled talk" : out.requirements.front().title;
  out.goal = goal_of(units, talk);
  if (out.goal.empty())
    out.goal = out.title;
  return out;
}

} // namespace troupe
