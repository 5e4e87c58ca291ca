#include "actors/board.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>

namespace troupe {

namespace {
/// How many of the newest events stay at hand for streams and lists; older ones are in the store.
constexpr std::size_t recent_limit = 200'000;
} // namespace

board::board() : thread_([this] { run(); }) {}

board::~board() {
  stop();
}

result<std::uint64_t> board::catch_up(event_store& store, listener const& each) {
  constexpr std::size_t page = 1000;
  auto const shards = store.shards();
  if (!shards)
    return shards.error();
  std::vector<stored_event> all;
  for (auto const& s : *shards) {
    std::uint64_t after = 0;
    while (after < s.last_seq) {
      auto part = store.read_shard(s.shard, after, page);
      if (!part)
        return part.error();
      if (part->empty())
        return fail(errc::corrupt, "shard " + std::to_string(s.shard) + " ends at " +
                                       std::to_string(after) + " instead of " +
                                       std::to_string(s.last_seq) + "; run `troupe verify`");
      after = part->back().seq;
      all.insert(all.end(), std::make_move_iterator(part->begin()),
                 std::make_move_iterator(part->end()));
    }
  }
  // Event ids are UUID v7 of one clock: by id is the order in which they were made.
  std::sort(all.begin(), all.end(), [](stored_event const& a, stored_event const& b) {
    return a.event.event_id < b.event.event_id;
  });
  std::lock_guard lock{mutex_};
  for (auto const& e : all) {
    apply(e);
    each(recent_.back());
  }
  return last_;
}

void board::apply(stored_event const& e) {
  event_context const context{e.version, e.event.at, principal_id{e.event.principal},
                              e.event.event_id, e.event.cause};
  if (auto const r =
          states_.apply(e.stream, e.version, e.event.type, e.event.schema, e.event.data, context);
      !r)
    spdlog::warn("board cannot apply event={} why=\"{}\"", e.event.event_id, r.error().message);
  ++last_;
  index_[e.stream.tenant][e.stream.kind][e.stream.id] = last_;
  heads_[e.shard] = e.seq;
  recent_.push_back({last_, e});
  if (recent_.size() > recent_limit)
    recent_.pop_front();
}

void board::feed(committed_ptr batch) {
  {
    std::lock_guard lock{feed_mutex_};
    feed_.push_back(std::move(batch));
  }
  feed_wakeup_.notify_all();
}

void board::run() {
  for (;;) {
    committed_ptr batch;
    {
      std::unique_lock lock{feed_mutex_};
      applying_ = false;
      feed_wakeup_.notify_all();
      feed_wakeup_.wait(lock, [&] { return stopping_ || !feed_.empty(); });
      if (feed_.empty())
        return;
      batch = std::move(feed_.front());
      feed_.pop_front();
      applying_ = true;
    }
    std::lock_guard lock{mutex_};
    for (auto const& e : *batch) {
      apply(e);
      for (auto const& [id, l] : listeners_)
        l(recent_.back());
    }
  }
}

json::value board::get(entity_ref const& ref) const {
  std::lock_guard lock{mutex_};
  return states_.state_of(ref);
}

std::vector<json::value> board::list(tenant_id const& tenant, entity_kind kind,
                                     std::function<bool(json::value const&)> const& keep,
                                     std::size_t skip, std::size_t limit,
                                     std::size_t& total) const {
  auto found = page(tenant, kind, keep, std::numeric_limits<std::uint64_t>::max(), skip, limit);
  total = found.total;
  return std::move(found.states);
}

board_page board::page(tenant_id const& tenant, entity_kind kind,
                       std::function<bool(json::value const&)> const& keep, std::uint64_t below,
                       std::size_t skip, std::size_t limit) const {
  board_page out;
  std::lock_guard lock{mutex_};
  auto const t = index_.find(tenant);
  if (t == index_.end())
    return out;
  auto const k = t->second.find(kind);
  if (k == t->second.end())
    return out;
  std::vector<std::pair<std::uint64_t, std::string const*>> order;
  for (auto const& [id, n] : k->second)
    order.emplace_back(n, &id);
  std::sort(order.begin(), order.end(), std::greater<>{});
  for (auto const& [n, id] : order) {
    auto state = states_.state_of({tenant, kind, *id});
    if (!keep(state))
      continue;
    ++out.total;
    if (n >= below)
      continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    if (out.states.size() == limit) {
      out.more = true;
      continue;
    }
    out.states.push_back(std::move(state));
    out.last = n;
  }
  return out;
}

std::map<std::uint32_t, std::uint64_t> board::heads(std::uint64_t at) const {
  std::lock_guard lock{mutex_};
  auto out = heads_;
  for (auto it = recent_.rbegin(); it != recent_.rend() && it->n > at; ++it)
    out[it->event.shard] = it->event.seq - 1;
  return out;
}

std::vector<board_event> board::events(std::uint64_t after, std::size_t limit,
                                       std::function<bool(stored_event const&)> const& keep) const {
  std::vector<board_event> out;
  std::lock_guard lock{mutex_};
  auto it = std::upper_bound(recent_.begin(), recent_.end(), after,
                             [](std::uint64_t n, board_event const& e) { return n < e.n; });
  for (; it != recent_.end() && out.size() < limit; ++it) {
    if (keep(it->event))
      out.push_back(*it);
  }
  return out;
}

std::uint64_t board::last() const {
  std::lock_guard lock{mutex_};
  return last_;
}

std::uint64_t board::subscribe(listener l, std::function<void(std::uint64_t)> const& snapshot) {
  std::lock_guard lock{mutex_};
  if (snapshot)
    snapshot(last_);
  listeners_.emplace(++next_listener_, std::move(l));
  return next_listener_;
}

void board::unsubscribe(std::uint64_t id) {
  std::lock_guard lock{mutex_};
  listeners_.erase(id);
}

void board::settle() const {
  std::unique_lock lock{feed_mutex_};
  feed_wakeup_.wait(lock, [&] { return stopping_ || (feed_.empty() && !applying_); });
}

void board::stop() {
  {
    std::lock_guard lock{feed_mutex_};
    stopping_ = true;
  }
  feed_wakeup_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

} // namespace troupe
