#include "gateway/routes/stream_position.hpp"
#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string make(api_lab const& lab, std::string const& id) {
  REQUIRE(
      lab.post("/api/projects", R"({"id":")" + id + R"(","config":{"repository":"/srv/x.git"}})")
          .status == 201);
  return id;
}

/// The ids of the events that a stream gave after its snapshot.
std::vector<std::string> event_ids(std::vector<stream_event> const& got) {
  std::vector<std::string> out;
  for (auto const& e : got)
    if (auto const id = text_at(data_of(e), "id"); !id.empty() && e.event != "snapshot")
      out.push_back(id);
  return out;
}

std::size_t snapshots(std::vector<stream_event> const& got) {
  std::size_t n = 0;
  for (auto const& e : got)
    n += e.event == "snapshot" ? 1 : 0;
  return n;
}

/// Whether a stream gave exactly the events of the log from place `from` on, each once, and those
/// of one shard in their order.
void check_complete(api_lab const& lab, std::vector<stream_event> const& got, std::size_t from) {
  auto const log = lab.events();
  std::set<std::string> wanted;
  for (std::size_t i = from; i < log.size(); ++i)
    wanted.insert(text_at(log[i], "id"));
  auto const ids = event_ids(got);
  std::set<std::string> const once{ids.begin(), ids.end()};
  CHECK(once.size() == ids.size());
  CHECK(once == wanted);
  std::map<std::int64_t, std::int64_t> last;
  for (auto const& e : got) {
    auto const data = data_of(e);
    if (!data.contains("seq"))
      continue;
    auto& before = last[data.at("shard").to_number<std::int64_t>()];
    auto const seq = data.at("seq").to_number<std::int64_t>();
    CHECK(seq > before);
    before = seq;
  }
}

} // namespace

TEST_CASE("stream: a position survives its text", "[api]") {
  stream_position const p{{0, 1}, {1, 31}, {7, 32}, {200, 123456789}, {255, 1}};
  auto const text = encode_position(p);
  CHECK(text.find_first_of(" \r\n") == std::string::npos);
  CHECK(decode_position(text) == p);
  CHECK(decode_position(encode_position({})) == stream_position{});
  for (auto const* bad :
       {"", "p1", "p2.AB", "p1.A", "p1.!!", "p1.ggggggggggggggggA", "17", "p1.------------A"})
    CHECK_FALSE(decode_position(bad).has_value());
}

TEST_CASE("stream: the snapshot comes first, then what happens", "[api]") {
  api_lab lab;
  lab.project();
  auto const run = lab.running(lab.pending_plan(lab.pending_brief()));
  (void)lab.quiet_mark();
  auto const from = lab.events().size();
  stream_reader reader{lab, ""};
  REQUIRE(reader.wait_for([](auto const& all) { return !all.empty(); }));
  auto const first = reader.got().front();
  CHECK(first.event == "snapshot");
  CHECK_FALSE(first.id.empty());
  auto const data = data_of(first);
  REQUIRE(data.contains("runs"));
  CHECK(text_at(data.at("runs").as_array().front(), "id") == run);
  CHECK(data.at("tickets").as_array().size() ==
        lab.get("/api/tickets").json.at("items").as_array().size());
  REQUIRE(reader.hears_of(make(lab, "one")));
  REQUIRE(reader.hears_of(make(lab, "two")));
  REQUIRE(reader.hears_of("two.pm"));
  (void)lab.quiet_mark();
  REQUIRE(reader.wait_for(
      [&](auto const& all) { return event_ids(all).size() >= lab.events().size() - from; }));
  auto const got = reader.got();
  CHECK(snapshots(got) == 1);
  check_complete(lab, got, from);
}

TEST_CASE("stream: nothing is missed or repeated over restarts of the server", "[api]") {
  api_lab lab;
  lab.project();
  (void)lab.quiet_mark();
  auto const from = lab.events().size();
  stream_reader reader{lab, ""};
  REQUIRE(reader.wait_for([](auto const& all) { return !all.empty(); }));
  bool const kill = GENERATE(true, false);
  for (int round = 0; round < 3; ++round) {
    // The transcript sets agents to work, so that events of many shards are under way at the end.
    REQUIRE(lab.source("Ann: We must print weeks.\nBob: Agreed, in round " + std::to_string(round) +
                       ".\n")
                .status == 201);
    make(lab, "r" + std::to_string(round));
    if (kill)
      lab.crash();
    else
      lab.stop();
    lab.open();
    make(lab, "after" + std::to_string(round));
  }
  REQUIRE(reader.hears_of("after2"));
  (void)lab.quiet_mark();
  REQUIRE(reader.wait_for(
      [&](auto const& all) { return event_ids(all).size() >= lab.events().size() - from; }));
  auto const got = reader.got();
  CHECK(got.front().event == "snapshot");
  CHECK(snapshots(got) == 1);
  check_complete(lab, got, from);
}

TEST_CASE("stream: a reader that was away over a restart goes on where it was", "[api]") {
  api_lab lab;
  std::string last;
  {
    auto const before = lab.events().size();
    stream_reader reader{lab, ""};
    REQUIRE(reader.wait_for([](auto const& all) { return !all.empty(); }));
    REQUIRE(reader.hears_of(make(lab, "seen")));
    REQUIRE(reader.hears_of("seen.pm"));
    (void)lab.quiet_mark();
    REQUIRE(reader.wait_for(
        [&](auto const& all) { return event_ids(all).size() >= lab.events().size() - before; }));
    last = reader.got().back().id;
  }
  auto const from = lab.events().size();
  make(lab, "missed");
  lab.stop();
  lab.open();
  make(lab, "late");
  (void)lab.quiet_mark();
  stream_reader reader{lab, "", last};
  REQUIRE(reader.wait_for(
      [&](auto const& all) { return event_ids(all).size() >= lab.events().size() - from; }));
  CHECK(snapshots(reader.got()) == 0);
  check_complete(lab, reader.got(), from);
}

