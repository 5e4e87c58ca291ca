#include "persistence/postgres/postgres_store.hpp"

#include "persistence/batch.hpp"
#include "persistence/postgres/appender.hpp"
#include "persistence/postgres/holding.hpp"
#include "persistence/postgres/importer.hpp"
#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/row_mapping.hpp"
#include "persistence/postgres/schema.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/postgres/settler.hpp"
#include "persistence/postgres/shard_reader.hpp"
#include "persistence/postgres/tail.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <tuple>

namespace troupe {

namespace {

using postgres::at;
using postgres::effect_of;
using postgres::failure;
using postgres::ms;
using postgres::named;
using postgres::num;
using postgres::params;
using postgres::record_of;
using postgres::rows;
using postgres::section;
using postgres::session;
using postgres::stream_of;
using postgres::unpack;
using postgres::with;
namespace sql = postgres::sql;

/// Above this, as it is stored, whoever appends settles first: it is what others have to read anew.
constexpr std::size_t most_unsettled = 8 * 1024 * 1024;

time_point now() {
  return std::chrono::floor<duration>(std::chrono::system_clock::now());
}

error no_such_shard() {
  return fail(errc::invalid_argument, "there are 256 shards, from 0");
}

error for_reading_only() {
  return fail(errc::unsupported, "the store is open for reading only");
}

/// What the handles of one program have together: none of them appends while the store is not held,
/// once one of them has held it.
struct program {
  std::mutex mutex;
  std::shared_ptr<postgres::holding> held;
};

class postgres_store final : public event_store {
public:
  postgres_store(std::string url, bool read_only, std::shared_ptr<program> shared)
      : url_(std::move(url)), read_only_(read_only), shared_(std::move(shared)) {}
  ~postgres_store() override { let_go(); }

  /// Connects, so that a wrong URL is told at once.
  result<void> open() {
    return run([](session&) -> result<void> { return {}; });
  }

  result<void> hold(std::string const& owner, duration wait) override {
    if (frozen_ || read_only_)
      return for_reading_only();
    let_go();
    auto taken = postgres::holding::take(url_, owner, wait);
    if (!taken)
      return taken.error();
    mine_ = std::move(*taken);
    std::lock_guard const lock{shared_->mutex};
    shared_->held = mine_;
    return {};
  }

  result<std::uint64_t> claim(std::uint32_t shard, std::string const& owner) override {
    if (shard >= shard_count)
      return no_such_shard();
    std::uint64_t epoch = 0;
    auto ok = alone({postgres::lane_of(shard)}, [&](session& s) -> result<void> {
      epoch = s.query(sql::claim, with(num(shard), owner)).whole(0, 0);
      return {};
    });
    return ok ? result<std::uint64_t>{epoch} : result<std::uint64_t>{ok.error()};
  }

  result<std::vector<std::uint64_t>> claim_all(std::string const& owner) override {
    std::vector<std::uint64_t> epochs(shard_count);
    auto const ok = alone(all_lanes(), [&](session& s) -> result<void> {
      auto const r = s.query(sql::claim_all, with(owner));
      for (std::size_t i = 0; i < r.size(); ++i)
        epochs.at(static_cast<std::size_t>(r.number(i, 0))) = r.whole(i, 1);
      return {};
    });
    if (!ok)
      return ok.error();
    return epochs;
  }

  result<std::vector<shard_info>> shards() override {
    return run([&](session& s) -> result<std::vector<shard_info>> {
      tail_.refresh(s);
      auto const r = s.query(sql::all_shards);
      std::vector<shard_info> out;
      for (std::size_t i = 0; i < r.size(); ++i)
        out.push_back({static_cast<std::uint32_t>(r.number(i, 0)), r.whole(i, 1), r.text(i, 2),
                       r.whole(i, 3)});
      for (std::uint32_t lane = 0; lane < postgres::lane_count; ++lane)
        tail_.each(lane, [&](section const& x) {
          for (auto& home : out)
            if (home.shard == x.shard)
              home.last_seq = std::max(home.last_seq, x.seq);
          return true;
        });
      return out;
    });
  }

