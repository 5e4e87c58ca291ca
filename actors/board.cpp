#include "actors/board.hpp"

#include "actors/domain/kinds.hpp"
#include "actors/log_merge.hpp"
#include "actors/log_readers.hpp"
#include "protocol/log_about.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>

namespace troupe {

namespace {

constexpr std::size_t stride = 4096;

} // namespace

board::board(std::size_t keep, bool check) : check_(check), keep_(std::max<std::size_t>(keep, 1)) {}

board::~board() {
  stop();
}

result<std::uint64_t> board::catch_up(event_store& store, listener const& each) {
  return catch_up(std::vector{&store}, each);
}

result<std::uint64_t> board::catch_up(std::vector<event_store*> const& stores,
                                      listener const& each) {
  constexpr std::uint64_t long_log = 10'000; // a thread for less costs more than it saves
  auto const shards = stores.front()->shards();
  if (!shards)
    return shards.error();
  std::uint64_t total = 0;
  for (auto const& s : *shards)
    total += s.last_seq;
  if (total >= long_log) {
    log_readers log{stores};
    return apply_all([&] { return log.next(); }, total, each);
  }
  auto log = log_merge::open(*stores.front());
  if (!log)
    return log.error();
  return apply_all([&] { return log->next(long_log); }, total, each);
}

result<std::uint64_t>
board::apply_all(std::function<result<std::vector<stored_event>>()> const& next,
                 std::uint64_t total, listener const& each) {
  std::lock_guard lock{mutex_};
  order_.reserve(total);
  for (;;) {
    auto part = next();
    if (!part)
      return part.error();
    if (part->empty())
      return last_;
    for (auto& e : *part) {
      if (auto const r = apply(e); !r)
        return fail(r.error().code, "event " + e.event.event_id + " (" + e.event.type + " of " +
                                        to_string(e.stream) + ", shard " + std::to_string(e.shard) +
                                        ", seq " + std::to_string(e.seq) +
                                        ") cannot be applied: " + r.error().message +
                                        "; run `troupe verify`, restore the ledger, or use a newer "
                                        "build");
      board_event placed{last_, std::make_shared<stored_event const>(std::move(e))};
      each(placed);
      if (last_ + keep_ > total) // the rest would only be kept to be forgotten
        remember(std::move(placed));
    }
  }
}

/// Applies an event and holds it against the invariants. This is the cheapest place for it: the
/// states are here anyway, and it is off the way of every command.
result<void> board::look_at(stored_event const& e) {
  constexpr std::uint64_t most_told = 100; // a ledger that is wrong everywhere must not fill a disk
  log_about const about{e.event.correlation, &e.stream};
  event_context const context{e.version, e.event.at, e.event.cause};
  auto const& x = e.event;
  made_event made{x.decoded.get(), x.after ? x.after->take() : nullptr};
  if (!check_)
    return checker_.apply(e.stream, e.version, x.type, x.schema, x.data, context, std::move(made));
  auto const found =
      checker_.take(e.stream, e.version, x.type, x.schema, x.data, context, std::move(made));
  if (!found)
    return found.error();
  if (*found && ++violations_ <= most_told)
    spdlog::warn("invariant violated event={} shard={} seq={} what=\"{}\"", x.event_id, e.shard,
                 e.seq, **found);
  return {};
}

result<void> board::apply(stored_event const& e) {
  // It has its place in the order, also where it has no meaning.
  auto done = [&]() -> result<void> {
    try {
      return look_at(e);
    } catch (std::exception const& x) {
      return fail(errc::internal, x.what());
    }
  }();
  if (done)
    note(e);
  if (order_.size() % stride == 0)
    marks_.push_back(heads_);
  order_.push_back(static_cast<std::uint8_t>(e.shard));
  ++last_;
  if (last_stream_ != e.stream || last_place_ == nullptr) { // several in a row are of one stream
    last_place_ = &index_[e.stream.tenant][e.stream.kind][e.stream.id];
    last_stream_ = e.stream;
  }
  *last_place_ = last_;
  heads_[e.shard] = e.seq;
  return done;
}

/// What is kept of its state besides.
void board::note(stored_event const& e) {
  auto const& states = checker_.states();
  if (auto const* t = states.find<ticket_domain>(e.stream)) {
    commits_.take(e, *t);
    leases_.take(e.stream, *t);
    work_.take(e, *t);
  } else if (auto const* b = states.find<budget_domain>(e.stream)) {
    work_.take(e, *b);
  } else if (auto const* a = states.find<approval_domain>(e.stream)) {
    work_.take(e, *a);
  }
}

void board::remember(board_event e) {
  recent_.push_back(std::move(e));
  if (recent_.size() > keep_)
    recent_.pop_front();
}

void board::feed(committed_ptr batch) {
  {
    std::lock_guard lock{feed_mutex_};
    feed_.push_back(std::move(batch));
    if (!thread_.joinable() && !stopping_)
      thread_ = std::thread{[this] { run(); }};
  }
  feed_wakeup_.notify_all();
}

void board::apply_now(committed_ptr const& batch) {
  std::lock_guard lock{mutex_};
  for (auto const& e : *batch)
    take({batch, &e}); // as long as one of them is at hand, all of the batch is
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
    for (auto const& e : *batch)
      take({batch, &e});
  }
}

