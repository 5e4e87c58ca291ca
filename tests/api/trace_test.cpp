#include "protocol/trace.hpp"
#include "tests/api/collector.hpp"
#include "tests/api/one_man_team.hpp"
#include "tests/api/scrape.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

std::vector<std::string> to(collector const& c, std::string const& percent = "100") {
  return {"--set", "telemetry.otlp_endpoint=" + c.endpoint(), "--set",
          "telemetry.traces_percent=" + percent};
}

std::string const trace = "0af7651916cd43dd8448eb211c80319c";
std::string const caller = "b7ad6b7169203331";

std::string parent(char const* flags = "01") {
  return "00-" + trace + "-" + caller + "-" + flags;
}

char const* const work = R"({"project":"duration","title":"Parse weeks","text":"So that w works.",
  "role":"dev","criteria":["3w is 21 days."]})";

std::size_t count(std::vector<got_span> const& all, std::string const& name) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](got_span const& s) { return s.name == name; }));
}

} // namespace

TEST_CASE("trace: a ticket's whole life is one trace, from the caller on", "[api]") {
  collector c;
  api_lab lab{to(c)};
  lab.project();
  one_man_team team{lab};
  auto const made = lab.post("/api/tickets", work, {{"traceparent", parent()}});
  REQUIRE(made.status == 201);
  team.finish(made.text("id"));
  // Work, review, gates that fail; the same again; and the merge.
  REQUIRE(team.orders().size() == 7);
  for (auto const& o : team.orders())
    CHECK(tracing::parse(o.trace).trace_id == trace);
  REQUIRE(eventually([&] { return count(c.of(trace), "daemon.attempt") == 7; }));
  lab.stop(); // the rest is sent before it ends
  auto const all = c.of(trace);
  CHECK(c.problems().empty());

  std::map<std::string, got_span> by_id;
  for (auto const& s : all)
    CHECK(by_id.emplace(s.id, s).second);
  std::size_t first = 0;
  for (auto const& s : all) {
    INFO(s.name << " " << s.id << " of " << s.parent);
    if (s.parent == caller) {
      ++first;
      CHECK(s.name == "POST /api/tickets");
      CHECK(s.kind == 2);
      CHECK(s.attributes.at("http.response.status_code") == "201");
      continue;
    }
    auto const above = by_id.find(s.parent);
    REQUIRE(above != by_id.end());
    CHECK(s.began >= above->second.began);
  }
  CHECK(first == 1);

  auto const names = [&](std::string const& id) {
    std::vector<std::string> out;
    for (auto at = id; by_id.contains(at); at = by_id.at(at).parent)
      out.push_back(by_id.at(at).name);
    return out;
  };
  for (auto const& s : all) {
    INFO(s.name);
    if (s.name == "journal.commit")
      CHECK(by_id.at(s.parent).attributes.contains("troupe.entity"));
    if (s.name == "daemon.attempt")
      CHECK(by_id.at(s.parent).attributes.at("troupe.entity") ==
            "default/ticket/" + made.text("id"));
    if (s.name == "ticket.finish") {
      CHECK(by_id.at(s.parent).name == "daemon.attempt");
      CHECK(std::stoll(s.attributes.at("troupe.queue_ns")) >= 0);
      CHECK(names(s.id).back() == "POST /api/tickets");
    }
  }
  CHECK(count(all, "ticket.open") >= 1); // it may be sent again before it is answered
  CHECK(count(all, "ticket.finish") == 7);
  CHECK(count(all, "ticket.start") == 7);
  CHECK(count(all, "journal.commit") >= 15);
  // Heartbeats, which come all the time, are not in it.
  CHECK(count(all, "ticket.renew") == 0);
}

TEST_CASE("trace: messages between agents are in the trace of the request they come from",
          "[api]") {
  collector c;
  api_lab lab{to(c)};
  lab.project();
  auto const made = lab.post(
      "/api/briefs",
      R"({"project":"duration","name":"n","text":"Ann: We must print weeks.\nBob: Agreed.\n"})",
      {{"traceparent", parent()}});
  REQUIRE(made.status == 201);
  REQUIRE(eventually([&] {
    return lab.get("/api/briefs/" + made.text("id")).text("status") == "pending_approval";
  }));
  REQUIRE(eventually([&] {
    auto const all = c.of(trace);
    return count(all, "message.request") >= 1 && count(all, "agent.receive") >= 1 &&
           count(all, "agent.reply") >= 1 && count(all, "approval.open") >= 1;
  }));
  CHECK(c.problems().empty());
  for (auto const& s : c.of(trace))
    if (s.name == "agent.receive")
      CHECK(s.attributes.at("troupe.entity").starts_with("default/agent/duration."));
}

TEST_CASE("trace: who begins a trace says whether it is kept", "[api]") {
  collector c;
  api_lab lab{to(c, "0")};
  lab.project();
  // Not sampled by the caller; begun here and none are kept; sampled by the caller.
  REQUIRE(lab.post("/api/tickets", work, {{"traceparent", parent("00")}}).status == 201);
  REQUIRE(lab.post("/api/tickets", work).status == 201);
  auto const other = "1" + trace.substr(1);
  REQUIRE(lab.post("/api/tickets", work, {{"traceparent", "00-" + other + "-" + caller + "-01"}})
              .status == 201);
  REQUIRE(eventually([&] { return !c.of(other).empty(); }));
  lab.stop();
  for (auto const& s : c.spans())
    CHECK(s.trace == other);
}

TEST_CASE("trace: off, nothing of it is stored", "[api]") {
  project_lab lab;
  REQUIRE(lab.post("/api/briefs",
                   R"({"project":"duration","name":"n","text":"Ann: We must print weeks.\n"})",
                   {{"traceparent", parent()}})
              .status == 201);
  (void)lab.quiet_mark();
  for (auto const& e : lab.events())
    CHECK(json::canonical(e).find(trace) == std::string::npos);
  auto const m = scraped(lab);
  CHECK(m.value("troupe_trace_spans_total") == 0);
}

TEST_CASE("trace: a canary is in no span", "[api]") {
  std::string const canary = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  collector c;
  api_lab lab{to(c)};
  lab.project();
  CHECK(lab.get("/api/tickets/" + canary).status == 404);
  (void)lab.post("/api/tickets/" + canary + "/cancel", R"({"why":")" + canary + "\"}",
                 {{"User-Agent", canary}});
  (void)lab.source("Ada: the token is " + canary + ", we must print weeks.\n");
  REQUIRE(eventually([&] {
    auto const all = c.spans();
    return count(all, "POST /api/tickets/{id}/cancel") == 1 && count(all, "ticket.cancel") == 1 &&
           count(all, "agent.receive") >= 1;
  }));
  lab.stop();
  CHECK(c.problems().empty()); // a command to what was never opened is decided on twice
  CHECK(c.text().find(canary) == std::string::npos);
  CHECK(c.text().find("[redacted:github-token]") != std::string::npos);
}
