#include "cli/exit_codes.hpp"
#include "tests/cli/shop.hpp"

#include <catch2/catch.hpp>

/// Where somebody who uses it for the first time stumbles: each case is a question that the answer
/// must not leave open.
using namespace troupe;
using test::contains;
using test::daemon_with;
using test::eventually;
using test::office;
using test::pending_brief;
using test::pending_plan;
using test::project_with_repository;
using test::ran;
using test::ready_ticket;
using test::run_troupe;
using test::text_at;

TEST_CASE("newcomer: a status that there is not is no empty list", "[cli]") {
  office at;
  for (auto const* kind :
       {"ticket", "brief", "plan", "run", "agents", "project", "daemon", "token", "budget"}) {
    INFO(kind);
    auto const r = at.run({kind, "list", "--status", "foo"});
    CHECK(r.exit_code == exit_code::usage);
    CHECK(r.out.empty());
    CHECK(contains(r.err, "has the status foo; there are: "));
    CHECK(contains(r.err, "--status"));
  }
  CHECK(contains(at.run({"ticket", "list", "--status", "foo"}).err, "failed_pending"));
  auto const j = at.run({"ticket", "list", "--status", "foo", "--json"});
  CHECK(j.exit_code == exit_code::usage);
  auto const d = json::parse(j.out);
  REQUIRE(d.has_value());
  CHECK(d->at("error").at("exit_code") == exit_code::usage);
  // A filter that means something and finds nothing is said beside the empty list.
  auto const none = at.run({"ticket", "list", "--project", "nope"});
  CHECK(none.exit_code == 0);
  CHECK(contains(none.err, "--project nope"));
}

TEST_CASE("newcomer: what init prints is what makes the project, also when it was edited",
          "[cli]") {
  office at;
  project_with_repository(at); // for its repository
  auto const printed = run_troupe({"init", "--print", "--test", "none", "--project", "tally"},
                                  at.home(), {}, "", at.home() / "shop");
  REQUIRE(printed.exit_code == 0);
  auto request = json::parse(printed.out).value();
  request.at("config").get_object()["limits"] = json::object{{"attempts", 5}};
  auto const text = json::canonical(request);
  auto const made = at.json_of({"project", "create", "--file", "-", "--test", "make check"}, text);
  CHECK(made.at("id") == "tally");
  auto const shown = at.json_of({"project", "show", "tally"});
  CHECK(shown.at("config").at("limits").at("attempts").to_number<int>() == 5);
  CHECK(shown.at("config").at("test_command") == "make check");
  CHECK(shown.at("config").at("roster").get_array().size() ==
        request.at("config").at("roster").get_array().size());
  (void)at.json_of({"project", "create", "other", "--file", "-"}, text);
  CHECK(at.json_of({"project", "show", "other"}).at("config").at("test_command") == "none");

  auto const both =
      at.run({"project", "create", "third", "--file", "-", "--patch", "x.json"}, text);
  CHECK(both.exit_code == exit_code::usage);
  CHECK(contains(both.err, "choose one"));
  auto const neither = at.run({"project", "create"});
  CHECK(neither.exit_code == exit_code::usage);
  CHECK(contains(neither.err, "--file FILE"));
  auto const broken = at.run({"project", "create", "third", "--file", "-"}, "[]");
  CHECK(broken.exit_code == exit_code::usage);
  CHECK(contains(broken.err, "troupe init --print"));
}

