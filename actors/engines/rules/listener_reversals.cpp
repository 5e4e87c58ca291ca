#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

bool within(std::vector<std::string> const& part, std::vector<std::string> const& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

std::vector<word> words_between(std::vector<word> const& w, std::size_t from, std::size_t to) {
  return {w.begin() + static_cast<std::ptrdiff_t>(from),
          w.begin() + static_cast<std::ptrdiff_t>(std::min(to, w.size()))};
}

/// End of the clause that holds word `i`.
std::size_t clause_end(std::vector<word> const& w, std::size_t i) {
  auto end = i + 1;
  while (end < w.size() && w[end].before == 0 &&
         !contains_any(" until because since so but when as ", {w[end].low}))
    ++end;
  return end;
}

/// Words that name what a unit takes back; empty if it takes nothing back by name.
std::vector<word> struck_by(unit const& u) {
  auto const& w = u.words;
  if (w.size() < 2 || u.does == act::question)
    return {};
  for (std::size_t i = 0; i + 1 < w.size() && i < 6; ++i) {
    bool const opens = i == 0 || w[i].before != 0 || (i == 1 && w[0].low == "then");
    if (opens && contains_any(" forget scrap ditch scratch strike ", {w[i].low}))
      return words_between(w, i + 1, clause_end(w, i + 1));
    if (opens && w[i].low == "leave" &&
        contains_any(u.flat, {"until", "for later", "for now", "out for now", "for another"}))
      return words_between(w, i + 1, clause_end(w, i + 1));
  }
  auto const& first = w[0].low;
  auto const end = clause_end(w, 0);
  // `No map for now, a list is enough.`; `no map may …` has a verb and demands.
  if (first == "no" && u.stance == 0 && end <= 6) {
    auto part = words_between(w, 1, end);
    bool const verb = std::any_of(part.begin(), part.end(), [](word const& x) {
      return lexicon::is_pronoun(x.low) || lexicon::is_auxiliary(x.low) ||
             lexicon::is_verb_form(x.low) || x.low == "may" || lexicon::is_participle(x.low);
    });
    if (!verb)
      return part;
  }
  // `We keep the charts out of scope.`
  for (std::size_t i = 0; i + 4 < w.size() && i < 3; ++i)
    if (contains_any(" keep leave put consider call declare ", {w[i].low}) && (i == 0 || i < 3))
      for (auto k = i + 2; k + 2 < w.size() && k < i + 8; ++k)
        if (w[k].low == "out" && w[k + 1].low == "of" && w[k + 2].low == "scope")
          return words_between(w, i + 1, k);
  // `Google Pay is out for now.`, `the map, that's out of scope`
  for (std::size_t i = 1; i + 1 < w.size() && i < 8; ++i) {
    bool const resumed = w[i].low == "that's" && w[i].before == ',';
    if (!resumed && !contains_any(" is are stays stay remains remain ", {w[i].low}))
      continue;
    auto const rest = flat_of(words_between(w, i + 1, w.size()));
    bool const out = rest == " out " || rest.starts_with(" out for ") || rest == " out then " ||
                     rest.starts_with(" off the table ") || rest.starts_with(" out of scope ") ||
                     rest == " off then ";
    return out ? words_between(w, 0, i) : std::vector<word>{};
  }
  // `We don't need the map after all.`
  if (u.negated && contains_any(u.flat, {"after all"}))
    return w;
  return {};
}

/// `Drop it.`, `scrap that then`: of what was said just before, without a name for it.
bool drops_that(unit const& u) {
  auto const& w = u.words;
  return w.size() >= 2 && w.size() <= 4 && u.does != act::question &&
         contains_any(" drop scrap skip forget ditch bin ", {w[0].low}) &&
         contains_any(" it that this ", {w[1].low}) &&
         (w.size() == 2 || contains_any(" then again completely altogether ", {w[2].low}));
}

/// The text without its clause that says `terms`; empty if there is no such clause beside another.
std::string without_clause(std::string const& text, std::vector<std::string> const& terms) {
  std::vector<std::string> clauses;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 6 < text.size(); ++i) {
    auto const rest = std::string_view{text}.substr(i);
    if (!rest.starts_with(", and ") && !rest.starts_with(", but "))
      continue;
    clauses.push_back(text.substr(begin, i - begin));
    begin = i;
  }
  clauses.push_back(text.substr(begin));
  if (clauses.size() < 2)
    return {};
  std::string out;
  std::size_t struck = 0;
  for (auto const& c : clauses) {
    if (within(terms, terms_of(words_of(c))))
      ++struck;
    else
      out += out.empty() && c.size() > 6 && c[0] == ',' ? c.substr(6) : c;
  }
  return struck == 1 ? out : std::string{};
}

} // namespace

