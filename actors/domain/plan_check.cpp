#include "actors/domain/plan_check.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe {

namespace {

/// A key is part of a ticket's id, and that of a branch name.
bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= 40 && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-';
         });
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

void check_item(plan_item const& item, std::vector<plan_problem>& out) {
  auto const who = "item " + item.key;
  if (!is_key(item.key))
    out.push_back({"the key \"" + item.key + "\" must be 1 to 40 letters, digits or -", {}});
  if (is_blank(item.title))
    out.push_back({who + " has no title", {}});
  if (item.criteria.empty() || std::any_of(item.criteria.begin(), item.criteria.end(),
                                           [](auto const& c) { return is_blank(c); }))
    out.push_back({who + " needs acceptance criteria, none of them empty", {}});
}

void check_against(plan_before const& before, plan_content const& p,
                   std::set<std::string> const& keys, std::vector<plan_problem>& out) {
  std::set<std::string> replaced;
  for (auto const& item : p.items) {
    if (!item.supersedes.empty())
      replaced.insert(item.supersedes);
  }
  for (auto const& key : replaced) {
    if (keys.contains(key))
      out.push_back({"item " + key + " is replaced and must not stand in the plan any more", {}});
  }
  for (auto const& old : before.content.items) {
    if (keys.contains(old.key) || replaced.contains(old.key))
      continue;
    out.push_back({"item " + old.key +
                       " of the version before is missing: keep it, or name it in "
                       "`supersedes` of its replacement",
                   {}});
  }
  if (!before.failed_key.empty() && keys.contains(before.failed_key))
    out.push_back({"item " + before.failed_key +
                       " failed: replace it by an item with a new key "
                       "and `supersedes` " +
                       before.failed_key,
                   {}});
}

void check_roles(std::vector<agent_spec> const& roster, plan_before const& before,
                 plan_content const& p, std::vector<plan_problem>& out) {
  if (roster.empty())
    return;
  std::set<std::string> there;
  for (auto const& agent : roster)
    there.insert(agent.role);
  auto known = there;
  known.insert(before.roles.begin(), before.roles.end());
  for (auto const& item : before.content.items)
    known.insert(item.role);
  for (auto const& item : p.items) {
    if (item.role.empty() || known.contains(item.role)) // empty: the process says who works
      continue;
    std::string roles;
    for (auto const& role : there)
      roles += (roles.empty() ? "" : ", ") + role;
    out.push_back({"item " + item.key + " is for the role " + item.role +
                       ", which no agent of the project has; there are: " + roles,
                   {}});
  }
}

} // namespace

plan_content without_replaced(plan_content p) {
  std::map<std::string, std::vector<std::string>> heirs;
  for (auto const& item : p.items) {
    if (!item.supersedes.empty() && item.supersedes != item.key)
      heirs[item.supersedes].push_back(item.key);
  }
  if (heirs.empty())
    return p;
  // Replacements may be replaced in their turn. Items that replace one another in a circle have no
  // last one: they stay, and the check refuses them.
  auto const last_of = [&](std::string const& key) {
    std::vector<std::string> now{key};
    for (std::size_t n = 0; n <= heirs.size(); ++n) {
      std::vector<std::string> next;
      bool changed = false;
      for (auto const& k : now) {
        auto const found = heirs.find(k);
        if (found == heirs.end()) {
          next.push_back(k);
          continue;
        }
        next.insert(next.end(), found->second.begin(), found->second.end());
        changed = true;
      }
      if (!changed)
        return now;
      if (next.size() > p.items.size())
        break;
      now = std::move(next);
    }
    return std::vector<std::string>{};
  };
  std::map<std::string, std::vector<std::string>> last;
  for (auto const& [key, replacements] : heirs) {
    if (auto keys = last_of(key); !keys.empty())
      last.emplace(key, std::move(keys));
  }
  std::erase_if(p.items, [&](plan_item const& item) { return last.contains(item.key); });
  for (auto& item : p.items) {
    std::vector<std::string> blockers;
    auto const add = [&](std::string const& key) {
      if (std::find(blockers.begin(), blockers.end(), key) == blockers.end())
        blockers.push_back(key);
    };
    for (auto const& blocker : item.blocked_by) {
      auto const found = last.find(blocker);
      if (found == last.end()) {
        add(blocker);
        continue;
      }
      for (auto const& key : found->second) {
        if (key != item.key)
          add(key);
      }
    }
    item.blocked_by = std::move(blockers);
  }
  return p;
}

