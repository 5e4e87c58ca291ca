#include "tests/api/watch_lines.hpp"

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string point_of(json::object const& r) {
  return text_at(r, "point");
}

} // namespace

TEST_CASE("watch: each choke point tells what passes", "[api]") {
  api_lab lab;
  lab.project();
  (void)lab.quiet_mark();
  traffic_reader reader{lab, "?rate=10000"};
  auto const brief = lab.pending_brief();
  for (auto const* point : {"send", "admit", "dispatch", "journal", "effect", "gateway"}) {
    INFO(point);
    CHECK(reader.shows([&](json::object const& r) { return point_of(r) == point; }));
  }
  // A message between two, a command before and after, a commit with its place, a request and its
  // answer.
  CHECK(reader.shows([&](json::object const& r) {
    return point_of(r) == "send" && text_at(r, "to").starts_with("agent:duration.") &&
           text_at(r, "brief") == brief && text_at(r, "kind") == "request";
  }));
  for (auto const* way : {"in", "out"})
    CHECK(reader.shows([&](json::object const& r) {
      return point_of(r) == "dispatch" && text_at(r, "to") == "brief:" + brief &&
             text_at(r, "direction") == way &&
             (way == std::string_view{"in"}) == !r.contains("latency_us");
    }));
  CHECK(reader.shows([&](json::object const& r) {
    return point_of(r) == "gateway" && text_at(r, "kind") == "POST:/api/sources" &&
           text_at(r, "direction") == "out" && text_at(r, "from") == "human:admin" &&
           r.contains("latency_us");
  }));
  CHECK(reader.shows([&](json::object const& r) {
    return point_of(r) == "effect" && text_at(r, "kind") == "think" &&
           text_at(r, "direction") == "in" && text_at(r, "outcome") == "ok";
  }));
}

TEST_CASE("watch: every commit is told once, in its place of the ledger", "[api]") {
  api_lab lab;
  lab.project();
  (void)lab.quiet_mark();
  auto const from = lab.events().size();
  traffic_reader reader{lab, "?rate=10000&filter=point%3Djournal%20and%20direction%3Dout"};
  auto const brief = lab.pending_brief();
  (void)lab.quiet_mark();
  auto const log = lab.events();
  std::map<std::pair<std::int64_t, std::int64_t>, std::string> wanted;
  for (std::size_t i = from; i < log.size(); ++i) {
    auto const& e = log[i].as_object();
    wanted.emplace(
        std::pair{e.at("shard").to_number<std::int64_t>(), e.at("seq").to_number<std::int64_t>()},
        text_at(e, "type"));
  }
  REQUIRE(wanted.size() > 5);
  auto const told = [&] {
    std::map<std::pair<std::int64_t, std::int64_t>, std::string> out;
    for (auto const& r : reader.records()) {
      CHECK(text_at(r, "outcome") == "ok");
      // A credential's events are in no list: what watching itself wrote is one.
      if (text_at(r, "to").starts_with("principal:"))
        continue;
      auto const place =
          std::pair{r.at("shard").to_number<std::int64_t>(), r.at("seq").to_number<std::int64_t>()};
      CHECK(out.emplace(place, text_at(r, "kind")).second);
    }
    return out;
  };
  REQUIRE(eventually([&] { return told().size() >= wanted.size(); }));
  CHECK(told() == wanted);
}

TEST_CASE("watch: a filter lets pass what it says, and nothing else", "[api]") {
  api_lab lab;
  lab.project();
  traffic_reader errors{lab, "?filter=errors"};
  traffic_reader one{lab, "?filter=project%3Dtwo"};
  make_project(lab, "one");
  make_project(lab, "two");
  CHECK(lab.post("/api/briefs/nope/approve").status == 404);
  REQUIRE(one.shows([](json::object const& r) { return point_of(r) == "journal"; }));
  REQUIRE(errors.shows([](json::object const& r) {
    return point_of(r) == "gateway" && text_at(r, "outcome") == "not_found";
  }));
  for (auto const& r : one.records())
    CHECK(text_at(r, "project") == "two");
  for (auto const& r : errors.records())
    CHECK(text_at(r, "outcome") != "ok");
}

TEST_CASE("watch: what is wrong is refused with the place", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  struct sample {
    char const* query;
    char const* field;
    std::int64_t column;
  };
  for (auto const& s :
       {sample{"?filter=kind%3D", "filter", 6}, sample{"?filter=color%3Dred", "filter", 1},
        sample{"?filter=errors%20or", "filter", 10}, sample{"?colour=red", "colour", 0},
        sample{"?rate=0", "rate", 0}, sample{"?rate=10001", "rate", 0},
        sample{"?rate=ten", "rate", 0}, sample{"?sample=0", "sample", 0},
        sample{"?sample=1.5", "sample", 0}, sample{"?sample=nan", "sample", 0},
        sample{"?limit=0", "limit", 0}, sample{"?limit=99999999999999999999", "limit", 0},
        sample{"?seconds=3601", "seconds", 0}, sample{"?seconds=-1", "seconds", 0},
        sample{"?contents=perhaps", "contents", 0}}) {
    INFO(s.query);
    auto const no = refused(lab.get(std::string{"/api/watch"} + s.query), 400, "invalid_argument");
    CHECK(text_at(no, "field") == s.field);
    if (s.column != 0) {
      CHECK(no.at("column").to_number<std::int64_t>() == s.column);
      CHECK_FALSE(text_at(no, "expected").empty());
    }
  }
}

