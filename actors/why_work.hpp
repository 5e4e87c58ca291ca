#pragma once

#include "actors/board.hpp"

namespace troupe {

/// Whose attempt made the commit, and on which machine, in words.
/// Errors: those of the store.
[[nodiscard]] result<std::string> maker_of(board const& view, event_store& store,
                                           known_commit const& c, tenant_id const& tenant);

/// A link of a chain of causes: `{"what":…, "id":…, "text":…}`.
[[nodiscard]] json::object chain_entry(std::string what, std::string id, std::string text);

/// What became of a ticket's work, newest first, each as a `chain_entry`: its merge (unless that is
/// `told` already), gates, reviews, what sent it back, attempts that failed, what people decided.
/// Of gates that passed only the last time is told, of those that failed every one. Errors: those
/// of the store.
[[nodiscard]] result<std::vector<json::object>>
verdicts_of(event_store& store, ticket::state const& t, std::string const& told);

} // namespace troupe
