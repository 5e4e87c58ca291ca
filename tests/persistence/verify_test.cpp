#include "persistence/export_import.hpp"
#include "persistence/memory/memory_store.hpp"
#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "persistence/verify.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/record_edit.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A store in a file, so that a hand can change what the store never would.
struct tampered {
  temporary_folder folder;
  std::filesystem::path file = folder.path() / "troupe.db";

  tampered() {
    auto const store = *(*open_sqlite_store(file))();
    ledger l{*store};
    auto const refs = tickets_of(7, 2);
    for (int i = 0; i < 3; ++i) { // seq 1, 3, 5 and 2, 4, 6
      l.write(refs[0]);
      l.write(refs[1]);
    }
    for (int i = 0; i < 4; ++i)
      l.write(tickets_of(9, 1)[0]);
    auto u = l.next(refs[0]); // seq 7
    u.outbox = {{"x", "mail", effect_class::pure, "{}"}};
    u.inbox = inbox_entry{"api", "k", "h", "{}"};
    l.ok({u});
  }

  void sql(std::string const& text) const {
    sqlite::database db{file, sqlite::database::mode::read_write};
    db.run("pragma foreign_keys = off");
    db.run(text.c_str());
  }

  /// Changes an event of shard 7, and its row as somebody would who knows the form of rows. Each
  /// has a row of its own there.
  void change(std::uint64_t seq, std::function<void(stored_event&)> const& how) const {
    edit_sqlite_row(file, 7, seq, [&](std::vector<stored_event>& events) { how(events.at(0)); });
  }

  [[nodiscard]] verify_report verify(verify_options const& options = {}) const {
    auto const store = *(*open_sqlite_readonly(file))();
    auto const report = verify_store(*store, options);
    if (!report)
      FAIL(report.error().message);
    return *report;
  }
};

bool mentions(verify_report const& r, std::string const& text) {
  return std::any_of(r.problems.begin(), r.problems.end(),
                     [&](auto const& p) { return p.find(text) != std::string::npos; });
}

void check_first(verify_report const& r, std::uint32_t shard, std::uint64_t seq,
                 std::string const& words) {
  CHECK_FALSE(r.ok());
  REQUIRE(r.first_bad.has_value());
  INFO(r.first_bad->sentence);
  CHECK(r.first_bad->shard == shard);
  CHECK(r.first_bad->seq == seq);
  CHECK(r.first_bad->sentence.find(words) != std::string::npos);
  CHECK(r.problems.size() == r.problem_count);
}

} // namespace

TEST_CASE("verify: a sound store has nothing to tell", "[persistence]") {
  tampered const t;
  auto const r = t.verify();
  CHECK(r.ok());
  CHECK(r.problems.empty());
  CHECK_FALSE(r.first_bad.has_value());
  CHECK(r.events == 11);
  CHECK(r.streams == 3);
  CHECK(r.shards == 2);
  CHECK(r.effects == 1);
  CHECK(r.answers == 1);
  CHECK(r.warnings.empty());
}

TEST_CASE("verify: an empty store is sound", "[persistence]") {
  auto const store = *open_memory_store()();
  auto const r = verify_store(*store);
  REQUIRE(r.has_value());
  CHECK(r->ok());
  CHECK(r->events == 0);
}

TEST_CASE("verify: changed text is found at its event, and told once", "[persistence]") {
  tampered const t;
  SECTION("data") {
    t.change(3, [](auto& e) { e.event.data = R"({"n":9})"; });
  }
  SECTION("a flipped bit of the data") {
    t.change(3, [](auto& e) { e.event.data.at(e.event.data.find('2')) = '3'; });
  }
  SECTION("the type") {
    t.change(3, [](auto& e) { e.event.type = "ticket.done"; });
  }
  SECTION("the schema") {
    t.change(3, [](auto& e) { e.event.schema = 2; });
  }
  SECTION("the time") {
    t.change(3, [](auto& e) { e.event.at += duration{1}; });
  }
  SECTION("the principal") {
    t.change(3, [](auto& e) { e.event.principal = "human:eve"; });
  }
  SECTION("the cause") {
    t.change(3, [](auto& e) { e.event.cause.clear(); });
  }
  SECTION("the correlation") {
    t.change(3, [](auto& e) { e.event.correlation = "x"; });
  }
  SECTION("the event id") {
    t.change(3, [](auto& e) { e.event.event_id = "019f0000-0000-7000-8000-ffffffffffff"; });
  }
  auto const r = t.verify();
  check_first(r, 7, 3, "hash");
  CHECK(r.problem_count == 1);
}

TEST_CASE("verify: a changed hash is found", "[persistence]") {
  tampered const t;
  t.change(3, [](auto& e) { e.event.hash[0] = e.event.hash[0] == '0' ? '1' : '0'; });
  check_first(t.verify(), 7, 3, "hash");
}

