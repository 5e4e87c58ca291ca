#include "tests/faults/checkers.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace troupe;
using namespace troupe::faults;

namespace {

entity_ref const ticket{tenant_id{"default"}, entity_kind::ticket, "r1-1"};
entity_ref const run{tenant_id{"default"}, entity_kind::run, "r1"};

stored_event event(entity_ref const& of, std::uint64_t version, std::uint64_t seq,
                   std::string const& type, std::string const& data, std::int64_t at_ms = 1000) {
  stored_event e;
  e.shard = of == run ? 1 : 2;
  e.seq = seq;
  e.epoch = 1;
  e.stream = of;
  e.version = version;
  e.event.event_id =
      "01900000-0000-7000-8000-0000000000" + std::to_string(10 + seq) + std::to_string(e.shard);
  e.event.type = type;
  e.event.at = time_point{duration{at_ms}};
  e.event.principal = "system";
  e.event.data = data;
  return e;
}

operation wrote(std::int64_t number, op_kind kind, std::string const& key, outcome how) {
  operation o;
  o.number = number;
  o.client = 1;
  o.kind = kind;
  o.key = key;
  o.begun = number * 100;
  o.ended = o.begun + 50;
  o.how = how;
  o.status = how == outcome::ok ? 201 : 503;
  o.entity = how == outcome::ok ? "ticket/r1-1" : "";
  o.sendings = 1;
  return o;
}

/// One ticket that was made, commented and merged; nothing is wrong with it.
evidence_of_run sound() {
  evidence_of_run e;
  e.events = {
      event(run, 1, 1, "run.created", R"({"items":[{"title":"[[a1]]"}]})"),
      event(ticket, 1, 1, "ticket.opened",
            R"({"item":{"title":"[[a1]]"},"run":"r1","run_active":true})"),
      event(ticket, 2, 2, "ticket.leased", R"({"agent":"p.dev","to":"claimed","token":1})"),
      event(ticket, 3, 3, "ticket.commented", R"({"text":"[[a2]]"})"),
      event(ticket, 4, 4, "ticket.attempt_ended", R"({"token":1})"),
      event(ticket, 5, 5, "ticket.merged", R"({"commit":"c1"})"),
  };
  e.shards = {{1, 1, "s", 1}, {2, 1, "s", 5}};
  e.answers = {
      {e.tenant, {"api", "a1", "h", R"({"entity":"default/run/r1","version":1})"}, {}},
      {e.tenant, {"api", "a2", "h", R"({"entity":"default/ticket/r1-1","version":3})"}, {}}};
  e.seen.operations = {wrote(1, op_kind::ticket, "a1", outcome::ok),
                       wrote(2, op_kind::comment, "a2", outcome::ok)};
  e.tools = {{"r1-1", 1, 1000, 1100}};
  e.merges = {"r1-1"};
  e.gauges = {{50'000, 30}, {51'000, 31}};
  return e;
}

bool says(findings const& all, std::string_view text) {
  return std::any_of(all.begin(), all.end(),
                     [&](auto const& f) { return f.find(text) != std::string::npos; });
}

#define CHECK_SAYS(all, text)                                                                      \
  do {                                                                                             \
    auto const found = (all);                                                                      \
    std::string joined;                                                                            \
    for (auto const& f : found)                                                                    \
      joined += f + "\n";                                                                          \
    INFO(joined);                                                                                  \
    CHECK(says(found, text));                                                                      \
  } while (false)

} // namespace

TEST_CASE("faults: nothing is held against a sound run", "[faults]") {
  tally count;
  auto const found = judge(sound(), count);
  for (auto const& f : found)
    UNSCOPED_INFO(f);
  CHECK(found.empty());
  CHECK(count.acknowledged == 2);
  CHECK(count.lost == 0);
  CHECK(count.duplicated == 0);
}

