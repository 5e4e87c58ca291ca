#include "persistence/sqlite/sqlite_store.hpp"

#include "persistence/batch.hpp"
#include "persistence/sqlite/feed.hpp"
#include "persistence/sqlite/files.hpp"
#include "persistence/sqlite/queries.hpp"
#include "persistence/sqlite/row_mapping.hpp"
#include "persistence/sqlite/schema.hpp"
#include "persistence/sqlite/writer.hpp"
#include "persistence/store_failure.hpp"
#include "protocol/crash_point.hpp"
#include "protocol/hex.hpp"

#include <mutex>

namespace troupe {

namespace {

using sqlite::at;
using sqlite::database;
using sqlite::failure;
using sqlite::ms;
using sqlite::num;
using sqlite::record_of;
using sqlite::statement;
using sqlite::stream_of;
namespace sql = sqlite::sql;

time_point now() {
  return std::chrono::floor<duration>(std::chrono::system_clock::now());
}

error no_such_shard() {
  return fail(errc::invalid_argument, "there are 256 shards, from 0");
}

class sqlite_store final : public event_store {
public:
  /// What the handles of one factory share.
  struct shared {
    shared(std::filesystem::path f, database::mode m, std::shared_ptr<sqlite::folder_lock> l)
        : file(std::move(f)), mode(m), lock(std::move(l)) {}
    std::filesystem::path file;
    database::mode mode;
    std::shared_ptr<sqlite::folder_lock> lock; ///< none when reading only
    /// Writers of this process, and there are no others, queue here and use one connection: SQLite
    /// itself would let them sleep and try again, and each would find its page cache outdated by
    /// the other's commit. Two writers on connections of their own are ten times slower.
    std::timed_mutex turn;
    std::unique_ptr<database> writer;
  };

  explicit sqlite_store(std::shared_ptr<shared> with) : shared_(std::move(with)) {}

  /// Opens the connection, so that a wrong file is told at once.
  result<void> open() {
    return run([](database&) -> result<void> { return {}; });
  }

  result<std::uint64_t> claim(std::uint32_t shard, std::string const& owner) override {
    if (shard >= shard_count)
      return no_such_shard();
    return write([&](database& db) -> result<std::uint64_t> {
      auto q = db.query(sql::claim);
      q.bind(num(shard), owner).step();
      auto const epoch = q.whole(0);
      q.run();
      return epoch;
    });
  }

  result<std::vector<std::uint64_t>> claim_all(std::string const& owner) override {
    return write([&](database& db) -> result<std::vector<std::uint64_t>> {
      std::vector<std::uint64_t> epochs(shard_count);
      auto q = db.query(sql::claim_all);
      for (q.bind(owner); q.step();)
        epochs.at(static_cast<std::size_t>(q.number(0))) = q.whole(1);
      return epochs;
    });
  }

  result<std::vector<shard_info>> shards() override {
    return rows<shard_info>(sql::all_shards, [](statement const& q) {
      return shard_info{static_cast<std::uint32_t>(q.number(0)), q.whole(1), q.text(2), q.whole(3)};
    });
  }

  result<std::vector<unit_result>> append(std::span<unit const> units) override {
    if (auto ok = check_batch(units); !ok)
      return ok.error();
    if (units.empty())
      return std::vector<unit_result>{};
    return write([&](database& db) -> result<std::vector<unit_result>> {
      sqlite::writer out{db};
      std::vector<unit_result> results;
      results.reserve(units.size());
      for (auto const& u : units) {
        results.push_back(judge(out, u));
        if (results.back().status == unit_status::ok)
          results.back().first_seq = out.store(u, now());
      }
      out.flush();
      TROUPE_CRASH_POINT(3, "store: before the commit");
      return results;
    });
  }

  [[nodiscard]] bool puts_off() const override {
    return shared_->mode == database::mode::read_write;
  }

