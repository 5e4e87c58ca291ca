#pragma once

#include "persistence/event_store.hpp"

namespace troupe {

/// A store that lives as long as one of its handles or the factory: for tests and for dry runs.
/// All handles share one state under one lock; nothing is durable.
[[nodiscard]] store_factory open_memory_store();

} // namespace troupe
