#include "actors/journal_state.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

namespace {

std::int64_t steady_now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

} // namespace

void journal_state::note_fenced() {
  if (fenced.exchange(true))
    return;
  spdlog::critical("another server has taken this ledger over; nothing more is written here");
  if (on_fenced)
    on_fenced();
}

void journal_state::note_failed() const {
  if (on_failed)
    on_failed();
}

void journal_state::note_away(void const* writer, std::optional<error> why) {
  std::lock_guard lock{away_mutex_};
  if (why)
    away_.insert_or_assign(writer, std::move(*why));
  else
    away_.erase(writer);
  is_away_.store(!away_.empty(), std::memory_order_relaxed);
}

std::optional<error> journal_state::away() const {
  if (!is_away())
    return std::nullopt;
  std::lock_guard lock{away_mutex_};
  if (away_.empty())
    return std::nullopt;
  return away_.begin()->second;
}

void journal_state::give_up_after(duration d) {
  auto const limit = steady_now() + std::chrono::duration_cast<std::chrono::nanoseconds>(d).count();
  give_up_at_ = limit == 0 ? 1 : limit;
}

bool journal_state::time_is_up() const {
  auto const limit = give_up_at_.load();
  return limit != 0 && steady_now() >= limit;
}

} // namespace troupe