bool listener::next_agrees(std::size_t i) const {
  auto const& u = at(i);
  for (auto k = i + 1; k < units_.size() && units_[k].turn <= u.turn + 1; ++k)
    if (units_[k].turn == u.turn + 1) // who adds a wish of the same kind agrees, too
      return units_[k].speaker != u.speaker &&
             (units_[k].stance > 0 || (units_[k].additive && units_[k].does == act::directive));
  return false;
}

void listener::note_names(unit const& u) {
  for (auto const& w : u.words)
    if (w.what == word::kind::identifier)
      named_.insert(w.stem);
}

/// `We also need sum_durations`, `and for scripts a tool bin/duration`: a thing of its own.
bool listener::introduces(unit const& u) const {
  auto const fresh_name = [&] {
    return std::any_of(u.words.begin(), u.words.end(), [&](word const& w) {
      return w.what == word::kind::identifier && !w.text.starts_with('-') &&
             named_.count(w.stem) == 0;
    });
  };
  if (u.leans && !u.fragment)
    return false;
  bool const exists = contains_any(u.flat, {"we need", "we also need", "i need", "i want a",
                                            "we want a", "there should be", "there must be",
                                            "there has to be", "i'd like a", "give us a"}) ||
                      u.flat.starts_with(" add a ") || u.flat.starts_with(" add an ");
  bool const listed =
      u.fragment && u.words.size() >= 3 &&
      (u.additive || (u.words[0].low == "for" && contains_any(u.flat, {"a", "an"})));
  return (exists || listed) && fresh_name();
}

/// Takes back what was wanted and says all of `terms`, at most `turns` ago; a sentence that wants
/// two things keeps the other one.
bool listener::strike(std::vector<std::string> const& terms, std::size_t i, std::size_t turns) {
  auto const& u = at(i);
  bool any = false;
  auto const talked_of = last_background_;
  for (auto& p : pending_)
    if (!p.rejected && at(p.unit).turn < u.turn && at(p.unit).turn + turns >= u.turn &&
        within(terms, terms_of(at(p.unit).words))) {
      p.rejected = true;
      if (at(p.unit).wants == asks::proposal && !any)
        put_out(p.text.empty() ? at(p.unit).body : p.text, p.unit, {i});
      any = true;
    }
  for (auto& t : out_.threads) {
    auto const label = terms_of(words_of(t.label));
    for (auto& l : t.lines) {
      auto const& said = at(l.unit);
      if (!l.live || said.turn >= u.turn || said.turn + turns < u.turn)
        continue;
      auto mine = terms_of(words_of(l.text));
      if (!within(terms, mine))
        continue;
      if (auto rest = without_clause(l.text, terms); !rest.empty()) {
        l.text = std::move(rest);
        l.cites.push_back(i);
        l.changed = l.agreed = true;
      } else {
        l.live = false;
      }
      t.background.clear();
      if (!any)
        put_out(u.body, i, {l.unit});
      any = true;
    }
  }
  // What was said around it goes with it.
  if (any && talked_of < units_.size() && at(talked_of).turn + turns >= u.turn)
    last_background_ = static_cast<std::size_t>(-1);
  return any;
}

