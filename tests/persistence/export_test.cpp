#include "persistence/export_import.hpp"
#include "persistence/memory/memory_store.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/support/postgres_server.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A store with something of everything, and texts that tempt a codec.
std::unique_ptr<event_store> full_store() {
  auto store = *open_memory_store()();
  ledger l{*store};
  for (int i = 0; i < 40; ++i)
    l.write(ticket("t" + std::to_string(i % 13), i % 3 == 0 ? "rival" : "acme"), 1 + i % 4u);
  l.epochs[shard_of(ticket("t1"))] = *store->claim(shard_of(ticket("t1")), "node \"2\"\n");
  auto u = l.next(ticket("t1"), 2);
  u.writes[0].wake_at = at_ms(-5);
  u.inbox = inbox_entry{"api", "key \\ \"1\"", "h", R"({"text":"\u0000"})"};
  u.outbox = {
      {"e/1", "mail", effect_class::pure, "{}", at_ms(1)},
      {"e/2", "git.push", effect_class::probeable, R"({"a":"b\\c"})", at_ms(-7), 3, true, 9},
      {"e/3", "http", effect_class::guarded, "", at_ms(9'000'000'000'000)}};
  l.ok({u});
  auto tricky = l.next_data(ticket("tricky \xe2\x82\xac/\\\"\x01"),
                            R"({"a":"}{\"\\","b":[{}],"c":2.50,"c":"\u0000","z":{"y":{}}})");
  tricky.writes[0].events[0].principal = "human:\xf0\x9f\x8e\xad";
  tricky.writes[0].events[0].at = at_ms(-1);
  tricky.writes[0].events[0].schema = -3;
  auto& e = tricky.writes[0].events[0];
  e.hash = chain_hash(no_hash(), tricky.writes[0].stream, 1, e);
  tricky.writes[0].wake_at = time_point{};
  l.ok({tricky});
  return store;
}

std::string exported(event_store& store) {
  std::ostringstream out;
  auto const stats = export_store(store, out);
  if (!stats)
    FAIL(stats.error().message);
  return out.str();
}

void fill(event_store& store, std::string const& text) {
  std::istringstream in{text};
  auto const stats = import_store(store, in);
  if (!stats)
    FAIL(stats.error().message);
}

} // namespace

TEST_CASE("export: memory, SQLite and back give the same bytes", "[persistence]") {
  auto const memory = full_store();
  auto const text = exported(*memory);
  temporary_folder folder;
  auto const sqlite = *(*open_sqlite_store(folder.path() / "a.db"))();
  fill(*sqlite, text);
  CHECK(exported(*sqlite) == text);
  CHECK(dump(*sqlite) == dump(*memory));
  auto const again = *open_memory_store()();
  fill(*again, exported(*sqlite));
  CHECK(exported(*again) == text);
}

TEST_CASE("export: memory, SQLite, Postgres, SQLite give the same bytes",
          "[persistence][postgres]") {
  if (!postgres_server::installed())
    return;
  auto const text = exported(*full_store());
  temporary_folder folder;
  auto const first = *(*open_sqlite_store(folder.path() / "a" / "a.db"))();
  fill(*first, text);
  auto const postgres = *(*open_postgres_store(postgres_server::shared().new_database()))();
  fill(*postgres, exported(*first));
  CHECK(dump(*postgres) == dump(*first));
  auto const second = *(*open_sqlite_store(folder.path() / "b" / "b.db"))();
  fill(*second, exported(*postgres));
  CHECK(exported(*second) == text);
}

TEST_CASE("export: counts and digest stand in the trailer and in the answer", "[persistence]") {
  auto const store = full_store();
  std::ostringstream out;
  auto const stats = export_store(*store, out);
  REQUIRE(stats.has_value());
  CHECK(stats->events == all_events(*store).size());
  CHECK(stats->shards == 256);
  CHECK(stats->effects == 3);
  CHECK(stats->answers == 1);
  CHECK(stats->wakes == 2);
  CHECK(out.str().find("\"digest\":\"" + stats->digest + "\"") != std::string::npos);
  std::istringstream in{out.str()};
  auto const target = *open_memory_store()();
  auto const back = import_store(*target, in);
  REQUIRE(back.has_value());
  CHECK(*back == *stats);
}

