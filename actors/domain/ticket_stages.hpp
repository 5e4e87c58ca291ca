#pragma once

#include "actors/domain/ticket_draft.hpp"

/// How the stages of a ticket end, by the report of whoever held the lease. Not for others.
namespace troupe::ticket {

[[nodiscard]] principal_id holder_of(state const& s);
/// Who mends what is sent back; the ticket itself where nobody worked yet.
[[nodiscard]] principal_id author_of(state const& s);
/// The data part of a verdict.
[[nodiscard]] json::value points(bool approved, std::vector<std::string> const& notes);
/// The text, and each of `more` as a line of a list.
[[nodiscard]] std::string lines(std::string text, std::vector<std::string> const& more);

[[nodiscard]] ending succeeded(link::finished const& r);
/// `summary` empty: that of the report.
[[nodiscard]] ending failed(link::finished const& r, attempt_status how, reason why,
                            std::string const& summary);
/// A report that is about another commit than the ticket is: kept, and the stage tried again.
void about_another_head(drafting& d, link::finished const& r);

// One function a kind of stage, for an attempt that came to an end of its own.
void finish_work(drafting& d, link::finished const& r);
void finish_review(drafting& d, link::finished const& r);
void finish_gates(drafting& d, link::finished const& r);
void finish_merge(drafting& d, link::finished const& r);

} // namespace troupe::ticket
