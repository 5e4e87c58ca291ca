#include "actors/journal.hpp"

#include "actors/guarded_store.hpp"
#include "actors/snapshots.hpp"
#include "persistence/batch.hpp"
#include "protocol/crash_point.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

namespace troupe {

namespace {

/// More would stand in each other's way: Postgres has two lanes, each of every other shard
/// (docs/decisions/0013-segments.md).
constexpr int most_writers = 2;

std::size_t size_of(unit const& u) {
  std::size_t bytes = 256;
  for (auto const& w : u.writes) {
    bytes += 128;
    for (auto const& e : w.events)
      bytes += 256 + e.data.size();
  }
  if (u.inbox)
    bytes += u.inbox->answer.size() + 128;
  for (auto const& o : u.outbox)
    bytes += o.payload.size() + 128;
  return bytes;
}

std::size_t count_events(unit const& u) {
  std::size_t all = 0;
  for (auto const& w : u.writes)
    all += w.events.size();
  return all;
}

/// Adds what is stored of a unit, which is done with.
void add_stored(unit& u, unit_result const& r, std::vector<stored_event>& out) {
  auto seq = r.first_seq;
  for (auto& w : u.writes) {
    auto version = w.expected_version;
    for (auto& e : w.events)
      out.push_back({u.shard, seq++, u.epoch, w.stream, ++version, std::move(e)});
  }
}

std::int64_t steady_now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

} // namespace

result<std::vector<stored_event>> read_all(event_store& store, entity_ref const& stream) {
  constexpr std::size_t page = 1000;
  std::vector<stored_event> all;
  for (;;) {
    auto part = store.read_stream(stream, all.empty() ? 0 : all.back().version, page);
    if (!part)
      return part.error();
    bool const last = part->size() < page;
    all.insert(all.end(), std::make_move_iterator(part->begin()),
               std::make_move_iterator(part->end()));
    if (last)
      return all;
  }
}

result<std::unique_ptr<journal>> journal::open(store_factory const& unguarded,
                                               journal_settings settings) {
  auto const store = guarded(unguarded);
  settings.writers = std::min(settings.writers, most_writers);
  std::unique_ptr<journal> j{new journal{settings}};
  for (int i = 0; i < settings.writers; ++i) {
    auto handle = store();
    if (!handle)
      return handle.error();
    auto w = std::make_unique<writer>();
    w->store = std::move(*handle);
    j->writers_.push_back(std::move(w));
  }
  for (int i = 0; i < settings.readers; ++i) {
    auto handle = store();
    if (!handle)
      return handle.error();
    j->read_stores_.push_back(std::move(*handle));
  }
  j->puts_off_ = !j->read_stores_.empty() && j->read_stores_.front()->puts_off();
  if (j->puts_off_) // what an earlier server has left
    j->settle_at_ = std::chrono::steady_clock::now() + settings.settle_after;
  for (auto& w : j->writers_)
    w->thread = std::thread{[self = j.get(), w = w.get()] { self->write_loop(*w); }};
  for (auto& s : j->read_stores_)
    j->readers_.emplace_back([self = j.get(), s = s.get(), tidies = j->readers_.empty()] {
      self->read_loop(*s, tidies);
    });
  return j;
}

journal::~journal() {
  stop(duration{0});
}

void journal::append(unit what, std::uint64_t id, caf::actor reply_to, bool asked) {
  // A unit that no store would take must not spoil the batch that it would have come into.
  if (auto ok = check_unit(what); !ok) {
    caf::anon_send(reply_to, std::make_shared<appended>(appended{id, ok.error()}));
    return;
  }
  auto& w = *writers_[what.shard % writers_.size()];
  auto const bytes = size_of(what);
  queued_bytes_ += bytes;
  {
    std::lock_guard lock{w.mutex};
    w.queue.push_back({std::move(what), id, std::move(reply_to), bytes, asked});
  }
  w.wakeup.notify_one();
  TROUPE_CRASH_POINT(1, "journal: taken into the queue");
}

bool journal::accepts() const {
  return !stopping_.load(std::memory_order_relaxed) &&
         queued_bytes_.load(std::memory_order_relaxed) < settings_.queue_bytes;
}

void journal::write_loop(writer& w) {
  std::vector<entry> batch;
  for (;;) {
    batch.clear();
    {
      std::unique_lock lock{w.mutex};
      w.wakeup.wait(lock, [&] { return !w.queue.empty() || stopping_; });
      if (w.queue.empty())
        return;
      std::size_t bytes = 0;
      while (!w.queue.empty() && batch.size() < max_batch_units) {
        auto const next = w.queue.front().bytes;
        if (!batch.empty() && bytes + next > max_batch_bytes)
          break;
        bytes += next;
        batch.push_back(std::move(w.queue.front()));
        w.queue.pop_front();
      }
    }
    commit(w, batch, false);
  }
}

/// The store does not throw, so the catching is for what nobody thought of: who waits is answered,
/// and the shards of this writer are not silent from here on.
void journal::commit(writer& w, std::vector<entry>& batch, bool doubtful) {
  auto const lost = [&](char const* what) {
    spdlog::critical("a batch was lost units={} what=\"{}\"", batch.size(), what);
    for (auto& e : batch)
      answer(e, fail(errc::unavailable, "the request may or may not have taken effect"));
  };
  try {
    try_commit(w, batch, doubtful);
  } catch (std::exception const& x) {
    lost(x.what());
  } catch (...) {
    lost("no description");
  }
}

/// A store that throws at one unit, also when it is sent again, may be right about the next one;
/// one that throws at several streams in a row will not mend itself in this process.
void journal::note_throws(writer& w, unit const& one,
                          result<std::vector<unit_result>> const& answers) {
  constexpr std::size_t most = 3;
  if (answers || !is_thrown(answers.error())) {
    w.given_up.clear();
    return;
  }
  for (auto const& s : one.writes)
    w.given_up.insert(s.stream);
  if (w.given_up.size() >= most && on_failed_) {
    spdlog::critical("the store throws at every append");
    on_failed_();
  }
}

void journal::tell_observer(committed_ptr const& committed) {
  auto const failed = [&](char const* what) {
    spdlog::critical("what was stored could not be told to those who read events={} what=\"{}\"",
                     committed->size(), what);
    if (on_failed_)
      on_failed_();
  };
  try {
    observer_(committed);
  } catch (std::exception const& x) {
    failed(x.what());
  } catch (...) {
    failed("no description");
  }
}

void journal::try_commit(writer& w, std::vector<entry>& batch, bool doubtful) {
  std::vector<unit> units;
  units.reserve(batch.size());
  for (auto& e : batch)
    units.push_back(std::move(e.what));
  auto const restore = [&] {
    for (std::size_t i = 0; i < batch.size(); ++i)
      batch[i].what = std::move(units[i]);
  };
  auto wait = settings_.retry;
  int throws = 0;
  result<std::vector<unit_result>> answers = fail(errc::unavailable, "not sent");
  for (;;) {
    TROUPE_CRASH_POINT(2, "journal: before the batch is sent");
    answers = w.store->append(units);
    if (answers || (answers.error().code != errc::unavailable &&
                    answers.error().code != errc::busy && answers.error().code != errc::timeout))
      break;
    // Unknown: the same ids again, until the answer is definite.
    ++counters_.unknown;
    note_away(w, answers.error());
    spdlog::warn("append outcome unknown units={} why=\"{}\"", units.size(),
                 answers.error().message);
    doubtful = doubtful || !is_not_stored(answers.error());
    if (!doubtful) {
      refuse_asked(batch, units, answers.error());
      if (batch.empty()) {
        note_away(w, std::nullopt); // nothing is open here: the next one finds out for itself
        return;
      }
    }
    // The same again is thrown at, perhaps because of what is in it: a lone unit is not tried for
    // ever. If it is stored all the same, the next append of its stream conflicts, and its entity
    // believes the log. The answer stays `unavailable`: who owes it must not take it for refused.
    throws = is_thrown(answers.error()) ? throws + 1 : 0;
    if (throws >= settings_.throws)
      break;
    auto const give_up = give_up_at_.load();
    if (give_up != 0 && steady_now() >= give_up)
      break;
    std::unique_lock lock{w.mutex};
    w.wakeup.wait_for(lock, wait, [&] {
      auto const limit = give_up_at_.load();
      return limit != 0 && steady_now() >= limit;
    });
    wait = std::min(wait * 2, settings_.retry_cap);
  }
  restore();
  // A definite answer, also a refusal, says that the store is there.
  if (auto const limit = give_up_at_.load(); limit == 0 || answers)
    note_away(w, std::nullopt);
  if (!answers && batch.size() > 1) {
    // One unit spoils the batch, though each looks right by itself: send each alone.
    for (auto& e : batch) {
      std::vector<entry> one;
      one.push_back(std::exchange(e, {}));
      commit(w, one, doubtful);
    }
    return;
  }
  note_throws(w, batch.front().what, answers);
  ++counters_.batches;
  std::size_t events = 0;
  for (auto const& e : batch)
    events += count_events(e.what);
  auto committed = std::make_shared<std::vector<stored_event>>();
  committed->reserve(events);
  for (std::size_t i = 0; answers && i < batch.size(); ++i) {
    auto const& r = (*answers)[i];
    ++counters_.units;
    counters_.conflicts += r.status == unit_status::conflict && !r.by_inbox ? 1 : 0;
    counters_.fenced += r.status == unit_status::fenced ? 1 : 0;
    // A duplicate by event id is our own batch, stored although the answer was lost: new to us.
    if (r.status == unit_status::ok || (r.status == unit_status::duplicate && !r.by_inbox)) {
      add_stored(batch[i].what, r, *committed);
    }
  }
  counters_.events += committed->size();
  if (answers)
    note_put_off(std::max(committed->size(), batch.size())); // a timer alone is put off, too
  TROUPE_CRASH_POINT(5, "journal: before the views are told");
  if (observer_ && !committed->empty())
    tell_observer(committed);
  if (counters_.fenced != 0)
    note_fenced(); // before the entities hear: what they are told is why
  TROUPE_CRASH_POINT(6, "journal: before the entities are told");
  for (std::size_t i = 0; i < batch.size(); ++i) {
    answer(batch[i],
           answers ? result<unit_result>{(*answers)[i]} : result<unit_result>{answers.error()});
  }
}

/// The store says for certain that it has none of this batch: who waits outside is told so, and the
/// rest, which only the node knows of, is kept.
void journal::refuse_asked(std::vector<entry>& batch, std::vector<unit>& units, error const& why) {
  std::vector<entry> kept;
  std::vector<unit> kept_units;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].asked) {
      answer(batch[i], why);
    } else {
      kept.push_back(std::move(batch[i]));
      kept_units.push_back(std::move(units[i]));
    }
  }
  batch = std::move(kept);
  units = std::move(kept_units);
}