TEST_CASE("newcomer: a ready ticket says which daemon is missing, wherever one looks", "[cli]") {
  office at;
  project_with_repository(at);
  CHECK(contains(at.run({"project", "show", "shop"}).out, "Its tickets would wait for\n"));
  auto const brief = pending_brief(at);
  auto const plan = pending_plan(at, brief);
  auto const log = at.home() / "watch.log";
  test::background watching{{"watch", "--brief", brief, "--server", at.url(), "--token-file",
                             (at.data() / "admin.token").string()},
                            at.home(),
                            log};
  REQUIRE(eventually([&] { return contains(test::text_of(log), "from now on"); }));
  std::string const missing = "a connected daemon with the profile command";
  std::string const way_out = "troupe daemon run --command 'your script'";
  auto const approved = at.run({"plan", "approve", plan});
  CHECK(contains(approved.err, "Tickets will wait for " + missing));
  auto const ticket = ready_ticket(at);
  REQUIRE(eventually([&] {
    return at.json_of({"ticket", "list", "--status", "ready"}).at("items").get_array().size() == 2;
  }));
  for (std::vector<std::string> const& words : {std::vector<std::string>{"ticket", "show", ticket},
                                                {"ticket", "list"},
                                                {"run", "show", brief + ".r1"}}) {
    auto const r = at.run(words);
    INFO(r.out << r.err);
    CHECK(contains(r.out + r.err, missing));
    CHECK(contains(r.out + r.err, way_out));
  }
  CHECK(contains(at.run({"ticket", "list"}).err, "2 tickets wait for " + missing));
  CHECK(eventually([&] { return contains(test::text_of(log), "waits for " + missing); }));
  CHECK(watching.stop(SIGINT) == 0);
  // Whoever begins to watch now is told at once.
  auto const later = at.home() / "later.log";
  test::background again{
      {"watch", "--server", at.url(), "--token-file", (at.data() / "admin.token").string()},
      at.home(),
      later};
  CHECK(
      eventually([&] { return contains(test::text_of(later), "2 tickets wait for " + missing); }));
  CHECK(again.stop(SIGINT) == 0);
}

TEST_CASE("newcomer: a server without TLS is not said to have a wrong certificate", "[cli]") {
  office at;
  auto url = at.url();
  REQUIRE(url.starts_with("http://"));
  url.insert(4, "s");
  auto const r = at.run({"project", "list", "--server", url});
  CHECK(r.exit_code == exit_code::unreachable);
  CHECK(contains(r.err, "does not speak TLS"));
  CHECK(contains(r.err, at.url()));
}

TEST_CASE("newcomer: a commit can be asked for by its name in the repository", "[cli]") {
  office at;
  project_with_repository(at);
  auto const shop = at.home() / "shop";
  auto const why = [&](std::string const& ref, std::filesystem::path const& where) {
    return run_troupe(
        {"why", ref}, at.home(),
        {{"TROUPE_SERVER", at.url()}, {"TROUPE_TOKEN_FILE", (at.data() / "admin.token").string()}},
        "", where);
  };
  auto const head =
      test::run_program({"git", "rev-parse", "HEAD"}, {{"PATH", "/usr/bin:/bin"}}, "", shop)
          .out.substr(0, 40);
  REQUIRE(head.size() == 40);
  for (auto const* name : {"HEAD", "main"}) {
    INFO(name);
    auto const r = why(name, shop);
    CHECK(r.exit_code == exit_code::not_found);
    CHECK(contains(r.err, "commit " + head)); // which no agent has made
    CHECK(contains(r.err, "`" + std::string{name} + "` is that commit here"));
  }
  CHECK(contains(why("nope", shop).err, "nothing is known about nope"));
  CHECK(contains(why("HEAD", at.home()).err, "nothing is known about HEAD"));
}

TEST_CASE("newcomer: a brief names the plan that waits", "[cli]") {
  office at;
  project_with_repository(at);
  auto const brief = pending_brief(at);
  auto const plan = pending_plan(at, brief);
  auto const shown = at.run({"brief", "show", brief});
  CHECK(contains(shown.err, "`troupe plan approve " + plan + "`"));
  ran waiting;
  REQUIRE(eventually([&] {
    waiting = at.run({"approve"});
    return contains(waiting.out, plan + ".a1") && !contains(waiting.out, brief + ".a1");
  }));
  CHECK(contains(waiting.err, "`troupe plan show " + plan + "`"));
  CHECK(contains(waiting.err, "`troupe approve " + plan + ".a1`"));
}

