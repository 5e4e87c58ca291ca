#pragma once

#include "protocol/brief_content.hpp"
#include "protocol/process.hpp"

/// What makes a plan unworkable, told all at once so that one more round can mend everything.
namespace troupe {

struct plan_problem {
  std::string text;              ///< one sentence with the way out
  std::vector<std::string> path; ///< of a cycle, each waits for the next; first = last
  TROUPE_FIELDS(plan_problem, text, path);
};

/// Version n-1 and what failed in it; for version 1 both are empty.
struct plan_before {
  plan_content content;
  std::string failed_key;
  std::vector<std::string> roles = {}; ///< further ones that may stay, whoever has them
};

/// The plan without the items that others in it supersede; whoever waits for such an item waits for
/// its replacement. What is checked, shown, approved and delivered is this form.
[[nodiscard]] plan_content without_replaced(plan_content p);

/// Cycles, unknown blockers, keys twice or unfit for a branch name, items without title or
/// criteria, none or too many items. For a later version also: an item of the version before that
/// was dropped, or a failed item that nothing replaces. Where `roster` has agents: also items for a
/// role that none of them has, unless the version before had it (an agent may have come since).
[[nodiscard]] std::vector<plan_problem> problems_of(plan_content const& p, work_limits const& l,
                                                    plan_before const& before = {},
                                                    std::vector<agent_spec> const& roster = {});

/// The first cycle in `blocks`, empty if there is none: each key waits for the next, first = last.
[[nodiscard]] std::vector<std::string> cycle_in(std::vector<plan_item> const& items);

/// The problems as a refusal: conflict with `path` for a cycle, else invalid_argument; `problems`
/// in the details lists them all.
[[nodiscard]] result<void> check_plan(plan_content const& p, work_limits const& l,
                                      plan_before const& before = {});

} // namespace troupe
