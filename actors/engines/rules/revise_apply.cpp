#include "actors/engines/rules/revise_apply.hpp"

#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/revise.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>
#include <array>

namespace troupe::rules {
namespace {

/// The things that a title is about: behind its verb, before what says how, where and when.
terms subject_of_title(std::string_view title) {
  static constexpr std::array<std::string_view, 16> ends{
      "with", "for", "in",   "to", "of",      "from",   "on",    "by",
      "when", "if",  "that", "as", "returns", "return", "print", "accept"};
  std::vector<word> about;
  auto const all = words_of(title);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0 && std::find(ends.begin(), ends.end(), all[i].low) != ends.end())
      break;
    about.push_back(all[i]);
  }
  return terms_of(about);
}

bool is_about(requirement const& r, std::string const& thing, terms const& head) {
  if (lower(thing) == lower(r.key))
    return true;
  auto const colon = r.text.find(": ");
  bool const labelled = colon != std::string::npos && colon < 40 &&
                        terms_in(std::string_view{r.text}.substr(0, colon)) == head;
  bool const several = flat_of(words_of(r.title)).find(" and ") != std::string::npos;
  return labelled || (!several && within(head, subject_of_title(r.title))) ||
         std::all_of(r.criteria.begin(), r.criteria.end(),
                     [&](auto const& c) { return within(head, terms_in(c)); });
}

/// Takes sentences of the requirement that speak of the thing out of it.
bool thin(requirement& r, terms const& head) {
  std::vector<std::string> gone;
  for (auto const& c : r.criteria)
    if (within(head, terms_in(c)))
      gone.push_back(c);
  if (gone.empty())
    return false;
  std::erase_if(r.criteria, [&](auto const& c) { return within(head, terms_in(c)); });
  std::string text;
  for (auto const s : sentences_of(r.text))
    if (!within(head, terms_in(s)))
      text += (text.empty() ? "" : " ") + std::string{trim(s)};
  if (text.empty())
    for (auto const& c : r.criteria)
      text += (text.empty() ? "" : " ") + c;
  r.text = std::move(text);
  if (within(head, terms_in(r.title)))
    r.title = imperative_of(r.criteria.front(), {});
  auto const speaks = [&](citation const& c) { return within(head, terms_in(c.quote)); };
  if (!std::all_of(r.cites.begin(), r.cites.end(), speaks))
    std::erase_if(r.cites, speaks);
  return true;
}

/// Whoever waited for a requirement waits for what that one waited for.
void erase_requirement(brief_content& b, std::size_t at) {
  auto const gone = std::move(b.requirements[at]);
  b.requirements.erase(b.requirements.begin() + static_cast<std::ptrdiff_t>(at));
  std::erase_if(b.decisions, [&](cited_statement const& d) {
    return std::find(gone.criteria.begin(), gone.criteria.end(), d.text) != gone.criteria.end();
  });
  for (auto& r : b.requirements) {
    if (std::erase(r.after, gone.key) == 0)
      continue;
    for (auto const& k : gone.after)
      if (std::find(r.after.begin(), r.after.end(), k) == r.after.end())
        r.after.push_back(k);
  }
}

/// True if the draft spoke of it.
bool take_out(brief_content& b, std::string const& thing) {
  auto const head = head_terms(thing);
  bool found = false;
  for (std::size_t i = b.requirements.size(); i-- > 0;) {
    auto& r = b.requirements[i];
    if (is_about(r, thing, head)) {
      erase_requirement(b, i);
      found = true;
    } else if (thin(r, head)) {
      found = true;
    }
  }
  auto const speaks = [&](cited_statement const& s) { return within(head, terms_in(s.text)); };
  std::erase_if(b.decisions, speaks);
  std::erase_if(b.open_questions, speaks);
  return found;
}

/// Takes one criterion out, and the requirement with its last one.
void take_criterion(brief_content& b, std::string const& criterion) {
  for (std::size_t i = b.requirements.size(); i-- > 0;) {
    auto& r = b.requirements[i];
    if (std::find(r.criteria.begin(), r.criteria.end(), criterion) == r.criteria.end())
      continue;
    if (r.criteria.size() == 1) {
      erase_requirement(b, i);
      continue;
    }
    std::erase(r.criteria, criterion);
    auto const titled = imperative_of(criterion, {}) == r.title;
    if (auto const at = r.text.find(criterion); at != std::string::npos) {
      r.text.erase(at, criterion.size());
      r.text = squeeze(r.text);
    }
    if (r.text.empty())
      for (auto const& c : r.criteria)
        r.text += (r.text.empty() ? "" : " ") + c;
    if (titled)
      r.title = imperative_of(r.criteria.front(), {});
    auto const gone = terms_in(criterion);
    auto const speaks = [&](citation const& c) {
      auto const said = terms_in(c.quote);
      return !said.empty() && within(said, gone);
    };
    if (!std::all_of(r.cites.begin(), r.cites.end(), speaks))
      std::erase_if(r.cites, speaks);
  }
  std::erase_if(b.decisions, [&](cited_statement const& d) { return d.text == criterion; });
}

