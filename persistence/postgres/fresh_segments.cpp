#include "persistence/postgres/fresh_segments.hpp"

namespace troupe::postgres {

namespace {

/// In each lane. Settling is asked for long before there is so much; older ones are read from the
/// database.
constexpr std::size_t most_bytes = 32 * 1024 * 1024;

/// What it takes here, where it is not compressed.
std::size_t room_of(fresh_segments::part const& all) {
  std::size_t bytes = 0;
  for (auto const& s : all)
    bytes += sizeof(section) + s.lines.size() + s.stream.id.size() + s.stream.tenant.value.size();
  return bytes;
}

} // namespace

void fresh_segments::add(std::uint32_t lane, one what) {
  std::lock_guard const lock{mutex_};
  auto& l = lanes_.at(lane);
  if (!l.all.empty() && l.all.back().number + 1 != what.number)
    l = {}; // somebody else has appended in between, or what came before is not there any more
  l.bytes += room_of(*what.sections);
  l.all.push_back(std::move(what));
  while (l.bytes > most_bytes) {
    l.bytes -= room_of(*l.all.front().sections);
    l.all.pop_front();
  }
}

std::deque<fresh_segments::one> fresh_segments::above(std::uint32_t lane,
                                                      std::uint64_t after) const {
  std::lock_guard const lock{mutex_};
  auto out = lanes_.at(lane).all;
  while (!out.empty() && out.front().number <= after)
    out.pop_front();
  return out;
}

void fresh_segments::forget(std::uint32_t lane, std::uint64_t through) {
  std::deque<one> gone; // freed without the lock
  std::lock_guard const lock{mutex_};
  auto& l = lanes_.at(lane);
  while (!l.all.empty() && l.all.front().number <= through) {
    l.bytes -= room_of(*l.all.front().sections);
    gone.push_back(std::move(l.all.front()));
    l.all.pop_front();
  }
}

} // namespace troupe::postgres