std::vector<std::string> cycle_in(std::vector<plan_item> const& items) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < items.size(); ++i)
    index.emplace(items[i].key, i);
  enum class mark { fresh, open, done };
  std::vector<mark> marks(items.size(), mark::fresh);
  // Depth first with a stack of our own: a plan by hand may be one long chain.
  struct step {
    std::size_t item;
    std::size_t next; ///< blocker to look at
  };
  std::vector<step> stack;
  for (std::size_t root = 0; root < items.size(); ++root) {
    if (marks[root] != mark::fresh)
      continue;
    stack.push_back({root, 0});
    marks[root] = mark::open;
    while (!stack.empty()) {
      auto& top = stack.back();
      auto const& blockers = items[top.item].blocked_by;
      if (top.next == blockers.size()) {
        marks[top.item] = mark::done;
        stack.pop_back();
        continue;
      }
      auto const found = index.find(blockers[top.next++]);
      if (found == index.end() || marks[found->second] == mark::done)
        continue;
      if (marks[found->second] == mark::open) {
        auto const from = std::find_if(stack.begin(), stack.end(),
                                       [&](step const& s) { return s.item == found->second; });
        std::vector<std::string> path;
        for (auto at = from; at != stack.end(); ++at)
          path.push_back(items[at->item].key);
        path.push_back(items[found->second].key);
        return path;
      }
      marks[found->second] = mark::open;
      stack.push_back({found->second, 0});
    }
  }
  return {};
}

std::vector<plan_problem> problems_of(plan_content const& p, work_limits const& l,
                                      plan_before const& before,
                                      std::vector<agent_spec> const& roster) {
  if (p.items.empty())
    return {{"a plan needs at least one item", {}}};
  if (p.items.size() > static_cast<std::size_t>(l.plan_items))
    return {{"the plan has " + std::to_string(p.items.size()) + " items; the limit is " +
                 std::to_string(l.plan_items),
             {}}};
  std::vector<plan_problem> out;
  if (auto path = cycle_in(p.items); !path.empty()) {
    std::string text = "the items wait for one another: ";
    for (std::size_t i = 0; i < path.size(); ++i)
      text += (i == 0 ? "" : " -> ") + path[i];
    out.push_back({text + "; take one of these edges out", std::move(path)});
  }
  std::set<std::string> keys;
  for (auto const& item : p.items) {
    if (!keys.insert(item.key).second)
      out.push_back({"the key " + item.key + " stands twice", {}});
  }
  for (auto const& item : p.items) {
    check_item(item, out);
    for (auto const& blocker : item.blocked_by) {
      if (!keys.contains(blocker))
        out.push_back(
            {"item " + item.key + " waits for " + blocker + ", which is not in the plan", {}});
    }
  }
  check_against(before, p, keys, out);
  check_roles(roster, before, p, out);
  return out;
}

result<void> check_plan(plan_content const& p, work_limits const& l, plan_before const& before) {
  auto const problems = problems_of(p, l, before);
  if (problems.empty())
    return {};
  json::array texts;
  for (auto const& one : problems)
    texts.emplace_back(one.text);
  json::object details{{"problems", std::move(texts)}};
  auto const cycle = std::find_if(problems.begin(), problems.end(),
                                  [](auto const& one) { return !one.path.empty(); });
  if (cycle == problems.end())
    return fail(errc::invalid_argument, problems.front().text, std::move(details));
  json::array path;
  for (auto const& key : cycle->path)
    path.emplace_back(key);
  details.emplace("path", std::move(path));
  return fail(errc::conflict, cycle->text, std::move(details));
}

} // namespace troupe