bool listener::hear_strike(std::size_t i) {
  auto const& u = at(i);
  if (transcript_.form == "prose")
    return false;
  // `Then leave the blocking.` — `Yes, leave it.`; elsewhere `leave it` keeps a thing as it is.
  if (struck_ != 0 && struck_ + 1 >= u.turn + 1 &&
      (u.flat == " leave it " || u.flat == " leave that " || u.flat == " drop it "))
    return true;
  if (drops_that(u) && u.turn > 0) {
    // `No, we should not do that.` — `OK, drop it.` says nothing new; `we should delete them too` —
    // `drop that` turns it down; behind a question it is an answer about the product.
    bool refused = false;
    bool wished = false;
    for (auto k = i; k-- > 0 && units_[k].turn + 1 >= u.turn;) {
      auto const& said = units_[k];
      refused = refused || said.stance < 0 || said.defers || said.withdraws;
      wished = wished || (said.turn != u.turn && said.speaker != u.speaker &&
                          (said.does == act::directive || said.does == act::weak));
    }
    if (refused)
      return true;
    if (wished) {
      (void)hear_refusal(i);
      return true;
    }
  }
  auto const named = struck_by(u);
  auto const terms = terms_of(named);
  if (terms.empty() || terms.size() > 4)
    return false;
  bool const recent = u.words[0].low == "no" || contains_phrase(u.flat, "leave");
  if (strike(terms, i, recent ? 6 : 1000)) {
    struck_ = u.turn + 1;
    return true;
  }
  // Nobody had asked for it yet: it is ruled out beforehand.
  bool const out =
      u.words[0].low != "no" &&
      ((contains_phrase(u.flat, "out of scope") && open_question(u, true) == nullptr) ||
       (contains_any(u.flat, {"is out", "are out"}) && !contains_phrase(u.flat, "out of")));
  if (out)
    put_out(u.body, i, {});
  return out;
}

/// `I was wrong. Let's wait instead: the load waits until six.`
void listener::hear_reversal(std::size_t i) {
  auto const& u = at(i);
  bool const instead = contains_phrase(u.flat, "instead") && !contains_phrase(u.flat, "instead of");
  if (u.does != act::directive && u.does != act::constraint)
    return;
  if (!instead && reversal_ != u.turn + 1)
    return;
  auto const mine = terms_of(u.words);
  line* best = nullptr;
  double best_score = 1.0;
  std::ptrdiff_t holder = -1;
  for (std::size_t k = 0; k < out_.threads.size(); ++k)
    for (auto& l : out_.threads[k].lines) {
      if (!l.live || !l.core || at(l.unit).turn >= u.turn)
        continue;
      double sum = 0;
      std::size_t both = 0;
      for (auto const& x : terms_of(words_of(l.text)))
        if (std::binary_search(mine.begin(), mine.end(), x)) {
          sum += weights_.of(x);
          ++both;
        }
      if (both >= 2 && sum > best_score) {
        best = &l;
        best_score = sum;
        holder = static_cast<std::ptrdiff_t>(k);
      }
    }
  if (best == nullptr)
    return;
  best->live = false;
  put_out(best->text, best->unit, {i});
  focus_ = forced_ = holder; // what is wanted now stands where the old decision stood
  out_.threads[static_cast<std::size_t>(holder)].last_turn = u.turn;
  label_open_ = false;
}

/// `Rejected is harsh. … Ignore it and log it.`: an opinion on the last demand, and another one.
void listener::hear_reproach(std::size_t i) {
  auto const& u = at(i);
  if (focus_ < 0 || u.index_in_turn > 1 || u.words.size() < 3 || u.words.size() > 4 ||
      !lexicon::is_participle(u.words[0].low) || u.stance > 0 ||
      u.words[0].what != word::kind::plain)
    return;
  auto const verb = u.words[1].low;
  auto const last = u.words.back();
  if ((verb != "is" && verb != "sounds" && verb != "seems") || lexicon::is_yes(last.low) ||
      lexicon::is_stopword(u.words[0].low) || last.what != word::kind::plain)
    return;
  bool another = false;
  for (auto k = i + 1; k < units_.size() && units_[k].turn == u.turn; ++k)
    another = another || units_[k].does == act::directive || units_[k].does == act::constraint;
  if (!another)
    return;
  for (auto& l : out_.threads[static_cast<std::size_t>(focus_)].lines) {
    auto const& said = at(l.unit);
    auto const echo = std::any_of(said.words.begin(), said.words.end(),
                                  [&](word const& w) { return w.stem == u.words[0].stem; });
    if (l.live && l.core && said.turn + 1 == u.turn && said.speaker != u.speaker && echo) {
      l.live = false;
      put_out(l.text, l.unit, {i});
    }
  }
}

} // namespace troupe::rules
