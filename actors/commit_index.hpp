#pragma once

#include "actors/domain/ticket_commits.hpp"
#include "persistence/event_store.hpp"

namespace troupe {

/// A commit, and the event that speaks of it first.
struct known_commit {
  ticket::named_commit what;
  ticket_id ticket;
  std::uint64_t version = 0; ///< of the event in the ticket's stream
};

/// Which ticket and attempt each commit comes from: every commit that a daemon's evidence listed,
/// also of attempts that failed or came too late. In memory, from the log; about 200 bytes each.
class commit_index {
public:
  /// Takes an event of a ticket; `after` is the ticket's state with it.
  void take(stored_event const& e, ticket::state const& after);
  /// The commits that begin so, in order of their ids, at most `limit`.
  [[nodiscard]] std::vector<known_commit> find(tenant_id const& tenant, std::string const& prefix,
                                               std::size_t limit) const;

private:
  std::map<tenant_id, std::map<std::string, known_commit>> by_id_;
};

} // namespace troupe