  result<std::vector<unit_result>> append(std::span<unit const> units) override {
    if (auto ok = check_batch(units); !ok)
      return ok.error();
    if (units.empty())
      return std::vector<unit_result>{};
    return write([&](session& s) -> result<std::vector<unit_result>> {
      if (auto ok = still_held(); !ok) {
        if (ok.error().code != errc::fenced)
          return ok.error();
        unit_result fenced;
        fenced.status = unit_status::fenced;
        return std::vector<unit_result>(units.size(), fenced);
      }
      for (std::uint32_t lane = 0; lane < postgres::lane_count; ++lane)
        if (appender_.bytes(lane) > most_unsettled)
          help_settling(s, lane);
      return appender_.append(s, tail_, units, now());
    });
  }

  [[nodiscard]] bool puts_off() const override { return !read_only_; }

  result<bool> settle() override {
    return write([&](session& s) -> result<bool> {
      bool more = false;
      for (std::uint32_t lane = 0; lane < postgres::lane_count; ++lane)
        more = postgres::settle(s, lane) || more;
      return more;
    });
  }

  result<std::vector<stored_event>> read_stream(entity_ref const& stream, std::uint64_t after,
                                                std::size_t limit) override {
    return run([&](session& s) -> result<std::vector<stored_event>> {
      tail_.refresh(s);
      auto out = settled_events(s, stream, after, limit);
      for (auto const* x : tail_.of(stream))
        for (auto& e : postgres::tail::events(*x))
          if (out.size() < limit && e.version > (out.empty() ? after : out.back().version))
            out.push_back(std::move(e));
      return out;
    });
  }

  result<std::vector<stored_event>> read_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return run([&](session& s) -> result<std::vector<stored_event>> {
      tail_.refresh(s);
      return postgres::read_shard(s, tail_, shard, after, limit);
    });
  }

  result<stored_event> find_event(tenant_id const& tenant, std::string const& event_id) override {
    if (!is_event_id(event_id)) // Postgres would refuse the cast
      return fail(errc::not_found, "no such event");
    return run([&](session& s) -> result<stored_event> {
      tail_.refresh(s);
      std::optional<stored_event> out;
      auto const look = [&](std::vector<stored_event> events) {
        for (auto& e : events)
          if (e.event.event_id == event_id)
            out = std::move(e);
      };
      auto const r = s.query(sql::find_records, with(event_id, tenant.value));
      for (std::size_t i = 0; i < r.size() && !out; ++i)
        look(unpack(record_of(r, i)));
      for (std::uint32_t lane = 0; lane < postgres::lane_count; ++lane)
        tail_.each(lane, [&](section const& x) {
          if (!out && x.stream.tenant == tenant && x.lines.find(event_id) != std::string::npos)
            look(postgres::tail::events(x));
          return !out;
        });
      if (!out)
        return fail(errc::not_found, "no such event");
      return std::move(*out);
    });
  }

  result<stream_info> stream(entity_ref const& ref) override {
    return run([&](session& s) -> result<stream_info> {
      tail_.refresh(s);
      return info(s, ref, tail_.of(ref));
    });
  }

  result<std::vector<stream_info>> due(std::uint32_t shard, time_point until,
                                       std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return run([&](session& s) -> result<std::vector<stream_info>> {
      tail_.refresh(s);
      auto const newest = tail_.streams(shard);
      // Those that have moved on are among the first in the table at most.
      auto const ask = std::max(limit, limit + newest.size()); // no bound stays none
      auto out = map_rows<stream_info>(s.query(sql::due, with(num(shard), ms(until), num(ask))),
                                       stream_of);
      std::erase_if(out, [&](auto const& x) { return newest.contains(x.stream); });
      for (auto const& [ref, sections] : newest)
        if (auto const& at = sections.back()->wake_at; at && *at <= until)
          out.push_back(info(s, ref, sections));
      std::sort(out.begin(), out.end(), [](auto const& a, auto const& b) {
        return std::tie(a.wake_at, a.stream) < std::tie(b.wake_at, b.stream);
      });
      out.resize(std::min(out.size(), limit));
      return out;
    });
  }