void journal::note_fenced() {
  if (fenced_.exchange(true))
    return;
  spdlog::critical("another server has taken this ledger over; nothing more is written here");
  if (on_fenced_)
    on_fenced_();
}

void journal::note_away(writer const& w, std::optional<error> why) {
  std::lock_guard lock{away_mutex_};
  if (why)
    away_.insert_or_assign(&w, std::move(*why));
  else
    away_.erase(&w);
  is_away_.store(!away_.empty(), std::memory_order_relaxed);
}

std::optional<error> journal::away() const {
  if (!is_away_.load(std::memory_order_relaxed))
    return std::nullopt;
  std::lock_guard lock{away_mutex_};
  if (away_.empty())
    return std::nullopt;
  return away_.begin()->second;
}

void journal::answer(entry& e, result<unit_result> outcome) {
  queued_bytes_ -= std::exchange(e.bytes, 0);
  if (auto const whom = std::exchange(e.reply_to, nullptr))
    caf::anon_send(whom, std::make_shared<appended>(appended{e.id, std::move(outcome)}));
}

void journal::load(entity_ref stream, stream_part what, caf::actor reply_to) {
  read([what, stream = std::move(stream), reply_to = std::move(reply_to)](event_store& store) {
    caf::anon_send(reply_to, std::make_shared<loaded>(read_part(store, stream, what)));
  });
}

