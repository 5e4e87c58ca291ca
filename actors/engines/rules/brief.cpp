#include "actors/engines/rules/brief.hpp"

#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>

namespace troupe {
namespace rules {
namespace {

constexpr std::size_t most_requirements = 150;

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

std::string context_of(thread const& t, std::vector<unit> const& units) {
  std::string out;
  for (auto const b : t.background)
    out += (out.empty() ? "" : " ") + as_sentence(units[b].body);
  return out;
}

std::optional<requirement> requirement_of(thread& t, std::vector<unit> const& units) {
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
    if (l.core && head == nullptr)
      head = &l;
  }
  if (head == nullptr && wanted && !live.empty())
    head = live.front();
  if (head == nullptr)
    return std::nullopt;
  requirement r;
  auto const label = capitalized(t.label);
  auto const& first = units[head->unit];
  bool const thin = first.leans || terms_of(first.words).size() < 2;
  auto const topic = !label.empty() ? label : head->lead;
  r.title = imperative_of(head->text, thin || units[head->unit].fragment ? topic : std::string{});
  std::string text;
  if (!label.empty())
    text = label + ": ";
  std::vector<std::string> seen;
  for (auto const* l : live) {
    auto const s = as_sentence(spoken(*l));
    if (std::find(seen.begin(), seen.end(), lower(s)) != seen.end())
      continue;
    seen.push_back(lower(s));
    if (text == label + ": " && lower(s).starts_with(lower(text)))
      text.clear(); // `Backfill: there has to be …` names its topic itself
    text += (text.empty() || text.ends_with(": ") ? "" : " ") + s;
    if (r.criteria.size() < 12)
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
  else if (thin)
    if (auto const c = context_of(t, units); !c.empty())
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

/// Order between requirements: `after the queue`, `once the flags are in`, `X has to come first`.
void find_order(std::vector<requirement>& out, std::vector<thread const*> const& from,
                std::vector<unit> const& units, term_weights const& weights) {
  auto const best_match = [&](std::vector<std::string> const& terms, std::size_t self) {
    // Not the whole thread: the sentence that says the order names the other thing, too.
    auto const own =
        self < out.size() ? terms_of(words_of(out[self].title)) : std::vector<std::string>{};
    std::ptrdiff_t best = -1;
    double score = 0.5;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i == self)
        continue;
      double sum = 0;
      for (auto const& x : terms)
        if (std::binary_search(from[i]->terms.begin(), from[i]->terms.end(), x) &&
            !std::binary_search(own.begin(), own.end(), x))
          sum += weights.of(x);
      if (sum > score) {
        score = sum;
        best = static_cast<std::ptrdiff_t>(i);
      }
    }
    return best;
  };
  auto const link = [&](std::size_t later, std::size_t sooner) {
    auto& after = out[later].after;
    auto const& back = out[sooner].after;
    if (std::find(back.begin(), back.end(), out[later].key) == back.end() &&
        std::find(after.begin(), after.end(), out[sooner].key) == after.end())
      after.push_back(out[sooner].key);
  };
  std::unordered_map<std::size_t, std::size_t> holder; // unit -> requirement that it is a line of
  for (std::size_t i = 0; i < out.size(); ++i)
    for (auto const& l : from[i]->lines)
      holder.emplace(l.unit, i);
  // `The check-in has to be there before the lapsing is switched on.`
  for (auto const& u : units) {
    if (holder.count(static_cast<std::size_t>(&u - units.data())) != 0 ||
        !contains_any(u.flat, {"there before", "in before", "done before", "finished before",
                               "ready before", "come before", "comes before", "merged before",
                               "live before", "deployed before", "happen before"}))
      continue;
    auto const at =
        static_cast<std::size_t>(std::find_if(u.words.begin(), u.words.end(),
                                              [](word const& w) { return w.low == "before"; }) -
                                 u.words.begin());
    auto const part = [&](std::size_t begin, std::size_t end) {
      return terms_of({u.words.begin() + static_cast<std::ptrdiff_t>(begin),
                       u.words.begin() + static_cast<std::ptrdiff_t>(end)});
    };
    auto const sooner = best_match(part(0, at), out.size());
    auto const later = best_match(part(at, u.words.size()), out.size());
    if (sooner >= 0 && later >= 0 && sooner != later)
      link(static_cast<std::size_t>(later), static_cast<std::size_t>(sooner));
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::vector<std::size_t> said;
    for (auto const& l : from[i]->lines) {
      if (!l.live)
        continue;
      said.push_back(l.unit);
      // The order is often an aside behind the demand.
      for (auto k = l.unit + 1; k < units.size() && k <= l.unit + 3; ++k)
        if (units[k].turn <= units[l.unit].turn + 1 && (holder.count(k) == 0 || holder[k] == i))
          said.push_back(k);
      said.insert(said.end(), l.cites.begin(), l.cites.end());
    }
    std::sort(said.begin(), said.end());
    said.erase(std::unique(said.begin(), said.end()), said.end());
    for (auto const k : said) {
      auto const& w = units[k].words;
      for (std::size_t j = 0; j < w.size(); ++j) {
        bool const opens = w[j].low == "after" || w[j].low == "once";
        if (!opens || j + 1 >= w.size())
          continue;
        std::vector<word> const rest(w.begin() + static_cast<std::ptrdiff_t>(j) + 1, w.end());
        auto const flat = flat_of(rest);
        bool const done = contains_any(flat, {"done", "in", "merged", "finished", "ready", "there",
                                              "landed", "released", "stored", "works", "exists",
                                              "been", "complete", "deployed", "live", "out", "up"});
        bool const bare = w[j].low == "after" && rest.size() <= 3 && (j == 0 || j > 2);
        if (!done && !bare)
          continue;
        if (auto const b = best_match(terms_of(rest), i); b >= 0)
          link(i, static_cast<std::size_t>(b));
      }
      if (contains_any(units[k].flat, {"come first", "comes first", "goes first", "go first",
                                       "be first", "before that"})) {
        if (auto const b = best_match(terms_of(w), i);
            b >= 0 && units[k].flat.find(" so ") == std::string::npos)
          link(i, static_cast<std::size_t>(b));
      }
    }
  }
}

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
  brief_content out;
  std::vector<thread const*> from;
  for (auto& th : talk.threads) {
    if (out.requirements.size() >= most_requirements)
      break;
    auto r = requirement_of(th, units);
    if (!r)
      continue;
    r->key = "R" + std::to_string(out.requirements.size() + 1);
    for (auto const& l : th.lines) {
      if (!l.live || !(l.agreed && (l.changed || !l.cites.empty())))
        continue;
      cited_statement d;
      d.text = as_sentence(th.label.empty() ? spoken(l) : capitalized(th.label) + ": " + spoken(l));
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
    auto const terms = terms_of(words_of(d.does));
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
      if (sum > score) {
        score = sum;
        best = &out.requirements[i];
      }
    }
    if (best != nullptr && best->owner.empty())
      best->owner = d.person;
  }
  out.open_questions = std::move(talk.open);
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