  result<std::optional<time_point>> next_due(time_point after) override {
    return run([&](session& s) -> result<std::optional<time_point>> {
      tail_.refresh(s);
      std::map<entity_ref, std::optional<time_point>> newest;
      for (std::uint32_t lane = 0; lane < postgres::lane_count; ++lane)
        tail_.each(lane, [&](section const& x) {
          newest[x.stream] = x.wake_at;
          return true;
        });
      auto const r = s.query(sql::next_due, with(ms(after), num(newest.size() + 1)));
      std::optional<time_point> out;
      for (std::size_t i = 0; i < r.size() && !out; ++i)
        if (!newest.contains(
                {tenant_id{r.text(i, 1)}, static_cast<entity_kind>(r.number(i, 2)), r.text(i, 3)}))
          out = at(r.number(i, 0));
      for (auto const& [ref, wake] : newest)
        if (wake && *wake > after && (!out || *wake < *out))
          out = wake;
      return out;
    });
  }

  result<std::optional<inbox_entry>> find_inbox(tenant_id const& tenant, std::string const& source,
                                                std::string const& key) override {
    return run([&](session& s) -> result<std::optional<inbox_entry>> {
      return postgres::find_inbox(s, tenant, source, key);
    });
  }

  result<std::size_t> prune_inbox(time_point before, std::size_t limit) override {
    return write([&](session& s) -> result<std::size_t> {
      return s.query(sql::prune_inbox, with(ms(before), num(limit))).affected();
    });
  }

  result<std::vector<outbox_row>> outbox(std::uint32_t shard, std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return list<outbox_row>(sql::list_effects, with(num(shard), num(limit)), effect_of);
  }

  result<void> save_snapshot(snapshot const& given) override {
    return transaction([&](session& s) -> result<void> {
      s.query(sql::commit_later); // nobody waits for it
      auto p = named(given.stream);
      tail_.refresh(s);
      if (s.query(sql::find_stream, p).size() == 0 && tail_.of(given.stream).empty())
        return fail(errc::not_found, "no such stream");
      auto const name = p;
      s.query(sql::add_snapshot, p.add(num(given.version)).add(given.fingerprint).add(given.body));
      s.query(sql::trim_snapshots, name);
      return {};
    });
  }

  result<std::optional<snapshot>> load_snapshot(entity_ref const& stream,
                                                std::string const& fingerprint) override {
    return run([&](session& s) -> result<std::optional<snapshot>> {
      auto p = named(stream);
      auto const r = s.query(sql::find_snapshot, p.add(fingerprint));
      if (r.size() == 0)
        return std::optional<snapshot>{};
      return std::optional{snapshot{stream, r.whole(0, 0), fingerprint, r.text(0, 1)}};
    });
  }

  result<void> drop_snapshots() override {
    return write([&](session& s) -> result<void> {
      s.query(sql::drop_snapshots);
      return {};
    });
  }

  result<void> import(std::span<stored_event const> events) override {
    for (auto const& e : events)
      if (auto ok = check_event(e); !ok)
        return ok;
    return beside([&](session& s) { return postgres::import_events(s, events); });
  }

  result<void> restore(side_rows const& given) override {
    if (auto ok = check_rows(given); !ok)
      return ok;
    return beside([&](session& s) { return postgres::restore_rows(s, given); });
  }

  result<std::vector<stream_info>>
  streams(std::uint32_t shard, std::optional<entity_ref> const& after, std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return run([&](session& s) -> result<std::vector<stream_info>> {
      tail_.refresh(s);
      // No tenant is empty, so the empty one stands before all.
      auto const from = after.value_or(entity_ref{});
      std::map<entity_ref, stream_info> out;
      for (auto& x : map_rows<stream_info>(
               s.query(sql::list_streams,
                       with(num(shard), from.tenant.value, num(from.kind), from.id, num(limit))),
               stream_of))
        out[x.stream] = x;
      for (auto const& [ref, sections] : tail_.streams(shard))
        if (!after || from < ref)
          out[ref] = info(s, ref, sections);
      std::vector<stream_info> page;
      for (auto& [ref, x] : out)
        if (page.size() < limit)
          page.push_back(std::move(x));
      return page;
    });
  }

  result<std::vector<inbox_row>> inbox_rows(std::optional<inbox_row> const& after,
                                            std::size_t limit) override {
    auto const from = after.value_or(inbox_row{});
    return list<inbox_row>(
        sql::list_inbox, with(from.tenant.value, from.entry.source, from.entry.key, num(limit)),
        [](rows const& r, std::size_t i) {
          return inbox_row{tenant_id{r.text(i, 0)},
                           {r.text(i, 1), r.text(i, 2), r.text(i, 3), r.text(i, 4)},
                           at(r.number(i, 5))};
        });
  }