TEST_CASE("newcomer: an agent's name is enough where only one project has it", "[cli]") {
  office at;
  project_with_repository(at);
  std::string id;
  REQUIRE(eventually([&] {
    auto const agents = at.json_of({"agents", "--project", "shop"});
    auto const& items = agents.at("items").get_array();
    if (!items.empty())
      id = text_at(items.front(), "id");
    return !items.empty();
  }));
  auto const name = id.substr(id.find('.') + 1);
  CHECK(text_at(at.json_of({"agents", "show", name}), "id") == id);
  CHECK(text_at(at.json_of({"agents", "show", id}), "id") == id);
  CHECK(contains(at.run({"agents", "pause", name, "--why", "lunch"}).out, "Agent " + id));
  CHECK(at.run({"agents", "resume", name}).exit_code == 0);
  auto const unknown = at.run({"agents", "show", "nobody"});
  CHECK(unknown.exit_code == exit_code::not_found);
  CHECK(contains(unknown.err, "`troupe agents list`"));

  (void)at.json_of({"project", "create", "other", "--template", "solo"});
  REQUIRE(eventually([&] { return at.run({"agents", "show", "other." + name}).exit_code == 0; }));
  for (auto const* command : {"show", "pause", "resume"}) {
    auto const several = at.run({"agents", command, name});
    CHECK(several.exit_code == exit_code::usage);
    CHECK(contains(several.err, "other." + name));
    CHECK(contains(several.err, id));
  }
}

TEST_CASE("newcomer: a plan for a role that nobody has is refused with the roles", "[cli]") {
  office at;
  project_with_repository(at);
  auto const plan = pending_plan(at, pending_brief(at));
  auto content = at.json_of({"plan", "show", plan}).at("content").get_object();
  content.at("items").get_array().front().get_object()["role"] = "poet";
  auto const no = at.run({"plan", "edit", plan, "--file", "-"}, json::canonical(content));
  CHECK(no.exit_code == exit_code::failed);
  CHECK(contains(no.err, "the role poet"));
  CHECK(contains(no.err, "there are: "));
  CHECK(contains(no.err, "dev"));
  CHECK(text_at(at.json_of({"plan", "show", plan}), "status") == "pending_approval");
}

TEST_CASE("approve: several at once, after they were shown", "[cli]") {
  office at;
  project_with_repository(at);
  auto const brief = pending_brief(at);
  auto const other = pending_brief(at);
  auto const unasked = at.run({"approve", "--all"});
  CHECK(unasked.exit_code == exit_code::usage);
  CHECK(contains(unasked.err, "--yes"));
  CHECK(at.run({"approve", "--all", "x"}).exit_code == exit_code::usage);
  CHECK(at.run({"approve", "--yes"}).exit_code == exit_code::usage);
  // Nothing of it is a replan.
  CHECK(contains(at.run({"approve", "--replans", "--yes"}).out, "Nothing was approved."));
  auto const one = at.run({"approve", "--all", "--brief", brief, "--yes"});
  INFO(one.out << one.err);
  CHECK(one.exit_code == 0);
  CHECK(contains(one.out, "Requirements")); // it was shown
  CHECK(contains(one.out, "Approved: " + brief + ".a1"));
  // And what follows from it, although nothing of that waited yet.
  CHECK(contains(one.out, "Plan " + brief + ".p1"));
  CHECK(contains(one.out, "2 approvals given: " + brief + ".a1, " + brief + ".p1.a1"));
  CHECK(text_at(at.json_of({"brief", "show", other}), "status") == "pending_approval");
  auto const rest = at.json_of({"approve", "--all", "--project", "shop", "--yes"});
  CHECK_FALSE(rest.at("approved").get_array().empty());
  CHECK(text_at(at.json_of({"brief", "show", other}), "status") != "pending_approval");
}

TEST_CASE("approve: a first plan that does not come in time is said", "[cli]") {
  office at;
  project_with_repository(at);
  auto const brief = pending_brief(at);
  REQUIRE(at.run({"agents", "pause", "shop.tech-lead", "--why", "holidays"}).exit_code == 0);
  auto const all = at.run({"approve", "--all", "--yes", "--wait", "1"});
  INFO(all.out << all.err);
  CHECK(all.exit_code == exit_code::unreachable);
  CHECK(contains(all.out, "1 approval given: " + brief + ".a1"));
  CHECK(contains(all.err, "the plan of brief " + brief + " is not made after 1 s"));
}

