#include "bench/measures.hpp"
#include "persistence/memory/memory_store.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

#include <thread>

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
    std::vector<double> samples;
    auto const busy = [&](seconds s) {
      for (auto const end = clock::now() + s; clock::now() < end;) {
        auto const begun = clock::now();
        commit();
        if (watch.counts())
          samples.push_back(us_since(begun));
      }
    };
    auto const took = watch.run(t, busy);
    measure m;
    m.what = "floor";
    m.where = where;
    m.level = 1;
    m.rate = static_cast<double>(samples.size()) / took;
    m.events_each = m.events_per_batch = 1;
    add_latencies(m, std::move(samples));
    runs.push_back(std::move(m));
  }
  return median(std::move(runs));
}

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
    postgres::session db{url + "/postgres"};
    db.run("create table public.bench_floor(n bigserial primary key, data text)");
    static constexpr char insert[] = "insert into public.bench_floor(data) values ($1)";
    auto m = loop("postgres", t, [&] { db.query(insert, postgres::with(row)); });
    db.run("drop table public.bench_floor");
    return m;
  } catch (postgres::failure const& f) {
    return from(f);
  }
}

result<std::string> postgres_settings(std::string const& url) {
  try {
    postgres::session db{url + "/postgres"};
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

stores sqlite_stores(std::string folder) {
  auto const next = std::make_shared<int>(0);
  return {"sqlite",
          [folder = std::move(folder), next]() -> result<place> {
            auto const at = std::filesystem::path{folder} / ("store" + std::to_string(++*next));
            std::filesystem::create_directories(at);
            std::shared_ptr<void> rest{nullptr, [at](void*) {
                                         std::error_code ignored;
                                         std::filesystem::remove_all(at, ignored);
                                       }};
            auto store = open_sqlite_store(at / "ledger.db");
            if (!store)
              return store.error();
            return place{std::move(*store), std::move(rest)};
          },
          1};
}

stores postgres_stores(std::string url) {
  auto const next = std::make_shared<int>(0);
  return {"postgres",
          [url = std::move(url), next]() -> result<place> {
            auto const name = "bench" + std::to_string(++*next);
            try {
              postgres::session{url + "/postgres"}.run("create database " + name);
            } catch (postgres::failure const& f) {
              return from(f);
            }
            std::shared_ptr<void> rest{
                nullptr, [url, name](void*) {
                  try {
                    postgres::session{url + "/postgres"}.run("drop database " + name);
                  } catch (postgres::failure const&) { // NOLINT(bugprone-empty-catch)
                    // The server of bench/run goes as a whole; nothing is lost by one that stays.
                  }
                }};
            auto store = open_postgres_store(url + "/" + name);
            if (!store)
              return store.error();
            return place{std::move(*store), std::move(rest)};
          },
          2};
}

stores memory_stores() {
  return {"memory", [] { return result<place>{place{open_memory_store(), nullptr}}; }, 1};
}

} // namespace troupe::bench
