#pragma once

#include "actors/board.hpp"

namespace troupe {

/// What an event is about, as far as a chain of causes can begin there: a ticket, run, plan, brief
/// or approval. Most often the event's own entity; a run's word about a ticket is about that
/// ticket, and an agent's message about whom it came from or goes to. None where the event belongs
/// to no brief and to no ticket: a daemon came online, an agent was hired.
/// Errors: those of the store.
[[nodiscard]] result<std::optional<entity_ref>> subject_of(board const& view, event_store& store,
                                                           stored_event const& e);

/// The entity that an approval asks about; none where nothing is known of the approval.
[[nodiscard]] std::optional<entity_ref> asked_about(board const& view, entity_ref const& approval);

} // namespace troupe
