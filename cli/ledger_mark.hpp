#pragma once

#include "persistence/event_store.hpp"
#include "protocol/json.hpp"

#include <chrono>
#include <filesystem>

namespace troupe {

/// What a data folder remembers of the ledger that its server last wrote: how many events it held
/// and how high its epochs were. A ledger that is behind was restored from a backup: a server that
/// went on unasked would give numbers out again that daemons and clients have heard of. The mark
/// may lag behind the ledger (it is written at most once a second, and not synced), never run
/// ahead; restored together with its ledger it says nothing.
class ledger_mark {
public:
  /// `url`: of the PostgreSQL database; empty: the SQLite file of this folder.
  ledger_mark(std::filesystem::path const& folder, std::string const& url);

  /// Before the shards are claimed. With `accept` an older ledger is gone on with: the epochs of
  /// all shards jump beyond any that may have been given out since the backup.
  /// Errors: conflict (it is older: the message says what to do), those of the store.
  [[nodiscard]] result<void> check(event_store& store, bool accept);
  /// The shards are claimed.
  void claimed();
  /// One event more.
  void grew();
  void save() const;

private:
  struct values {
    std::uint64_t events = 0;
    std::uint64_t epoch = 0;
    TROUPE_FIELDS(values, events, epoch);
  };

  std::filesystem::path file_;
  values now_;
  std::chrono::steady_clock::time_point saved_{};
};

} // namespace troupe
