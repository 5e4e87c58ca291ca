#include "cli/exit_codes.hpp"
#include "tests/cli/shop.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

/// Work that stops until a person does something: every place where one looks says what.
using namespace troupe;
using test::contains;
using test::daemon_with;
using test::eventually;
using test::office;
using test::pending_brief;
using test::pending_plan;
using test::project_with_repository;
using test::text_at;

TEST_CASE("stopped: without money a run says so wherever one looks, and how it goes on", "[cli]") {
  office at;
  project_with_repository(
      at, R"(,"limits":{"budget_micros":1000,"attempt_budget_micros":1000,"attempts":5})");
  auto const project = at.run({"project", "show", "shop"});
  CHECK(contains(project.out, "5 attempts"));
  CHECK(contains(project.out, "money 0.0010 in all, 0.0010 an attempt"));
  auto const brief = pending_brief(at);
  auto const run = brief + ".r1";
  auto const log = at.home() / "watch.log";
  test::background watching{
      {"watch", "--server", at.url(), "--token-file", (at.data() / "admin.token").string()},
      at.home(),
      log};
  REQUIRE(eventually([&] { return contains(test::text_of(log), "from now on"); }));
  auto const daemon =
      daemon_with(at, R"(echo '{"type":"usage","input_tokens":12,"output_tokens":3,)"
                      R"("cost_micros":4500}'; exit 1)");
  REQUIRE(at.run({"plan", "approve", pending_plan(at, brief)}).exit_code == 0);
  REQUIRE(eventually([&] {
    auto const r = json::parse(at.run({"run", "show", run, "--json"}).out);
    return r && text_at(*r, "status") == "STOPPED_BUDGET";
  }));
  REQUIRE(eventually([&] {
    return text_at(at.json_of({"brief", "show", brief}), "status") == "on_hold";
  }));

  std::string const reason = "project:shop cannot pay for another attempt of 0.001; ";
  std::string const grant = "`troupe budget grant project:shop --amount MONEY`";
  std::string const go_on = "`troupe run continue " + run + "`";
  auto const tickets = at.json_of({"ticket", "list", "--run", run});
  std::string open;
  for (auto const& t : tickets.at("items").get_array())
    if (text_at(t, "status") != "DONE")
      open = text_at(t, "id");
  REQUIRE_FALSE(open.empty());
  for (std::vector<std::string> const& words : {std::vector<std::string>{"run", "show", run},
                                                {"ticket", "show", open},
                                                {"ticket", "list"},
                                                {"brief", "show", brief},
                                                {"approve"}}) {
    auto const r = at.run(words);
    INFO(words.front() << " " << r.out << r.err);
    CHECK(contains(r.out + r.err, reason));
    CHECK(contains(r.out + r.err, grant));
    CHECK(contains(r.out + r.err, go_on));
    CHECK_FALSE(contains(r.out, "Nothing waits"));
  }
  CHECK_FALSE(at.json_of({"approve"}).at("runs").get_array().empty());
  // What was spent is there before the tickets are over.
  auto const shown = at.run({"run", "show", run}).out;
  CHECK(contains(shown, "cost          0.0045 (12 tokens in, 3 out)"));
  CHECK(contains(at.run({"run", "list"}).out, "0.0045"));
  CHECK(contains(at.run({"budget", "list"}).out, "0.0010    0.0000  0.0045  -0.0035"));
  // Told in words, and not as something that went wrong in the server.
  REQUIRE(eventually([&] { return contains(test::text_of(log), "no money: " + reason); }));
  for (auto const* raw : {"funds_refused", "funded", "deferred"})
    CHECK_FALSE(contains(test::text_of(log), raw));
  CHECK_FALSE(contains(test::text_of(at.home() / "server.log"), "obligation refused"));

  auto const granted = at.run({"budget", "grant", "project:shop", "--amount", "5"});
  CHECK(contains(granted.err, go_on));
  CHECK(contains(at.run({"run", "show", run}).out, "there is money again"));
  CHECK(at.run({"run", "continue", run}).exit_code == 0);
  REQUIRE(eventually([&] { return contains(at.run({"approve"}).out, run + ".c1"); }));
  CHECK(at.run({"approve", run + ".c1"}).exit_code == 0);
  CHECK(eventually([&] { return at.run({"run", "show", brief + ".r2"}).exit_code == 0; }));
  // Then nothing of the first one waits any more.
  CHECK(eventually([&] { return at.json_of({"approve"}).at("runs").get_array().empty(); }));
}

