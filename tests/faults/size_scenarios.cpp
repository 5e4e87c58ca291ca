#include "actors/journal_state.hpp"
#include "actors/real_ports.hpp"
#include "actors/snapshots.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/faults/scenario.hpp"

#include <algorithm>

namespace troupe::faults {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using steady = std::chrono::steady_clock;

std::int64_t ms_since(steady::time_point begun) {
  return duration_cast<milliseconds>(steady::now() - begun).count();
}

/// Writes events straight into the ledger of a stopped server, as the server would have.
class filler {
public:
  explicit filler(lab& l) {
    auto const factory = l.settings().store == store_kind::postgres
                             ? open_postgres_store(l.settings().direct)
                             : open_sqlite_store(l.data() / "ledger.db");
    auto opened = factory ? (*factory)() : result<std::unique_ptr<event_store>>{factory.error()};
    if (!opened)
      throw broken{opened.error().message};
    store_ = std::move(*opened);
    auto epochs = store_->claim_all("filler");
    if (!epochs)
      throw broken{epochs.error().message};
    epochs_ = std::move(*epochs);
  }

  event_store& store() { return *store_; }

  /// Appends events (type and data) to a stream, continuing its chain.
  void add(entity_ref const& to, std::vector<std::pair<std::string, std::string>> const& events,
           std::optional<time_point> wake_at = {}) {
    auto& at = heads_[to];
    if (at.second.empty()) {
      auto const known = store_->stream(to);
      at = {known.value().version, known.value().hash};
    }
    stream_write w;
    w.stream = to;
    w.expected_version = at.first;
    w.wake_at = wake_at;
    for (auto const& [type, data] : events) {
      new_event e;
      e.event_id = ids_.uuid();
      e.type = type;
      e.at = time_point{duration{1'795'000'000'000}};
      e.principal = "human:filler";
      e.cause = "filled";
      e.data = data;
      e.hash = chain_hash(at.second, to, ++at.first, e);
      at.second = e.hash;
      bytes_ += 600 + data.size();
      w.events.push_back(std::move(e));
    }
    unit u;
    u.shard = shard_of(to);
    u.epoch = epochs_.at(u.shard);
    u.tenant = to.tenant;
    u.writes.push_back(std::move(w));
    waiting_.push_back(std::move(u));
    if (waiting_.size() >= 100 || bytes_ > 500'000)
      flush();
  }

  void flush() {
    if (waiting_.empty())
      return;
    auto const done = store_->append(waiting_);
    if (!done)
      throw broken{"the ledger cannot be filled: " + done.error().message};
    for (auto const& r : *done)
      if (r.status != unit_status::ok)
        throw broken{"the ledger refuses what it is filled with"};
    for (auto const& u : waiting_)
      for (auto const& w : u.writes)
        unsettled_ += w.events.size();
    if (unsettled_ >= journal_settings{}.settle_events)
      settle();
    waiting_.clear();
    bytes_ = 0;
  }

private:
  /// As a server does; what it has not come to when it is killed is less than this.
  void settle() {
    for (bool more = true; more;) {
      auto const done = store_->settle();
      if (!done)
        throw broken{"the ledger cannot be settled: " + done.error().message};
      more = *done;
    }
    unsettled_ = 0;
  }

  std::unique_ptr<event_store> store_;
  std::vector<std::uint64_t> epochs_;
  std::size_t unsettled_ = 0;
  std::map<entity_ref, std::pair<std::uint64_t, std::string>> heads_;
  std::vector<unit> waiting_;
  std::size_t bytes_ = 0;
  random_id_port ids_;
};

std::string replaced(std::string text, std::string const& what, std::string const& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

/// One ticket, made by hand, of whose run and ticket copies can be made.
std::string make_ticket(lab& l, std::string const& key) {
  auto const a =
      l.call("POST", "/api/tickets",
             R"({"project":"p","role":"dev","title":"Work )" + mark_of(key) + "\"}", key);
  operation o;
  o.client = 1;
  o.kind = op_kind::ticket;
  o.key = key;
  l.record().invoked(o);
  auto const* id = a.json.if_contains("id");
  auto const out = id == nullptr ? std::string{} : std::string{std::string_view{id->as_string()}};
  o.entity = "ticket/" + out;
  l.record().answered(o, a.ok() ? outcome::ok : outcome::refused);
  return out;
}

/// Many open tickets: how long until the server is there, and people are served.
findings cold_start(setting& s) {
  auto const many = s.quick ? 1000 : 100'000;
  auto where = s.place();
  where.daemons = 0; // nobody takes them: they stay open
  lab l{where};
  l.open();
  auto const first = make_ticket(l, "first");
  auto const run = first.substr(0, first.rfind('-'));
  if (!comes([&] { return l.call("GET", "/api/tickets/" + first).ok(); }))
    throw broken{"no ticket was made"};
  std::this_thread::sleep_for(milliseconds{500}); // its run settles
  l.server().stop(seconds{10});
  s.tell("filling in " + std::to_string(many) + " tickets");
  {
    filler f{l};
    std::vector<std::pair<entity_ref, std::vector<std::pair<std::string, std::string>>>> of_one;
    for (auto const& [kind, id] :
         {std::pair{entity_kind::run, run}, std::pair{entity_kind::ticket, first}}) {
      entity_ref const ref{tenant_id{"default"}, kind, id};
      auto const events = f.store().read_stream(ref, 0, 100);
      of_one.emplace_back(ref, std::vector<std::pair<std::string, std::string>>{});
      for (auto const& e : events.value())
        of_one.back().second.emplace_back(e.event.type, e.event.data);
    }
    for (int i = 0; i < many; ++i) {
      auto const id = "f" + std::to_string(1'000'000 + i);
      for (auto const& [ref, events] : of_one) {
        auto copied = events;
        for (auto& [type, data] : copied)
          data = replaced(replaced(data, run, id), "[[first]]", "copied");
        f.add({ref.tenant, ref.kind, replaced(ref.id, run, id)}, copied, time_point{});
      }
    }
    f.flush();
  }
  findings out;
  l.start_server();
  auto const begun = steady::now();
  auto const ready = l.await_ready(seconds{300}).count();
  auto const answered = l.call("GET", "/api/tickets?limit=50");
  auto const visible = ms_since(begun);
  auto const made =
      l.call("POST", "/api/projects", R"({"id":"after","config":{"repository":"/srv/x.git"}})", {},
             seconds{60});
  auto const served = ms_since(begun);
  ++s.runs;
  s.figures.push_back(std::to_string(many) + " open tickets: ready after " + std::to_string(ready) +
                      " ms, lists shown after " + std::to_string(visible) +
                      " ms, a command durable after " + std::to_string(served) + " ms, " +
                      std::to_string(l.usage().rss_kb / 1024) + " MiB");
  if (!answered.ok() || !made.ok())
    out.push_back("the server does not serve after its start: " + made.body);
#ifdef NDEBUG
  constexpr std::int64_t limit = 5000;
#else
  constexpr std::int64_t limit = 10'000; // a build for tests; 5 s are for those that users have
#endif
  if (ready > limit)
    out.push_back("ready only after " + std::to_string(ready) + " ms");
  if (l.usage().rss_kb > 1024 * 1024)
    out.push_back("more than 1 GiB of memory");
  return out;
}

/// Whether this build's snapshot of the stream is in the ledger, and not before `version`.
bool has_snapshot(lab& l, entity_ref const& of, std::uint64_t version) {
  auto const factory = l.settings().store == store_kind::postgres
                           ? open_postgres_readonly(l.settings().direct)
                           : open_sqlite_readonly(l.data() / "ledger.db");
  auto const store = factory ? (*factory)() : result<std::unique_ptr<event_store>>{factory.error()};
  if (!store)
    throw broken{store.error().message};
  auto const kept = (*store)->load_snapshot(of, fingerprint_of(of.kind));
  return kept && *kept && (*kept)->version >= version;
}

/// One ticket with very many events.
findings long_history(setting& s) {
  auto const many = s.quick ? 5000 : 1'000'000;
  lab l{s.place()};
  l.open();
  auto const id = make_ticket(l, "long");
  auto const other = make_ticket(l, "other");
  for (auto const& t : {id, other})
    if (!comes([&] {
          auto const a = l.call("GET", "/api/tickets/" + t);
          return a.json.contains("status") && a.json.at("status") == "DONE";
        }))
      throw broken{"the ticket does not end"};
  l.server().stop(seconds{10});
  s.tell("filling in " + std::to_string(many) + " events");
  entity_ref const ref{tenant_id{"default"}, entity_kind::ticket, id};
  {
    filler f{l};
    std::vector<std::pair<std::string, std::string>> const some(
        200, {"ticket.commented", R"({"text":"one of very many"})"});
    for (int i = 0; i < many; i += 200)
      f.add(ref, some);
    f.flush();
  }
  findings out;
  l.start_server();
  auto const ready = l.await_ready(seconds{300}).count();
  std::atomic<std::int64_t> took{-1};
  std::atomic<bool> well{false};
  std::thread reader{[&] {
    auto const begun = steady::now();
    well = l.call("GET", "/api/tickets/" + id, {}, {}, seconds{90}).ok();
    took = ms_since(begun);
  }};
  double slowest = 0;
  int others = 0;
  while (took < 0) {
    auto const got = latencies(l, other, 3, "o" + std::to_string(others) + "-");
    others += static_cast<int>(got.size());
    slowest = std::max(slowest, quantile(got, 1.0));
  }
  reader.join();
  ++s.runs;
  s.figures.push_back("one ticket with " + std::to_string(many) + " events: ready after " +
                      std::to_string(ready) + " ms, it answers after " + std::to_string(took) +
                      " ms; meanwhile the slowest of " + std::to_string(others) +
                      " other commands took " + std::to_string(slowest) + " ms");
  if (!well || took > 60'000)
    out.push_back("it does not answer within a minute");
  if (slowest > 2000)
    out.push_back("it keeps others waiting: " + std::to_string(slowest) + " ms");

  if (!comes([&] { return has_snapshot(l, ref, static_cast<std::uint64_t>(many)); }, seconds{30}))
    out.push_back("no snapshot of it was stored");
  l.server().stop(seconds{10});
  l.start_server();
  l.await_ready(seconds{300});
  auto const begun = steady::now();
  auto const again = l.call("GET", "/api/tickets/" + id, {}, {}, seconds{90});
  auto const from_snapshot = ms_since(begun);
  s.figures.push_back("from its snapshot it answers after " + std::to_string(from_snapshot) +
                      " ms");
  if (!again.ok() || from_snapshot > 1000)
    out.push_back("from its snapshot it answers only after " + std::to_string(from_snapshot) +
                  " ms");
  auto const verified = demo::run([&] {
    std::vector<std::string> words{TROUPE_BINARY, "verify"};
    for (auto& w : l.place_of_ledger())
      words.push_back(std::move(w));
    return words;
  }());
  if (verified.exit_code != 0)
    out.push_back("troupe verify: " + verified.output);
  return out;
}

} // namespace

void add_size_scenarios(std::vector<scenario>& out) {
  out.push_back({"F22", "a cold start with very many open tickets", both, false, cold_start});
  out.push_back({"F23", "one ticket with very many events", both, false, long_history});
}

} // namespace troupe::faults