TEST_CASE("verify: an event whose hash was made to fit breaks the next of its stream",
          "[persistence]") {
  tampered const t;
  auto const e = [&] {
    auto const store = *(*open_sqlite_readonly(t.file))();
    return store->read_shard(7, 0, 10)->at(2);
  }();
  auto changed = e.event;
  changed.data = R"({"n":99})";
  auto const previous = [&] {
    auto const store = *(*open_sqlite_readonly(t.file))();
    return store->read_shard(7, 0, 10)->at(0).event.hash;
  }();
  auto const hash = chain_hash(previous, e.stream, e.version, changed);
  changed.hash = hash;
  t.change(3, [&](auto& x) { x.event = changed; });
  check_first(t.verify(), 7, 5, "hash");
}

TEST_CASE("verify: a dropped event is found at the event after it", "[persistence]") {
  tampered const t;
  t.sql("delete from record where shard = 7 and seq = 3");
  auto const r = t.verify();
  check_first(r, 7, 4, "seq");
  CHECK(mentions(r, "its version does not follow 1"));
}

TEST_CASE("verify: a dropped last event is found in the heads", "[persistence]") {
  tampered const t;
  t.sql("delete from record where shard = 7 and seq = 7");
  auto const r = t.verify();
  CHECK_FALSE(r.ok());
  CHECK(mentions(r, "last seq is 7, but its last event has 6"));
  CHECK(mentions(r, "its version is 4, but its last event has 3"));
}

TEST_CASE("verify: events that were renumbered to hide a dropped one are found", "[persistence]") {
  tampered const t;
  t.sql("delete from record where shard = 7 and seq = 7;"
        "update shard set last_seq = 6 where shard = 7;");
  CHECK(mentions(t.verify(), "its version is 4, but its last event has 3"));
}

TEST_CASE("verify: two events swapped are found", "[persistence]") {
  tampered const t;
  t.sql("update record set seq = -1 where shard = 7 and seq = 3;"
        "update record set seq = 3 where shard = 7 and seq = 5;"
        "update record set seq = 5 where shard = 7 and seq = -1;");
  check_first(t.verify(), 7, 3, "version");
}

TEST_CASE("verify: an epoch that goes back is found", "[persistence]") {
  tampered const t;
  t.change(2, [](auto& e) { e.epoch = 5; });
  auto const r = t.verify();
  check_first(r, 7, 3, "epoch");
}

TEST_CASE("verify: a shard behind its own events is found", "[persistence]") {
  tampered const t;
  t.sql("update shard set epoch = 0 where shard = 7");
  CHECK(mentions(t.verify(), "shard 7 is at epoch 0"));
}

TEST_CASE("verify: an event in a shard that is not its stream's is found", "[persistence]") {
  tampered const t;
  t.sql("update record set shard = 8 where shard = 9");
  auto const r = t.verify();
  check_first(r, 8, 1, "is of shard 9");
}

TEST_CASE("verify: a stream given to another tenant is found", "[persistence]") {
  tampered const t;
  t.sql("update stream set tenant = 'rival' where shard = 9");
  CHECK_FALSE(t.verify().ok());
}

TEST_CASE("verify: a kind that does not exist is found", "[persistence]") {
  tampered const t;
  t.sql("update stream set kind = 77 where shard = 9");
  auto const r = t.verify();
  check_first(r, 9, 1, "kind");
  CHECK(mentions(r, "unknown kind"));
}

TEST_CASE("verify: an event id twice in a shard is found", "[persistence]") {
  tampered const t;
  auto const id = [&] {
    auto const store = *(*open_sqlite_readonly(t.file))();
    return store->read_shard(7, 0, 10)->at(1).event.event_id;
  }();
  t.change(4, [&](auto& e) { e.event.event_id = id; });
  auto const r = t.verify();
  check_first(r, 7, 4, "twice");
}

TEST_CASE("verify: heads that disagree with their events are found", "[persistence]") {
  tampered const t;
  SECTION("version") {
    t.sql("update stream set version = 9 where shard = 9");
    CHECK(mentions(t.verify(), "its version is 9, but its last event has 4"));
  }
  SECTION("hash") {
    t.sql("update stream set hash = replace(hash, 'a', 'b') where shard = 9");
    CHECK(mentions(t.verify(), "another hash than its last event"));
  }
  SECTION("without events") {
    t.sql("insert into stream (shard, tenant, kind, id, version, hash) "
          "values (3, 'acme', 5, 'ghost', 1, '')");
    CHECK(mentions(t.verify(), "acme/ticket/ghost has a head but no event"));
  }
}

