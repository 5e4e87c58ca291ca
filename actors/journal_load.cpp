#include "actors/journal.hpp"

#include <array>

namespace troupe {

namespace {

constexpr std::array<std::int64_t, 8> unit_bounds{1, 2, 4, 8, 16, 32, 64, 128};
static_assert(unit_bounds.back() == max_batch_units);

constexpr std::int64_t ms = 1'000'000;
/// From a store in memory to a disk that hangs, in nanoseconds.
constexpr std::array<std::int64_t, 13> commit_bounds{
    ms / 10, ms / 4,  ms / 2,   1 * ms,   2 * ms,     5 * ms,     10 * ms,
    25 * ms, 50 * ms, 100 * ms, 250 * ms, 1'000 * ms, 10'000 * ms};

} // namespace

journal_counters::journal_counters() : batch_units(unit_bounds), commit_nanos(commit_bounds) {}

std::size_t journal_writer::waiting() const {
  std::lock_guard lock{mutex_};
  return queue_.size();
}

std::size_t journal_readers::waiting() const {
  std::lock_guard lock{mutex_};
  return reads_.size();
}

journal_load journal::load_now() const {
  journal_load out{state_.queued_bytes.load(std::memory_order_relaxed), state_.settings.queue_bytes,
                   0, readers_->waiting()};
  for (auto const& w : writers_)
    out.queue_units += w->waiting();
  return out;
}

} // namespace troupe
