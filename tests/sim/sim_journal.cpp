#include "tests/sim/sim_journal.hpp"

#include "actors/journal.hpp"
#include "actors/snapshots.hpp"
#include "persistence/batch.hpp"
#include "tests/sim/plants.hpp"

#include <caf/send.hpp>

namespace troupe::sim {

namespace {

constexpr duration millisecond{1};
constexpr duration second{1000};

std::vector<stored_event> stored(unit const& u, unit_result const& r) {
  std::vector<stored_event> out;
  auto seq = r.first_seq;
  for (auto const& w : u.writes) {
    auto version = w.expected_version;
    for (auto const& e : w.events)
      out.push_back({u.shard, seq++, u.epoch, w.stream, ++version, e});
  }
  return out;
}

} // namespace

// ---- the database ---------------------------------------------------------------------------

result<std::vector<unit_result>> database::append(std::vector<unit> units) {
  if (planted("removed-fence")) {
    auto const shards = c_.store.shards();
    for (auto& u : units)
      u.epoch = (*shards)[u.shard].epoch;
  }
  auto r = c_.store.append(units);
  if (!r) {
    c_.audit.problem("the store refused a whole batch: " + r.error().message);
    return r;
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    if ((*r)[i].status == unit_status::ok)
      c_.audit.committed(units[i]);
    if ((*r)[i].status == unit_status::fenced) {
      ++c_.fenced;
      c_.note(happening::fenced);
    } else if ((*r)[i].status == unit_status::duplicate) {
      c_.note(happening::answered_duplicate);
    }
  }
  return r;
}

// ---- the journal ----------------------------------------------------------------------------

sim_journal::sim_journal(context& c, database& db, int writers)
    : c_(c), db_(db), writers_(static_cast<std::size_t>(writers)) {}

void sim_journal::die() {
  *alive_ = false;
  for (auto& w : writers_) { // they hold actors
    w.queue.clear();
    w.batch.clear();
  }
  loads_.clear();
}

duration sim_journal::trip() {
  if (c_.sky.slow)
    return c_.luck.skewed(100 * millisecond, 10 * second);
  if (c_.can(trouble::store) && c_.luck.permille(20)) {
    c_.note(happening::answer_late);
    return c_.luck.between(second, 8 * second);
  }
  return c_.luck.between(millisecond, 4 * millisecond);
}

sim_journal::fate sim_journal::choose() {
  auto const so = [this](fate f, happening h) {
    c_.note(h);
    return f;
  };
  if (c_.sky.away)
    return c_.luck.percent(70) ? so(fate::unsent, happening::call_not_sent)
                               : so(fate::before, happening::call_failed);
  if (!c_.can(trouble::store) || !c_.luck.permille(40))
    return fate::stored;
  switch (c_.luck.pick(4)) {
  case 0:
    return so(fate::before, happening::call_failed);
  case 1:
    return so(fate::unsent, happening::call_not_sent);
  case 2:
    return so(fate::limbo, happening::call_late_in_store);
  default:
    return so(fate::lost_answer, happening::answer_lost);
  }
}

void sim_journal::append(unit what, append_caller caller) {
  if (!*alive_)
    return;
  for (auto const& w : what.writes)
    ran_.insert(w.stream);
  entry e{std::move(what), std::move(caller)};
  if (auto ok = check_unit(e.what); !ok) {
    c_.audit.problem("a unit that no store would take: " + ok.error().message);
    tell(e, ok.error());
    return;
  }
  if (planted("missing-inbox-dedup"))
    e.what.inbox.reset();
  if (planted("forgotten-timer")) {
    for (auto& w : e.what.writes)
      if (w.wake_at && *w.wake_at != time_point{})
        w.wake_at.reset();
  }
  auto const w = e.what.shard % writers_.size();
  writers_[w].queue.push_back(std::move(e));
  ++queued_;
  pump(w);
}

void sim_journal::pump(std::size_t n) {
  auto& w = writers_[n];
  if (!w.batch.empty() || w.queue.empty())
    return;
  auto const most = c_.luck.percent(20) ? 1 + c_.luck.index(3) : max_batch_units;
  while (!w.queue.empty() && w.batch.size() < most) {
    w.batch.push_back(std::move(w.queue.front()));
    w.queue.pop_front();
  }
  w.doubtful = false;
  w.wait = duration{200};
  send(n);
}

void sim_journal::send(std::size_t n) {
  std::vector<unit> units;
  for (auto const& e : writers_[n].batch)
    units.push_back(e.what);
  auto const lost = [] { return fail(errc::unavailable, "the connection broke"); };
  if (planted("reply-before-commit") && writers_[n].batch.size() == 1) {
    // What the store will say is guessed. The answer goes out at once; the unit, a little later.
    unit_result guess;
    guess.first_seq = 0;
    for (auto const& w : units.front().writes)
      guess.versions.push_back(w.expected_version + w.events.size());
    c_.time.after(trip(), [&db = db_, units] { (void)db.append(units); });
    auto e = std::move(writers_[n].batch.front());
    writers_[n].batch.clear();
    --queued_;
    tell(e, guess);
    later(millisecond, [this, n] { pump(n); });
    return;
  }
  // What is under way to the database arrives there whatever becomes of the server meanwhile.
  switch (choose()) {
  case fate::stored:
    c_.time.after(trip(), [this, n, &db = db_, units = std::move(units), alive = alive_]() mutable {
      auto r = db.append(std::move(units));
      if (*alive)
        later(trip(), [this, n, r = std::move(r)] { answered(n, r); });
    });
    return;
  case fate::before:
    later(c_.luck.between(millisecond, 5 * second), [this, n, lost] { answered(n, lost()); });
    return;
  case fate::unsent:
    later(millisecond,
          [this, n] { answered(n, not_stored(errc::unavailable, "the store cannot be reached")); });
    return;
  case fate::lost_answer:
    c_.time.after(trip(), [this, n, lost, &db = db_, units = std::move(units),
                           alive = alive_]() mutable {
      (void)db.append(std::move(units));
      if (*alive)
        later(c_.luck.between(millisecond, 5 * second), [this, n, lost] { answered(n, lost()); });
    });
    return;
  case fate::limbo: // it gets there at some time, long after nobody waits for it
    c_.time.after(
        c_.luck.between(millisecond, 30 * second),
        [&db = db_, units = std::move(units)]() mutable { (void)db.append(std::move(units)); });
    later(c_.luck.between(second, 5 * second), [this, n, lost] { answered(n, lost()); });
    return;
  }
}

void sim_journal::not_known(std::size_t n, error const& why) {
  auto& w = writers_[n];
  ++c_.doubtful;
  w.away = why;
  w.doubtful = w.doubtful || !is_not_stored(why);
  if (!w.doubtful) {
    std::vector<entry> kept;
    for (auto& e : w.batch) {
      if (e.caller.asked) {
        --queued_;
        tell(e, why);
      } else {
        kept.push_back(std::move(e));
      }
    }
    w.batch = std::move(kept);
    if (w.batch.empty()) {
      w.away.reset();
      pump(n);
      return;
    }
  }
  if (planted("new-ids-after-unknown")) {
    for (auto& e : w.batch)
      for (auto& s : e.what.writes)
        for (auto& x : s.events)
          x.event_id.back() = x.event_id.back() == 'f' ? '0' : 'f';
  }
  later(w.wait, [this, n] { send(n); });
  w.wait = std::min<duration>(w.wait * 2, 5 * second);
}

void sim_journal::answered(std::size_t n, result<std::vector<unit_result>> const& answers) {
  auto& w = writers_[n];
  if (!answers && answers.error().code == errc::unavailable) {
    not_known(n, answers.error());
    return;
  }
  w.away.reset();
  auto const batch = std::exchange(w.batch, {});
  queued_ -= batch.size();
  auto committed = std::make_shared<std::vector<stored_event>>();
  // With several in a batch the plant gives each the answer of another one.
  auto const answer_of = [&](std::size_t i) -> unit_result const& {
    return (*answers)[planted("mixed-up-answers") ? batch.size() - 1 - i : i];
  };
  bool lost = false;
  for (std::size_t i = 0; answers && i < batch.size(); ++i) {
    auto const& r = answer_of(i);
    lost = lost || r.status == unit_status::fenced;
    if (r.status == unit_status::conflict && !r.by_inbox)
      ++conflicts_;
    bool const ours = r.status == unit_status::duplicate && !r.by_inbox;
    if (r.status == unit_status::ok || (ours && !planted("duplicate-not-told"))) {
      auto events = stored(batch[i].what, r);
      committed->insert(committed->end(), events.begin(), events.end());
      batch[i].caller.stored->store(batch[i].caller.id);
    }
  }
  if (observer_ && !committed->empty())
    observer_(committed);
  if (lost && !std::exchange(fenced_, true) && on_fenced_)
    on_fenced_();
  for (std::size_t i = 0; i < batch.size(); ++i)
    tell(batch[i],
         answers ? result<unit_result>{answer_of(i)} : result<unit_result>{answers.error()});
  if (planted("leaked-answers")) {
    static std::vector<std::shared_ptr<std::vector<stored_event>>> kept;
    kept.push_back(committed);
  }
  pump(n);
}

void sim_journal::tell(entry const& e, result<unit_result> outcome) {
  caf::anon_send(e.caller.reply_to,
                 std::make_shared<appended>(appended{e.caller.id, std::move(outcome)}));
}

std::optional<error> sim_journal::away() const {
  for (auto const& w : writers_)
    if (w.away)
      return w.away;
  return std::nullopt;
}

void sim_journal::shard_down(std::uint32_t shard) {
  std::erase_if(ran_, [shard](entity_ref const& of) { return shard_of(of) == shard; });
}

void sim_journal::read(std::function<void(event_store&)> work) {
  if (!*alive_)
    return;
  auto const wait = trip();
  if (wait > second)
    c_.note(happening::read_late);
  later(wait, [this, work = std::move(work)] { work(c_.store); });
}

void sim_journal::load(entity_ref stream, stream_part what, caf::actor reply_to) {
  if (!*alive_)
    return;
  ran_.insert(stream);
  auto const id = ++load_count_;
  loads_.emplace(id, std::move(reply_to));
  read([this, id, what, stream = std::move(stream)](event_store& store) {
    bool const fails = c_.sky.away || (c_.can(trouble::store) && c_.luck.permille(20));
    if (fails)
      c_.note(happening::read_failed);
    auto part = fails ? loaded{fail(errc::unavailable, "away")} : read_part(store, stream, what);
    if (part.events && !part.more && part.events->size() > 1 && planted("stale-read") &&
        c_.luck.percent(5))
      part.events->pop_back();
    auto const to = loads_.extract(id);
    caf::anon_send(to.mapped(), std::make_shared<loaded>(std::move(part)));
  });
}

void sim_journal::keep(std::function<snapshot()> make) {
  read([make = std::move(make)](event_store& store) { (void)store.save_snapshot(make()); });
}

void sim_journal::find_inbox(tenant_id tenant, std::string source, std::string key,
                             std::function<void(result<std::optional<inbox_entry>>)> done) {
  read([this, tenant = std::move(tenant), source = std::move(source), key = std::move(key),
        done = std::move(done)](event_store& store) {
    if (c_.sky.away)
      done(fail(errc::unavailable, "away"));
    else if (auto found = store.find_inbox(tenant, source, key);
             planted("key-of-any-tenant") && found && !*found)
      done(store.find_inbox(
          tenant == context::tenant() ? context::other_tenant() : context::tenant(), source, key));
    else
      done(std::move(found));
  });
}

} // namespace troupe::sim