  /// The entries of `feed`, for so many records at once that many stand on each page that changes.
  result<bool> settle() override {
    constexpr std::int64_t most = 4096;
    auto const ends =
        run([](database& db) -> result<sqlite::feed_ends> { return find_feed_ends(db); });
    if (!ends)
      return ends.error();
    if (ends->last <= ends->done)
      return false;
    // Nobody waits for it, and until it is durable the rows are found without it.
    auto more = write(sync::later, [](database& db) -> result<bool> {
      auto part = find_feed_ends(db);
      bool const all = part.last - part.done <= most;
      part.last = std::min(part.last, part.done + most);
      feed(db, part);
      TROUPE_CRASH_POINT(30, "settle: before the commit");
      return !all;
    });
    TROUPE_CRASH_POINT(31, "settle: after the commit");
    return more;
  }

  result<std::vector<stored_event>> read_stream(entity_ref const& stream, std::uint64_t after,
                                                std::size_t limit) override {
    return events(
        sql::read_stream, limit, [&](auto const& e) { return e.version > after; },
        num(shard_of(stream)), stream.tenant.value, num(stream.kind), stream.id, num(after),
        num(limit));
  }

  result<std::vector<stored_event>> read_shard(std::uint32_t shard, std::uint64_t after,
                                               std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return events(
        sql::read_shard, limit, [&](auto const& e) { return e.seq > after; }, num(shard),
        num(after), num(limit));
  }

  result<stored_event> find_event(tenant_id const& tenant, std::string const& event_id) override {
    if (!is_event_id(event_id)) // nor is it searched for
      return fail(errc::not_found, "no such event");
    auto const id = bytes_of_uuid(event_id);
    auto found = events(
        sql::find_records, 1, [&](auto const& e) { return e.event.event_id == event_id; },
        sqlite::blob{{id.data(), id.size()}}, tenant.value);
    if (!found)
      return found.error();
    if (found->empty())
      return fail(errc::not_found, "no such event");
    return std::move(found->front());
  }

  result<stream_info> stream(entity_ref const& ref) override {
    return run([&](database& db) -> result<stream_info> {
      auto const s = sqlite::find_stream(db, ref);
      return stream_info{ref, s.version, s.hash, s.wake_at};
    });
  }

  result<std::vector<due_stream>> due(std::uint32_t shard, time_point until,
                                      std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return rows<due_stream>(sql::due, sqlite::due_of, num(shard), ms(until), num(limit));
  }

  result<std::optional<time_point>> next_due(time_point after) override {
    return run([&](database& db) -> result<std::optional<time_point>> {
      auto q = db.query(sql::next_due);
      if (!q.bind(ms(after)).step() || q.null(0))
        return std::optional<time_point>{};
      return std::optional{at(q.number(0))};
    });
  }

  result<std::optional<inbox_entry>> find_inbox(tenant_id const& tenant, std::string const& source,
                                                std::string const& key) override {
    return run([&](database& db) -> result<std::optional<inbox_entry>> {
      return sqlite::writer{db}.answered(tenant, source, key);
    });
  }

  result<std::size_t> prune_inbox(time_point before, std::size_t limit) override {
    return write([&](database& db) -> result<std::size_t> {
      db.query(sql::prune_inbox).bind(ms(before), num(limit)).run();
      return db.changes();
    });
  }

  result<std::vector<outbox_row>> outbox(std::uint32_t shard, std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    return rows<outbox_row>(
        sql::list_effects,
        [](statement const& q) {
          return outbox_row{
              q.text(1),        q.text(2),       static_cast<effect_class>(q.number(3)),
              q.text(4),        at(q.number(5)), static_cast<std::int32_t>(q.number(6)),
              q.number(7) != 0, q.whole(8),      tenant_id{q.text(0)}};
        },
        num(shard), num(limit));
  }

  result<void> save_snapshot(snapshot const& s) override {
    // Nobody waits for it, and the next append makes it durable.
    return write(sync::later, [&](database& db) -> result<void> {
      auto const home = sqlite::find_stream(db, s.stream);
      if (home.no == 0)
        return fail(errc::not_found, "no such stream");
      {
        auto q = db.query(sql::newest_snapshot);
        if (q.bind(home.no).step() && !q.null(0) && q.whole(0) > s.version)
          return {};
      }
      db.query(sql::add_snapshot).bind(home.no, num(s.version), s.fingerprint, s.body).run();
      db.query(sql::trim_snapshots).bind(home.no).run();
      return {};
    });
  }

