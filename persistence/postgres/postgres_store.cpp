#include "persistence/postgres/postgres_store.hpp"

#include "persistence/batch.hpp"
#include "persistence/postgres/appender.hpp"
#include "persistence/postgres/holding.hpp"
#include "persistence/postgres/importer.hpp"
#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/row_mapping.hpp"
#include "persistence/postgres/schema.hpp"
#include "persistence/postgres/session.hpp"

#include <algorithm>
#include <mutex>

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
using postgres::session;
using postgres::stream_of;
using postgres::unpack;
using postgres::with;
namespace sql = postgres::sql;

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
    return write([&](session& s) -> result<std::uint64_t> {
      return s.query(sql::claim, with(num(shard), owner)).whole(0, 0);
    });
  }

  result<std::vector<std::uint64_t>> claim_all(std::string const& owner) override {
    return write([&](session& s) -> result<std::vector<std::uint64_t>> {
      std::vector<std::uint64_t> epochs(shard_count);
      auto const r = s.query(sql::claim_all, with(owner));
      for (std::size_t i = 0; i < r.size(); ++i)
        epochs.at(static_cast<std::size_t>(r.number(i, 0))) = r.whole(i, 1);
      return epochs;
    });
  }

  result<std::vector<shard_info>> shards() override {
    return list<shard_info>(sql::all_shards, {}, [](rows const& r, std::size_t i) {
      return shard_info{static_cast<std::uint32_t>(r.number(i, 0)), r.whole(i, 1), r.text(i, 2),
                        r.whole(i, 3)};
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
      return postgres::append(s, units, now());
    });
  }

  result<std::vector<stored_event>> read_stream(entity_ref const& stream, std::uint64_t after,
                                                std::size_t limit) override {
    return events(
        after, limit, [](stored_event const& e) { return e.version; },
        [&](session& s, std::uint64_t from, std::size_t records) {
          auto p = named(stream);
          return s.query(sql::read_stream, p.add(num(from)).add(num(records)));
        });
  }

  result<std::vector<stored_event>> read_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return events(
        after, limit, [](stored_event const& e) { return e.seq; },
        [&](session& s, std::uint64_t from, std::size_t records) {
          return s.query(sql::read_shard, with(num(shard), num(from), num(records)));
        });
  }

  result<stored_event> find_event(tenant_id const& tenant, std::string const& event_id) override {
    if (!is_event_id(event_id)) // Postgres would refuse the cast
      return fail(errc::not_found, "no such event");
    return run([&](session& s) -> result<stored_event> {
      auto const r = s.query(sql::find_records, with(event_id, tenant.value));
      for (std::size_t i = 0; i < r.size(); ++i)
        for (auto& e : unpack(record_of(r, i)))
          if (e.event.event_id == event_id)
            return std::move(e);
      return fail(errc::not_found, "no such event");
    });
  }

  result<stream_info> stream(entity_ref const& ref) override {
    return run([&](session& s) -> result<stream_info> {
      stream_info out{ref, 0, std::string{no_hash()}, {}};
      auto const r = s.query(sql::find_stream, named(ref));
      if (r.size() != 0) {
        out.version = r.whole(0, 0);
        out.hash = r.text(0, 1);
        if (!r.null(0, 2))
          out.wake_at = at(r.number(0, 2));
      }
      return out;
    });
  }

  result<std::vector<stream_info>> due(std::uint32_t shard, time_point until,
                                       std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return list<stream_info>(sql::due, with(num(shard), ms(until), num(limit)), stream_of);
  }

  result<std::optional<time_point>> next_due(time_point after) override {
    return run([&](session& s) -> result<std::optional<time_point>> {
      auto const r = s.query(sql::next_due, with(ms(after)));
      if (r.null(0, 0))
        return std::optional<time_point>{};
      return std::optional{at(r.number(0, 0))};
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
      if (s.query(sql::find_stream, p).size() == 0)
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
    return transaction([&](session& s) { return postgres::import_events(s, events); });
  }

  result<void> restore(side_rows const& given) override {
    if (auto ok = check_rows(given); !ok)
      return ok;
    return transaction([&](session& s) { return postgres::restore_rows(s, given); });
  }

  result<std::vector<stream_info>>
  streams(std::uint32_t shard, std::optional<entity_ref> const& after, std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    // No tenant is empty, so the empty one stands before all.
    auto const from = after.value_or(entity_ref{});
    return list<stream_info>(
        sql::list_streams, with(num(shard), from.tenant.value, num(from.kind), from.id, num(limit)),
        stream_of);
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

  /// Events from records, which may begin before and end behind what is wanted. `place` says where
  /// an event stands; `read(session, after, records)` answers that many records from the one that
  /// holds the event behind `after`.
  template <class Place, class Read>
  result<std::vector<stored_event>> events(std::uint64_t after, std::size_t limit, Place place,
                                           Read read) {
    return run([&](session& s) -> result<std::vector<stored_event>> {
      std::vector<stored_event> out;
      std::size_t seen = 0;
      for (auto from = after; out.size() < limit;) {
        // So many as will do, going by the size of those before.
        auto const left = limit - out.size();
        auto const ask = seen == 0
                             ? std::min<std::size_t>(left, 256)
                             : std::min<std::size_t>(left / (out.size() / seen + 1) + 16, 4096);
        auto const r = read(s, from, ask);
        for (std::size_t i = 0; i < r.size() && out.size() < limit; ++i)
          for (auto& e : unpack(record_of(r, i)))
            if (place(e) > after && out.size() < limit)
              out.push_back(std::move(e));
        if (r.size() < ask)
          break;
        seen += r.size();
        from = place(out.back());
      }
      return out;
    });
  }

  template <class Row, class Map>
  result<std::vector<Row>> list(char const* query, params const& given, Map map) {
    return run([&](session& s) -> result<std::vector<Row>> {
      auto const r = s.query(query, given);
      std::vector<Row> out;
      out.reserve(r.size());
      for (std::size_t i = 0; i < r.size(); ++i)
        out.push_back(map(r, i));
      return out;
    });
  }

  std::string url_;
  bool read_only_;
  std::shared_ptr<program> shared_;
  std::shared_ptr<postgres::holding> mine_; ///< what `hold` has taken
  std::unique_ptr<session> session_;
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
