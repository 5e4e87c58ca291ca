#pragma once

#include "actors/board.hpp"
#include "gateway/http/message.hpp"

/// Events as watchers ask for them and as they are shown.
namespace troupe {

/// What a watcher wants to see; empty members match everything.
struct event_filter {
  tenant_id tenant;
  std::string brief, ticket, agent, kind, type, entity;

  [[nodiscard]] bool matches(stored_event const& e) const;
  /// The same of what the holder of a ticket says it is doing.
  [[nodiscard]] bool matches(ticket::state const& of, link::progress const& p) const;
};

/// The filter in a request's parameters. `more` names parameters that have another meaning.
/// invalid_argument for what is unknown, with those there are.
[[nodiscard]] result<event_filter> filter_of(request const& r,
                                             std::vector<std::string_view> const& more);

[[nodiscard]] json::object shown(stored_event const& e);
/// The same with its place in this node's order.
[[nodiscard]] json::object shown(board_event const& b);
/// What an agent says it is doing, as a stream shows it: no event, so it has neither an id nor a
/// place in the ledger.
[[nodiscard]] json::object shown(ticket::state const& of, link::progress const& p, time_point at);

} // namespace troupe
