#include "actors/log_merge.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t page_size = 200; // of each shard, at least

} // namespace

result<log_merge> log_merge::open(event_store& store, log_part part) {
  auto const shards = store.shards();
  if (!shards)
    return shards.error();
  log_merge out{store};
  out.feeds_.reserve(shards->size());
  for (auto const& s : *shards) {
    if (s.shard % part.of != part.first)
      continue;
    out.total_ += s.last_seq;
    auto& f = out.feeds_.emplace_back();
    f.shard = s.shard;
    f.end = s.last_seq;
    auto const more = out.fill(f);
    if (!more)
      return more.error();
    if (*more)
      out.heads_.push_back(out.feeds_.size() - 1);
  }
  return out;
}

result<bool> log_merge::fill(feed& f) const {
  if (f.next < f.page.size())
    return true;
  if (f.read >= f.end)
    return false;
  auto part = store_->scan_shard(f.shard, f.read, page_size);
  if (!part)
    return part.error();
  if (part->empty() || part->front().seq != f.read + 1)
    return fail(errc::corrupt, "shard " + std::to_string(f.shard) + " ends at " +
                                   std::to_string(f.read) + " instead of " + std::to_string(f.end) +
                                   "; run `troupe verify`");
  f.page = std::move(*part);
  f.next = 0;
  f.read = f.page.back().seq;
  return true;
}

result<std::vector<stored_event>> log_merge::next(std::size_t most) {
  // Ids are UUID v7: by id is, over the shards, nearly the order in which events were made. Within
  // a shard only seq counts: after a step back of the clock a later event has a smaller id.
  auto const later = [this](std::size_t a, std::size_t b) {
    return feeds_[a].front().event.event_id > feeds_[b].front().event.event_id;
  };
  std::make_heap(heads_.begin(), heads_.end(), later);
  std::vector<stored_event> out;
  out.reserve(most);
  while (out.size() < most && !heads_.empty()) {
    std::pop_heap(heads_.begin(), heads_.end(), later);
    auto& f = feeds_[heads_.back()];
    out.push_back(std::move(f.front()));
    ++f.next;
    auto const more = fill(f);
    if (!more)
      return more.error();
    if (*more)
      std::push_heap(heads_.begin(), heads_.end(), later);
    else
      heads_.pop_back();
  }
  return out;
}

} // namespace troupe