TEST_CASE("approve: the replans of a brief, those too that come one after the other", "[cli]") {
  office at;
  // Whatever is tried fails, so every ticket asks for a replacement, as often as that is allowed.
  project_with_repository(at, R"(,"limits":{"attempts":1,"rounds":0,"replans":2})");
  auto const daemon = daemon_with(at, "exit 1");
  auto const brief = pending_brief(at);
  REQUIRE(at.run({"plan", "approve", pending_plan(at, brief)}).exit_code == 0);
  auto const pending = [&](std::string const& plan) {
    auto const p = at.run({"plan", "show", plan, "--json"});
    auto const v = json::parse(p.out);
    return p.exit_code == 0 && v && text_at(*v, "status") == "pending_approval";
  };
  REQUIRE(eventually([&] {
    auto const b = at.json_of({"brief", "show", brief});
    auto const* queue = b.get_object().if_contains("queue");
    return pending(brief + ".p2") && queue != nullptr && !queue->get_array().empty();
  }));
  // The tickets that failed are marked, also those that another version will replace.
  auto const shown = at.run({"plan", "show", brief + ".p2"});
  CHECK(contains(shown.out, "FAILED"));
  CHECK(contains(shown.out, "each failed ticket is replaced in a version"));
  auto const all = at.run({"approve", "--replans", "--brief", brief, "--yes"});
  INFO(all.out << all.err);
  CHECK(all.exit_code == 0);
  CHECK(contains(all.out, "Plan " + brief + ".p2"));
  CHECK(contains(all.out, "Approved: " + brief + ".p2.a1"));
  CHECK(contains(all.out, "Approved: " + brief + ".p3.a1"));
}

TEST_CASE("approve: a plan that does not come in time is said, with a code of its own", "[cli]") {
  office at;
  project_with_repository(at, R"(,"limits":{"attempts":1,"rounds":0,"replans":2})");
  auto const daemon = daemon_with(at, "exit 1");
  auto const brief = pending_brief(at);
  REQUIRE(at.run({"plan", "approve", pending_plan(at, brief)}).exit_code == 0);
  REQUIRE(eventually([&] {
    auto const p = at.run({"plan", "show", brief + ".p2", "--json"});
    auto const v = json::parse(p.out);
    auto const b = at.json_of({"brief", "show", brief});
    auto const* queue = b.get_object().if_contains("queue");
    return p.exit_code == 0 && v && text_at(*v, "status") == "pending_approval" &&
           queue != nullptr && !queue->get_array().empty();
  }));
  // Who would plan what comes next is away.
  REQUIRE(at.run({"agents", "pause", "shop.tech-lead", "--why", "holidays"}).exit_code == 0);
  auto const all = at.run({"approve", "--replans", "--brief", brief, "--yes", "--wait", "1"});
  INFO(all.out << all.err);
  CHECK(all.exit_code == exit_code::unreachable);
  CHECK(contains(all.out, "1 approval given: " + brief + ".p2.a1"));
  CHECK(contains(all.err, "brief " + brief + " is not made after 1 s"));
  CHECK(contains(all.err, "`troupe brief show " + brief + "`"));

  REQUIRE(at.run({"agents", "resume", "shop.tech-lead"}).exit_code == 0);
  REQUIRE(eventually([&] {
    auto const waiting =
        at.json_of({"plan", "list", "--brief", brief, "--status", "pending_approval"});
    return !waiting.at("items").get_array().empty();
  }));
  CHECK(at.run({"approve", "--replans", "--brief", brief, "--yes"}).exit_code == 0);
}

TEST_CASE("export: works while the server runs, and is whole", "[cli]") {
  office at;
  project_with_repository(at);
  (void)pending_brief(at);
  auto const file = (at.home() / "live.jsonl").string();
  auto const exported = at.json_of({"export", "--data", at.data().string(), "--out", file});
  auto const verified = at.json_of({"verify", "--file", file});
  CHECK(verified.at("ok") == true);
  CHECK(verified.at("events") == exported.at("events"));
  // The ledger of a running server is not written to by anybody else.
  auto const import = at.run({"import", file, "--data", at.data().string()});
  CHECK(import.exit_code != 0);
  CHECK(contains(import.err, "Stop the server"));
  CHECK(at.run({"project", "list"}).exit_code == 0);
}
