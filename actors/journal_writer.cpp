#include "actors/journal_writer.hpp"

#include "actors/choke_points.hpp"
#include "actors/guarded_store.hpp"
#include "protocol/crash_point.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

namespace troupe {

namespace {

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

/// Why the unit is not in the log, or not known to be; none: its events are.
std::optional<traffic::outcome> not_stored(result<unit_result> const& r) {
  if (!r)
    return traffic::outcome_of(r.error().code);
  switch (r->status) {
  case unit_status::ok:
    return std::nullopt;
  case unit_status::duplicate:
    return r->by_inbox ? std::optional{traffic::outcome::duplicate} : std::nullopt;
  case unit_status::conflict:
    return traffic::outcome::conflict;
  case unit_status::fenced:
    return traffic::outcome::fenced;
  }
  return traffic::outcome::internal;
}

} // namespace

journal_writer::journal_writer(std::unique_ptr<event_store> store, journal_state& state,
                               std::function<void(std::size_t)> on_stored)
    : store_(std::move(store)), state_(state), on_stored_(std::move(on_stored)),
      thread_([this] { write_loop(); }) {}

void journal_writer::append(journal_entry e) {
  {
    std::lock_guard lock{mutex_};
    queue_.push_back(std::move(e));
  }
  wakeup_.notify_one();
}

void journal_writer::wake() {
  { std::lock_guard lock{mutex_}; }
  wakeup_.notify_all();
}

void journal_writer::join() {
  if (thread_.joinable())
    thread_.join();
}

void journal_writer::write_loop() {
  std::vector<journal_entry> batch;
  for (;;) {
    batch.clear();
    {
      std::unique_lock lock{mutex_};
      wakeup_.wait(lock, [&] { return !queue_.empty() || state_.stopping; });
      if (queue_.empty())
        return;
      std::size_t bytes = 0;
      while (!queue_.empty() && batch.size() < max_batch_units) {
        auto const next = queue_.front().bytes;
        if (!batch.empty() && bytes + next > max_batch_bytes)
          break;
        bytes += next;
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
    }
    commit(batch, false);
  }
}

/// The store does not throw, so the catching is for what nobody thought of: who waits is answered,
/// and the shards of this writer are not silent from here on.
void journal_writer::commit(std::vector<journal_entry>& batch, bool doubtful) {
  auto const lost = [&](char const* what) {
    spdlog::critical("a batch was lost units={} what=\"{}\"", batch.size(), what);
    for (auto& e : batch)
      answer(e, fail(errc::unavailable, "the request may or may not have taken effect"));
  };
  try {
    try_commit(batch, doubtful);
  } catch (std::exception const& x) {
    lost(x.what());
  } catch (...) {
    lost("no description");
  }
}

/// A store that throws at one unit, also when it is sent again, may be right about the next one;
/// one that throws at several streams in a row will not mend itself in this process.
void journal_writer::note_throws(unit const& one, result<std::vector<unit_result>> const& answers) {
  constexpr std::size_t most = 3;
  if (answers || !is_thrown(answers.error())) {
    given_up_.clear();
    return;
  }
  for (auto const& s : one.writes)
    given_up_.insert(s.stream);
  if (given_up_.size() >= most) {
    spdlog::critical("the store throws at every append");
    state_.note_failed();
  }
}

void journal_writer::tell_observer(committed_ptr const& committed) {
  auto const failed = [&](char const* what) {
    spdlog::critical("what was stored could not be told to those who read events={} what=\"{}\"",
                     committed->size(), what);
    state_.note_failed();
  };
  try {
    state_.observer(committed);
  } catch (std::exception const& x) {
    failed(x.what());
  } catch (...) {
    failed("no description");
  }
}

std::optional<result<std::vector<unit_result>>>
journal_writer::send(std::vector<journal_entry>& batch, std::vector<unit>& units, bool& doubtful) {
  auto wait = state_.settings.retry;
  int throws = 0;
  result<std::vector<unit_result>> answers = fail(errc::unavailable, "not sent");
  for (;;) {
    TROUPE_CRASH_POINT(2, "journal: before the batch is sent");
    auto const sent = std::chrono::steady_clock::now();
    answers = store_->append(units);
    state_.counters.commit_nanos.add((std::chrono::steady_clock::now() - sent).count());
    if (answers || (answers.error().code != errc::unavailable &&
                    answers.error().code != errc::busy && answers.error().code != errc::timeout))
      break;
    // Unknown: the same ids again, until the answer is definite.
    ++state_.counters.unknown;
    state_.note_away(this, answers.error());
    spdlog::warn("append outcome unknown units={} why=\"{}\"", units.size(),
                 answers.error().message);
    doubtful = doubtful || !is_not_stored(answers.error());
    if (!doubtful) {
      refuse_asked(batch, units, answers.error());
      if (batch.empty()) { // nothing is open here: the next one finds out for itself
        state_.note_away(this, std::nullopt);
        return std::nullopt;
      }
    }
    // The same again is thrown at, perhaps because of what is in it: a lone unit is not tried for
    // ever. If it is stored all the same, the next append of its stream conflicts, and its entity
    // believes the log. The answer stays `unavailable`: who owes it must not take it for refused.
    throws = is_thrown(answers.error()) ? throws + 1 : 0;
    if (throws >= state_.settings.throws)
      break;
    if (state_.time_is_up())
      break;
    std::unique_lock lock{mutex_};
    wakeup_.wait_for(lock, wait, [&] { return state_.time_is_up(); });
    wait = std::min(wait * 2, state_.settings.retry_cap);
  }
  // A definite answer, also a refusal, says that the store is there.
  if (!state_.gives_up() || answers)
    state_.note_away(this, std::nullopt);
  return answers;
}

committed_ptr journal_writer::stored(std::vector<journal_entry>& batch,
                                     result<std::vector<unit_result>> const& answers) {
  ++state_.counters.batches;
  state_.counters.batch_units.add(static_cast<std::int64_t>(batch.size()));
  std::size_t events = 0;
  for (auto const& e : batch)
    events += count_events(e.what);
  auto committed = std::make_shared<std::vector<stored_event>>();
  committed->reserve(events);
  for (std::size_t i = 0; answers && i < batch.size(); ++i) {
    auto const& r = (*answers)[i];
    ++state_.counters.units;
    state_.counters.conflicts += r.status == unit_status::conflict && !r.by_inbox ? 1 : 0;
    state_.counters.fenced += r.status == unit_status::fenced ? 1 : 0;
    // A duplicate by event id is our own batch, stored although the answer was lost: new to us.
    if (r.status == unit_status::ok || (r.status == unit_status::duplicate && !r.by_inbox)) {
      choke::stored(batch[i].what, r, batch[i].since);
      if (auto const& stored = batch[i].caller.stored)
        stored->store(batch[i].caller.id);
      add_stored(batch[i].what, r, *committed);
    }
  }
  state_.counters.events += committed->size();
  return committed;
}

void journal_writer::try_commit(std::vector<journal_entry>& batch, bool doubtful) {
  std::vector<unit> units;
  units.reserve(batch.size());
  for (auto& e : batch)
    units.push_back(std::move(e.what));
  auto const sent = send(batch, units, doubtful);
  if (!sent)
    return;
  auto const& answers = *sent;
  for (std::size_t i = 0; i < batch.size(); ++i)
    batch[i].what = std::move(units[i]);
  if (!answers && batch.size() > 1) {
    // One unit spoils the batch, though each looks right by itself: send each alone.
    for (auto& e : batch) {
      std::vector<journal_entry> one;
      one.push_back(std::exchange(e, {}));
      commit(one, doubtful);
    }
    return;
  }
  note_throws(batch.front().what, answers);
  auto const committed = stored(batch, answers);
  if (answers)
    on_stored_(std::max(committed->size(), batch.size())); // a timer alone is put off, too
  TROUPE_CRASH_POINT(5, "journal: before the views are told");
  if (state_.observer && !committed->empty())
    tell_observer(committed);
  if (state_.counters.fenced != 0)
    state_.note_fenced(); // before the entities hear: what they are told is why
  TROUPE_CRASH_POINT(6, "journal: before the entities are told");
  for (std::size_t i = 0; i < batch.size(); ++i) {
    answer(batch[i],
           answers ? result<unit_result>{(*answers)[i]} : result<unit_result>{answers.error()});
  }
}

/// The store says for certain that it has none of this batch: who waits outside is told so, and the
/// rest, which only the node knows of, is kept.
void journal_writer::refuse_asked(std::vector<journal_entry>& batch, std::vector<unit>& units,
                                  error const& why) {
  std::vector<journal_entry> kept;
  std::vector<unit> kept_units;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].caller.asked) {
      batch[i].what = std::move(units[i]);
      answer(batch[i], why);
    } else {
      kept.push_back(std::move(batch[i]));
      kept_units.push_back(std::move(units[i]));
    }
  }
  batch = std::move(kept);
  units = std::move(kept_units);
}

void journal_writer::answer(journal_entry& e, result<unit_result> outcome) {
  state_.queued_bytes -= std::exchange(e.bytes, 0);
  auto const whom = std::exchange(e.caller.reply_to, nullptr);
  if (!whom)
    return;
  if (auto const why = not_stored(outcome))
    choke::not_stored(e.what, *why, e.since);
  caf::anon_send(whom, std::make_shared<appended>(appended{e.caller.id, std::move(outcome)}));
}

} // namespace troupe
