#pragma once

#include "persistence/event_store.hpp"

#include <memory>

namespace troupe {

/// The whole log as one sequence (see `log_merge`), read ahead by several: each on a thread of its
/// own, with a handle of its own, a part of the shards. So reading and what is done with it take
/// turns only where one of them is slow.
class log_readers {
public:
  /// The handles are theirs until the end of this object.
  explicit log_readers(std::vector<event_store*> const& stores);
  ~log_readers();
  log_readers(log_readers const&) = delete;
  log_readers& operator=(log_readers const&) = delete;

  /// The next ones, some thousands at most; empty at the end. Errors: as `log_merge`.
  [[nodiscard]] result<std::vector<stored_event>> next();

private:
  class reader;
  struct part {
    std::unique_ptr<reader> from;
    std::vector<stored_event> ready;
    std::size_t next = 0;
    [[nodiscard]] stored_event& front() { return ready[next]; }
  };
  [[nodiscard]] result<void> fill();

  std::vector<part> parts_; ///< that have not ended
};

} // namespace troupe