  result<void> freeze() override {
    return run([&](session& s) -> result<void> {
      if (frozen_)
        return {};
      // The first query takes the snapshot. A slow reader of an export is no reason to end it.
      s.run("begin isolation level repeatable read read only;"
            "set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0");
      s.query(sql::all_shards);
      frozen_ = true;
      tail_.clear(); // it may be newer
      return {};
    });
  }

  result<void> thaw() override {
    if (!session_)
      frozen_ = false; // went with its connection
    return run([&](session& s) -> result<void> {
      if (frozen_)
        s.commit();
      frozen_ = false;
      tail_.clear();
      return {};
    });
  }

private:
  /// Where failures become errors. A lost connection is never used again: the next call makes one.
  template <class F>
  auto run(F f) -> std::invoke_result_t<F, session&> {
    if (frozen_ && !session_)
      return fail(errc::unavailable, "the connection of a frozen store is lost");
    // A server that was stopped has closed the connection: seen before anything is sent over it,
    // there is no doubt about what was stored.
    if (session_ && !frozen_ && !session_->alive())
      session_.reset();
    try {
      if (!session_) {
        session_ = std::make_unique<session>(url_);
        tail_.clear();
        appender_.forget();
        // Whoever finds the database again sees to it that it is held, readers too: a server that
        // says it is ready has shut others out, however long its watcher would still wait. That it
        // is lost to another matters to those who append, and they ask for themselves.
        (void)still_held();
      }
    } catch (failure const& e) {
      return not_stored(e.code, e.message);
    }
    try {
      return f(*session_);
    } catch (failure const& e) {
      if (e.lost)
        session_.reset();
      return fail(e.code, e.message);
    } catch (...) { // a transaction may be open: it must not take in what comes next
      session_.reset();
      throw;
    }
  }

  template <class F>
  auto write(F f) -> std::invoke_result_t<F, session&> {
    if (frozen_ || read_only_)
      return for_reading_only();
    return run(f);
  }

  /// See `holding::check`; after the connection was made that asks, so that a lock that was lost
  /// with an earlier one of the same database is seen.
  result<void> still_held() {
    std::shared_ptr<postgres::holding> held;
    {
      std::lock_guard const lock{shared_->mutex};
      held = shared_->held;
    }
    return held ? held->check() : result<void>{};
  }

  void let_go() {
    {
      std::lock_guard const lock{shared_->mutex};
      if (shared_->held == mine_)
        shared_->held.reset();
    }
    mine_.reset();
  }

  /// A transaction of several statements; for what nobody waits for, never an append.
  template <class F>
  result<void> transaction(F f) {
    return write([&](session& s) -> result<void> {
      s.begin();
      try {
        auto out = f(s);
        if (out)
          s.commit();
        else
          s.rollback();
        return out;
      } catch (failure const&) {
        s.rollback();
        throw;
      }
    });
  }

  /// A transaction behind which whoever appends to these lanes looks again; nobody appends to any
  /// while it lasts.
  template <class F>
  result<void> alone(std::vector<std::uint32_t> const& lanes, F f) {
    appender_.forget();
    constexpr int most_tries = 3; // a vacuum gives way after a second, a settling ends
    for (int tries = 1;; ++tries) {
      bool had = false;
      auto out = transaction([&](session& s) {
        postgres::array given;
        for (auto const lane : lanes)
          given.add(lane);
        s.query(sql::bar, with(std::move(given)));
        had = true;
        return f(s);
      });
      tail_.clear(); // what it may have seen was not durable yet
      if (out || had || out.error().code != errc::busy || tries == most_tries)
        return out;
    }
  }

  static std::vector<std::uint32_t> all_lanes() {
    std::vector<std::uint32_t> out(postgres::lane_count);
    std::iota(out.begin(), out.end(), 0u);
    return out;
  }

