#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/files.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/refusals.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

using namespace troupe;
using namespace troupe::test;
namespace fs = std::filesystem;

namespace {

std::string value_of(fs::path const& file, char const* query) {
  sqlite::database db{file, sqlite::database::mode::read_only};
  auto q = db.query(query);
  return q.step() ? q.text(0) : std::string{};
}

void change(fs::path const& file, char const* sql) {
  sqlite::database db{file, sqlite::database::mode::read_write};
  db.run(sql);
}

/// Runs `body` in a child process and answers its exit code (-1: it was killed).
template <class F>
int in_child(F body) {
  pid_t const pid = ::fork();
  if (pid == 0)
    ::_exit(body());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("sqlite: the file is made with its folders, for its owner only", "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "a" / "b" / "troupe.db";
  REQUIRE(open_sqlite_store(file).has_value());
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("sqlite: commits are durable: WAL and synchronous=FULL on every connection",
          "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  REQUIRE(open_sqlite_store(file).has_value());
  CHECK(value_of(file, "pragma journal_mode") == "wal");
  CHECK(value_of(file, "pragma synchronous") == "2");
  CHECK(value_of(file, "pragma foreign_keys") == "1");
}

TEST_CASE("sqlite: a data directory in use is refused, naming the process", "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  auto const first = open_sqlite_store(file);
  REQUIRE(first.has_value());
  SECTION("to this process") {
    auto const e = refusal(open_sqlite_store(file));
    CHECK(e.code == errc::busy);
    CHECK(e.message.find("process " + std::to_string(::getpid())) != std::string::npos);
    CHECK(e.message.find(folder.path().string()) != std::string::npos);
  }
  SECTION("to another process") {
    CHECK(in_child([&] {
            auto const r = open_sqlite_store(file);
            return r.has_error() && r.error().code == errc::busy ? 7 : 1;
          }) == 7);
  }
  SECTION("also for another file in it") {
    CHECK(refusal(open_sqlite_store(folder.path() / "other.db")).code == errc::busy);
  }
}

TEST_CASE("sqlite: the data directory is free again when the last handle is gone",
          "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  std::unique_ptr<event_store> handle;
  {
    auto const factory = open_sqlite_store(file);
    REQUIRE(factory.has_value());
    handle = *(*factory)();
  }
  CHECK(refusal(open_sqlite_store(file)).code == errc::busy);
  handle.reset();
  CHECK(open_sqlite_store(file).has_value());
}

TEST_CASE("sqlite: a process that is killed leaves the directory free and every answer stored",
          "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  auto const log = folder.path() / "answered";
  pid_t const pid = ::fork();
  if (pid == 0) {
    auto const store = *(*open_sqlite_store(file))();
    auto const epochs = *store->claim_all("child");
    std::string hash{no_hash()};
    std::ofstream out{log};
    for (std::uint64_t n = 1;; ++n) {
      unit u;
      auto const ref = ticket("a");
      u.shard = shard_of(ref);
      u.epoch = epochs[u.shard];
      u.tenant = ref.tenant;
      new_event e;
      e.event_id = event_id(n);
      e.type = "ticket.noted";
      e.data = "{}";
      e.hash = hash = chain_hash(hash, ref, n, e);
      u.writes = {{ref, n - 1, {e}, {}}};
      auto const r = store->append(std::span{&u, 1});
      if (!r || r->front().status != unit_status::ok)
        ::_exit(1);
      out << n << std::endl; // flushed: the answer was given
    }
  }
  // At any moment: as soon as some answers were given.
  while (!fs::exists(log) || fs::file_size(log) < 200)
    std::this_thread::yield();
  ::kill(pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  std::uint64_t answered = 0;
  for (std::ifstream in{log}; in >> answered;) {
  }
  auto const factory = open_sqlite_store(file);
  REQUIRE(factory.has_value());
  auto const store = *(*factory)();
  CHECK(store->stream(ticket("a"))->version >= answered);
  CHECK(value_of(file, "pragma integrity_check") == "ok");
}

TEST_CASE("sqlite: forgetting old answers writes only where there are some", "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  auto const factory = open_sqlite_store(file);
  REQUIRE(factory.has_value());
  auto const store = *(*factory)();
  ledger l{*store};
  auto u = l.next(ticket("a"));
  u.inbox = inbox_entry{"api", "k", "h", "{}"};
  l.ok({u});
  // It grows on this connection with every commit of another one.
  sqlite::database onlooker{file, sqlite::database::mode::read_only};
  auto const commits = [&] {
    auto q = onlooker.query("pragma data_version");
    REQUIRE(q.step());
    return q.text(0);
  };
  auto const stored_at = store->inbox_rows(std::nullopt, 1)->front().stored_at;
  auto const before = commits();
  auto const bytes = fs::file_size(file.string() + "-wal");
  CHECK(*store->prune_inbox(stored_at, 100) == 0);
  CHECK(commits() == before);
  CHECK(fs::file_size(file.string() + "-wal") == bytes);
  CHECK(*store->prune_inbox(stored_at + duration{1}, 100) == 1);
  CHECK(commits() != before);
}

TEST_CASE("sqlite: reading only works beside the owner and writes nothing", "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  auto const factory = *open_sqlite_store(file);
  auto const store = *factory();
  ledger l{*store};
  l.write(ticket("a"), 3);
  auto const opened = open_sqlite_readonly(file);
  REQUIRE(opened.has_value());
  auto const reader = *(*opened)();
  CHECK(dump(*reader) == dump(*store));
  l.write(ticket("a"));
  CHECK(reader->stream(ticket("a"))->version == 4);
  auto const u = l.next(ticket("a"));
  CHECK(reader->append(std::span{&u, 1}).error().code == errc::unsupported);
  CHECK(reader->claim(1, "x").error().code == errc::unsupported);
  CHECK(reader->drop_snapshots().error().code == errc::unsupported);
  CHECK(reader->prune_inbox({}, 1).error().code == errc::unsupported);
  CHECK(reader->import({}).error().code == errc::unsupported);
}

TEST_CASE("sqlite: reading only works without an owner, and needs a store", "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  CHECK(refusal(open_sqlite_readonly(file)).code == errc::not_found);
  REQUIRE(open_sqlite_store(file).has_value());
  CHECK(open_sqlite_readonly(file).has_value());
  std::ofstream{folder.path() / "empty.db"};
  CHECK(refusal(open_sqlite_readonly(folder.path() / "empty.db")).code == errc::unsupported);
}

TEST_CASE("sqlite: a file of another kind is refused and left as it is", "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "x.db";
  SECTION("not a database") {
    std::ofstream{file} << std::string(10'000, 'x');
    CHECK(refusal(open_sqlite_store(file)).code == errc::corrupt);
    CHECK(fs::file_size(file) == 10'000);
  }
  SECTION("another program's database") {
    change(file, "create table t (x); insert into t values (1)");
    auto const e = refusal(open_sqlite_store(file));
    CHECK(e.code == errc::corrupt);
    CHECK(e.message.find("another program") != std::string::npos);
    CHECK(value_of(file, "pragma journal_mode") == "delete");
  }
  SECTION("a folder") {
    fs::create_directory(file);
    CHECK(refusal(open_sqlite_store(file)).code == errc::unavailable);
  }
}

TEST_CASE("sqlite: a newer schema is refused with a sentence that says what to do",
          "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  REQUIRE(open_sqlite_store(file).has_value());
  change(file, "insert into migration values (4, '0004_later.sql', 'x', 0)");
  for (auto const& opened : {open_sqlite_store(file), open_sqlite_readonly(file)}) {
    auto const e = refusal(opened);
    CHECK(e.code == errc::unsupported);
    CHECK(e.message.find("schema 4") != std::string::npos);
    CHECK(e.message.find("newer program") != std::string::npos);
  }
}

TEST_CASE("sqlite: a schema change that was applied with another text is refused",
          "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  REQUIRE(open_sqlite_store(file).has_value());
  change(file, "update migration set checksum = 'x'");
  CHECK(refusal(open_sqlite_store(file)).code == errc::corrupt);
}

TEST_CASE("sqlite: a store that something else has changed is refused, with what is wrong and what "
          "to do",
          "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  {
    auto const store = *(*open_sqlite_store(file))();
    ledger l{*store};
    l.write(ticket("a"), 3);
  }
  auto const shard = std::to_string(shard_of(ticket("a")));
  auto const by_both = [&](std::string const& what) {
    is_damaged(open_sqlite_store(file), what);
    is_damaged(open_sqlite_readonly(file), what);
  };
  auto const end = [&](std::string const& seq) {
    change(file, ("update shard set last_seq = " + seq + " where shard = " + shard).c_str());
    is_damaged(open_sqlite_store(file), "shard " + shard + " says that its last event is number " +
                                            seq + ", but it is number 3");
    CHECK(open_sqlite_readonly(file).has_value()); // `troupe verify` says more
  };
  SECTION("an emptied record of schema changes") {
    change(file, "delete from migration");
    by_both("the store has shard, stream, stream_due, inbox, inbox_age, outbox, snapshot, record, "
            "record_ids, feed, feed_end, but its record of schema changes");
  }
  SECTION("no record of schema changes") {
    change(file, "drop table migration");
    by_both("the store has shard, ");
  }
  SECTION("a table that is gone") {
    change(file, "drop table inbox");
    by_both("the store lacks inbox, inbox_age;");
  }
  SECTION("an index that is gone") {
    change(file, "drop index stream_due");
    by_both("the store lacks stream_due;");
  }
  SECTION("a shard that ends too early") {
    end("1");
  }
  SECTION("a shard that ends too late") {
    end("9");
  }
}

TEST_CASE("sqlite: a page of garbage is reported as damage, not as an answer", "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  {
    auto const store = *(*open_sqlite_store(file))();
    ledger l{*store};
    for (int i = 0; i < 50; ++i)
      l.write(ticket("t" + std::to_string(i)), 10);
  }
  auto const size = fs::file_size(file);
  std::fstream out{file, std::ios::in | std::ios::out | std::ios::binary};
  for (std::uintmax_t at = 4096; at + 4096 <= size; at += 4096) {
    out.seekp(static_cast<std::streamoff>(at));
    out << std::string(64, '\x7f');
  }
  out.close();
  auto const factory = open_sqlite_store(file);
  if (factory.has_error()) {
    CHECK(factory.error().code == errc::corrupt);
    return;
  }
  CHECK((*(*factory)())->shards().error().code == errc::corrupt);
}

TEST_CASE("sqlite: network file systems are known by their numbers", "[persistence]") {
  CHECK(sqlite::network_file_system(0x6969) == "NFS");
  CHECK(sqlite::network_file_system(0xff534d42) == "SMB");
  CHECK(sqlite::network_file_system(0xfffffffffe534d42) == "SMB"); // as a signed number
  CHECK(sqlite::network_file_system(0xef53).empty());              // ext4
  CHECK(sqlite::network_file_system(0x794c7630).empty());          // overlay
  CHECK(sqlite::network_file_system(0x01021994).empty());          // tmpfs
}

TEST_CASE("sqlite: a writer that waits too long is told that the store is busy", "[persistence]") {
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  auto const store = *(*open_sqlite_store(file))();
  ledger l{*store};
  auto const u = l.next(ticket("a"));
  {
    sqlite::database other{file, sqlite::database::mode::read_write};
    sqlite::transaction const held{other};
    CHECK(store->append(std::span{&u, 1}).error().code == errc::busy);
  }
  CHECK(l.one(u).status == unit_status::ok);
}

TEST_CASE("sqlite: a full disk is an error without an answer, and passes when there is space",
          "[persistence]") {
  // A limit on the size of files stands in for the disk; in a child, because it stays.
  temporary_folder folder;
  auto const file = folder.path() / "troupe.db";
  int const code = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto const factory = open_sqlite_store(file);
    if (!factory)
      return 1;
    auto const store = *(*factory)();
    auto const epochs = *store->claim_all("child");
    auto const ref = ticket("a");
    std::string hash{no_hash()};
    std::uint64_t version = 0;
    auto const append = [&] {
      unit u;
      u.shard = shard_of(ref);
      u.epoch = epochs[u.shard];
      u.tenant = ref.tenant;
      new_event e;
      e.event_id = event_id(version + 1);
      e.type = "ticket.noted";
      e.data = R"({"x":")" + std::string(100'000, 'x') + "\"}";
      e.hash = chain_hash(hash, ref, version + 1, e);
      u.writes = {{ref, version, {e}, {}}};
      auto r = store->append(std::span{&u, 1});
      if (r && r->front().status == unit_status::ok) {
        ++version;
        hash = e.hash;
      }
      return r;
    };
    if (!append())
      return 2;
    struct rlimit limit {};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    auto const before = limit.rlim_cur;
    limit.rlim_cur = 2'000'000;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    bool refused = false;
    for (int i = 0; i < 100 && !refused; ++i)
      if (auto const r = append(); !r) {
        refused = true;
        if (r.error().code != errc::unavailable)
          return 3;
      }
    if (!refused)
      return 4;
    auto const kept = version;
    limit.rlim_cur = before;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (!append()) // the same handle, without a restart
      return 5;
    return store->stream(ref)->version == kept + 1 ? 0 : 6;
  });
  CHECK(code == 0);
  CHECK(value_of(file, "pragma integrity_check") == "ok");
}
