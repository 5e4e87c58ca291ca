#include "gateway/routes/stream_position.hpp"
#include "tests/api/two_tenants.hpp"
#include "tests/api/watch_lines.hpp"

#include <random>
#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

using place = std::pair<std::int64_t, std::int64_t>;
std::string const commits = "filter=point%3Djournal%20and%20direction%3Dout";

place place_of(json::object const& o) {
  return {o.at("shard").to_number<std::int64_t>(), o.at("seq").to_number<std::int64_t>()};
}

/// The places of the events after a position.
std::multiset<place> places_after(json::array const& log, stream_position const& at) {
  std::multiset<place> out;
  for (auto const& e : log) {
    auto const p = place_of(e.as_object());
    auto const reached = at.find(static_cast<std::uint32_t>(p.first));
    if (reached == at.end() || static_cast<std::uint64_t>(p.second) > reached->second)
      out.insert(p);
  }
  return out;
}

/// The places of what a watcher was told; without credentials, which are in no list of events.
std::multiset<place> told(traffic_reader const& reader) {
  std::multiset<place> out;
  for (auto const& r : reader.records())
    if (!text_at(r, "to").starts_with("principal:"))
      out.insert(place_of(r));
  return out;
}

} // namespace

TEST_CASE("watch past: what was comes first, then what is, each once", "[api]") {
  api_lab lab;
  make_project(lab, "one");
  make_project(lab, "two");
  (void)lab.quiet_mark();
  auto const before = lab.events();
  traffic_reader reader{lab, "?rate=10000&since=1h&" + commits};
  REQUIRE(eventually([&] { return told(reader).size() >= before.size(); }));
  CHECK(told(reader) == places_after(before, {}));
  make_project(lab, "three");
  (void)lab.quiet_mark();
  auto const all = places_after(lab.events(), {});
  REQUIRE(eventually([&] { return told(reader).size() >= all.size(); }));
  CHECK(told(reader) == all);
  // Live ones say how long it took; of those that were there before nobody knows any more.
  auto const records = reader.records();
  CHECK_FALSE(records.front().contains("latency_us"));
  CHECK_FALSE(records.front().contains("thread"));
  CHECK(records.front().contains("at_us"));
  CHECK(std::any_of(records.begin(), records.end(),
                    [](auto const& r) { return r.contains("latency_us"); }));
}

TEST_CASE("watch past: only as far back as was asked for", "[api]") {
  api_lab lab;
  make_project(lab, "one");
  (void)lab.quiet_mark();
  auto const log = lab.events();
  REQUIRE(log.size() > 4);
  stream_position half;
  for (std::size_t i = 0; i < log.size() / 2; ++i) {
    auto const p = place_of(log[i].as_object());
    half[static_cast<std::uint32_t>(p.first)] = static_cast<std::uint64_t>(p.second);
  }
  traffic_reader reader{lab, "?after=" + encode_position(half) + "&" + commits};
  auto const wanted = places_after(log, half);
  REQUIRE(eventually([&] { return told(reader).size() >= wanted.size(); }));
  CHECK(told(reader) == wanted);
  traffic_reader few{lab, "?since=1h&limit=3&" + commits};
  CHECK(few.reason() == "record_limit");
  CHECK(few.records().size() == 3);
}

TEST_CASE("watch past: what is wrong is refused", "[api]") {
  api_lab lab;
  unchanged const guard{lab};
  for (auto const* query : {"?since=5", "?since=m", "?since=0s", "?since=-5m", "?since=5y",
                            "?since=99999999999h", "?after=17", "?since=5m&after=p1."}) {
    INFO(query);
    refused(lab.get(std::string{"/api/watch"} + query), 400, "invalid_argument");
  }
}

TEST_CASE("watch past: a position of another ledger is refused", "[api]") {
  api_lab lab;
  refused(lab.get("/api/watch?after=" + encode_position({{3, 1'000'000}})), 400,
          "invalid_argument");
}

