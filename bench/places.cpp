#include "bench/measures.hpp"
#include "bench/options.hpp"
#include "persistence/memory/memory_store.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <set>

namespace troupe::bench {

namespace {

/// What an event with its surroundings weighs.
std::string const row(500, 'x');

/// Asks `commit` again and again until the time is over.
template <class F>
measure loop(std::string const& where, timing const& t, F commit) {
  std::vector<measure> runs;
  for (int i = 0; i < t.repeats; ++i) {
    stopwatch watch;
    histogram samples;
    auto const busy = [&](seconds s) {
      for (auto const end = clock::now() + s; clock::now() < end;) {
        auto const begun = clock::now();
        commit();
        if (watch.counts())
          samples.record(ns_since(begun));
      }
    };
    auto const took = watch.run(t, busy);
    measure m;
    m.what = "floor";
    m.where = where;
    m.loop = "closed";
    m.level = 1;
    m.rate = static_cast<double>(samples.count()) / took;
    m.events_each = m.events_per_batch = m.commits_each = 1;
    add_latencies(m, samples);
    runs.push_back(std::move(m));
  }
  return median(std::move(runs));
}

/// The URL of a server, with the database that is there to connect to.
class server_url {
public:
  explicit server_url(std::string const& url) {
    auto const options = std::min(url.find('?'), url.size());
    auto const host = url.find("://") + 3;
    auto const slash = std::min(url.find('/', host), options);
    base_ = url.substr(0, slash);
    options_ = url.substr(options);
    if (slash + 1 < options)
      database_ = url.substr(slash + 1, options - slash - 1);
  }
  [[nodiscard]] std::string with(std::string const& database) const {
    return base_ + "/" + database + options_;
  }
  [[nodiscard]] std::string there() const { return with(database_); }

private:
  std::string base_, options_;
  std::string database_ = "postgres";
};

/// A database that goes with this object. Throws postgres::failure.
class fresh_database {
public:
  explicit fresh_database(std::string const& url) : server_(url) {
    static int count = 0;
    name_ = "troupe_bench_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    postgres::session{server_.there()}.run("create database " + name_);
    std::lock_guard lock{mutex};
    all.insert(this);
  }
  ~fresh_database() {
    std::lock_guard lock{mutex};
    all.erase(this);
    drop();
  }
  fresh_database(fresh_database const&) = delete;
  fresh_database& operator=(fresh_database const&) = delete;
  [[nodiscard]] std::string url() const { return server_.with(name_); }
  static void drop_all() {
    std::lock_guard lock{mutex};
    for (auto const* d : all)
      d->drop();
  }

private:
  void drop() const {
    try {
      // Also from under a process that was killed a moment ago.
      postgres::session{server_.there()}.run("drop database " + name_ + " with (force)");
    } catch (postgres::failure const&) { // NOLINT(bugprone-empty-catch)
      // The server of bench/run goes as a whole; another's keeps one that can be told by its name.
    }
  }

  inline static std::mutex mutex;
  inline static std::set<fresh_database const*> all;
  server_url server_;
  std::string name_;
};

error from(postgres::failure const& f) {
  return fail(f.code, "Postgres: " + f.message);
}

} // namespace

result<measure> sqlite_floor(std::string const& folder, timing const& t) {
  auto const file = std::filesystem::path{folder} / "floor.db";
  try {
    sqlite::database db{file, sqlite::database::mode::read_write};
    db.run("pragma journal_mode = wal; create table bench_floor(n integer primary key, data text)");
    static constexpr char insert[] = "insert into bench_floor(data) values (?)";
    return loop("sqlite", t, [&] { db.query(insert).bind(std::string_view{row}).run(); });
  } catch (sqlite::failure const& f) {
    return sqlite::to_error(f);
  }
}

result<measure> postgres_floor(std::string const& url, timing const& t) {
  try {
    fresh_database const own{url};
    postgres::session db{own.url()};
    db.run("create table public.bench_floor(n bigserial primary key, data text)");
    static constexpr char insert[] = "insert into public.bench_floor(data) values ($1)";
    return loop("postgres", t, [&] { db.query(insert, postgres::with(row)); });
  } catch (postgres::failure const& f) {
    return from(f);
  }
}

result<std::string> postgres_settings(std::string const& url) {
  try {
    postgres::session db{server_url{url}.there()};
    static constexpr char version[] = "show server_version";
    static constexpr char fsync[] = "show fsync";
    static constexpr char commit[] = "show synchronous_commit";
    auto const synced = db.query(fsync).text(0, 0);
    auto const waits = db.query(commit).text(0, 0);
    if (synced != "on" || waits == "off")
      return fail(errc::unsupported, "this Postgres does not wait for its disk (fsync=" + synced +
                                         ", synchronous_commit=" + waits + ")");
    auto name = db.query(version).text(0, 0);
    return name.substr(0, name.find(' ')) + ", fsync=" + synced + ", synchronous_commit=" + waits;
  } catch (postgres::failure const& f) {
    return from(f);
  }
}

result<place> stores::open() const {
  auto out = make();
  if (!out || out->store)
    return out;
  auto store = store_at(out->address);
  if (!store)
    return store.error();
  out->store = std::move(*store);
  return out;
}

stores sqlite_stores(std::string folder) {
  auto const next = std::make_shared<int>(0);
  return {"sqlite", [folder = std::move(folder), next]() -> result<place> {
            auto const at = std::filesystem::path{folder} / ("store" + std::to_string(++*next));
            std::filesystem::create_directories(at);
            std::shared_ptr<void> rest{nullptr, [at](void*) {
                                         std::error_code ignored;
                                         std::filesystem::remove_all(at, ignored);
                                       }};
            return place{{}, (at / "ledger.db").string(), std::move(rest)};
          }};
}

stores postgres_stores(std::string url) {
  return {"postgres", [url = std::move(url)]() -> result<place> {
            try {
              auto const own = std::make_shared<fresh_database>(url);
              return place{{}, own->url(), own};
            } catch (postgres::failure const& f) {
              return from(f);
            }
          }};
}

stores memory_stores() {
  return {"memory", [] { return result<place>{place{open_memory_store(), {}, nullptr}}; }};
}

void remove_databases() {
  fresh_database::drop_all();
}

result<store_factory> store_at(std::string const& address) {
  return is_postgres(address) ? open_postgres_store(address) : open_sqlite_store(address);
}

} // namespace troupe::bench
