#include "persistence/postgres/connection.hpp"

namespace troupe::postgres {

result<void> connection::hold(std::string const& owner, duration wait) {
  if (frozen_ || read_only_)
    return for_reading_only();
  let_go();
  auto taken = holding::take(url_, owner, wait);
  if (!taken)
    return taken.error();
  mine_ = std::move(*taken);
  std::lock_guard const lock{shared_->mutex};
  shared_->held = mine_;
  return {};
}

result<void> connection::freeze() {
  return run([&](session& s) -> result<void> {
    if (frozen_)
      return {};
    // The first query takes the snapshot. A slow reader of an export is no reason to end it.
    try {
      s.run("begin isolation level repeatable read read only;"
            "set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0");
      s.query(sql::all_shards);
    } catch (failure const& e) {
      if (!e.lost)
        s.rollback();
      throw;
    }
    frozen_ = true;
    tail_.clear(); // it may be newer
    stands_still_ = false;
    return {};
  });
}

result<void> connection::thaw() {
  if (!session_)
    frozen_ = false; // went with its connection
  return run([&](session& s) -> result<void> {
    if (frozen_)
      s.commit();
    frozen_ = false;
    stands_still_ = false;
    tail_.clear();
    return {};
  });
}

result<void> connection::still_held() {
  std::shared_ptr<holding> held;
  {
    std::lock_guard const lock{shared_->mutex};
    held = shared_->held;
  }
  return held ? held->check() : result<void>{};
}

void connection::let_go() {
  {
    std::lock_guard const lock{shared_->mutex};
    if (shared_->held == mine_)
      shared_->held.reset();
  }
  mine_.reset();
}

} // namespace troupe::postgres