void journal::keep(std::function<snapshot()> make) {
  constexpr std::size_t limit = 1000; // each holds a state
  {
    std::lock_guard lock{read_mutex_};
    if (spare_.size() >= limit || stopping_ || fenced_)
      return;
    spare_.push_back(std::move(make));
  }
  read_wakeup_.notify_all(); // only one of them takes it
}

void journal::store_snapshot(std::function<snapshot()> const& make, event_store& store) {
  auto const made = make();
  TROUPE_CRASH_POINT(28, "snapshot: made, not stored");
  if (auto const kept = store.save_snapshot(made); !kept)
    spdlog::info("a snapshot is not kept entity={} why=\"{}\"", to_string(made.stream),
                 kept.error().message);
  TROUPE_CRASH_POINT(29, "snapshot: stored");
}

void journal::find_inbox(tenant_id tenant, std::string source, std::string key,
                         std::function<void(result<std::optional<inbox_entry>>)> done) {
  read([tenant = std::move(tenant), source = std::move(source), key = std::move(key),
        done = std::move(done)](event_store& store) {
    done(store.find_inbox(tenant, source, key));
  });
}

void journal::read(std::function<void(event_store&)> work) {
  {
    std::lock_guard lock{read_mutex_};
    reads_.push_back(std::move(work));
  }
  read_wakeup_.notify_one();
}

void journal::keep_tidy() {
  {
    std::lock_guard lock{read_mutex_};
    keeps_tidy_ = true;
  }
  read_wakeup_.notify_all();
}

/// The first one sets the time; the one with which they are many makes it now.
void journal::note_put_off(std::size_t events) {
  if (!puts_off_ || events == 0)
    return;
  auto const before = put_off_.fetch_add(events);
  bool const first = before == 0;
  bool const many = before < settings_.settle_events && before + events >= settings_.settle_events;
  if (!first && !many)
    return;
  {
    std::lock_guard lock{read_mutex_};
    auto const now = std::chrono::steady_clock::now();
    if (many)
      settle_at_ = now;
    else if (!settle_at_)
      settle_at_ = now + settings_.settle_after;
  }
  read_wakeup_.notify_all();
}

