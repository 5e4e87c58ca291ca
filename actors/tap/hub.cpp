#include "actors/tap/hub.hpp"

#include "actors/tap/rings.hpp"
#include "actors/tap/tap.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace troupe::traffic {

namespace {

constexpr std::size_t most_of_a_thread = 4096; // in one round

template <class Clock>
std::int64_t nanoseconds_of() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
      .count();
}

/// Where all processors are taken, watching comes after what is watched: this thread does not take
/// one away from a thread that works, and what its rings have no room for in the meantime is
/// counted. Of this thread only, as Linux has it; where it is not allowed, nothing is lost.
void give_way() {
  constexpr int nicer = 5;
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nicer);
}

hub_settings with_clock(hub_settings s) {
  if (!s.now)
    s.now = nanoseconds_of<std::chrono::steady_clock>;
  return s;
}

/// Watches that see the same are one.
std::string key_of(watch_request const& w) {
  return w.tenant.value + '\n' + w.of.text() + '\n' + std::to_string(w.sample) + '\n' +
         std::to_string(w.rate) + (w.contents ? "\ncontents" : "");
}

/// What one tenant has of something, and all have.
struct share {
  std::size_t all = 0;
  std::size_t own = 0;
  /// Whether it may have one more: it has fewer than are free.
  [[nodiscard]] bool may_grow(std::size_t most) const { return all < most && own < most - all; }
};

result<void> check(watch_request const& w) {
  constexpr std::uint32_t most_rate = 10'000;
  if (w.tenant.empty())
    return fail(errc::invalid_argument, "a watch is of one tenant");
  if (!std::isfinite(w.sample) || w.sample <= 0 || w.sample > 1)
    return fail(errc::invalid_argument, "the sample must be above 0 and at most 1",
                {{"field", "sample"}});
  if (w.rate < 1 || w.rate > most_rate)
    return fail(errc::invalid_argument,
                "the rate must be from 1 to " + std::to_string(most_rate) + " records a second",
                {{"field", "rate"}});
  return {};
}

} // namespace

hub::hub(hub_settings settings) : settings_(with_clock(std::move(settings))) {
  if (settings_.thread)
    thread_ = std::thread{[this] { run(); }};
}

hub::~hub() {
  stop();
  forget_records();
}

result<std::shared_ptr<subscription>> hub::watch(watch_request const& what,
                                                 std::function<void()> on_ready) {
  if (auto const ok = check(what); !ok)
    return ok.error();
  auto key = key_of(what);
  std::shared_ptr<subscription> out;
  {
    std::lock_guard lock{mutex_};
    if (stopped_)
      return fail(errc::unavailable, "live traffic is not watched on this server any more");
    auto at =
        std::find_if(groups_.begin(), groups_.end(), [&](group const& g) { return g.key == key; });
    if (auto const ok = has_place(what.tenant, at == groups_.end()); !ok)
      return ok.error();
    if (at == groups_.end()) {
      sieve s{what.tenant, what.of, {what.sample, what.rate}};
      groups_.push_back(
          {std::move(key), std::make_shared<feed>(std::move(s), what.contents, slow_)});
      at = std::prev(groups_.end());
    }
    out = at->lines->join(what.limits, settings_.now, std::move(on_ready));
    if (auto const ok = want(); !ok) {
      if (at->lines->watchers() == 1)
        groups_.erase(at);
      return ok.error();
    }
  }
  changed_.notify_all();
  return out;
}

/// Under the lock.
result<void> hub::has_place(tenant_id const& tenant, bool fresh) const {
  share watches{groups_.size(), 0};
  share watchers{};
  for (auto const& g : groups_) {
    auto const n = g.lines->watchers();
    watchers.all += n;
    if (g.lines->gate().tenant() != tenant)
      continue;
    ++watches.own;
    watchers.own += n;
  }
  if (!watchers.may_grow(settings_.watchers))
    return fail(errc::busy, "too many watch at once; try again later");
  if (fresh &&
      (watches.own >= settings_.watches_of_a_tenant || !watches.may_grow(settings_.watches)))
    return fail(errc::busy, "this tenant has " + std::to_string(watches.own) +
                                " different watches, and there is no place for another; try "
                                "again later");
  return {};
}