  result<std::optional<snapshot>> load_snapshot(entity_ref const& stream,
                                                std::string const& fingerprint) override {
    return run([&](database& db) -> result<std::optional<snapshot>> {
      auto const home = sqlite::find_stream(db, stream);
      auto q = db.query(sql::find_snapshot);
      if (!q.bind(home.no, fingerprint).step())
        return std::optional<snapshot>{};
      return std::optional{snapshot{stream, q.whole(0), fingerprint, q.text(1)}};
    });
  }

  result<void> drop_snapshots() override {
    return write([&](database& db) -> result<void> {
      db.query(sql::drop_snapshots).run();
      return {};
    });
  }

  result<void> import(std::span<stored_event const> events) override {
    for (auto const& e : events)
      if (auto ok = check_event(e); !ok)
        return ok;
    return write([&](database& db) -> result<void> {
      sqlite::writer out{db};
      if (auto ok = out.import(events); !ok)
        return ok;
      out.flush();
      return {};
    });
  }

  result<void> restore(side_rows const& given) override {
    if (auto ok = check_rows(given); !ok)
      return ok;
    return write([&](database& db) { return sqlite::writer{db}.restore(given); });
  }

  result<std::vector<stream_info>>
  streams(std::uint32_t shard, std::optional<entity_ref> const& after, std::size_t limit) override {
    if (shard >= shard_count)
      return no_such_shard();
    // No tenant is empty, so the empty one stands before all.
    auto const from = after.value_or(entity_ref{});
    return rows<stream_info>(sql::list_streams, stream_of, num(shard), from.tenant.value,
                             num(from.kind), from.id, num(limit));
  }

  result<std::vector<inbox_row>> inbox_rows(std::optional<inbox_row> const& after,
                                            std::size_t limit) override {
    auto const from = after.value_or(inbox_row{});
    return rows<inbox_row>(
        sql::list_inbox,
        [](statement const& q) {
          return inbox_row{
              tenant_id{q.text(0)}, {q.text(1), q.text(2), q.text(3), q.text(4)}, at(q.number(5))};
        },
        from.tenant.value, from.entry.source, from.entry.key, num(limit));
  }

  result<void> freeze() override {
    return run([&](database& db) -> result<void> {
      if (frozen_)
        return {};
      db.query("begin").run();
      // A deferred transaction takes its snapshot at its first read.
      auto q = db.query(sql::read_shard_row);
      q.bind(std::int64_t{0}).step();
      frozen_ = true;
      return {};
    });
  }

  result<void> thaw() override {
    return run([&](database& db) -> result<void> {
      if (frozen_ && db.in_transaction())
        db.query("commit").run();
      frozen_ = false;
      return {};
    });
  }

private:
  /// Reads, on the handle's own connection.
  template <class F>
  auto run(F f) -> std::invoke_result_t<F, database&> {
    auto out = guarded(db_, f);
    if (!db_)
      frozen_ = false;
    return out;
  }

  enum class sync { now, later };
  /// While it lives, commits do not wait for the disk. In WAL mode the next one that does takes
  /// them along.
  struct unhurried {
    explicit unhurried(std::unique_ptr<database>& of) : db(of) {
      db->run("pragma synchronous = normal");
    }
    unhurried(unhurried const&) = delete;
    unhurried& operator=(unhurried const&) = delete;
    ~unhurried() {
      try {
        db->run("pragma synchronous = full");
      } catch (failure const&) {
        db.reset(); // an append must not find it like this
      }
    }
    std::unique_ptr<database>& db;
  };

