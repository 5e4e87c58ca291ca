#pragma once

#include "actors/domain/ticket.hpp"

namespace troupe::ticket {

/// A commit that an event of a ticket names.
struct named_commit {
  std::string id;
  std::int64_t token = 0; ///< of the lease whose holder reported it
  bool merge = false;     ///< made by the merge into the target branch
  bool before = false;    ///< was there already when that attempt began
};

/// Every commit that a stored event (`ticket.evidence_attached`, and its data as stored) names: as
/// evidence, as what an attempt left that failed or came too late, or as the merge. `after` is the
/// state with the event applied. Events of before commits were listed name only their head. Empty
/// for every other event.
[[nodiscard]] std::vector<named_commit> commits_in(std::string_view type,
                                                   std::string_view data_json, state const& after);
/// The same of an event that need not be read any more.
[[nodiscard]] std::vector<named_commit> commits_in(event const& e, state const& after);

} // namespace troupe::ticket