TEST_CASE("watch past: under load, from any moment on, there is no hole and nothing twice",
          "[api]") {
  api_lab lab;
  make_project(lab, "first");
  (void)lab.quiet_mark();
  std::mt19937 random{20'261'122u};
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int t = 0; t < 3; ++t)
    writers.emplace_back([&lab, &stop, t] {
      for (int i = 0; !stop && i < 200; ++i)
        (void)lab.post("/api/projects", R"({"id":"p)" + std::to_string(t) + "-" +
                                            std::to_string(i) +
                                            R"(","config":{"repository":"/srv/x.git"}})");
    });
  struct watching {
    std::unique_ptr<traffic_reader> reader;
    stream_position from;
  };
  std::vector<watching> all;
  std::set<int> rates{1, 20, 10'000}; // what the rate keeps from the live part, the ledger has
  for (int i = 0; i < 30; ++i) {
    stream_position from;
    auto query = std::string{"?since=1h&"};
    if (random() % 3 != 0) {
      auto const log = lab.events();
      auto const some = random() % (log.size() + 1);
      for (std::size_t k = 0; k < some; ++k) {
        auto const p = place_of(log[k].as_object());
        from[static_cast<std::uint32_t>(p.first)] = static_cast<std::uint64_t>(p.second);
      }
      query = "?after=" + encode_position(from) + "&";
    }
    auto const rate = std::to_string(*std::next(rates.begin(), random() % 3));
    query += "limit=1000000&rate=" + rate + "&" + commits;
    all.push_back({std::make_unique<traffic_reader>(lab, query), std::move(from)});
  }
  stop = true;
  for (auto& w : writers)
    w.join();
  (void)lab.quiet_mark();
  auto const log = lab.events();
  for (auto const& w : all) {
    auto const wanted = places_after(log, w.from);
    CHECK(eventually([&] { return told(*w.reader).size() >= wanted.size(); }));
    auto const got = told(*w.reader);
    CHECK(got.size() == wanted.size());
    CHECK(got == wanted);
  }
}

TEST_CASE("watch past: what is no longer at hand comes from the store, each once", "[api]") {
  two_tenants lab{10};
  auto const token = lab.token_of(inner_tenant);
  auto const work = [&](int from, int to) {
    for (int i = from; i < to; ++i)
      lab.work(inner_tenant, "p" + std::to_string(i));
  };
  work(0, 60);
  stream_reader past{lab.url("&since=1h&" + commits), api_lab::as(token)};
  REQUIRE(past.opens());
  work(60, 120); // while what was there is read
  std::multiset<place> wanted;
  for (std::string after = "0"; !after.empty();) {
    auto const page = http_request(
        "GET", lab.server.url() + "/api/events?limit=1000&after=" + after, api_lab::as(token), {});
    REQUIRE(page.has_value());
    REQUIRE(page->status == 200);
    auto const read = json::parse(page->body);
    REQUIRE(read.has_value());
    for (auto const& e : read->at("items").as_array())
      wanted.insert(place_of(e.as_object()));
    auto const* next = read->as_object().if_contains("after");
    after = next == nullptr || next->is_null() ? std::string{}
                                               : std::to_string(next->to_number<std::int64_t>());
  }
  REQUIRE(wanted.size() >= 120);
  auto const got = [&] {
    std::multiset<place> out;
    for (auto const& e : past.got())
      if (auto const r = data_of(e);
          e.event == "record" && !text_at(r, "to").starts_with("principal:"))
        out.insert(place_of(r));
    return out;
  };
  CHECK(eventually([&] { return got().size() >= wanted.size(); }));
  CHECK(got() == wanted);
}

TEST_CASE("watch past: a place that nobody gave out is refused, and not taken for none", "[api]") {
  api_lab lab;
  for (auto const* given : {"garbage", "p2.AB", "0", "p1.A"}) {
    INFO(given);
    auto const header =
        refused(lab.get("/api/watch", {{"Last-Event-ID", given}}), 400, "invalid_argument");
    CHECK(text_at(header, "field") == "Last-Event-ID");
    auto const parameter =
        refused(lab.get(std::string{"/api/watch?after="} + given), 400, "invalid_argument");
    CHECK(text_at(parameter, "field") == "after");
  }
  // One that comes for the first time has no place yet.
  traffic_reader reader{lab, "?seconds=1&since=1h"};
  CHECK(reader.reason() == "time_limit");
}