TEST_CASE("faults: C1 sees what was lost, doubled, refused and stored all the same, or invented",
          "[faults]") {
  auto e = sound();
  tally count;
  SECTION("lost") {
    e.events.erase(e.events.begin() + 3);
    CHECK_SAYS(acknowledged_once(e, count), "comment a2 was acknowledged and is lost");
    CHECK(count.lost == 1);
  }
  SECTION("the run is there and its ticket is not") {
    e.events.erase(e.events.begin() + 1);
    CHECK_SAYS(acknowledged_once(e, count), "ticket a1 was acknowledged and is lost");
  }
  SECTION("twice") {
    e.events.push_back(event(ticket, 6, 6, "ticket.commented", R"({"text":"[[a2]]"})"));
    CHECK_SAYS(acknowledged_once(e, count), "comment a2 is stored twice");
    CHECK(count.duplicated == 1);
  }
  SECTION("twice, though the client never learnt its end") {
    e.events.push_back(event(ticket, 6, 6, "ticket.commented", R"({"text":"[[a2]]"})"));
    e.seen.operations[1].how = outcome::unknown;
    CHECK_SAYS(acknowledged_once(e, count), "comment a2 is stored twice");
    CHECK(count.unknown == 1);
  }
  SECTION("refused") {
    e.seen.operations[1].how = outcome::refused;
    CHECK_SAYS(acknowledged_once(e, count), "comment a2 was refused (201) and is stored");
  }
  SECTION("nobody's") {
    e.seen.operations.pop_back();
    CHECK_SAYS(acknowledged_once(e, count), "which nobody sent");
  }
  SECTION("its answer is gone") {
    e.answers.pop_back();
    CHECK_SAYS(acknowledged_once(e, count), "comment a2 has 0 stored answers");
  }
  SECTION("another answer") {
    e.answers[1].entry.answer = R"({"entity":"default/ticket/r9-1","version":3})";
    CHECK_SAYS(acknowledged_once(e, count), "was answered ticket/r1-1 and stored with");
  }
  SECTION("of unknown end and not stored is fine") {
    e.seen.operations.push_back(wrote(3, op_kind::comment, "a3", outcome::unknown));
    CHECK(acknowledged_once(e, count).empty());
  }
}

TEST_CASE("faults: C2 sees gaps and epochs that go back", "[faults]") {
  auto e = sound();
  SECTION("a version") {
    e.events[4].version = 5;
    CHECK_SAYS(contiguous(e), "is not version 4");
  }
  SECTION("a seq") {
    e.events[4].seq = 5;
    CHECK_SAYS(contiguous(e), "does not follow seq 3");
  }
  SECTION("an epoch") {
    e.events[2].epoch = 3;
    CHECK_SAYS(contiguous(e), "has epoch 1 after 3");
  }
  SECTION("the head") {
    e.shards[1].last_seq = 4;
    CHECK_SAYS(contiguous(e), "the head of shard 2");
  }
}

TEST_CASE("faults: C3 sees what happened twice outside, or only on one side", "[faults]") {
  auto e = sound();
  SECTION("merged twice") {
    e.merges.emplace_back("r1-1");
    CHECK_SAYS(effects_once(e), "merged 2 times");
  }
  SECTION("merged and not recorded") {
    e.events.pop_back();
    CHECK_SAYS(effects_once(e), "not in the ledger");
  }
  SECTION("recorded and not merged") {
    e.merges.clear();
    CHECK_SAYS(effects_once(e), "not in the repository");
  }
  SECTION("a tool") {
    e.tools.push_back({"r1-1", 1, 1200, 1300});
    CHECK_SAYS(effects_once(e), "succeeded twice under token 1");
  }
  SECTION("an effect") {
    e.outbox = {{2, outbox_row{}}, {2, outbox_row{}}};
    e.outbox[0].second.effect_id = e.outbox[1].second.effect_id = "x";
    CHECK_SAYS(effects_once(e), "effect x stands twice");
  }
}

TEST_CASE("faults: C4 sees a view that is not the fold of the ledger", "[faults]") {
  auto e = sound();
  json::object shown{{"id", "r1-1"}, {"status", "DONE"}, {"version", 5}, {"run", "r1"}};
  e.shown = {{ticket, shown, shown}};
  CHECK(replay_is_served(e).empty());
  SECTION("another status") {
    e.shown[0].listed["status"] = "merging";
    CHECK_SAYS(replay_is_served(e), "is merging in the list and DONE by replay");
  }
  SECTION("another version") {
    e.shown[0].whole["version"] = 4;
    CHECK_SAYS(replay_is_served(e), "version in the API is 4 and by replay 5");
  }
  SECTION("what is not in the ledger") {
    e.shown[0].entity.id = "r2-1";
    CHECK_SAYS(replay_is_served(e), "is shown and not in the ledger");
  }
  SECTION("an event that cannot be folded") {
    e.events[3].event.type = "ticket.painted";
    CHECK_SAYS(replay_is_served(e), "cannot be folded");
  }
}