/// Under the lock.
result<void> hub::want() {
  std::uint8_t categories = 0;
  std::uint64_t tenants = 0;
  auto contents = std::make_shared<std::vector<content_wish>>();
  for (auto const& g : groups_) {
    auto const& gate = g.lines->gate();
    categories = static_cast<std::uint8_t>(categories | gate.of().categories());
    tenants |= bit_of(mark_of(gate.tenant().value));
    if (g.lines->contents())
      contents->push_back({gate.tenant(), gate.of()});
  }
  auto& all = rings::of_process();
  if (!groups_.empty() && !reading_) {
    if (!all.claim())
      return fail(errc::unavailable, "another server of this process is being watched");
    reading_ = true;
  }
  if (reading_ && groups_.empty()) {
    all.release();
    reading_ = false;
  } else if (reading_) {
    all.want(categories, std::move(contents), tenants);
  }
  return {};
}

std::vector<std::shared_ptr<feed>> hub::feeds() const {
  std::vector<std::shared_ptr<feed>> out;
  for (auto const& g : groups_)
    out.push_back(g.lines);
  return out;
}

std::size_t hub::watchers() const {
  std::size_t n = 0;
  for (auto const& g : groups_)
    n += g.lines->watchers();
  return n;
}

std::size_t hub::watches() const {
  std::lock_guard lock{mutex_};
  return groups_.size();
}

hub_counts hub::counts() const {
  std::lock_guard lock{mutex_};
  hub_counts out;
  out.watches = groups_.size();
  out.watchers = watchers();
  out.records = records_;
  out.over_rate = over_rate_;
  out.no_room = no_room_;
  out.slow_missed = slow_->missed;
  out.slow_closed = slow_->closed;
  out.failed = failed_;
  return out;
}

void hub::run() {
  give_way();
  for (;;) {
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [&] { return stopped_ || !groups_.empty(); });
      if (stopped_)
        return;
    }
    step();
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, settings_.period, [&] { return stopped_; });
  }
}

void hub::step() {
  try {
    round();
  } catch (...) { // no memory, most likely: whoever watches is told, the rest does not notice
    failed_ = true;
    stop("internal");
  }
}

void hub::round() {
  std::lock_guard mine{round_mutex_};
  auto const now = settings_.now();
  {
    std::lock_guard lock{mutex_};
    auto const before = groups_.size();
    std::vector<std::shared_ptr<feed>> left;
    std::erase_if(groups_, [&](group const& g) {
      if (g.lines->tend(now))
        return false;
      left.push_back(g.lines);
      return true;
    });
    now_feeding_ = feeds();
    now_feeding_.insert(now_feeding_.end(), left.begin(), left.end()); // to tell them why
    if (groups_.size() != before)
      (void)want(); // of fewer: cannot fail
    if (!reading_) {
      forget_records();
    } else {
      ++rounds_;
      collect();
    }
  }
  for (auto const& next : order_) {
    auto& h = ready_[next.index];
    // What is recorded as an exception would move the limit that makes it one.
    bool const outlier =
        h.notable ? h.latency_us != no_latency && h.latency_us >= latencies_.slow_from(h.point)
                  : latencies_.is_outlier(h);
    spread(h, outlier, now);
    drop_content(h);
  }
  order_.clear();
  ready_.clear();
  limit(now);
  for (auto const& f : now_feeding_)
    f->call();
  now_feeding_.clear();
}