TEST_CASE("stream: a place that means nothing here gives the snapshot again", "[api]") {
  api_lab lab;
  make(lab, "one");
  auto const id = GENERATE(as<std::string>{}, "17", "p1.", "garbage", "old-77",
                           // Further than this ledger: it is another one's.
                           encode_position({{3, 1'000'000}}));
  stream_reader reader{lab, "", id};
  REQUIRE(reader.wait_for([](auto const& all) { return !all.empty(); }));
  // Before everything is a place, too.
  CHECK(reader.got().front().event == (id == "p1." ? "project.created" : "snapshot"));
}

TEST_CASE("stream: of one brief, only what belongs to it", "[api]") {
  api_lab lab;
  lab.project();
  auto const mine = lab.pending_brief();
  auto const other = lab.pending_brief();
  stream_reader reader{lab, "?brief=" + mine};
  REQUIRE(reader.wait_for([](auto const& all) { return !all.empty(); }));
  auto const snapshot = data_of(reader.got().front());
  CHECK(text_at(snapshot.at("brief"), "id") == mine);
  CHECK(text_at(snapshot.at("brief"), "status") == "pending_approval");
  auto const plan = lab.pending_plan(mine);
  (void)lab.pending_plan(other);
  REQUIRE(reader.hears_of(plan));
  (void)lab.quiet_mark();
  for (auto const& e : reader.got()) {
    if (e.event == "snapshot")
      continue;
    auto const data = data_of(e);
    INFO(e.data);
    CHECK((text_at(data, "entity") == mine || text_at(data, "correlation") == mine));
  }
}

TEST_CASE("stream: a brief may be followed the moment it was submitted", "[api]") {
  api_lab lab;
  lab.project();
  for (int i = 0; i < 20; ++i) {
    auto const brief =
        lab.source("Ann: We must print weeks, take " + std::to_string(i) + ".\nBob: Agreed.\n")
            .text("id");
    stream_reader reader{lab, "?brief=" + brief};
    REQUIRE(reader.wait_for([](auto const& all) { return !all.empty(); }));
    CHECK(reader.got().front().event == "snapshot");
  }
}

TEST_CASE("stream: of one ticket, its state and its events", "[api]") {
  api_lab lab;
  lab.project();
  (void)lab.running(lab.pending_plan(lab.pending_brief()));
  auto const tickets = lab.get("/api/tickets").json.at("items").as_array();
  REQUIRE(tickets.size() >= 2);
  auto const mine = text_at(tickets[0], "id");
  auto const other = text_at(tickets[1], "id");
  stream_reader reader{lab, "?ticket=" + mine};
  REQUIRE(reader.wait_for([](auto const& all) { return !all.empty(); }));
  CHECK(text_at(data_of(reader.got().front()).at("ticket"), "id") == mine);
  CHECK(lab.post("/api/tickets/" + other + "/comments", R"({"text":"not here"})").status == 200);
  CHECK(lab.post("/api/tickets/" + mine + "/comments", R"({"text":"here"})").status == 200);
  REQUIRE(reader.hears_of(mine));
  (void)lab.quiet_mark();
  auto const got = reader.got();
  REQUIRE(got.size() == 2);
  CHECK(got[1].event == "ticket.commented");
  CHECK(got[1].data.find("here") != std::string::npos);
}

TEST_CASE("stream: filters that are none, and strangers, are refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  refused(lab.get("/api/stream?colour=red"), 400, "invalid_argument");
  refused(lab.get("/api/stream?kind=nope"), 400, "invalid_argument");
  refused(lab.get("/api/stream?after=3"), 400, "invalid_argument");
  refused(lab.get("/api/stream", {{"Authorization", ""}}), 401, "unauthorized");
}

TEST_CASE("stream: a revoked token ends the stream for good", "[api]") {
  api_lab lab;
  auto const made = lab.post("/api/tokens", R"({"name":"guest","roles":["viewer"]})");
  stream_reader guest{lab, "", {}, made.text("token")};
  stream_reader admin{lab, ""};
  for (auto* each : {&guest, &admin})
    REQUIRE(each->wait_for([](auto const& all) { return !all.empty(); }));
  REQUIRE(guest.hears_of(make(lab, "one")));
  REQUIRE(admin.hears_of("one"));
  CHECK(lab.remove("/api/tokens/" + made.text("id")).status == 200);
  // The server says that it is over, and the client does not come back: it was not asked to stop.
  REQUIRE(guest.ends());
  CHECK(guest.outcome().has_value());
  auto const last = guest.got().back();
  CHECK(last.event == "closed");
  CHECK_FALSE(data_of(last).at("again").as_bool());
  REQUIRE(admin.hears_of(make(lab, "two")));
  for (auto const& e : guest.got())
    CHECK(text_at(data_of(e), "entity") != "two");
}

TEST_CASE("stream: a server that stops tells its readers to come back", "[api]") {
  api_lab lab;
  stream_reader reader{lab, ""};
  REQUIRE(reader.wait_for([](auto const& all) { return !all.empty(); }));
  lab.stop();
  REQUIRE(reader.wait_for([](auto const& all) { return all.back().event == "closed"; }));
  CHECK(data_of(reader.got().back()).at("again").as_bool());
  lab.open();
  REQUIRE(reader.hears_of(make(lab, "one")));
  CHECK(snapshots(reader.got()) == 1);
}