TEST_CASE("stopped: a paused run says what lets it go on", "[cli]") {
  office at;
  project_with_repository(at);
  auto const brief = pending_brief(at);
  auto const run = brief + ".r1";
  REQUIRE(at.run({"plan", "approve", pending_plan(at, brief)}).exit_code == 0);
  (void)test::ready_ticket(at);
  test::await_running(at, run);
  REQUIRE(at.run({"run", "pause", run, "--why", "lunch"}).exit_code == 0);
  auto const shown = at.run({"run", "show", run}).out;
  CHECK(contains(shown, "run " + run + ", which is paused"));
  CHECK(contains(shown, "`troupe run resume " + run + "`"));
  REQUIRE(at.run({"run", "resume", run}).exit_code == 0);
  CHECK_FALSE(contains(at.run({"run", "show", run}).out, "troupe run resume"));
  REQUIRE(at.run({"brief", "hold", brief, "--why", "lunch"}).exit_code == 0);
  CHECK(eventually([&] {
    return contains(at.run({"run", "show", run}).out, "`troupe brief resume " + brief + "`");
  }));
}

TEST_CASE("stopped: a ticket that failed says why and what to do, in its run and in approve",
          "[cli]") {
  office at;
  project_with_repository(at, R"(,"limits":{"attempts":1},"target_branch":"trunk")");
  auto const daemon = daemon_with(at, "exit 0");
  auto const brief = pending_brief(at);
  REQUIRE(at.run({"plan", "approve", pending_plan(at, brief)}).exit_code == 0);
  REQUIRE(eventually([&] {
    auto const page = at.json_of({"ticket", "list", "--status", "failed_pending"});
    return !page.at("items").get_array().empty();
  }));
  for (std::vector<std::string> const& words :
       {std::vector<std::string>{"run", "show", brief + ".r1"}, {"approve"}}) {
    auto const r = at.run(words);
    INFO(words.front() << " " << r.out << r.err);
    CHECK(contains(r.out, "failed_pending"));
    CHECK(contains(r.out, "has no branch trunk"));
    CHECK(contains(r.out, "make a first commit on its branch trunk"));
    CHECK(contains(r.out, "`troupe ticket retry " + brief + "-"));
  }
}

TEST_CASE("stopped: a run with a ticket to be replaced says where the next plan is", "[cli]") {
  office at;
  project_with_repository(at, R"(,"limits":{"attempts":1,"rounds":0,"replans":1})");
  auto const daemon = daemon_with(at, "exit 1");
  auto const brief = pending_brief(at);
  REQUIRE(at.run({"plan", "approve", pending_plan(at, brief)}).exit_code == 0);
  REQUIRE(eventually([&] {
    auto const page =
        at.json_of({"plan", "list", "--brief", brief, "--status", "pending_approval"});
    auto const& items = page.at("items").get_array();
    return std::any_of(items.begin(), items.end(),
                       [&](auto const& p) { return text_at(p, "id") == brief + ".p2"; });
  }));
  auto const shown = at.run({"run", "show", brief + ".r1"});
  INFO(shown.out << shown.err);
  CHECK(contains(shown.err, "to be replaced by the next version of the plan"));
  CHECK(contains(shown.err, "`troupe plan approve " + brief + ".p2`"));
}

TEST_CASE("stopped: who follows a run is told where it stands, and when the server goes away",
          "[cli]") {
  office at;
  project_with_repository(at);
  auto const brief = pending_brief(at);
  auto const run = brief + ".r1";
  REQUIRE(at.run({"plan", "approve", pending_plan(at, brief)}).exit_code == 0);
  (void)test::ready_ticket(at);
  test::await_running(at, run);
  auto const log = at.home() / "follow.log";
  test::background following{{"run", "show", run, "--follow", "--server", at.url(), "--token-file",
                              (at.data() / "admin.token").string()},
                             at.home(),
                             log};
  REQUIRE(eventually([&] { return following.hears_interrupts(); }));
  CHECK(eventually([&] {
    return contains(test::text_of(log), "Run " + run + " is running, 0 of 2 tickets done");
  }));
  at.kill();
  CHECK(eventually([&] { return contains(test::text_of(log), "lost; trying again"); }));
  at.open();
  CHECK(eventually([&] { return contains(test::text_of(log), "connected again"); }));
  REQUIRE(at.run({"run", "cancel", run}).exit_code == 0);
  CHECK(following.wait() == exit_code::failed);
  CHECK(contains(test::text_of(log), "CANCELLED"));
}