TEST_CASE("watch: contents are for those who may see them, and hold no secret", "[api]") {
  api_lab lab;
  lab.project();
  auto const observer = lab.token_for("observe");
  auto const reader = lab.token_for("observe_contents");
  auto const no =
      refused(lab.get("/api/watch?contents=true", api_lab::as(observer)), 403, "forbidden");
  CHECK(text_at(no, "role") == "observe_contents");
  // Who may watch may do nothing else.
  refused(lab.get("/api/tickets", api_lab::as(reader)), 403, "forbidden");

  traffic_reader names{lab, "?rate=10000", observer};
  traffic_reader whole{lab, "?rate=10000&contents=true", reader};
  std::string const secret = "ghp_" + std::string{"x7Kq2Lw9Zt4Rb8Nv1Mc6Yh3Pd5Fs0Gj2Ae4"};
  REQUIRE(lab.source("Ann: We must print weeks in the report. The key is " + secret +
                     "\nBob: Agreed, we print weeks.\n")
              .status == 201);
  auto const has_words = [](json::object const& r) {
    return text_at(r, "content").find("weeks") != std::string::npos;
  };
  REQUIRE(whole.shows(has_words));
  (void)lab.quiet_mark();
  for (auto const& e : whole.got())
    CHECK(e.data.find(secret) == std::string::npos);
  REQUIRE_FALSE(names.records().empty());
  for (auto const& e : names.got()) {
    CHECK(e.data.find("content\"") == std::string::npos);
    CHECK(e.data.find("weeks") == std::string::npos);
    CHECK(e.data.find(secret) == std::string::npos);
  }
}

TEST_CASE("watch: it ends after its records, or its time, and says so", "[api]") {
  api_lab lab;
  traffic_reader few{lab, "?limit=3"};
  traffic_reader brief{lab, "?seconds=1&filter=kind%3Dnever"};
  make_project(lab, "one");
  CHECK(few.reason() == "record_limit");
  CHECK(few.records().size() == 3);
  CHECK(brief.reason() == "time_limit");
  CHECK(brief.records().empty());
  CHECK(few.outcome().has_value());
}

TEST_CASE("watch: a credential that is over ends the watch at once", "[api]") {
  api_lab lab;
  auto const made = lab.post("/api/tokens", R"({"name":"guest","roles":["observe"]})");
  auto const passing = lab.post("/api/tokens", R"({"name":"job","roles":["observe"],"seconds":4})");
  REQUIRE(made.status == 201);
  REQUIRE(passing.status == 201);
  // Nothing of what they watch happens: the end does not wait for it.
  traffic_reader guest{lab, "?filter=kind%3Dnever", made.text("token")};
  traffic_reader job{lab, "?filter=kind%3Dnever", passing.text("token")};
  traffic_reader admin{lab, ""};
  CHECK(lab.remove("/api/tokens/" + made.text("id")).status == 200);
  CHECK(guest.reason() == "token_ended");
  CHECK(job.reason() == "token_ended");
  refused(lab.get("/api/watch", api_lab::as(made.text("token"))), 401, "unauthorized");
  make_project(lab, "one");
  CHECK(admin.shows([](json::object const& r) { return text_at(r, "project") == "one"; }));
}

TEST_CASE("watch: there are sixteen different ones at most", "[api]") {
  api_lab lab;
  std::vector<std::unique_ptr<traffic_reader>> all;
  auto const other = lab.token_for("observe");
  for (int i = 0; i < 16; ++i)
    all.push_back(std::make_unique<traffic_reader>(lab, "?filter=kind%3Dnever&rate=" +
                                                            std::to_string(i + 1)));
  refused(lab.get("/api/watch?rate=77", api_lab::as(other)), 429, "busy");
  // The same as another one is none of its own.
  traffic_reader same{lab, "?filter=kind%3Dnever&rate=3", other};
}

TEST_CASE("watch: a server that stops tells its watchers to come back", "[api]") {
  api_lab lab;
  traffic_reader reader{lab, ""};
  lab.stop();
  REQUIRE(reader.wait_for(
      [](auto const& all) { return !all.empty() && all.back().event == "closed"; }));
  CHECK(data_of(reader.got().back()).at("again").as_bool());
  lab.open();
  CHECK(eventually([&] {
    (void)lab.get("/api/projects");
    return reader.got().back().event == "record";
  }));
}
