#pragma once

#include "persistence/event_store.hpp"

namespace troupe {

/// A store whose calls never throw: what the store throws (a bug of an adapter, no memory) becomes
/// an answer, so that whoever waits for one gets it and the thread goes on. A throw of an append is
/// `unavailable`, because nobody knows what it came after; of anything else `internal`.
[[nodiscard]] std::unique_ptr<event_store> guarded(std::unique_ptr<event_store> store);
/// Every handle guarded.
[[nodiscard]] store_factory guarded(store_factory store);

/// Whether the answer stands for something that was thrown.
[[nodiscard]] bool is_thrown(error const& e);

} // namespace troupe