TEST_CASE("faults: C5 sees a tool that began when it must not", "[faults]") {
  auto e = sound();
  SECTION("without a lease") {
    e.tools[0].token = 7;
    CHECK_SAYS(one_holder(e), "began without a lease");
  }
  SECTION("twice under one token") {
    e.tools.push_back({"r1-1", 1, 1500, 1600});
    CHECK_SAYS(one_holder(e), "under token 1 began twice");
  }
  SECTION("late: somebody else has it") {
    e.events.push_back(event(ticket, 6, 6, "ticket.leased", R"({"token":2})", 5000));
    e.tools[0].begun_ms = 8000;
    CHECK_SAYS(one_holder(e), "began 3000 ms after token 2 was given out");
  }
  SECTION("while another ran, and out of order") {
    e.events.push_back(event(ticket, 6, 6, "ticket.leased", R"({"token":2})", 900));
    e.tools.push_back({"r1-1", 2, 900, 1050});
    CHECK_SAYS(one_holder(e), "under token 1 began after token 2");
    CHECK_SAYS(one_holder(e), "began while another one ran");
  }
}

TEST_CASE("faults: C6 sees tickets and clients that do not go on", "[faults]") {
  auto e = sound();
  tally count;
  SECTION("a ticket") {
    e.events.pop_back();
    CHECK_SAYS(all_ended(e, count), "ticket r1-1 is still");
  }
  SECTION("clients") {
    e.seen.strikes = {{"kill", 10, 1'000'000}};
    CHECK_SAYS(all_ended(e, count), "nothing was acknowledged after: kill");
  }
  SECTION("and says how long it took") {
    e.seen.strikes = {{"kill", 10, 180}};
    CHECK(all_ended(e, count).empty());
    CHECK(count.longest_recovery == 70);
  }
}

TEST_CASE("faults: C7 sees what is left running", "[faults]") {
  auto e = sound();
  SECTION("a lease") {
    e.events.resize(4); // neither its end nor the merge came
    CHECK_SAYS(nothing_stuck(e), "the lease of ticket r1-1 is still offered");
  }
  SECTION("an effect") {
    e.outbox = {{2, outbox_row{}}};
    e.outbox[0].second.effect_id = "x";
    e.outbox[0].second.running = true;
    CHECK_SAYS(nothing_stuck(e), "effect x of shard 2 is still running");
  }
}

TEST_CASE("faults: C8 sees another tenant's rows", "[faults]") {
  auto e = sound();
  tenant_id const other{"other"};
  SECTION("an event") {
    e.events[0].stream.tenant = other;
    CHECK_SAYS(one_tenant(e), "is of tenant other");
  }
  SECTION("an answer") {
    e.answers[0].tenant = other;
    CHECK_SAYS(one_tenant(e), "the answer of key a1 is of tenant other");
  }
}

TEST_CASE("faults: C9 sees an answer that goes back", "[faults]") {
  auto e = sound();
  e.seen.operations[0].version = 4;
  e.seen.operations[1].version = 3;
  CHECK_SAYS(monotonic(e), "was told version 3 of ticket/r1-1 after 4");
  SECTION("but not of two that were under way at once") {
    e.seen.operations[1].begun = e.seen.operations[0].begun;
    CHECK(monotonic(e).empty());
  }
}

TEST_CASE("faults: C10 sees memory and files that do not come back", "[faults]") {
  auto e = sound();
  SECTION("memory") {
    e.gauges[1].rss_kb = 500'000;
    CHECK_SAYS(back_to_rest(e), "memory grew");
  }
  SECTION("files") {
    e.gauges[1].fds = 300;
    CHECK_SAYS(back_to_rest(e), "open files grew");
  }
}

TEST_CASE("faults: a history is read as it was written, also one that broke off", "[faults]") {
  test::temporary_folder folder;
  auto const file = folder.path() / "history.jsonl";
  {
    recorder r{file};
    auto a = wrote(0, op_kind::comment, "a1", outcome::pending);
    r.invoked(a);
    auto b = wrote(0, op_kind::read, "", outcome::pending);
    r.invoked(b);
    b.version = 7;
    r.answered(b, outcome::ok);
    r.struck({"kill", 1, 2});
    CHECK(r.acknowledged() == 0); // a read is no command
  }
  auto const back = history::read(file);
  REQUIRE(back.has_value());
  REQUIRE(back->operations.size() == 2);
  CHECK(back->operations[0].how == outcome::pending);
  CHECK(back->operations[1].how == outcome::ok);
  CHECK(back->operations[1].version == 7);
  REQUIRE(back->strikes.size() == 1);
  CHECK(back->strikes[0].what == "kill");
  std::ofstream{file, std::ios::app} << "{\"answer\"";
  CHECK(history::read(file).error().code == errc::corrupt);
}

TEST_CASE("faults: marks are found in what was stored", "[faults]") {
  CHECK(marks_in("x " + mark_of("a-1") + " y " + mark_of("b-2")) ==
        std::vector<std::string>{"a-1", "b-2"});
  CHECK(marks_in(R"({"list":[["no","mark"]]})").empty());
}
