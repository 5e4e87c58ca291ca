#pragma once

#include "persistence/event_store.hpp"

#include <filesystem>

namespace troupe {

// With application.cpp the only place that knows which adapters there are.

/// Opens a ledger for reading, also while a server has it: the database of `url`, else the SQLite
/// file. Errors: not_found, unsupported, corrupt, unavailable.
[[nodiscard]] result<std::unique_ptr<event_store>>
open_ledger_readonly(std::string const& url, std::filesystem::path const& file);
/// Opens a ledger for itself alone, making it (and its folder) where it is missing. Errors: busy (a
/// server has it), and those above.
[[nodiscard]] result<std::unique_ptr<event_store>> open_ledger(std::string const& url,
                                                               std::filesystem::path const& file);

} // namespace troupe
