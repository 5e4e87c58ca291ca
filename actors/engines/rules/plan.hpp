#pragma once

#include "protocol/brief_content.hpp"
#include "protocol/ids.hpp"
#include "protocol/result.hpp"

namespace troupe {

/// Plans a brief: one ticket a requirement (requirements that say the same share one).
///
/// Role `pm` for pure analysis, else `dev`. A ticket waits for what its requirement comes after;
/// for an earlier ticket that writes the same file; and, where it only documents or tests, for the
/// tickets whose words it shares. Order that was said is kept even where it closes a circle, which
/// is refused; order that is only inferred never closes one.
/// Errors: invalid_argument for a brief without requirements; those of check_plan in the domain.
[[nodiscard]] result<plan_content> draft_plan(brief_content const& b);

/// The plan as a person's notes on it ask for: `drop ticket 2`, `ticket 3 after 1`, `ticket 2 is
/// urgent`, by key or by the words of a title. Whoever waited for a ticket that is dropped waits
/// for what that one waited for. The note of the plan says what was done, and, sentence by
/// sentence, what was not understood or would close a circle; nothing a person wrote is lost in
/// silence. `fixed`: keys that stay, because work on them began under the version before. Errors:
/// those of check_plan in the domain, where `before` is no plan.
[[nodiscard]] result<plan_content> revise_plan(plan_content before, std::string_view notes,
                                               std::vector<std::string> const& fixed = {});

/// What a careful reader would object to, one sentence each: requirements that no ticket serves,
/// order that was asked for and is missing, tickets that write the same file at the same time,
/// tickets that are too large, criteria that got lost, no test, open questions that touch a ticket.
[[nodiscard]] std::vector<std::string> critique_plan(brief_content const& b, plan_content const& p);

/// Working time of one ticket, by rule of thumb: analysis 20 minutes; documents and tests alone 10
/// minutes and 3 for each criterion; other work 15 minutes and 5 for each criterion.
[[nodiscard]] duration estimate(plan_item const& item);

/// Length of the critical path: the longest chain of blockers, each with its estimate. 0 for a plan
/// that the domain's check_plan refuses.
[[nodiscard]] duration forecast(plan_content const& p);

} // namespace troupe
