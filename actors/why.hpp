#pragma once

#include "actors/board.hpp"

namespace troupe {

/// The chain of causes of a commit, a ticket, a run, a plan, a brief, an approval, an agent or an
/// event, nearest first, back to the sentence of the source:
/// `{"about":…, "chain":[{"what":"commit","id":…,"text":…,"at":…}, …], "events":[…]}`. `events` is
/// the chain of stored causes, each with id, type and principal.
/// What is about a ticket cites the sentences of the requirements that it serves; what is about a
/// whole plan, run or brief its goal, and the first sentence of each requirement. An `origin` says
/// where nothing was said: who made a ticket by hand, or that an event belongs to no brief.
/// `ref` is an entity's id, an event id, or a commit (at least 7 digits of it): any that an agent
/// made, as its daemon found it in Git, or a merge. A commit's chain begins with who made it.
/// States come from `view`; events that it no longer has at hand from `store`, so this may block.
/// Errors: not_found; invalid_argument (several commits begin so; details `candidates`); those of
/// the store.
[[nodiscard]] result<json::object> explain(board const& view, event_store& store,
                                           tenant_id const& tenant, std::string const& ref);

} // namespace troupe