/// One event, whatever comes of it: this thread is the only one that reads for lists and streams,
/// and must not end with it.
void board::take(std::shared_ptr<stored_event const> const& event) {
  auto const& e = *event;
  log_about const about{e.event.correlation, &e.stream};
  auto const threw = [&](char const* whose, char const* what) {
    spdlog::critical("{} threw at event={} what=\"{}\"", whose, e.event.event_id, what);
  };
  auto const before = last_;
  try {
    // The entity has decided on the same state, so this says that the program is wrong; the log
    // is right, and the next start will refuse it or read it well.
    if (auto const r = apply(e); !r)
      spdlog::critical("board cannot apply event={} why=\"{}\"", e.event.event_id,
                       r.error().message);
    if (last_ != before)
      remember({last_, event});
  } catch (std::exception const& x) {
    threw("board", x.what());
  } catch (...) {
    threw("board", "no description");
  }
  if (last_ == before || recent_.empty() || recent_.back().n != last_)
    return; // it has no place here
  for (auto const& [id, l] : listeners_) {
    try {
      l(recent_.back());
    } catch (std::exception const& x) {
      threw("a listener", x.what());
    } catch (...) {
      threw("a listener", "no description");
    }
  }
}

bool state_view::has(std::string_view name, std::string_view text) const {
  auto const v = in_.member_of(of_, name);
  return v.is_string() && v.get_string() == text;
}

json::value board::get(entity_ref const& ref) const {
  std::lock_guard lock{mutex_};
  return checker_.states().state_of(ref);
}

std::vector<json::value> board::list(tenant_id const& tenant, entity_kind kind, wanted const& keep,
                                     std::size_t skip, std::size_t limit,
                                     std::size_t& total) const {
  auto found = page(tenant, kind, keep, std::numeric_limits<std::uint64_t>::max(), skip, limit);
  total = found.total;
  return std::move(found.states);
}

board_page board::page(tenant_id const& tenant, entity_kind kind, wanted const& keep,
                       std::uint64_t below, std::size_t skip, std::size_t limit) const {
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
    if (keep || n < below)
      order.emplace_back(n, &id);
  if (!keep) {
    // Nothing but these has to be looked at, however many there are.
    out.total = k->second.size();
    auto const from = std::min(skip, order.size());
    auto const to = std::min(limit, order.size() - from) + from;
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(to), order.end(),
                      std::greater<>{});
    for (auto i = from; i < to; ++i) {
      out.states.push_back(checker_.states().state_of({tenant, kind, *order[i].second}));
      out.last = order[i].first;
    }
    out.more = to < order.size();
    return out;
  }
  std::sort(order.begin(), order.end(), std::greater<>{});
  for (auto const& [n, id] : order) {
    state_view const state{checker_.states(), {tenant, kind, *id}};
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
    out.states.push_back(state.all());
    out.last = n;
  }
  return out;
}