TEST_CASE("export: an empty store is a header and a trailer", "[persistence]") {
  auto const store = *open_memory_store()();
  auto const text = exported(*store);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  auto const target = *open_memory_store()();
  fill(*target, text);
}

TEST_CASE("export: the store goes on where the exported one stood", "[persistence]") {
  auto const target = *open_memory_store()();
  fill(*target, exported(*full_store()));
  ledger l{*target};
  CHECK(l.epochs[shard_of(ticket("t1"))] == 3);
  l.write(ticket("t1"));
}

TEST_CASE("export: a store that is not empty takes no import", "[persistence]") {
  auto const text = exported(*full_store());
  auto const target = *open_memory_store()();
  fill(*target, text);
  std::istringstream in{text};
  CHECK(import_store(*target, in).error().code == errc::conflict);
}

TEST_CASE("export: a damaged file is refused before anything is stored", "[persistence]") {
  auto text = exported(*full_store());
  auto const middle = text.find("\"seq\":2,") - 200;
  SECTION("cut within a line") {
    text.resize(middle);
  }
  SECTION("cut after a line") {
    text.resize(text.rfind("{\"end\""));
  }
  SECTION("without the last line end") {
    text.pop_back();
  }
  SECTION("with a line more") {
    text += "{}\n";
  }
  SECTION("a line left out") {
    auto const from = text.find('\n') + 1;
    text.erase(from, text.find('\n', from) + 1 - from);
  }
  SECTION("a letter changed") {
    auto const at = text.find("human:ada");
    text[at + 6] = 'e';
  }
  SECTION("a digit of a count changed") {
    auto const at = text.find("\"events\":");
    text[at + 9] = text[at + 9] == '1' ? '2' : '1';
  }
  SECTION("another format") {
    text = "{\"events\":[]}\n";
  }
  SECTION("another version") {
    text.replace(text.find("\"version\":1"), 11, "\"version\":2");
  }
  SECTION("empty") {
    text.clear();
  }
  SECTION("binary") {
    text = std::string(5000, '\xff') + "\n";
  }
  SECTION("an unknown record") {
    text.insert(text.find('\n') + 1, "{\"other\":{}}\n");
  }
  SECTION("a member more") {
    text.replace(text.find(",\"seq\":"), 7, ",\"x\":1,\"seq\":");
  }
  SECTION("white space") {
    text.replace(text.find(",\"seq\":"), 7, ", \"seq\":");
  }
  SECTION("a shard that does not exist") {
    auto const at = text.find("\"seq\":");
    auto const from = text.find("\"shard\":", at);
    text.replace(from, 8, "\"shard\":9");
    text.replace(from + 8, 1, "999");
  }
  auto const target = *open_memory_store()();
  std::istringstream in{text};
  auto const r = import_store(*target, in);
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::corrupt);
  CHECK(r.error().message.find("line ") != std::string::npos);
  CHECK(dump(*target).empty());
}

TEST_CASE("export: a stream that cannot be written is told", "[persistence]") {
  auto const store = full_store();
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  CHECK(export_store(*store, out).error().code == errc::unavailable);
  CHECK(store->claim(0, "x").has_value()); // it is thawed again
}

TEST_CASE("export: two thousand large events go through in pieces", "[persistence]") {
  auto const memory = *open_memory_store()();
  ledger l{*memory};
  for (int i = 0; i < 200; ++i) {
    auto u = l.empty(ticket("t" + std::to_string(i % 7)));
    u = l.next_data(ticket("t" + std::to_string(i % 7)),
                    "{\"t\":\"" + std::string(20'000, 'x') + "\"}");
    l.ok({u});
  }
  for (int i = 0; i < 18; ++i)
    l.write(ticket("many"), 100);
  temporary_folder folder;
  auto const sqlite = *(*open_sqlite_store(folder.path() / "a.db"))();
  auto const text = exported(*memory);
  fill(*sqlite, text);
  CHECK(exported(*sqlite) == text);
}
