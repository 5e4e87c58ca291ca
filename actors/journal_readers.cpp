#include "actors/journal_readers.hpp"

#include "actors/snapshots.hpp"
#include "protocol/crash_point.hpp"
#include "protocol/log_about.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

namespace {

using std::chrono::steady_clock;

void store_snapshot(std::function<snapshot()> const& make, event_store& store) {
  auto const made = make();
  TROUPE_CRASH_POINT(28, "snapshot: made, not stored");
  log_about const about{made.stream};
  if (auto const kept = store.save_snapshot(made); !kept)
    spdlog::info("a snapshot is not kept entity={} why=\"{}\"", to_string(made.stream),
                 kept.error().message);
  TROUPE_CRASH_POINT(29, "snapshot: stored");
}

/// What the store throws is an answer here already. What the reader makes of it may throw, too, and
/// costs nobody else anything: who waits for its answer hears by what it held.
void carry_out(std::function<void(event_store&)> const& work, event_store& store) {
  try {
    work(store);
  } catch (std::exception const& x) {
    spdlog::error("a read failed what=\"{}\"", x.what());
  } catch (...) {
    spdlog::error("a read failed");
  }
}

} // namespace

journal_readers::journal_readers(std::vector<std::unique_ptr<event_store>> stores,
                                 journal_state& state)
    : state_(state), stores_(std::move(stores)),
      puts_off_(!stores_.empty() && stores_.front()->puts_off()), tidy_at_(steady_clock::now()) {
  for (auto const& s : stores_)
    threads_.emplace_back(
        [this, s = s.get(), tidies = threads_.empty()] { read_loop(*s, tidies); });
}

void journal_readers::read(std::function<void(event_store&)> work) {
  {
    std::lock_guard lock{mutex_};
    reads_.push_back(std::move(work));
  }
  wakeup_.notify_one();
}

void journal_readers::browse(std::function<void(event_store&)> work) {
  {
    std::lock_guard lock{mutex_};
    if (browsed_.empty())
      browse_at_ = std::max(browse_at_, steady_clock::now());
    browsed_.push_back(std::move(work));
  }
  wakeup_.notify_all(); // the one that was told may wait for something else
}

void journal_readers::browse_once(job const& work, event_store& store) {
  constexpr int pause = 3; // so many times as long as it took
  auto const begin = steady_clock::now();
  carry_out(work, store);
  auto const end = steady_clock::now();
  {
    std::lock_guard lock{mutex_};
    browsing_ = false;
    browse_at_ = end + pause * (end - begin);
  }
  wakeup_.notify_all();
}

void journal_readers::keep(std::function<snapshot()> make) {
  constexpr std::size_t limit = 1000; // each holds a state
  {
    std::lock_guard lock{mutex_};
    if (spare_.size() >= limit || state_.stopping || state_.fenced)
      return;
    spare_.push_back(std::move(make));
  }
  wakeup_.notify_all(); // only one of them takes it
}

void journal_readers::keep_tidy() {
  {
    std::lock_guard lock{mutex_};
    keeps_tidy_ = true;
    if (puts_off_ && !settle_at_) // what an earlier server has left
      settle_at_ = steady_clock::now() + state_.settings.settle_after;
  }
  wakeup_.notify_all();
}

/// The first one sets the time; the one with which they are many makes it now.
void journal_readers::note_put_off(std::size_t events) {
  if (!puts_off_ || events == 0)
    return;
  auto const limit = state_.settings.settle_events;
  auto const before = put_off_.fetch_add(events);
  bool const first = before == 0;
  bool const many = before < limit && before + events >= limit;
  if (!first && !many)
    return;
  {
    std::lock_guard lock{mutex_};
    auto const now = steady_clock::now();
    if (many)
      settle_at_ = now;
    else if (!settle_at_)
      settle_at_ = now + state_.settings.settle_after;
  }
  wakeup_.notify_all();
}