  /// The same, with everything settled, for what is put beside what was appended.
  template <class F>
  result<void> beside(F f) {
    constexpr int most_tries = 5;
    for (int tries = 1;; ++tries) {
      auto settled = write([](session& s) -> result<void> {
        postgres::settle_all(s);
        return {};
      });
      if (!settled)
        return settled;
      bool appended = false;
      auto out = alone(all_lanes(), [&](session& s) -> result<void> {
        tail_.clear();
        tail_.refresh(s);
        appended = !tail_.empty();
        return appended ? fail(errc::busy, "somebody else appends") : f(s);
      });
      if (!appended || tries == most_tries)
        return out;
    }
  }

  /// One part, and with the next append the next one. That it cannot be is no reason not to append:
  /// then it is tried again after as much as this.
  void help_settling(session& s, std::uint32_t lane) {
    bool more = false;
    try {
      more = postgres::settle(s, lane);
    } catch (failure const& e) {
      if (e.lost)
        throw;
    }
    if (!more)
      appender_.note_settled(lane);
  }

  /// Events of a stream from its records, which may begin before and end behind what is wanted.
  static std::vector<stored_event> settled_events(session& s, entity_ref const& stream,
                                                  std::uint64_t after, std::size_t limit) {
    std::vector<stored_event> out;
    std::size_t seen = 0;
    for (auto from = after; out.size() < limit;) {
      // So many as will do, going by the size of those before.
      auto const left = limit - out.size();
      auto const ask = seen == 0 ? std::min<std::size_t>(left, 256)
                                 : std::min<std::size_t>(left / (out.size() / seen + 1) + 16, 4096);
      auto p = named(stream);
      auto const r = s.query(sql::read_stream, p.add(num(from)).add(num(ask)));
      for (std::size_t i = 0; i < r.size() && out.size() < limit; ++i)
        for (auto& e : unpack(record_of(r, i)))
          if (e.version > after && out.size() < limit)
            out.push_back(std::move(e));
      if (r.size() < ask)
        break;
      seen += r.size();
      from = out.back().version;
    }
    return out;
  }

  /// A stream as it stands: by what was settled, and what was not.
  static stream_info info(session& s, entity_ref const& ref,
                          std::vector<section const*> const& newest) {
    stream_info out{ref, 0, std::string{no_hash()}, {}};
    if (newest.empty() || newest.back()->count == 0) // only then is its hash asked for
      if (auto const r = s.query(sql::find_stream, named(ref)); r.size() != 0) {
        out.version = r.whole(0, 0);
        out.hash = r.text(0, 1);
        if (!r.null(0, 2))
          out.wake_at = at(r.number(0, 2));
      }
    for (auto const* x : newest)
      if (x->version >= out.version) {
        out.version = x->version;
        out.wake_at = x->wake_at;
        if (x->count != 0)
          out.hash = postgres::tail::hash(*x);
      }
    return out;
  }

  template <class Row, class Map>
  static std::vector<Row> map_rows(rows const& r, Map map) {
    std::vector<Row> out;
    out.reserve(r.size());
    for (std::size_t i = 0; i < r.size(); ++i)
      out.push_back(map(r, i));
    return out;
  }

  template <class Row, class Map>
  result<std::vector<Row>> list(char const* query, params const& given, Map map) {
    return run([&](session& s) -> result<std::vector<Row>> {
      return map_rows<Row>(s.query(query, given), map);
    });
  }

  std::string url_;
  bool read_only_;
  std::shared_ptr<program> shared_;
  std::shared_ptr<postgres::holding> mine_; ///< what `hold` has taken
  std::unique_ptr<session> session_;
  postgres::tail tail_;
  postgres::appender appender_;
  bool frozen_ = false;
};

result<store_factory> open_with(std::string const& url, bool read_only,
                                result<void> (*prepare)(session&)) {
  try {
    session s{url};
    if (auto ok = prepare(s); !ok)
      return ok.error();
  } catch (failure const& e) {
    return fail(e.code, e.message);
  }
  auto const shared = std::make_shared<program>();
  return store_factory{[=]() -> result<std::unique_ptr<event_store>> {
    auto store = std::make_unique<postgres_store>(url, read_only, shared);
    if (auto ok = store->open(); !ok)
      return ok.error();
    return std::unique_ptr<event_store>{std::move(store)};
  }};
}

} // namespace

result<store_factory> open_postgres_store(std::string const& url) {
  return open_with(url, false, postgres::migrate);
}

result<store_factory> open_postgres_readonly(std::string const& url) {
  return open_with(url, true, postgres::check_schema);
}

} // namespace troupe
