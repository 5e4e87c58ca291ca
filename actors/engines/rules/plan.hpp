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
