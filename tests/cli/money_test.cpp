#include "cli/exit_codes.hpp"
#include "tests/cli/office.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using test::contains;
using test::eventually;
using test::office;
using test::text_at;

namespace {

/// A project with some money, whose developers are people.
void project_with_people(office const& at) {
  auto roster = json::array{};
  auto const templates = at.json_of({"project", "templates"});
  for (auto const& t : templates.at("items").get_array())
    if (text_at(t, "name") == "standard")
      roster = t.at("config").at("roster").get_array();
  REQUIRE_FALSE(roster.empty());
  for (auto& agent : roster)
    if (text_at(agent, "role") == "dev")
      agent.get_object()["engine"] = "human";
  auto const patch = json::object{{"repository", "/srv/duration.git"},
                                  {"roster", roster},
                                  {"limits", json::object{{"budget_micros", 2'000'000}}}};
  (void)at.json_of({"project", "create", "duration", "--patch", "-"}, json::canonical(patch));
}

std::string status_of(office const& at, std::string const& kind, std::string const& id) {
  return text_at(at.json_of({kind, "show", id}), "status");
}

} // namespace

TEST_CASE("commands: budgets are listed, shown and granted more", "[cli]") {
  office at;
  project_with_people(at);
  REQUIRE(eventually([&] {
    return !at.json_of({"budget", "list"}).at("items").get_array().empty();
  }));
  CHECK(contains(at.run({"budget", "list"}).out, "project:duration  open       2.00"));
  CHECK(contains(at.run({"budget", "show", "project:duration"}).out,
                 "Budget project:duration  open\n"));
  auto const more = at.run({"budget", "grant", "project:duration", "--amount", "0.50"});
  INFO(more.out << more.err);
  CHECK(more.exit_code == 0);
  CHECK(contains(more.out, "2.50"));
  CHECK(contains(more.err, "troupe run continue"));

  for (auto const* amount : {"0", "-1", "1e3", "five", "1.", ".5", "0.0000001", "9999999999"}) {
    INFO(amount);
    auto const r =
        at.run({"budget", "grant", "project:duration", std::string{"--amount="} + amount});
    CHECK(r.exit_code == exit_code::usage);
    CHECK(contains(r.err, "--amount"));
  }
  auto const scope =
      at.run({"budget", "grant", "project:duration", "--amount", "1", "--scope", "run:nope"});
  CHECK(scope.exit_code == exit_code::not_found);
  CHECK(contains(scope.err, "troupe budget show project:duration"));
  auto const unknown = at.run({"budget", "grant", "nope", "--amount", "1"});
  CHECK(unknown.exit_code == exit_code::not_found);
  CHECK(contains(unknown.err, "troupe budget list"));
  CHECK(at.run({"budget", "show", "nope"}).exit_code == exit_code::not_found);
  CHECK(at.json_of({"budget", "show", "project:duration"})
            .at("scopes")
            .at("project:duration")
            .at("granted") == 2'500'000);
}

TEST_CASE("commands: a ticket by hand, a report, and a run that stops and goes on", "[cli]") {
  office at;
  project_with_people(at);
  auto const added =
      at.run({"ticket", "add", "--project", "duration", "--title", "Call the customer", "--text",
              "-", "--criterion", "We know which durations they write."},
             "Ask which durations they write.");
  INFO(added.out << added.err);
  REQUIRE(added.exit_code == 0);
  CHECK(contains(added.out, " is backlog."));
  CHECK(contains(added.err, "troupe ticket show "));
  std::string ticket;
  REQUIRE(eventually([&] {
    auto const page = at.json_of({"ticket", "list"});
    auto const& items = page.at("items").get_array();
    if (!items.empty())
      ticket = text_at(items.front(), "id");
    return !items.empty();
  }));
  REQUIRE(eventually([&] { return status_of(at, "ticket", ticket) == "claimed"; }));
  CHECK(contains(at.run({"ticket", "show", ticket}).out, "Ask which durations they write."));

  CHECK(at.run({"ticket", "add", "--project", "duration"}).exit_code == exit_code::usage);
  CHECK(at.run({"ticket", "add", "--project", "nope", "--title", "x"}).exit_code ==
        exit_code::not_found);
  CHECK(at.run({"ticket", "report", ticket, "--outcome", "great", "--summary", "x"}).exit_code ==
        exit_code::usage);
  auto const head =
      at.run({"ticket", "report", ticket, "--outcome", "done", "--summary", "x", "--head", "HEAD"});
  CHECK(head.exit_code == exit_code::failed);
  CHECK(contains(head.err, "git rev-parse"));
  auto const done = at.run(
      {"ticket", "report", ticket, "--outcome", "done", "--summary", "They write weeks as 1w."});
  INFO(done.out << done.err);
  CHECK(done.exit_code == 0);
  CHECK(contains(done.err, "troupe ticket show " + ticket));
  CHECK(contains(at.run({"ticket", "show", ticket}).out, "They write weeks as 1w."));
  auto const late =
      at.run({"ticket", "report", ticket, "--outcome", "done", "--summary", "And more."});
  CHECK(late.exit_code == exit_code::conflict);
  CHECK(contains(late.err, "not in the hands of a person"));

  auto const run = text_at(at.json_of({"ticket", "show", ticket}), "run");
  REQUIRE(eventually([&] { return status_of(at, "run", run) == "running"; }));
  auto const early = at.run({"run", "continue", run});
  CHECK(early.exit_code == exit_code::conflict);
  CHECK(contains(early.err, "STOPPED_OPERATOR"));
  CHECK(at.run({"run", "start", run}).exit_code == 0); // it is running
  auto const stopped = at.run({"run", "stop", run, "--why", "the release comes first"});
  CHECK(stopped.exit_code == 0);
  CHECK(contains(stopped.out, "STOPPED_OPERATOR"));
  CHECK(contains(stopped.err, "troupe run continue " + run));
  auto const asked = at.run({"run", "continue", run});
  CHECK(asked.exit_code == 0);
  CHECK(contains(asked.err, "troupe approve " + run + ".c1"));
  REQUIRE(eventually([&] { return at.run({"approve", run + ".c1"}).exit_code == 0; }));
  REQUIRE(eventually([&] {
    return text_at(at.json_of({"run", "show", run}), "next") == run + ".r2";
  }));
  REQUIRE(eventually([&] {
    return contains(at.run({"run", "list"}).out, run + ".r2") &&
           status_of(at, "run", run + ".r2") == "running";
  }));
  CHECK(contains(at.run({"run", "continue", run}).err, "troupe run show " + run + ".r2"));
}
