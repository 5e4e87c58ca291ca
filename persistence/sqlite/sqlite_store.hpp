#pragma once

#include "persistence/event_store.hpp"

#include <filesystem>

namespace troupe {

/// Hears how many of how many events of a store of an earlier version have been brought over to
/// this one: at the beginning, from time to time and at the end. Called by who opens the store.
using conversion_progress = std::function<void(std::uint64_t brought, std::uint64_t all)>;

/// Opens the store in one SQLite file, makes it if it is missing, brings its schema up to date and
/// takes the data directory (the file's folder) for this process until the factory and all its
/// handles are gone. WAL, `synchronous=FULL`: what `append` answered survives a power cut as far as
/// the disk keeps its word. Several handles: readers run in parallel, writers take turns. `tell`:
/// hears of events that are brought over, where there are any.
/// Errors: busy (another process, or another factory of this one, has the directory), unsupported
/// (network file system; a newer schema), corrupt (not a store of ours), unavailable (I/O).
[[nodiscard]] result<store_factory> open_sqlite_store(std::filesystem::path const& file,
                                                      conversion_progress const& tell = {});

/// Opens an existing store for reading only, also while a server has it. Everything that writes is
/// `unsupported`. Errors: not_found, unsupported (an older or newer schema), corrupt, unavailable.
[[nodiscard]] result<store_factory> open_sqlite_readonly(std::filesystem::path const& file);

} // namespace troupe