/// One part; the next one after what readers wait for.
void journal_readers::settle(event_store& store) {
  put_off_ = 0; // what comes from here on asks again
  if (state_.fenced)
    return;
  auto const more = store.settle();
  if (!more)
    spdlog::log(more.error().code == errc::corrupt ? spdlog::level::err : spdlog::level::info,
                "what was appended is not settled yet why=\"{}\"", more.error().message);
  if (more && !*more)
    return;
  auto const now = steady_clock::now();
  std::lock_guard lock{mutex_};
  settle_at_ = more ? now : now + state_.settings.settle_after;
}

void journal_readers::settle_rest() {
  if (!puts_off_ || state_.fenced || state_.is_away())
    return;
  while (!state_.time_is_up()) {
    auto const more = stores_.front()->settle();
    if (!more || !*more)
      return;
  }
}

/// Forgets one page of old answers, and says when to look again.
void journal_readers::tidy(event_store& store) {
  constexpr std::size_t page = 500; // a reader waits for one page at most, and so does a writer
  auto const now = steady_clock::now();
  tidy_at_ = now + state_.settings.tidy_every;
  if (state_.fenced)
    return;
  auto const present = std::chrono::floor<duration>(std::chrono::system_clock::now());
  auto const gone = store.prune_inbox(present - state_.settings.answers_kept, page);
  if (!gone)
    spdlog::info("old answers are kept for now why=\"{}\"", gone.error().message);
  else if (*gone == page)
    tidy_at_ = now;
}

/// The next time at which there is something to do unasked. Under the lock.
std::optional<journal_readers::moment> journal_readers::next_call(bool tidies) const {
  std::optional<moment> out;
  auto const sooner = [&](moment at) { out = out ? std::min(*out, at) : at; };
  if (tidies && settle_at_)
    sooner(*settle_at_);
  if (tidies && keeps_tidy_)
    sooner(tidy_at_);
  if (!browsed_.empty() && !browsing_)
    sooner(browse_at_);
  return out;
}

/// Waits for something to do; none at the end.
journal_readers::job journal_readers::next(bool tidies) {
  std::unique_lock lock{mutex_};
  auto const at_once = [&] {
    return !reads_.empty() || state_.stopping || (tidies && !spare_.empty());
  };
  for (auto at = next_call(tidies); !at_once() && (!at || *at > steady_clock::now());
       at = next_call(tidies)) {
    if (at)
      wakeup_.wait_until(lock, *at);
    else
      wakeup_.wait(lock);
  }
  if (state_.stopping)
    return {};
  auto const now = steady_clock::now();
  bool const settles = tidies && settle_at_ && *settle_at_ <= now;
  // Reads go first, but not for ever.
  constexpr std::chrono::seconds patience{1};
  bool const overdue = settles && now - *settle_at_ >= state_.settings.settle_after;
  bool const starved = !browsed_.empty() && !browsing_ && now - browse_at_ >= patience;
  if (!reads_.empty() && !overdue && !starved) {
    auto work = std::move(reads_.front());
    reads_.pop_front();
    return work;
  }
  if (settles && !starved) {
    settle_at_.reset();
    return [this](event_store& s) { settle(s); };
  }
  if (starved)
    return next_browsed();
  if (tidies && keeps_tidy_ && tidy_at_ <= now)
    return [this](event_store& s) { tidy(s); };
  if (tidies && !spare_.empty()) {
    auto make = std::move(spare_.front());
    spare_.pop_front();
    return [make = std::move(make)](event_store& s) { store_snapshot(make, s); };
  }
  return next_browsed();
}

/// Under the lock.
journal_readers::job journal_readers::next_browsed() {
  auto work = std::move(browsed_.front());
  browsed_.pop_front();
  browsing_ = true;
  return [this, work = std::move(work)](event_store& s) { browse_once(work, s); };
}

void journal_readers::read_loop(event_store& store, bool tidies) {
  while (auto const work = next(tidies))
    carry_out(work, store);
}

void journal_readers::wake() {
  { std::lock_guard lock{mutex_}; }
  wakeup_.notify_all();
}

void journal_readers::join() {
  for (auto& t : threads_) {
    if (t.joinable())
      t.join();
  }
}

} // namespace troupe