std::vector<known_commit> board::commits(tenant_id const& tenant, std::string const& prefix,
                                         std::size_t limit) const {
  std::lock_guard lock{mutex_};
  return commits_.find(tenant, prefix, limit);
}

leases_by_agent board::leases(tenant_id const& tenant) const {
  std::lock_guard lock{mutex_};
  return leases_.of(tenant);
}

work_totals board::work(time_point now) const {
  std::lock_guard lock{mutex_};
  return work_.read(now);
}

std::size_t board::behind() const {
  std::lock_guard lock{feed_mutex_};
  return feed_.size() + (applying_ ? 1 : 0);
}

/// The places of the events with n > `after`, in order, until the visitor answers false. Under the
/// lock.
template <class Visit>
void board::walk(std::uint64_t after, Visit visit) const {
  if (after >= last_)
    return;
  auto const from = static_cast<std::size_t>(after);
  auto at = marks_[from / stride];
  for (auto i = from / stride * stride; i < order_.size(); ++i) {
    auto const seq = ++at[order_[i]];
    if (i >= from && !visit(event_place{i + 1, order_[i], seq}))
      return;
  }
}

std::map<std::uint32_t, std::uint64_t> board::heads(std::uint64_t at) const {
  std::lock_guard lock{mutex_};
  if (at >= last_)
    return heads_;
  auto const begin = static_cast<std::size_t>(at) / stride;
  auto out = marks_[begin];
  walk(begin * stride, [&](event_place const& p) {
    if (p.n <= at)
      out[p.shard] = p.seq;
    return p.n < at;
  });
  return out;
}

std::uint64_t board::covered_by(std::map<std::uint32_t, std::uint64_t> const& heads) const {
  auto const reaches = [&](std::uint32_t shard, std::uint64_t seq) {
    auto const found = heads.find(shard);
    return found != heads.end() && seq <= found->second;
  };
  std::lock_guard lock{mutex_};
  // Marks only grow: what one lies beyond, all after it do.
  auto const beyond = std::partition_point(marks_.begin(), marks_.end(), [&](auto const& mark) {
    return std::all_of(mark.begin(), mark.end(),
                       [&](auto const& head) { return reaches(head.first, head.second); });
  });
  if (beyond == marks_.begin())
    return 0;
  auto out = static_cast<std::uint64_t>(beyond - marks_.begin() - 1) * stride;
  walk(out, [&](event_place const& p) {
    if (!reaches(p.shard, p.seq))
      return false;
    out = p.n;
    return true;
  });
  return out;
}

std::vector<board_event> board::events(std::uint64_t after, std::size_t limit,
                                       std::function<bool(stored_event const&)> const& keep) const {
  std::vector<board_event> out;
  std::lock_guard lock{mutex_};
  auto it = std::upper_bound(recent_.begin(), recent_.end(), after,
                             [](std::uint64_t n, board_event const& e) { return n < e.n; });
  for (; it != recent_.end() && out.size() < limit; ++it) {
    if (keep(*it->event))
      out.push_back(*it);
  }
  return out;
}

std::uint64_t board::last() const {
  std::lock_guard lock{mutex_};
  return last_;
}

std::uint64_t board::first() const {
  std::lock_guard lock{mutex_};
  return recent_.empty() ? last_ + 1 : recent_.front().n;
}

std::vector<event_place> board::places(std::uint64_t after, std::size_t limit) const {
  std::vector<event_place> out;
  if (limit == 0)
    return out;
  std::lock_guard lock{mutex_};
  walk(after, [&](event_place const& p) {
    out.push_back(p);
    return out.size() < limit;
  });
  return out;
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
