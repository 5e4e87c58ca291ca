#include "cli/exit_codes.hpp"
#include "tests/cli/office.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

using namespace troupe;
using test::contains;
using test::eventually;
using test::office;
using test::temporary_folder;
using test::text_at;

namespace {

std::string const meeting = TROUPE_SOURCE_DIR "/demo/meeting.vtt";

/// A project with a brief that waits for approval; its id.
std::string submitted(office const& at) {
  (void)at.json_of({"project", "create", "duration", "--repository", "/srv/duration.git", "--test",
                    "prove -l t"});
  auto const brief = at.json_of({"brief", "submit", meeting, "--project", "duration", "--wait"});
  REQUIRE(text_at(brief, "status") == "pending_approval");
  return text_at(brief, "id");
}

std::string plan_of(office const& at, std::string const& brief) {
  std::string plan;
  auto const there = eventually([&] {
    auto const page =
        at.json_of({"plan", "list", "--brief", brief, "--status", "pending_approval"});
    auto const& items = page.at("items").get_array();
    if (items.empty())
      return false;
    plan = text_at(items.front(), "id");
    return true;
  });
  REQUIRE(there);
  return plan;
}

} // namespace

TEST_CASE("commands: from a transcript to a running plan", "[cli]") {
  office at;
  struct stat info {};
  REQUIRE(::stat((at.data() / "admin.token").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);

  auto const brief = submitted(at);
  auto const shown = at.run({"brief", "show", brief});
  CHECK(contains(shown.out, "Requirements"));
  CHECK(contains(shown.out, "weeks"));
  CHECK(contains(shown.out, "Aisha Okafor, 00:00:1"));
  CHECK(contains(shown.err, "troupe brief approve " + brief));

  auto const waiting = at.run({"approve"});
  CHECK(contains(waiting.out, brief + ".a1"));

  SECTION("other content than the one that was seen is not approved") {
    auto const r = at.run({"brief", "approve", brief, "--content", "0000000"});
    CHECK(r.exit_code == exit_code::conflict);
    CHECK(contains(r.err, "brief show"));
  }
  SECTION("a brief can be sent back, and comes again") {
    CHECK(at.run({"brief", "revise", brief, "--notes", "leave the tool out"}).exit_code == 0);
    CHECK(eventually([&] {
      auto const b = at.json_of({"brief", "show", brief});
      return text_at(b, "status") == "pending_approval" && b.at("round").to_number<int>() == 2;
    }));
  }
  SECTION("approved, planned, approved, run") {
    REQUIRE(at.run({"brief", "approve", brief}).exit_code == 0);
    REQUIRE(eventually([&] {
      return text_at(at.json_of({"brief", "show", brief}), "status") != "pending_approval";
    }));
    auto const again = at.run({"brief", "approve", brief});
    CHECK(again.exit_code == exit_code::conflict);
    CHECK(contains(again.err, "pending_approval"));
    CHECK_FALSE(contains(again.err, "It is over")); // it is being planned, and goes on

    auto const plan = plan_of(at, brief);
    auto const graph = at.run({"plan", "show", plan});
    CHECK(contains(graph.out, "waves: "));
    CHECK(contains(graph.out, "Tickets"));

    CHECK(contains(at.run({"plan", "edit", plan}, {}, {{"EDITOR", "true"}}).err,
                   "Nothing was changed"));
    auto const no_file = at.run({"plan", "edit", plan, "--file", "/nonexistent"});
    CHECK(no_file.exit_code == exit_code::not_found);
    CHECK_FALSE(contains(no_file.err, "EDITOR"));
    CHECK(contains(at.run({"plan", "edit", plan, "--file", "-"}, "{").err, "--json | jq"));

    // A cycle is refused with its path.
    auto content = at.json_of({"plan", "show", plan}).at("content").get_object();
    auto& items = content.at("items").get_array();
    REQUIRE(items.size() >= 2);
    auto const first = text_at(items[0], "key");
    auto const second = text_at(items[1], "key");
    items[0].get_object()["blocked_by"] = json::array{json::value(second)};
    items[1].get_object()["blocked_by"] = json::array{json::value(first)};
    auto const refused = at.run({"plan", "edit", plan, "--file", "-"}, json::canonical(content));
    CHECK(refused.exit_code == exit_code::conflict);
    CHECK(contains(refused.err, first + " -> " + second + " -> " + first));
    CHECK(text_at(at.json_of({"plan", "show", plan}), "status") == "pending_approval");

    REQUIRE(at.run({"plan", "approve", plan}).exit_code == 0);
    std::string run;
    REQUIRE(eventually([&] {
      auto const page = at.json_of({"run", "list", "--brief", brief, "--status", "running"});
      if (page.at("items").get_array().empty())
        return false;
      run = text_at(page.at("items").at(0), "id");
      return true;
    }));
    CHECK(contains(at.run({"run", "show", run}).out, "waves: "));
    auto const tickets = at.json_of({"ticket", "list", "--brief", brief, "--all"});
    CHECK(tickets.at("items").get_array().size() == items.size());
    auto const ticket = text_at(tickets.at("items").at(0), "id");
    CHECK(contains(at.run({"ticket", "show", ticket}).out, "Ticket " + ticket));
    CHECK(at.run({"ticket", "comment", ticket, "see the mail", "--metric", "p99=12ms"}).exit_code ==
          0);
    CHECK(contains(at.run({"ticket", "show", ticket}).out, "p99 = 12ms"));
    CHECK(contains(at.run({"agents", "--project", "duration"}).out, "duration.dev-ada"));

    auto const why = at.run({"why", ticket});
    CHECK(why.exit_code == 0);
    CHECK(contains(why.out, "requirement"));
    CHECK(contains(why.out, "sentence"));

    // Ctrl-C is heard while nothing happens, and ends only the watching.
    auto const log = at.home() / "follow.log";
    test::background following{{"run", "show", run, "--follow", "--json", "--server", at.url(),
                                "--token-file", (at.data() / "admin.token").string()},
                               at.home(),
                               log};
    REQUIRE(eventually([&] { return following.hears_interrupts(); }));
    CHECK(following.stop(SIGINT) == exit_code::interrupted);
    // Standard error is in the log as well.
    auto const said = test::text_of(log);
    auto const document = json::parse(said.substr(0, said.find('\n')));
    INFO(said);
    REQUIRE(document.has_value());
    CHECK(document->at("error").at("exit_code") == exit_code::interrupted);

    CHECK(at.run({"run", "pause", run, "--why", "lunch"}).exit_code == 0);
    CHECK(eventually([&] {
      return text_at(at.json_of({"run", "show", run}), "status") == "paused";
    }));
    CHECK(at.run({"run", "resume", run}).exit_code == 0);
    CHECK(at.run({"ticket", "retry", ticket}).exit_code == exit_code::conflict);
    auto const unasked = at.run({"ticket", "answer", ticket, "yes"});
    CHECK(unasked.exit_code == exit_code::conflict);
    CHECK_FALSE(contains(unasked.err, "It is over"));
    CHECK(at.run({"brief", "cancel", brief, "--why", "enough"}).exit_code == 0);
    CHECK(eventually([&] {
      return text_at(at.json_of({"run", "show", run}), "status") == "CANCELLED";
    }));
    // --follow on what is over ends at once, with 1 because it was not completed.
    CHECK(at.run({"run", "show", run, "--follow"}).exit_code == exit_code::failed);
  }
}

TEST_CASE("commands: refusals have their exit codes and say the way out", "[cli]") {
  office at;
  auto const no_such = at.run({"ticket", "show", "nope"});
  CHECK(no_such.exit_code == exit_code::not_found);
  CHECK(contains(no_such.err, "list"));

  auto const stranger = at.run({"project", "list"}, {}, {{"TROUPE_TOKEN", "not-a-token"}});
  CHECK(stranger.exit_code == exit_code::unauthorised);
  CHECK(contains(stranger.err, "TROUPE_TOKEN"));
  CHECK_FALSE(contains(stranger.err, "not-a-token"));
  auto const nobody = at.run({"project", "list", "--token-file", "/nonexistent"});
  CHECK(nobody.exit_code == exit_code::usage);
  CHECK(contains(nobody.err, "/nonexistent"));
  auto const elsewhere = at.home() / "elsewhere"; // with a data folder that has no token
  std::filesystem::create_directories(elsewhere);
  auto const none = test::run_troupe({"project", "list"}, elsewhere, {{"TROUPE_SERVER", at.url()}});
  CHECK(none.exit_code == exit_code::unauthorised);
  CHECK(contains(none.err, "no token was found"));

  auto const made = at.run({"token", "create", "eve", "--role", "viewer"});
  REQUIRE(made.exit_code == 0);
  auto const token = made.out.substr(0, made.out.find('\n'));
  auto const as_eve = [&](std::vector<std::string> words) {
    return at.run(std::move(words), {}, {{"TROUPE_TOKEN", token}});
  };
  CHECK(as_eve({"project", "list"}).exit_code == 0);
  auto const forbidden = as_eve({"project", "create", "x"});
  CHECK(forbidden.exit_code == exit_code::unauthorised);
  CHECK(contains(forbidden.err, "admin"));
  auto const list = at.json_of({"token", "list", "--all"});
  CHECK_FALSE(contains(json::canonical(list), token));
  for (auto const& t : list.at("items").get_array()) {
    if (text_at(t, "label") == "eve")
      CHECK(at.run({"token", "revoke", text_at(t, "id")}).exit_code == 0);
  }
  CHECK(eventually([&] {
    return as_eve({"project", "list"}).exit_code == exit_code::unauthorised;
  }));

  CHECK(at.run({"brief", "submit", meeting, "--project", "nope"}).exit_code ==
        exit_code::not_found);
  CHECK(at.run({"brief", "submit", "/nonexistent", "--project", "x"}).exit_code ==
        exit_code::not_found);
  (void)at.json_of({"project", "create", "tally"});
  CHECK(at.run({"project", "create", "tally", "--template", "solo"}).exit_code ==
        exit_code::conflict);
  CHECK(at.run({"project", "create", "Bad Id"}).exit_code == exit_code::failed);
  CHECK(at.run({"project", "change", "tally"}).exit_code == exit_code::usage);
  CHECK(at.run({"project", "change", "tally", "--test", "make check"}).exit_code == 0);
  CHECK(text_at(at.json_of({"project", "show", "tally"}).at("config"), "test_command") ==
        "make check");
  // Nothing in it, and too much of it.
  auto const empty = at.run({"brief", "submit", "-", "--project", "tally"}, " \n");
  CHECK(empty.exit_code == exit_code::failed);
  auto const large =
      at.run({"brief", "submit", "-", "--project", "tally"}, std::string(600 * 1024, 'a'));
  CHECK(large.exit_code == exit_code::failed);
  CHECK(contains(large.err, "Split the meeting"));
}

TEST_CASE("brief: the only project need not be named", "[cli]") {
  office at;
  auto const none = at.run({"brief", "submit", meeting});
  CHECK(none.exit_code == exit_code::not_found);
  CHECK(contains(none.err, "troupe init"));
  (void)at.json_of({"project", "create", "tally", "--repository", "/srv/tally.git"});
  CHECK(text_at(at.json_of({"brief", "submit", meeting}), "project") == "tally");
  (void)at.json_of({"project", "create", "abacus", "--repository", "/srv/abacus.git"});
  auto const several = at.run({"brief", "submit", meeting});
  CHECK(several.exit_code == exit_code::usage);
  CHECK(contains(several.err, "abacus"));
  CHECK(contains(several.err, "tally"));
  CHECK(contains(several.err, "--project ID"));
  REQUIRE(at.run({"project", "archive", "abacus"}).exit_code == 0);
  CHECK(eventually([&] { return at.run({"brief", "submit", meeting}).exit_code == 0; }));
}

TEST_CASE("daemon: with nothing to run it does not start, and says what to do", "[cli]") {
  office at;
  auto const code = text_at(at.json_of({"daemon", "code"}), "code");
  auto const folder = (at.home() / "d1").string();
  // Only what is in these folders can be found: no coding CLI.
  auto const bin = at.home() / "bin";
  std::filesystem::create_directories(bin);
  for (auto const* name : {"git", "sh"})
    std::filesystem::create_symlink(std::filesystem::path{"/usr/bin"} / name, bin / name);
  std::map<std::string, std::string> const env{{"PATH", bin.string()}};
  auto const enrolled = at.run({"daemon", "enroll", "--code", code, "--data", folder}, {}, env);
  REQUIRE(enrolled.exit_code == 0);
  CHECK(contains(enrolled.err, "--command 'your script'"));
  auto const idle = at.run({"daemon", "run", "--data", folder}, {}, env);
  CHECK(idle.exit_code == exit_code::usage);
  CHECK(contains(idle.err, "Install Claude Code"));
  CHECK(contains(idle.err, "--command 'your script'"));
  auto const doctor = at.run({"doctor", "--daemon-data", folder}, {}, env);
  CHECK(doctor.exit_code == exit_code::failed);
  CHECK(contains(doctor.out, "✗ runners: "));
  CHECK(at.run({"doctor", "--daemon-data", folder, "--set", "daemon.command=true"}, {}, env)
            .exit_code == exit_code::ok);
}

TEST_CASE("init: the next steps can be copied as they are", "[cli]") {
  office at;
  auto const shop = at.home() / "shop";
  std::filesystem::create_directories(shop / "tests");
  std::ofstream{shop / "tests" / "test_a.py"} << "import unittest\n";
  REQUIRE(test::run_program({"git", "init", "-q"},
                            {{"PATH", "/usr/bin:/bin"}, {"HOME", at.home().string()}}, "", shop)
              .exit_code == 0);
  auto const made = test::run_troupe(
      {"init", "--yes", "--profile", "command"}, at.home(),
      {{"TROUPE_SERVER", at.url()}, {"TROUPE_TOKEN_FILE", (at.data() / "admin.token").string()}},
      {}, shop);
  INFO(made.err);
  REQUIRE(made.exit_code == 0);
  CHECK(contains(made.out, "python3 -m unittest discover -s tests"));
  CHECK(contains(made.err, "troupe daemon code"));
  CHECK(contains(made.err, "troupe daemon run --command 'your script'"));
  CHECK(contains(made.err, "--project shop --wait"));
}

TEST_CASE("ledger: verified while the server runs, exported, imported, verified again", "[cli]") {
  office at;
  (void)submitted(at);
  auto const live = at.json_of({"verify", "--data", at.data().string()});
  CHECK(live.at("ok") == true);
  // Only what was really held against the ledger is counted: no ticket has been made yet.
  auto const& examined = live.at("invariants_examined").as_array();
  CHECK(live.at("invariants").to_number<std::size_t>() == examined.size());
  auto const held = [&](int n) {
    return std::find(examined.begin(), examined.end(), json::value(n)) != examined.end();
  };
  CHECK(held(11));
  CHECK(held(12));
  CHECK(held(13));
  CHECK_FALSE(held(2));
  CHECK(contains(at.run({"verify", "--data", at.data().string()}).out,
                 std::to_string(examined.size()) + " of 13 invariants hold"));
  CHECK(contains(at.run({"verify", "--data", at.data().string()}).out, "2, one lease a ticket"));
  auto const file = (at.home() / "ledger.jsonl").string();
  CHECK(at.run({"import", file, "--data", at.data().string()}).exit_code == exit_code::not_found);
  REQUIRE(at.close() == 0);

  auto const verified = at.json_of({"verify", "--data", at.data().string()});
  CHECK(verified.at("events").to_number<int>() > 5);
  auto const exported = at.json_of({"export", "--data", at.data().string(), "--out", file});
  CHECK(exported.at("events") == verified.at("events"));
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(at.json_of({"verify", "--file", file}).at("ok") == true);

  auto const copy = (at.home() / "copy").string();
  CHECK(at.json_of({"import", file, "--data", copy}).at("events") == verified.at("events"));
  CHECK(at.run({"import", file, "--data", copy}).exit_code == exit_code::conflict);
  auto const second = at.json_of({"verify", "--data", copy});
  CHECK(second.at("events") == verified.at("events"));

  // One changed byte is found, and named.
  auto text = test::text_of(file);
  auto const at_name = text.find("meeting.vtt");
  REQUIRE(at_name != std::string::npos);
  text[at_name] = 'M';
  std::ofstream{file} << text;
  auto const broken = at.run({"verify", "--file", file});
  CHECK(broken.exit_code == exit_code::unsound);
  CHECK(contains(broken.out, "first bad event"));
}

TEST_CASE("serve: refuses what it must not do, with a reason", "[cli]") {
  temporary_folder home;
  auto const data = (home.path() / "d").string();
  auto const open = test::run_troupe({"serve", "--data", data, "--address", "0.0.0.0", "--port",
                                      std::to_string(test::free_port())},
                                     home.path());
  CHECK(open.exit_code != 0);
  CHECK(contains(open.err, "TLS"));
  CHECK(test::run_troupe({"serve", "--port", "99999"}, home.path()).exit_code == exit_code::usage);

  office at; // a second server on the same folder
  auto const second = at.run({"serve", "--data", at.data().string(), "--port", "0"});
  CHECK(second.exit_code != 0);
}
