#include "actors/domain/kinds.hpp"
#include "actors/instant_runner.hpp"
#include "persistence/memory/memory_store.hpp"
#include "protocol/content_hash.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <fstream>
#include <sstream>

using namespace troupe;

namespace {

tenant_id const tenant{"default"};

entity_ref ref(entity_kind kind, std::string id) {
  return {tenant, kind, std::move(id)};
}

submit_options by_person() {
  submit_options o;
  o.by = principal_id{"human:ada"};
  o.want_state = true;
  return o;
}

node_settings settings() {
  node_settings s;
  s.owner = "test";
  s.resend = std::chrono::milliseconds{200};
  s.grace = std::chrono::milliseconds{200};
  s.engines[engine_kind::rules] = make_rules_thinker();
  return s;
}

/// Waits until the entity's status is the wanted one; the state as it was last.
json::value await(node& n, entity_ref const& of, std::string const& wanted) {
  auto const limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  json::value state;
  // Woken by the board at every event, which may hear of it before the entity does: so it looks
  // again soon after.
  std::mutex m;
  std::condition_variable cv;
  bool news = true;
  auto const id = n.view().subscribe(
      [&](board_event const&) {
        std::lock_guard lock{m};
        news = true;
        cv.notify_all();
      },
      {});
  while (std::chrono::steady_clock::now() < limit) {
    {
      std::unique_lock lock{m};
      cv.wait_for(lock, std::chrono::milliseconds{20}, [&] { return news; });
      news = false;
    }
    auto s = n.ask(of);
    if (!s)
      continue;
    state = *s;
    if (state.at("is").as_string() == wanted)
      break;
  }
  n.view().unsubscribe(id);
  return state;
}

std::string read_demo(char const* name) {
  std::ifstream in{std::string{TROUPE_SOURCE_DIR} + "/demo/" + name};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void make_project(node& n) {
  auto config = find_template("standard")->config;
  config.repository = "/nowhere";
  auto made = n.tell(ref(entity_kind::project, "tally"),
                     project::command{project::create{"Tally", config}}, by_person());
  REQUIRE(made.has_value());
}

std::string submit_brief(node& n) {
  auto const project = json::from<project::state>(*n.ask(ref(entity_kind::project, "tally")));
  REQUIRE(project.has_value());
  auto o = by_person();
  o.correlation = "b1234567";
  brief::submit s;
  s.project = project_id{"tally"};
  s.config = project->config;
  s.from = {"transcript", "meeting.vtt", read_demo("meeting.vtt"), {}};
  auto made = n.tell(ref(entity_kind::brief, "b1234567"), brief::command{s}, o);
  REQUIRE(made.has_value());
  return "b1234567";
}

} // namespace

TEST_CASE("node: a transcript becomes merged tickets when a person approves", "[actors]") {
  auto const store = open_memory_store();
  instant_runner runner;
  auto started = node::start(settings(), store, runner);
  if (!started)
    FAIL(started.error().message);
  auto& n = **started;
  runner.attach(n, tenant);
  REQUIRE(n.resume().has_value());
  runner.announce(4);
  make_project(n);
  auto const brief = submit_brief(n);

  auto const drafted = await(n, ref(entity_kind::brief, brief), "pending_approval");
  REQUIRE(drafted.at("is").as_string() == "pending_approval");
  auto const state = json::from<brief::state>(drafted);
  REQUIRE(state.has_value());
  CHECK(state->content.requirements.size() >= 4);
  await(n, ref(entity_kind::approval, brief::present_approval(*state).value), "pending");
  REQUIRE(n.tell(ref(entity_kind::approval, brief::present_approval(*state).value),
                 approval::command{approval::decide_command{approval::choice::approve, {}, {}}},
                 by_person())
              .has_value());

  auto const planned = await(n, ref(entity_kind::plan, brief + ".p1"), "pending_approval");
  INFO(json::canonical(planned));
  REQUIRE(planned.at("is").as_string() == "pending_approval");
  auto const plan = json::from<plan::state>(planned);
  REQUIRE(plan.has_value());
  auto const approval = plan::present_approval(*plan).value;
  await(n, ref(entity_kind::approval, approval), "pending");
  REQUIRE(n.tell(ref(entity_kind::approval, approval),
                 approval::command{approval::decide_command{approval::choice::approve, {}, {}}},
                 by_person())
              .has_value());

  auto const ended = await(n, ref(entity_kind::brief, brief), "COMPLETED");
  auto const run = await(n, ref(entity_kind::run, brief + ".r1"), "COMPLETED");
  CHECK(ended.at("is").as_string() == "COMPLETED");
  CHECK(run.at("is").as_string() == "COMPLETED");
  if (ended.at("is").as_string() != "COMPLETED") {
    n.view().settle();
    std::ostringstream all;
    for (auto const& e : n.view().events(0, 10000, [](auto const&) { return true; }))
      all << e.event->stream.id << ' ' << e.event->event.type << ' '
          << e.event->event.data.substr(0, 200) << '\n';
    WARN(all.str());
  }
  CHECK(n.stop(std::chrono::seconds{5}));
}

namespace {

run::create by_hand(project_config config) {
  run::create c;
  c.project = project_id{"tally"};
  c.config = std::move(config);
  c.by_hand = true;
  plan_item item;
  item.key = "1";
  item.title = "Tidy the index";
  item.role = "dev";
  c.items = {item};
  return c;
}

project_config tally_config(work_limits limits = {}) {
  auto config = find_template("solo")->config;
  config.repository = "/nowhere";
  config.limits = limits;
  return config;
}

} // namespace

TEST_CASE("node: a ticket made by hand is worked, and paid for where there are limits",
          "[actors]") {
  auto const store = open_memory_store();
  instant_runner runner;
  auto started = node::start(settings(), store, runner);
  REQUIRE(started.has_value());
  auto& n = **started;
  runner.attach(n, tenant);
  REQUIRE(n.resume().has_value());
  runner.announce(4);
  bool const limited = GENERATE(false, true);
  work_limits limits;
  if (limited) {
    limits.budget_micros = 1000;
    limits.run_budget_micros = 500;
    limits.ticket_budget_micros = 200;
  }
  auto const config = tally_config(limits);
  REQUIRE(n.tell(ref(entity_kind::project, "tally"),
                 project::command{project::create{"Tally", config}}, by_person())
              .has_value());
  REQUIRE(
      n.tell(ref(entity_kind::run, "h1"), run::command{by_hand(config)}, by_person()).has_value());
  CHECK(await(n, ref(entity_kind::run, "h1"), "COMPLETED").at("is").as_string() == "COMPLETED");
  CHECK(await(n, ref(entity_kind::ticket, "h1-1"), "DONE").at("is").as_string() == "DONE");
  auto const budget = n.ask(ref(entity_kind::budget, "project:tally"));
  CHECK(budget.has_value() == limited);
  if (budget) {
    auto const s = json::from<budget::state>(*budget);
    REQUIRE(s.has_value());
    CHECK(s->holds.size() >= 1);
    CHECK(s->scopes.contains("run:h1"));
    CHECK(s->scopes.contains("ticket:h1-1@h1"));
  }
  CHECK(n.stop(std::chrono::seconds{5}));
}

TEST_CASE("node: a run without money stops, and goes on after a grant and an approval",
          "[actors]") {
  auto const store = open_memory_store();
  instant_runner runner;
  auto started = node::start(settings(), store, runner);
  REQUIRE(started.has_value());
  auto& n = **started;
  runner.attach(n, tenant);
  REQUIRE(n.resume().has_value());
  runner.announce(4);
  work_limits limits;
  limits.budget_micros = 10;
  limits.attempt_budget_micros = 50; // more than there is
  auto const config = tally_config(limits);
  REQUIRE(n.tell(ref(entity_kind::project, "tally"),
                 project::command{project::create{"Tally", config}}, by_person())
              .has_value());
  REQUIRE(
      n.tell(ref(entity_kind::run, "h1"), run::command{by_hand(config)}, by_person()).has_value());
  REQUIRE(await(n, ref(entity_kind::run, "h1"), "STOPPED_BUDGET").at("is").as_string() ==
          "STOPPED_BUDGET");
  CHECK(await(n, ref(entity_kind::ticket, "h1-1"), "blocked").at("is").as_string() == "blocked");
  REQUIRE(n.tell(ref(entity_kind::budget, "project:tally"),
                 budget::command{budget::grant{"project:tally", {}, 1000, "more"}}, by_person())
              .has_value());
  REQUIRE(
      n.tell(ref(entity_kind::run, "h1"), run::command{run::carry_on{}}, by_person()).has_value());
  REQUIRE(await(n, ref(entity_kind::approval, "h1.c1"), "pending").at("is").as_string() ==
          "pending");
  REQUIRE(n.tell(ref(entity_kind::approval, "h1.c1"),
                 approval::command{approval::decide_command{approval::choice::approve, {}, {}}},
                 by_person())
              .has_value());
  CHECK(await(n, ref(entity_kind::run, "h1.r2"), "COMPLETED").at("is").as_string() == "COMPLETED");
  CHECK(await(n, ref(entity_kind::ticket, "h1-1"), "DONE").at("is").as_string() == "DONE");
  CHECK(n.stop(std::chrono::seconds{5}));
}

TEST_CASE("node: a person is given a ticket without any daemon, and reports", "[actors]") {
  auto const store = open_memory_store();
  instant_runner runner;
  auto started = node::start(settings(), store, runner);
  REQUIRE(started.has_value());
  auto& n = **started;
  runner.attach(n, tenant); // and never announced: there is no place for machines
  REQUIRE(n.resume().has_value());
  auto config = tally_config();
  for (auto& a : config.roster) {
    if (a.role == "dev")
      a.engine = engine_kind::human;
  }
  REQUIRE(n.tell(ref(entity_kind::project, "tally"),
                 project::command{project::create{"Tally", config}}, by_person())
              .has_value());
  REQUIRE(
      n.tell(ref(entity_kind::run, "h1"), run::command{by_hand(config)}, by_person()).has_value());
  REQUIRE(await(n, ref(entity_kind::ticket, "h1-1"), "claimed").at("is").as_string() == "claimed");
  link::finished f;
  f.ticket = ticket_id{"h1-1"};
  f.token = 1;
  f.summary = "Called the customer; nothing to change.";
  REQUIRE(n.tell(ref(entity_kind::ticket, "h1-1"), ticket::command{ticket::finish{f}}, by_person())
              .has_value());
  CHECK(await(n, ref(entity_kind::ticket, "h1-1"), "DONE").at("is").as_string() == "DONE");
  CHECK(n.stop(std::chrono::seconds{5}));
}