  template <class F>
  auto write(F f) -> std::invoke_result_t<F, database&> {
    return write(sync::now, std::move(f));
  }
  /// One transaction on the connection of all writers: committed unless `f` refuses.
  template <class F>
  auto write(sync when, F f) -> std::invoke_result_t<F, database&> {
    if (frozen_ || shared_->mode == database::mode::read_only)
      return fail(errc::unsupported, "the store is open for reading only");
    // By the system's clock: thread sanitizers do not know the call for the steady one.
    std::unique_lock const turn{shared_->turn,
                                std::chrono::system_clock::now() + sqlite::busy_timeout};
    if (!turn)
      return fail(errc::busy, "the store is busy: another writer is at it for too long");
    return guarded(shared_->writer, [&](database& db) -> std::invoke_result_t<F, database&> {
      std::optional<unhurried> leisure;
      if (when == sync::later)
        leisure.emplace(shared_->writer);
      sqlite::transaction tx{db};
      auto out = f(db);
      if (out) {
        tx.commit();
        TROUPE_CRASH_POINT(4, "store: after the commit");
      }
      return out;
    });
  }

  /// Where SQLite's failures become errors. After an I/O error the connection is given up: its
  /// cache may hold pages that the disk does not (fsync reports an error only once).
  template <class F>
  auto guarded(std::unique_ptr<database>& db, F f) -> std::invoke_result_t<F, database&> {
    try {
      if (!db)
        db = std::make_unique<database>(shared_->file, shared_->mode);
      return f(*db);
    } catch (failure const& e) {
      auto const told = sqlite::to_error(e);
      if (told.code == errc::unavailable)
        db.reset();
      return told;
    } catch (store_failure const& e) {
      return fail(e.code, e.message);
    }
  }

  template <class Row, class Map, class... Args>
  result<std::vector<Row>> rows(char const* query, Map map, Args const&... args) {
    return run([&](database& db) -> result<std::vector<Row>> {
      std::vector<Row> out;
      auto q = db.query(query);
      for (q.bind(args...); q.step();)
        out.push_back(map(q));
      return out;
    });
  }

  /// Events of the records that a query finds, in their order: those that are wanted.
  template <class Wanted, class... Args>
  result<std::vector<stored_event>> events(char const* query, std::size_t limit, Wanted wanted,
                                           Args const&... args) {
    return run([&](database& db) -> result<std::vector<stored_event>> {
      std::vector<stored_event> out;
      auto q = db.query(query);
      for (q.bind(args...); out.size() < limit && q.step();)
        for (auto& e : unpack(record_of(q)))
          if (out.size() < limit && wanted(e))
            out.push_back(std::move(e));
      return out;
    });
  }

  std::shared_ptr<shared> shared_;
  std::unique_ptr<database> db_;
  bool frozen_ = false;
};

store_factory handles(std::filesystem::path file, database::mode m,
                      std::shared_ptr<sqlite::folder_lock> lock) {
  auto with = std::make_shared<sqlite_store::shared>(std::move(file), m, std::move(lock));
  return [with]() -> result<std::unique_ptr<event_store>> {
    auto store = std::make_unique<sqlite_store>(with);
    if (auto ok = store->open(); !ok)
      return ok.error();
    return std::unique_ptr<event_store>{std::move(store)};
  };
}

} // namespace

result<store_factory> open_sqlite_store(std::filesystem::path const& file,
                                        conversion_progress const& tell) {
  std::error_code ec;
  auto const path = std::filesystem::absolute(file, ec);
  if (auto ok = sqlite::prepare_folder(path.parent_path()); !ok)
    return ok.error();
  auto lock = sqlite::folder_lock::take(path.parent_path());
  if (!lock)
    return lock.error();
  try {
    database db{path, database::mode::read_write};
    if (auto ok = sqlite::migrate(db, tell); !ok)
      return ok.error();
  } catch (failure const& e) {
    return sqlite::to_error(e);
  } catch (store_failure const& e) {
    return fail(e.code, e.message);
  }
  return handles(path, database::mode::read_write, std::move(*lock));
}

result<store_factory> open_sqlite_readonly(std::filesystem::path const& file) {
  std::error_code ec;
  if (!std::filesystem::is_regular_file(file, ec))
    return fail(errc::not_found, "there is no store at " + file.string());
  auto const path = std::filesystem::absolute(file, ec);
  try {
    database db{path, database::mode::read_only};
    if (auto ok = sqlite::check_schema(db); !ok)
      return ok.error();
  } catch (failure const& e) {
    return sqlite::to_error(e);
  }
  return handles(path, database::mode::read_only, nullptr);
}

} // namespace troupe
