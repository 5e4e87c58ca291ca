#include "actors/domain/plan_check.hpp"
#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/plan.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe {
namespace {

using index = std::map<std::string, std::size_t>;

index index_of(plan_content const& p) {
  index out;
  for (std::size_t i = 0; i < p.items.size(); ++i)
    out.emplace(p.items[i].key, i);
  return out;
}

/// True if `later` waits for `sooner`, directly or through others.
bool waits_for(plan_content const& p, index const& at, std::size_t later, std::size_t sooner) {
  std::set<std::size_t> seen;
  std::vector<std::size_t> todo{later};
  while (!todo.empty()) {
    auto const i = todo.back();
    todo.pop_back();
    if (!seen.insert(i).second)
      continue;
    for (auto const& b : p.items[i].blocked_by)
      if (auto const k = at.find(b); k != at.end()) {
        if (k->second == sooner)
          return true;
        todo.push_back(k->second);
      }
  }
  return false;
}

std::string named(plan_item const& item) {
  return "ticket " + item.key + " (" + item.title + ")";
}

} // namespace

duration forecast(plan_content const& p) {
  if (!check_plan(p, work_limits{}))
    return duration{0};
  auto const at = index_of(p);
  std::vector<duration> done(p.items.size(), duration{-1});
  duration longest{0};
  // At most 200 items and no cycle: walk down with an own stack, a blocker before who waits for it.
  std::vector<std::size_t> todo;
  for (std::size_t start = 0; start < p.items.size(); ++start) {
    todo.push_back(start);
    while (!todo.empty()) {
      auto const i = todo.back();
      duration before{0};
      bool ready = true;
      for (auto const& b : p.items[i].blocked_by) {
        auto const k = at.at(b);
        if (done[k].count() < 0) {
          todo.push_back(k);
          ready = false;
        } else {
          before = std::max(before, done[k]);
        }
      }
      if (!ready)
        continue;
      todo.pop_back();
      done[i] = before + estimate(p.items[i]);
      longest = std::max(longest, done[i]);
    }
  }
  return longest;
}

std::vector<std::string> critique_plan(brief_content const& b, plan_content const& p) {
  std::vector<std::string> out;
  auto const at = index_of(p);
  std::map<std::string, std::vector<std::size_t>> serves;
  for (std::size_t i = 0; i < p.items.size(); ++i)
    for (auto const& r : p.items[i].requirements)
      serves[r].push_back(i);
  std::set<std::string> known;
  for (auto const& r : b.requirements) {
    known.insert(r.key);
    auto const mine = serves.find(r.key);
    if (mine == serves.end()) {
      out.push_back("Requirement " + r.key + " (" + r.title + ") is served by no ticket.");
      continue;
    }
    for (auto const& c : r.criteria) {
      bool const kept = std::any_of(mine->second.begin(), mine->second.end(), [&](std::size_t i) {
        auto const& have = p.items[i].criteria;
        return std::find(have.begin(), have.end(), c) != have.end();
      });
      if (!kept)
        out.push_back("No ticket for requirement " + r.key + " has its criterion: " + c);
    }
    for (auto const& a : r.after) {
      auto const sooner = serves.find(a);
      if (sooner == serves.end())
        continue;
      for (auto const i : mine->second)
        for (auto const k : sooner->second)
          if (i != k && !waits_for(p, at, i, k))
            out.push_back(named(p.items[i]) + " does not wait for ticket " + p.items[k].key +
                          ", although " + r.key + " comes after " + a + ".");
    }
  }
  for (std::size_t i = 0; i < p.items.size(); ++i) {
    auto const& item = p.items[i];
    for (auto const& r : item.requirements)
      if (known.count(r) == 0)
        out.push_back(named(item) + " serves requirement " + r +
                      ", which the brief does not have.");
    if (item.requirements.empty())
      out.push_back(named(item) + " serves no requirement.");
    if (item.criteria.size() > 9 || item.requirements.size() > 3 || item.files.size() > 10)
      out.push_back(named(item) + " is large (" + std::to_string(item.criteria.size()) +
                    " criteria): consider splitting it.");
    auto const mentions_test = [](std::string const& text) {
      auto const words = rules::words_of(text);
      return std::any_of(words.begin(), words.end(),
                         [](auto const& w) { return rules::lexicon::is_test_word(w.low); });
    };
    bool const docs = [&] {
      auto const words = rules::words_of(item.title);
      return std::any_of(words.begin(), words.end(),
                         [](auto const& w) { return rules::lexicon::is_doc_word(w.low); });
    }();
    if (item.role == "dev" && !docs && !mentions_test(item.title) &&
        std::none_of(item.criteria.begin(), item.criteria.end(), mentions_test))
      out.push_back(named(item) + " has no criterion that asks for a test.");
    for (auto const& blocker : item.blocked_by)
      if (auto const k = at.find(blocker);
          k != at.end() && item.importance > p.items[k->second].importance)
        out.push_back(named(item) + " is more important than ticket " + blocker +
                      ", for which it waits.");
    for (std::size_t k = 0; k < i; ++k)
      for (auto const& f : item.files) {
        auto const& other = p.items[k].files;
        if (std::find(other.begin(), other.end(), f) != other.end() && !waits_for(p, at, i, k) &&
            !waits_for(p, at, k, i))
          out.push_back("Tickets " + p.items[k].key + " and " + item.key + " both write " + f +
                        ", and neither waits for the other.");
      }
    auto const terms = rules::terms_of(rules::words_of(item.title + ". " + item.text));
    for (auto const& q : b.open_questions) {
      auto const asked = rules::terms_of(rules::words_of(q.text));
      auto const both = std::count_if(asked.begin(), asked.end(), [&](auto const& x) {
        return std::binary_search(terms.begin(), terms.end(), x);
      });
      if (both >= 2)
        out.push_back(named(item) + " may depend on an open question: " + q.text);
    }
  }
  return out;
}

} // namespace troupe
