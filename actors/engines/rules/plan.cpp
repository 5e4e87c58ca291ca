#include "actors/engines/rules/plan.hpp"

#include "actors/domain/plan_check.hpp"
#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe {
namespace {

using rules::matter;

/// What an item is for, from its title: documents and tests come after what they describe.
matter matter_of(plan_item const& item) {
  auto const words = rules::words_of(item.title);
  auto const flat = rules::flat_of(words);
  bool docs =
      rules::contains_any(flat, {"history file", "release notes", "help text", "docs page"});
  bool tests = false;
  for (std::size_t i = 0; i < words.size() && i < 10; ++i) {
    auto const& w = words[i];
    if (w.what == rules::word::kind::literal)
      continue;
    docs = docs || rules::lexicon::is_doc_word(w.low);
    tests = tests || (rules::lexicon::is_test_word(w.low) && w.low != "regression");
  }
  if (tests)
    return matter::tests;
  return docs ? matter::docs : matter::feature;
}

std::vector<std::string> terms_of_item(plan_item const& item) {
  return rules::terms_of(rules::words_of(item.title + ". " + item.text));
}

std::size_t shared(std::vector<std::string> const& a, std::vector<std::string> const& b) {
  return static_cast<std::size_t>(std::count_if(a.begin(), a.end(), [&](auto const& x) {
    return std::binary_search(b.begin(), b.end(), x);
  }));
}

bool is_analysis(std::string_view title) {
  auto const words = rules::words_of(title);
  if (words.empty())
    return false;
  return rules::contains_any(" investigate analyse analyze evaluate clarify research decide assess "
                             "explore estimate ",
                             {words[0].low}) ||
         rules::contains_any(rules::flat_of(words), {"find out", "look into", "look at"});
}

/// Keys reachable from `from` along blockers.
bool reaches(std::map<std::string, std::set<std::string>> const& edges, std::string const& from,
             std::string const& to) {
  std::set<std::string> seen;
  std::vector<std::string> todo{from};
  while (!todo.empty()) {
    auto const k = todo.back();
    todo.pop_back();
    if (k == to)
      return true;
    if (!seen.insert(k).second)
      continue;
    if (auto const i = edges.find(k); i != edges.end())
      todo.insert(todo.end(), i->second.begin(), i->second.end());
  }
  return false;
}

std::map<std::string, std::set<std::string>> edges_of(plan_content const& p) {
  std::map<std::string, std::set<std::string>> out;
  for (auto const& item : p.items)
    out[item.key].insert(item.blocked_by.begin(), item.blocked_by.end());
  return out;
}

bool same_change(requirement const& a, requirement const& b) {
  if (rules::lower(a.title) == rules::lower(b.title))
    return true;
  auto const x = rules::terms_of(rules::words_of(a.text));
  auto const y = rules::terms_of(rules::words_of(b.text));
  auto const both = shared(x, y);
  return both >= 4 && both * 10 >= 9 * std::max(x.size(), y.size());
}

} // namespace

duration estimate(plan_item const& item) {
  using std::chrono::minutes;
  auto const n = static_cast<std::int64_t>(item.criteria.size());
  if (item.role == "pm")
    return minutes{20};
  if (matter_of(item) != matter::feature)
    return minutes{10 + 3 * n};
  return minutes{15 + 5 * n};
}

result<plan_content> draft_plan(brief_content const& b) {
  if (b.requirements.empty())
    return fail(errc::invalid_argument,
                "the brief has no requirements, so there is nothing to plan");
  plan_content out;
  std::map<std::string, std::string> item_of; // requirement key -> item key
  for (auto const& r : b.requirements) {
    plan_item* same = nullptr;
    for (std::size_t i = 0; i < b.requirements.size() && &b.requirements[i] != &r; ++i)
      if (same_change(b.requirements[i], r))
        for (auto& item : out.items)
          if (item.key == item_of[b.requirements[i].key])
            same = &item;
    if (same != nullptr) {
      same->requirements.push_back(r.key);
      for (auto const& c : r.criteria)
        if (std::find(same->criteria.begin(), same->criteria.end(), c) == same->criteria.end())
          same->criteria.push_back(c);
      for (auto const& f : r.files)
        if (std::find(same->files.begin(), same->files.end(), f) == same->files.end())
          same->files.push_back(f);
      item_of[r.key] = same->key;
      continue;
    }
    plan_item item;
    item.key = std::to_string(out.items.size() + 1);
    item.title = r.title;
    item.text = r.text;
    item.role = is_analysis(r.title) ? "pm" : "dev";
    item.criteria = r.criteria;
    item.files = r.files;
    item.importance = r.importance;
    item.requirements = {r.key};
    item_of[r.key] = item.key;
    out.items.push_back(std::move(item));
  }
  for (auto& item : out.items)
    if (item.role == "dev" && matter_of(item) == matter::feature)
      item.criteria.emplace_back("Automated tests cover the points above and pass.");
  // What was said: kept as it is, so that a circle in it is seen and refused.
  for (auto const& r : b.requirements) {
    auto const mine = item_of[r.key];
    for (auto const& a : r.after) {
      auto const i = item_of.find(a);
      if (i == item_of.end())
        return fail(errc::invalid_argument, "requirement " + r.key + " comes after " + a +
                                                ", which the brief does not have");
      if (i->second == mine && a != r.key)
        continue; // merged into one ticket
      for (auto& item : out.items)
        if (item.key == mine && std::find(item.blocked_by.begin(), item.blocked_by.end(),
                                          i->second) == item.blocked_by.end())
          item.blocked_by.push_back(i->second);
    }
  }
  // What is inferred: only where it closes no circle.
  auto edges = edges_of(out);
  auto const block = [&](plan_item& later, plan_item const& sooner) {
    if (later.key == sooner.key || reaches(edges, later.key, sooner.key) ||
        reaches(edges, sooner.key, later.key))
      return;
    later.blocked_by.push_back(sooner.key);
    edges[later.key].insert(sooner.key);
  };
  std::vector<std::vector<std::string>> terms;
  for (auto const& item : out.items)
    terms.push_back(terms_of_item(item));
  for (std::size_t i = 0; i < out.items.size(); ++i) {
    auto& item = out.items[i];
    auto const about = matter_of(item);
    if (about == matter::feature)
      continue;
    for (std::size_t k = 0; k < out.items.size(); ++k)
      if (matter_of(out.items[k]) == matter::feature && shared(terms[i], terms[k]) >= 1)
        block(item, out.items[k]);
  }
  for (std::size_t i = 0; i < out.items.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      for (auto const& f : out.items[i].files)
        if (std::find(out.items[k].files.begin(), out.items[k].files.end(), f) !=
            out.items[k].files.end())
          block(out.items[i], out.items[k]);
  if (auto const ok = check_plan(out, work_limits{}); !ok)
    return ok.error();
  out.forecast_time = forecast(out);
  return out;
}

} // namespace troupe
