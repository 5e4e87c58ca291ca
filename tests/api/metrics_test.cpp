#include "gateway/routes/metrics.hpp"
#include "tests/api/one_man_team.hpp"
#include "tests/api/scrape.hpp"
#include "tests/api/two_tenants.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <regex>
#include <sstream>

using namespace troupe;
using namespace troupe::test;

namespace {

api_lab::headers const nobody{{"Authorization", ""}};

} // namespace

TEST_CASE("metrics: who may read them", "[api]") {
  api_lab lab;
  refused(lab.get("/metrics", nobody), 401, "unauthorized");
  refused(lab.get("/metrics", api_lab::as("trp_nonsense")), 401, "unauthorized");
  refused(lab.get("/metrics?access_token=x", nobody), 400, "invalid_argument");
  auto const page = lab.get("/metrics", api_lab::as(lab.token_for("viewer")));
  CHECK(page.status == 200);
  CHECK(page.headers.at("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(page.headers.at("cache-control") == "no-store");
  puppet const daemon{lab};
  refused(lab.get("/metrics", api_lab::as(daemon.token())), 403, "forbidden");
}

TEST_CASE("metrics: a scraper's own token opens them and nothing else", "[api]") {
  temporary_folder const folder;
  auto const file = folder.path() / "scraper";
  std::string const token = "scrape-0123456789abcdef";
  std::ofstream{file} << token << "\n";
  api_lab lab{{"--set", "telemetry.metrics_token_file=" + file.string()}};
  CHECK(lab.get("/metrics", api_lab::as(token)).status == 200);
  refused(lab.get("/metrics", api_lab::as(token + "0")), 401, "unauthorized");
  refused(lab.get("/metrics", nobody), 401, "unauthorized");
  refused(lab.get("/api/tickets", api_lab::as(token)), 401, "unauthorized");
  lab.stop();
  CHECK(lab.log().find(token) == std::string::npos);
}

TEST_CASE("metrics: a token that can be guessed is refused at the start", "[api]") {
  temporary_folder const folder;
  auto const file = folder.path() / "scraper";
  std::ofstream{file} << "short\n";
  for (auto const& name : {file.string(), (folder.path() / "nowhere").string()}) {
    auto const r = run_troupe({"serve", "--port", "0", "--data", folder.path().string(), "--set",
                               "telemetry.metrics_token_file=" + name},
                              folder.path());
    INFO(r.err);
    CHECK(r.exit_code == 2);
    CHECK(r.err.find("at least 16 characters") != std::string::npos);
  }
}

TEST_CASE("metrics: this machine may read them without a token where that is set", "[api]") {
  api_lab lab{{"--set", "telemetry.metrics_on_loopback=true"}};
  CHECK(lab.get("/metrics", nobody).status == 200);
  // What a proxy passes on, or a page of somewhere else, is not of this machine.
  for (auto const& [name, value] :
       std::map<std::string, std::string>{{"X-Forwarded-For", "203.0.113.9"},
                                          {"Forwarded", "for=203.0.113.9"},
                                          {"Origin", "http://evil.example"}})
    refused(lab.get("/metrics", {{"Authorization", ""}, {name, value}}), 401, "unauthorized");
  // A token that is not valid is a mistake that should be seen.
  refused(lab.get("/metrics", api_lab::as("nonsense")), 401, "unauthorized");
}

TEST_CASE("metrics: requests are counted by route, whatever address was asked for", "[api]") {
  project_lab lab;
  std::string const name = "troupe_http_request_duration_seconds_count";
  auto const of = [&](std::string const& method, std::string const& route,
                      std::string const& status) {
    return name + "{method=\"" + method + "\",route=\"" + route + "\",status=\"" + status + "\"}";
  };
  // A request is counted a moment after its answer, so those before it may not be.
  int scrapes = 0;
  std::optional<scrape> before;
  REQUIRE(eventually([&] {
    before.emplace(scraped(lab));
    ++scrapes;
    return before->value(of("POST", "/api/projects", "2xx")) == 1 &&
           before->value(of("GET", "/metrics", "2xx")).has_value();
  }));
  for (int i = 0; i < 40; ++i) {
    auto const n = std::to_string(i);
    CHECK(lab.get("/api/tickets/none-" + n).status == 404);
    CHECK(lab.get("/nowhere/" + n).status == 404);
    CHECK(lab.call("PROPFIND" + n, "/api/tickets", {}, {}).status == 405);
    CHECK(lab.get("/api/tickets/x" + n, nobody).status == 401);
  }
  std::optional<scrape> after;
  REQUIRE(eventually([&] {
    after.emplace(scraped(lab));
    ++scrapes;
    return after->sum(name, {"status=\"4xx\""}) == 160 &&
           after->value(of("GET", "/metrics", "2xx")) == scrapes - 1;
  }));
  CHECK(after->value(of("GET", "/api/tickets/{id}", "4xx")) == 80);
  CHECK(after->value(of("GET", "none", "4xx")) == 40);
  CHECK(after->value(of("other", "none", "4xx")) == 40);
  CHECK(after->value(R"(troupe_http_request_duration_seconds_bucket{method="GET",)"
                     R"(route="/api/tickets/{id}",status="4xx",le="+Inf"})") == 80);
  CHECK(after->text().find("none-7") == std::string::npos);
  // Three series of requests are new: each has 14 buckets, sum and count.
  CHECK(after->size() - before->size() == 3 * 16);
}

TEST_CASE("metrics: what the team did is the ledger's, also after a crash", "[api]") {
  api_lab lab;
  lab.project(R"("limits":{"budget_micros":1000000})");
  one_man_team team{lab};
  auto const made = lab.post("/api/tickets", R"({"project":"duration","title":"Parse weeks",
    "text":"So that w is a unit.","role":"dev","criteria":["3w is 21 days."]})");
  REQUIRE(made.status == 201);
  team.finish(made.text("id"));
  // The budget hears of the last attempt after the ticket's end.
  REQUIRE(eventually([&] {
    auto const m = scraped(lab);
    return m.sum("troupe_ticket_completion_seconds_count") == 1 &&
           m.sum("troupe_budget_reserved") == 0 && m.sum("troupe_budget_spent") == Approx(0.07);
  }));
  auto const holds = [&](scrape const& m) {
    auto const of = [&](std::string const& rest) { return m.value("troupe_" + rest).value_or(-1); };
    CHECK(of(R"(tokens_total{role="dev",engine="daemon",direction="input"})") == 2000);
    CHECK(of(R"(tokens_total{role="dev",engine="daemon",direction="output"})") == 400);
    CHECK(of(R"(tokens_total{role="tech-lead",engine="daemon",direction="input"})") == 1000);
    CHECK(of(R"(money_spent_total{role="dev",engine="daemon"})") == Approx(0.06));
    CHECK(of(R"(money_spent_total{role="tech-lead",engine="daemon"})") == Approx(0.01));
    CHECK(of("money_burn_per_hour") == Approx(0.07));
    CHECK(of("budget_granted") == Approx(1));
    CHECK(of("budget_spent") == Approx(0.07));
    CHECK(of("budget_reserved") == 0);
    CHECK(of(R"(budgets{level="open"})") == 1);
    CHECK(of(R"(attempt_work_seconds_total{role="dev",engine="daemon"})") == 14);
    CHECK(of(R"(attempts_total{role="dev",outcome="SUCCEEDED"})") == 2);
    CHECK(of("ticket_review_rounds_sum") == 1);
    CHECK(of("ticket_review_rounds_count") == 1);
    CHECK(of("reworks_total") == 1);
    CHECK(of(R"(reviews_total{verdict="approved"})") == 2);
    CHECK(of(R"(gate_violations_total{kind="tests"})") == 1);
    CHECK(of(R"(gate_violations_total{kind="secrets"})") == 0);
    CHECK(of(R"(gate_passes_total{kind="tests"})") == 1);
    CHECK(of(R"(gate_passes_total{kind="secrets"})") == 2);
    CHECK(of(R"(ticket_completion_seconds_bucket{outcome="DONE",le="2592000"})") == 1);
    CHECK(m.sum("troupe_tickets") == 0);
    CHECK(of("invariant_violations_total") == 0);
  };
  (void)lab.quiet_mark(); // what follows from it is still committed
  auto const before = scraped(lab);
  holds(before);
  CHECK(before.value("troupe_daemons_connected") == 1);
  CHECK(before.sum("troupe_daemon_slots", {"state=\"free\""}) == 1);
  CHECK(before.sum("troupe_journal_batch_units_count") > 0);
  CHECK(before.sum("troupe_journal_commit_duration_seconds_count") ==
        before.sum("troupe_journal_batch_units_count"));
  CHECK(before.sum("troupe_journal_events_total") == before.sum("troupe_ledger_events_total"));
  lab.crash();
  lab.open();
  auto const after = scraped(lab);
  holds(after);
  // What is not the ledger's begins anew.
  CHECK(after.sum("troupe_journal_events_total") < before.sum("troupe_journal_events_total"));
  CHECK(after.sum("troupe_ledger_events_total") >= before.sum("troupe_ledger_events_total"));
}

TEST_CASE("metrics: an approval that waits is counted until it is decided", "[api]") {
  project_lab lab;
  auto const brief = lab.pending_brief();
  REQUIRE(eventually([&] { return scraped(lab).value("troupe_approvals_waiting") == 1; }));
  auto const waits = scraped(lab);
  CHECK(waits.value("troupe_approvals_oldest_timestamp_seconds").value_or(0) > 1.7e9);
  REQUIRE(lab.post("/api/briefs/" + brief + "/reject").status == 200);
  CHECK(eventually([&] { return scraped(lab).value("troupe_approvals_waiting") == 0; }));
  CHECK(scraped(lab).value("troupe_approvals_oldest_timestamp_seconds") == 0);
}

TEST_CASE("metrics: words of a configuration cannot make series without end", "[api]") {
  project_lab lab;
  auto const before = scraped(lab).size();
  auto roster = lab.get("/api/projects/duration").json.at("config").at("roster").as_array();
  for (int i = 0; i < 60; ++i) {
    auto const n = "poet-" + std::to_string(i);
    roster.push_back(json::object{{"name", n}, {"role", n}, {"engine", "human"}});
  }
  REQUIRE(lab.patch("/api/projects/duration", json::canonical(json::object{{"roster", roster}}))
              .status == 200);
  for (int i = 0; i < 60; ++i) {
    auto const role = "poet-" + std::to_string(i);
    auto const made = lab.post(
        "/api/tickets", json::canonical(json::object{{"project", "duration"},
                                                     {"title", "Rhyme " + role},
                                                     {"text", "Once."},
                                                     {"role", role},
                                                     {"criteria", json::array{"It does."}}}));
    REQUIRE(made.status == 201);
    auto const at = "/api/tickets/" + made.text("id");
    REQUIRE(eventually([&] { return lab.get(at).text("status") == "claimed"; }));
    REQUIRE(lab.post(at + "/report", R"({"outcome":"failed","summary":"No rhyme."})").status ==
            200);
    REQUIRE(lab.post(at + "/cancel").status == 200); // or it would be tried again
  }
  REQUIRE(eventually([&] { return scraped(lab).sum("troupe_attempts_total") == 60; }));
  auto const m = scraped(lab);
  CHECK(m.sum("troupe_attempts_total", {"role=\"other\""}) == 60 - 32);
  // Those of roles, and of the requests that this test made.
  CHECK(m.size() - before <= 33 * 5 + 8 * 16);
}

TEST_CASE("metrics: what slow watchers missed, and that they were closed, is counted", "[api]") {
  two_tenants lab;
  auto const has = [&](std::string const& line) {
    return ("\n" + metrics_text(*lab.edge)).find("\n" + line + "\n") != std::string::npos;
  };
  std::string const missed = R"(troupe_watch_records_dropped_total{why="slow"} )";
  std::string const closed = R"(troupe_watchers_closed_total{reason="slow_reader"} )";
  CHECK(has(missed + "0"));
  CHECK(has(closed + "0"));
  traffic::watch_request what;
  what.tenant = inner_tenant;
  what.of = traffic::filter::parse("kind=project.created and direction=out").value();
  what.limits.disconnect_ns = 0; // whoever does not take a line at once is slow
  auto const never_reads = lab.tap.watch(what, {}).value();
  lab.work(inner_tenant, "tally");
  CHECK(eventually([&] { return has(closed + "1"); }));
  CHECK(has(missed + "1"));
}

TEST_CASE("metrics: the process and the build are told", "[api]") {
  api_lab lab;
  auto const m = scraped(lab);
  CHECK(m.sum("troupe_build_info") == 1);
  CHECK(m.sum("process_resident_memory_bytes") > 1e6);
  CHECK(m.sum("process_open_fds") > 3);
  CHECK(m.sum("process_open_fds") < m.sum("process_max_fds"));
  CHECK(m.sum("process_threads") > 2);
  auto const now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(std::abs(now - m.sum("process_start_time_seconds")) < 600);
}

TEST_CASE("metrics: the documentation has every metric there is, and no other", "[api]") {
  // One ticket is enough for every family to have a series.
  project_lab lab;
  (void)lab.pending_brief();
  std::map<std::string, std::string> told;
  std::istringstream in{text_of(TROUPE_SOURCE_DIR "/docs/metrics.md")};
  for (std::string line; std::getline(in, line);) {
    std::regex const row{R"(\| `([a-z_]+)` \| (counter|gauge|histogram) \| .*)"};
    std::smatch found;
    if (std::regex_match(line, found, row))
      CHECK(told.emplace(found[1], found[2]).second);
  }
  CHECK(told == scraped(lab).types());
}

TEST_CASE("metrics: dashboard and alerts speak only of metrics that there are", "[api]") {
  project_lab lab;
  (void)lab.pending_brief();
  auto const types = scraped(lab).types();
  auto const there = [&](std::string name) {
    if (types.contains(name))
      return true;
    auto const part = name.rfind('_');
    auto const suffix = name.substr(part);
    auto const family = types.find(name.substr(0, part));
    return family != types.end() && family->second == "histogram" &&
           (suffix == "_bucket" || suffix == "_sum" || suffix == "_count");
  };
  for (auto const* file : {"/config/grafana/troupe.json", "/config/prometheus/alerts.yml",
                           "/config/prometheus/alerts_test.yml"}) {
    auto const text = text_of(std::string{TROUPE_SOURCE_DIR} + file);
    std::regex const form{R"(\b(troupe|process)_[a-z_]+)"};
    std::size_t found = 0;
    for (std::sregex_iterator it{text.begin(), text.end(), form}, end; it != end; ++it, ++found) {
      INFO(file << ": " << it->str());
      CHECK(there(it->str()));
    }
    CHECK(found > 20);
  }
  // And every panel of the dashboard can be told from the others.
  auto const board = json::parse(text_of(TROUPE_SOURCE_DIR "/config/grafana/troupe.json"));
  REQUIRE(board.has_value());
  std::set<std::int64_t> ids;
  for (auto const& panel : board->at("panels").as_array())
    CHECK(ids.insert(panel.at("id").to_number<std::int64_t>()).second);
}

TEST_CASE("metrics: promtool finds nothing wrong with them", "[api]") {
  project_lab lab;
  std::map<std::string, std::string> const environment{
      {"PATH", "/usr/local/bin:/usr/bin:/bin:" TROUPE_SOURCE_DIR "/build/tools"}};
  if (run_program({"promtool", "--version"}, environment, {}, lab.home()).exit_code != 0) {
    WARN("skipped: there is no promtool (Debian's prometheus has it)");
    return;
  }
  (void)lab.pending_brief();
  auto const r =
      run_program({"promtool", "check", "metrics"}, environment, scraped(lab).text(), lab.home());
  INFO(r.out << r.err);
  CHECK(r.exit_code == 0);
  CHECK(r.out.empty());
  CHECK(r.err.empty());
}
