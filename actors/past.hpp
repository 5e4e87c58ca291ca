#pragma once

#include "actors/board.hpp"

namespace troupe {

/// Some events in the order of the board, read from the store.
struct past_page {
  std::vector<board_event> events;
  std::uint64_t seen = 0; ///< n of the last event looked at; the next page is after it
  bool more = false;      ///< there are events after `seen`
};

/// Events with n > `after` that `keep` accepts, at most `limit`: also those that the board no
/// longer has at hand. Looks at no more than `most` of them, so that one caller does not keep a
/// reader busy with the whole ledger; a page may therefore hold less than `limit`, or nothing, and
/// have more. Errors: those of the store; corrupt (it has lost an event that the board has seen).
[[nodiscard]] result<past_page> read_past(board const& view, event_store& store,
                                          std::uint64_t after, std::size_t limit,
                                          std::function<bool(stored_event const&)> const& keep,
                                          std::size_t most = 5000);

} // namespace troupe