requirement* find(brief_content& b, std::string const& key) {
  auto const r = std::find_if(b.requirements.begin(), b.requirements.end(),
                              [&](requirement const& x) { return x.key == key; });
  return r == b.requirements.end() ? nullptr : &*r;
}

/// `R1 -> R3 -> R2`: by which the one waits for the other; empty if it does not.
std::string way_to(brief_content& b, std::string const& from, std::string const& to,
                   std::vector<std::string>& seen) {
  auto const* const r = find(b, from);
  if (r == nullptr || std::find(seen.begin(), seen.end(), from) != seen.end())
    return {};
  if (from == to)
    return from;
  seen.push_back(from);
  for (auto const& sooner : r->after)
    if (auto const rest = way_to(b, sooner, to, seen); !rest.empty())
      return from + " -> " + rest;
  return {};
}

} // namespace

cited_statement not_understood(citation said, std::string const& why) {
  cited_statement out;
  out.text = "Not understood: \"" + said.quote + "\"" + (why.empty() ? "" : " (" + why + ")");
  out.who = reviewer_name;
  out.cites = {std::move(said)};
  return out;
}

void apply(brief_content& b, removal const& r) {
  if (r.exact) {
    auto const criterion = best_match(b, r.what);
    auto after = b;
    if (!criterion.empty())
      take_criterion(after, criterion);
    if (criterion.empty()) {
      b.open_questions.push_back(not_understood(
          r.said, "nothing in the draft speaks of \"" + r.what +
                      "\", or more than one thing does; take it out with `troupe brief edit`"));
    } else if (after.requirements.empty()) {
      b.open_questions.push_back(not_understood(r.said, "nothing would be left of the brief"));
    } else {
      b = std::move(after);
      cited_statement out;
      out.text = criterion;
      out.who = reviewer_name;
      out.cites = {r.said};
      b.out_of_scope.push_back(std::move(out));
    }
    return;
  }
  auto after = b;
  std::string unknown;
  auto what = capitalized(r.what);
  for (auto const& thing : things_of(r.what)) {
    for (auto const& q : b.requirements) // a key says nothing once the requirement is gone
      if (lower(q.key) == lower(thing))
        what += ": " + q.title;
    // One that is out of scope already need not be in the draft.
    auto const head = head_terms(thing);
    bool const known = take_out(after, thing) ||
                       std::any_of(b.out_of_scope.begin(), b.out_of_scope.end(),
                                   [&](auto const& o) { return within(head, terms_in(o.text)); });
    if (!known)
      unknown += (unknown.empty() ? "" : ", ") + thing;
  }
  if (after.requirements.empty()) {
    b.open_questions.push_back(not_understood(r.said, "nothing would be left of the brief"));
    return;
  }
  b = std::move(after);
  cited_statement out;
  out.text = what + ".";
  out.who = reviewer_name;
  out.cites = {r.said};
  b.out_of_scope.push_back(std::move(out));
  if (r.asks && !unknown.empty())
    b.open_questions.push_back(not_understood(r.said, "nothing in the draft speaks of " + unknown));
}

bool apply(brief_content& b, condition const& c) {
  for (auto& r : b.requirements)
    for (auto& old : r.criteria) {
      if (old != c.criterion)
        continue;
      if (within(terms_in(c.when), terms_in(old)))
        return true; // it is said already
      auto const w = words_of(old);
      auto const colon = old.find(": ");
      auto const rest = colon != std::string::npos && colon < 40 ? old.substr(colon + 2) : old;
      auto const now = as_sentence(c.when + ": " + lower(rest.substr(0, 1)) + rest.substr(1));
      if (auto const at = r.text.find(old); at != std::string::npos)
        r.text.replace(at, old.size(), now);
      else if (!w.empty())
        r.text += ' ' + now;
      r.cites.push_back(c.said);
      old = now;
      return true;
    }
  return false;
}

std::string apply(brief_content& b, order_note const& n) {
  auto next = b;
  bool any = false;
  for (auto const& o : n.orders) {
    auto* const later = find(next, o.later);
    auto* const sooner = find(next, o.sooner);
    if (later == nullptr || sooner == nullptr)
      continue;
    std::erase(sooner->after, later->key); // who says the other way round turns it round
    std::vector<std::string> seen;
    if (auto const way = way_to(next, sooner->key, later->key, seen); !way.empty())
      return "it would close a circle: " + later->key + " -> " + way;
    if (std::find(later->after.begin(), later->after.end(), sooner->key) == later->after.end())
      later->after.push_back(sooner->key);
    later->cites.push_back(n.said);
    any = true;
  }
  if (!any)
    return "the draft has no such requirements";
  b = std::move(next);
  return {};
}

bool apply(brief_content& b, addition const& a) {
  for (auto& r : b.requirements)
    if (lower(r.key) == lower(a.key)) {
      auto const text = as_sentence(a.text);
      r.text += (r.text.empty() ? "" : " ") + text;
      r.criteria.push_back(text);
      r.cites.push_back(a.said);
      return true;
    }
  return false;
}

} // namespace troupe::rules