/// Under the lock: only who reads may drain. What is younger than `hold` waits one round for what
/// other threads may still bring.
void hub::collect() {
  auto const young = nanoseconds_of<std::chrono::system_clock>() - settings_.hold.count();
  ready_.swap(held_);
  held_.clear();
  auto const waited = ready_.size();
  auto const lost = rings::of_process().drain(ready_, most_of_a_thread);
  no_room_ += lost.dropped;
  say_dropped(lost.drops);
  if (lost.skipped > 0) {
    for (auto const& f : limited_)
      f->miss(lost.skipped, true);
    over_rate_ += lost.skipped * limited_.size();
  }
  for (std::size_t i = 0; i < ready_.size(); ++i) {
    auto& h = ready_[i];
    if (i < waited || h.at_ns <= young) {
      order_.push_back({h.at_ns, h.number, static_cast<std::uint32_t>(i), h.thread});
    } else {
      held_.push_back(h);
      h.content = nullptr; // goes along
    }
  }
  std::sort(order_.begin(), order_.end(), [](turn const& a, turn const& b) {
    return std::tie(a.at_ns, a.thread, a.number) < std::tie(b.at_ns, b.thread, b.number);
  });
}

void hub::say_dropped(std::vector<tenant_drops> const& drops) const {
  for (auto const& d : drops) {
    for (auto const& f : now_feeding_) {
      if (mark_of(f->gate().tenant().value) == d.of)
        f->miss(d.count, false);
    }
  }
}

void hub::spread(header const& h, bool outlier, std::int64_t now) {
  std::shared_ptr<std::string const> plain;
  std::shared_ptr<std::string const> whole;
  for (auto const& f : now_feeding_) {
    auto const how = f->gate().let(h, outlier, now);
    if (how == passage::too_many) {
      f->miss(1, true);
      ++over_rate_;
    }
    if (how != passage::passed)
      continue;
    ++records_;
    bool const with_content = f->contents() && h.content != nullptr;
    auto& text = with_content ? whole : plain;
    if (!text) {
      auto const content = with_content ? shown_content(*h.content) : std::string{};
      text = std::make_shared<std::string const>(
          encoder_.record(h, with_content ? &content : nullptr, outlier));
    }
    f->add(h, text, now);
  }
}

/// Where all watches are of everything of one tenant, their rates are a limit for all that is
/// recorded: a busy server makes a thousand times as many records as one watch is told, and each
/// would be written, read and thrown away. A place is not opened for every single record that the
/// rate allows again.
void hub::limit(std::int64_t now) {
  constexpr double part = 1.0 / 40; // of what a rate allows in a second
  std::lock_guard lock{mutex_};
  limited_.clear();
  if (groups_.empty())
    return;
  auto const& tenant = groups_.front().lines->gate().tenant();
  double room = 0;
  double enough = 1;
  for (auto const& g : groups_) {
    auto& gate = g.lines->gate();
    if (!gate.wants_all() || gate.tenant() != tenant) {
      used_up_ = false;
      rings::of_process().no_limit();
      return;
    }
    room = std::max(room, gate.room(now));
    enough = std::max(enough, gate.rate() * part);
  }
  used_up_ = room < (used_up_ ? enough : 1);
  std::array<std::uint32_t, category_count> slow_from{};
  for (std::size_t i = 0; i < category_count; ++i)
    slow_from[i] = latencies_.slow_from(static_cast<category>(i));
  limited_ = feeds();
  // One in a round where there is no room: what is usual is learned from it.
  rings::of_process().limit(tenant, used_up_ ? 1 : static_cast<std::int64_t>(room), slow_from);
}

void hub::forget_records() {
  for (auto* all : {&ready_, &held_}) {
    for (auto& h : *all)
      drop_content(h);
    all->clear();
  }
}

void hub::stop(std::string_view reason) {
  std::vector<std::shared_ptr<feed>> left;
  {
    std::lock_guard lock{mutex_};
    stopped_ = true;
    left = feeds();
    groups_.clear();
    (void)want();
  }
  changed_.notify_all();
  for (auto const& f : left)
    f->close_all(reason);
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id())
    thread_.join();
}

} // namespace troupe::traffic