/// One part; the next one after what readers wait for.
void journal::settle(event_store& store) {
  put_off_ = 0; // what comes from here on asks again
  if (fenced_)
    return;
  auto const more = store.settle();
  if (!more)
    spdlog::log(more.error().code == errc::corrupt ? spdlog::level::err : spdlog::level::info,
                "what was appended is not settled yet why=\"{}\"", more.error().message);
  if (more && !*more)
    return;
  auto const now = std::chrono::steady_clock::now();
  std::lock_guard lock{read_mutex_};
  settle_at_ = more ? now : now + settings_.settle_after;
}

/// Before the end, so that the next start has less to read.
void journal::settle_rest(std::int64_t until) {
  if (!puts_off_ || read_stores_.empty() || fenced_ || is_away_)
    return;
  while (steady_now() < until) {
    auto const more = read_stores_.front()->settle();
    if (!more || !*more)
      return;
  }
}

/// Forgets one page of old answers; says when to look again.
std::chrono::steady_clock::time_point journal::tidy(event_store& store) {
  constexpr std::size_t page = 500; // a reader waits for one page at most, and so does a writer
  auto const now = std::chrono::steady_clock::now();
  if (fenced_)
    return now + settings_.tidy_every;
  auto const present = std::chrono::floor<duration>(std::chrono::system_clock::now());
  auto const gone = store.prune_inbox(present - settings_.answers_kept, page);
  if (!gone) {
    spdlog::info("old answers are kept for now why=\"{}\"", gone.error().message);
    return now + settings_.tidy_every;
  }
  return *gone < page ? now + settings_.tidy_every : now;
}

/// `tidies`: in the time between two reads this thread settles what appends have put off, stores
/// snapshots and forgets what is old.
void journal::read_loop(event_store& store, bool tidies) {
  using moment = std::chrono::steady_clock::time_point;
  auto tidy_at = std::chrono::steady_clock::now();
  for (;;) {
    std::function<void(event_store&)> work;
    bool at_leisure = false;
    {
      std::unique_lock lock{read_mutex_};
      auto const at_once = [&] {
        return !reads_.empty() || stopping_ || (tidies && !spare_.empty());
      };
      // The next time at which there is something to do unasked.
      auto const call = [&]() -> std::optional<moment> {
        if (!tidies)
          return std::nullopt;
        auto out = settle_at_;
        if (keeps_tidy_ && (!out || tidy_at < *out))
          out = tidy_at;
        return out;
      };
      for (auto at = call(); !at_once() && (!at || *at > std::chrono::steady_clock::now());
           at = call()) {
        if (at)
          read_wakeup_.wait_until(lock, *at);
        else
          read_wakeup_.wait(lock);
      }
      if (stopping_)
        return;
      auto const now = std::chrono::steady_clock::now();
      bool const settles = tidies && settle_at_ && *settle_at_ <= now;
      // Reads go first, but not for ever.
      bool const overdue = settles && now - *settle_at_ >= settings_.settle_after;
      at_leisure = tidies && keeps_tidy_ && reads_.empty() && tidy_at <= now;
      if (!reads_.empty() && !overdue) {
        work = std::move(reads_.front());
        reads_.pop_front();
      } else if (settles) {
        settle_at_.reset();
        work = [this](event_store& s) { settle(s); };
      } else if (tidies && !spare_.empty()) {
        work = [make = std::move(spare_.front())](event_store& s) { store_snapshot(make, s); };
        spare_.pop_front();
      }
    }
    if (work)
      carry_out(work, store);
    if (at_leisure)
      tidy_at = tidy(store);
  }
}

/// What the store throws is an answer here already. What the reader makes of it may throw, too, and
/// costs nobody else anything: who waits for its answer hears by what it held.
void journal::carry_out(std::function<void(event_store&)> const& work, event_store& store) {
  try {
    work(store);
  } catch (std::exception const& x) {
    spdlog::error("a read failed what=\"{}\"", x.what());
  } catch (...) {
    spdlog::error("a read failed");
  }
}

void journal::stop(duration deadline) {
  auto const limit =
      steady_now() + std::chrono::duration_cast<std::chrono::nanoseconds>(deadline).count();
  give_up_at_ = limit == 0 ? 1 : limit;
  {
    std::lock_guard lock{read_mutex_};
    stopping_ = true;
  }
  read_wakeup_.notify_all();
  for (auto& w : writers_) {
    { std::lock_guard lock{w->mutex}; }
    w->wakeup.notify_all();
  }
  for (auto& w : writers_) {
    if (w->thread.joinable())
      w->thread.join();
  }
  for (auto& t : readers_) {
    if (t.joinable())
      t.join();
  }
  readers_.clear();
  settle_rest(limit);
}

} // namespace troupe
