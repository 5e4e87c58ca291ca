#pragma once

#include "persistence/export_format.hpp"

namespace troupe {

using import_stats = export_stats;

/// Writes everything of a store (snapshots are a cache and stay out) as of one moment, also while
/// others write. Equal stores give equal bytes, whatever the adapter.
/// Errors: unavailable (the stream does not take it), those of the store.
[[nodiscard]] result<export_stats> export_store(event_store& store, std::ostream& out);

/// Fills an empty store from an export. If the stream can be read twice, it is read to its end
/// before anything is stored; else a broken export may leave a part, and the error says so.
/// Errors: conflict (the store is not empty; the events do not form a ledger), corrupt (the file).
[[nodiscard]] result<import_stats> import_store(event_store& store, std::istream& in);

} // namespace troupe