TEST_CASE("verify: an effect of nobody is found", "[persistence]") {
  tampered const t;
  t.sql("update outbox set tenant = 'nobody'");
  CHECK(mentions(t.verify(), "tenant nobody"));
  t.sql("update outbox set class = 9");
  CHECK(mentions(t.verify(), "unknown class"));
}

TEST_CASE("verify: a doubtful time is a warning, not a fault", "[persistence]") {
  auto const store = *open_memory_store()();
  ledger l{*store};
  auto u = l.next(ticket("a"));
  auto& e = u.writes[0].events[0];
  SECTION("far in the future") {
    e.at = at_ms(4'000'000'000'000);
  }
  SECTION("before there was a store") {
    e.at = time_point{};
  }
  e.hash = chain_hash(no_hash(), ticket("a"), 1, e);
  l.ok({u});
  auto const r = verify_store(*store);
  REQUIRE(r.has_value());
  CHECK(r->ok());
  REQUIRE(r->warnings.size() == 1);
  CHECK(r->warnings[0].find(e.event_id) != std::string::npos);
}

TEST_CASE("verify: the domain's word about an event counts", "[persistence]") {
  tampered const t;
  verify_options options;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> seen;
  options.visit = [&](stored_event const& e) -> std::optional<std::string> {
    seen.emplace_back(e.shard, e.seq);
    if (e.shard == 7 && e.seq >= 5)
      return "a ticket cannot be claimed twice";
    return std::nullopt;
  };
  options.finish = [] { return std::vector<std::string>{"one lease is held by two"}; };
  auto const r = t.verify(options);
  CHECK(seen.size() == 11);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(r.problem_count == 4);
  check_first(r, 7, 5, "claimed twice");
  CHECK(r.problems.back() == "one lease is held by two");
}

TEST_CASE("verify: of very many problems the first are told", "[persistence]") {
  tampered const t;
  verify_options options;
  options.max_problems = 3;
  options.visit = [](stored_event const&) { return std::optional<std::string>{"wrong"}; };
  auto const r = t.verify(options);
  CHECK(r.problem_count == 11);
  CHECK(r.problems.size() == 3);
  CHECK(r.first_bad->seq == 1);
}

TEST_CASE("verify: an exported file is checked like a store", "[persistence]") {
  tampered const t;
  auto const store = *(*open_sqlite_readonly(t.file))();
  std::ostringstream out;
  REQUIRE(export_store(*store, out).has_value());
  auto text = out.str();
  auto const verify = [&] {
    std::istringstream in{text};
    return verify_export(in);
  };
  SECTION("whole") {
    auto const r = verify();
    CHECK(r.ok());
    CHECK(r.events == 11);
    CHECK(r.streams == 3);
    CHECK(r.shards == 2);
    CHECK(r.effects == 1);
    CHECK(r.answers == 1);
  }
  SECTION("a letter changed: the event is named, and the digest is another") {
    auto const third = text.find("\"seq\":3,\"shard\":7");
    text[text.rfind("human:ada", third) + 6] = 'e';
    auto const r = verify();
    check_first(r, 7, 3, "hash");
    CHECK(mentions(r, "digest"));
  }
  SECTION("an event left out") {
    auto const third = text.find("\"seq\":3,\"shard\":7");
    auto const from = text.rfind('\n', third) + 1;
    text.erase(from, text.find('\n', third) + 1 - from);
    check_first(verify(), 7, 4, "seq");
  }
  SECTION("cut") {
    text.resize(text.size() / 2);
    auto const r = verify();
    CHECK_FALSE(r.ok());
    CHECK(mentions(r, "ends within the line"));
  }
  SECTION("shards in another order") {
    auto const seven = text.find("{\"event\":");
    auto const nine = text.rfind('\n', text.find("\"shard\":9")) + 1;
    auto const moved = text.substr(seven, nine - seven);
    text.insert(text.find("{\"end\":"), moved);
    text.erase(seven, moved.size());
    CHECK(mentions(verify(), "stands after shard"));
  }
  SECTION("no export at all") {
    text = "hello\n";
    CHECK(mentions(verify(), "no export of a ledger"));
  }
}

TEST_CASE("verify: a store can be checked while it is written to", "[persistence]") {
  temporary_folder folder;
  auto const factory = *open_sqlite_store(folder.path() / "a.db");
  auto const writer = *factory();
  ledger l{*writer};
  for (int i = 0; i < 30; ++i)
    l.write(ticket("t" + std::to_string(i)));
  auto const reader = *(*open_sqlite_readonly(folder.path() / "a.db"))();
  verify_options options;
  int written = 0;
  options.visit = [&](stored_event const&) -> std::optional<std::string> {
    if (written++ < 30)
      l.write(ticket("t" + std::to_string(written)));
    return std::nullopt;
  };
  auto const r = verify_store(*reader, options);
  REQUIRE(r.has_value());
  CHECK(r->ok());
  CHECK(r->events == 30);
}
