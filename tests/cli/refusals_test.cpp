#include "cli/exit_codes.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/cli/shop.hpp"

#include <catch2/catch.hpp>

/// What is refused says which kind of refusal it is, also to a script, and what to do.
using namespace troupe;
using test::contains;
using test::eventually;
using test::office;
using test::pending_brief;
using test::pending_plan;
using test::project_with_repository;
using test::run_troupe;
using test::temporary_folder;
using test::text_at;

namespace {

json::value document(std::string const& out) {
  auto v = json::parse(out);
  REQUIRE(v.has_value());
  return *v;
}

} // namespace

TEST_CASE("refusals: a server that cannot start says so in JSON, with the code of the reason",
          "[cli]") {
  office at;
  auto const port = at.url().substr(at.url().rfind(':') + 1);
  auto const other = (at.home() / "other").string();
  auto const taken = at.run({"serve", "--data", other, "--port", port, "--json"});
  CHECK(taken.exit_code == exit_code::conflict);
  CHECK(document(taken.out).at("error").at("exit_code") == exit_code::conflict);
  CHECK(contains(taken.err, "choose another with --port"));

  auto const used = at.run({"serve", "--data", at.data().string(), "--port", "0", "--json"});
  CHECK(used.exit_code == exit_code::busy);
  CHECK(document(used.out).at("error").at("code") == "busy");
  CHECK(contains(used.err, "--data DIR"));
  std::ofstream{at.home() / "empty.jsonl"} << "";
  auto const import =
      at.run({"import", (at.home() / "empty.jsonl").string(), "--data", at.data().string()});
  CHECK(import.exit_code == exit_code::busy); // the same reason, the same code

  std::ofstream{at.home() / "file"} << "x\n";
  auto const no_folder = at.run({"serve", "--data", (at.home() / "file").string(), "--port", "0"});
  CHECK(no_folder.exit_code == exit_code::failed);
  CHECK(contains(no_folder.err, "cannot make"));
  CHECK(contains(no_folder.err, "Name another folder with --data DIR."));
  auto const damaged = at.home() / "damaged";
  std::filesystem::create_directories(damaged);
  std::ofstream{damaged / "ledger.db"} << std::string(8192, 'x');
  auto const broken = at.run({"serve", "--data", damaged.string(), "--port", "0"});
  CHECK(broken.exit_code == exit_code::unsound);
  CHECK(contains(broken.err, "Keep a copy of " + damaged.string()));
  auto const verified = at.run({"verify", "--data", damaged.string()});
  CHECK(contains(verified.err, "--data DIR"));

  CHECK(contains(at.run({"serve", "--host", "0.0.0.0"}).err, "--address"));
}

TEST_CASE("refusals: a second daemon on one folder ends as busy", "[cli]") {
  office at;
  auto const daemon = test::daemon_with(at, "true");
  auto const laptop = (at.home() / "laptop").string();
  REQUIRE(eventually(
      [&] { return contains(test::text_of(at.home() / "laptop.log"), "offers runners"); }));
  REQUIRE(eventually([&] {
    auto const page = at.json_of({"daemon", "list", "--status", "online"});
    return !page.at("items").get_array().empty();
  }));
  auto const second = at.run({"daemon", "run", "--data", laptop, "--command", "true"});
  CHECK(second.exit_code == exit_code::busy);
  CHECK(contains(second.err, "--data DIR"));
  auto const stranger =
      at.run({"daemon", "run", "--data", (at.home() / "none").string(), "--command", "true"});
  CHECK(stranger.exit_code == exit_code::unauthorised);
  CHECK(contains(stranger.err, "`troupe daemon code | troupe daemon enroll --code -`"));
}

TEST_CASE("refusals: an export that was changed or cut is not imported, and leaves nothing",
          "[cli]") {
  temporary_folder home;
  std::string text;
  {
    office at;
    (void)at.json_of({"project", "create", "tally"});
    auto const file = (at.home() / "a.jsonl").string();
    (void)at.json_of({"export", "--data", at.data().string(), "--out", file});
    text = test::text_of(file);
  }
  auto const changed = (home.path() / "changed.jsonl").string();
  auto other = text;
  auto const place = other.find("tally");
  REQUIRE(place != std::string::npos);
  other.replace(place, 5, "telly");
  std::ofstream{changed} << other;
  auto const cut = (home.path() / "cut.jsonl").string();
  std::ofstream{cut} << text.substr(0, text.size() / 2);
  for (auto const& file : {changed, cut}) {
    INFO(file);
    auto const to = home.path() / "to";
    auto const r = run_troupe({"import", file, "--data", to.string()}, home.path());
    INFO(r.err);
    CHECK(r.exit_code != 0);
    CHECK(contains(r.err, "`troupe verify --file " + file + "`"));
    CHECK_FALSE(std::filesystem::exists(to));
    CHECK(run_troupe({"verify", "--file", file}, home.path()).exit_code == exit_code::unsound);
  }
  // A folder that was there stays, and is as empty as it was.
  auto const to = home.path() / "mine";
  std::filesystem::create_directories(to);
  CHECK(run_troupe({"import", cut, "--data", to.string()}, home.path()).exit_code != 0);
  CHECK(std::filesystem::is_empty(to));
}

TEST_CASE("refusals: an empty ledger has nothing to verify", "[cli]") {
  temporary_folder home;
  auto const data = home.path() / "data";
  std::filesystem::create_directories(data);
  // Where an import fails into a folder that has a ledger already, that one stays: an empty one.
  REQUIRE(open_sqlite_store(data / "ledger.db").has_value());
  auto const r = run_troupe({"verify", "--data", data.string()}, home.path());
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(contains(r.out, "There is nothing to verify"));
  CHECK_FALSE(contains(r.out, "0 of 13"));
}

TEST_CASE("refusals: JSON that cannot be read is a wrong argument", "[cli]") {
  office at;
  project_with_repository(at);
  auto const brief = pending_brief(at);
  CHECK(at.run({"brief", "edit", brief, "--file", "-"}, "{").exit_code == exit_code::usage);
  auto const patch = at.run({"project", "change", "shop", "--patch", "-"}, "{");
  CHECK(patch.exit_code == exit_code::usage);
  CHECK(contains(patch.err, "--patch"));
  CHECK(at.run({"project", "change", "shop", "--patch", "-"}, "[]").exit_code == exit_code::usage);
}

TEST_CASE("refusals: an approval that is over names the one that is open", "[cli]") {
  office at;
  project_with_repository(at);
  auto const brief = pending_brief(at);
  auto const plan = pending_plan(at, brief);
  REQUIRE(eventually([&] { return contains(at.run({"approve"}).out, plan + ".a1"); }));
  auto const late = at.run({"approve", brief + ".a1", "--reject"});
  CHECK(late.exit_code == exit_code::conflict);
  CHECK(contains(late.err, "`troupe approve " + plan + ".a1`"));
  auto content = at.json_of({"plan", "show", plan}).at("content").get_object();
  content["note"] = "Mine.";
  REQUIRE(at.run({"plan", "edit", plan, "--file", "-"}, json::canonical(content)).exit_code == 0);
  REQUIRE(eventually([&] { return contains(at.run({"approve"}).out, plan + ".a2"); }));
  auto const old = at.run({"approve", plan + ".a1"});
  CHECK(old.exit_code == exit_code::conflict);
  CHECK(contains(old.err, "`troupe approve " + plan + ".a2`"));

  // A cycle is told once.
  auto& items = content.at("items").get_array();
  REQUIRE(items.size() >= 2);
  auto const first = text_at(items[0], "key");
  auto const second = text_at(items[1], "key");
  items[0].get_object()["blocked_by"] = json::array{json::value(second)};
  items[1].get_object()["blocked_by"] = json::array{json::value(first)};
  auto const refused = at.run({"plan", "edit", plan, "--file", "-"}, json::canonical(content));
  auto const path = first + " -> " + second + " -> " + first;
  auto const once = refused.err.find(path);
  REQUIRE(once != std::string::npos);
  CHECK(refused.err.find(path, once + 1) == std::string::npos);
}

TEST_CASE("refusals: an id that is empty or leads elsewhere is nobody's", "[cli]") {
  office at;
  project_with_repository(at);
  for (auto const* kind : {"ticket", "brief", "run", "budget", "plan", "project"}) {
    INFO(kind);
    auto const nothing = at.run({kind, "show", ""});
    CHECK(nothing.exit_code == exit_code::usage);
    CHECK(contains(nothing.err, "must not be empty"));
    CHECK(nothing.out.empty());
    for (auto const* id : {".", ".."}) {
      auto const elsewhere = at.run({kind, "show", id});
      CHECK(elsewhere.exit_code != exit_code::ok);
      CHECK(elsewhere.out.empty());
    }
  }
  CHECK(at.run({"brief", "cancel", ""}).exit_code == exit_code::usage);
  CHECK(at.run({"ticket", "comment", "t", ""}).exit_code == exit_code::usage);
}

TEST_CASE("refusals: a decision without its approval is not taken for a list", "[cli]") {
  office at;
  auto const* how = GENERATE("--reject", "--revise", "--show");
  INFO(how);
  CHECK(at.run({"approve", how}).exit_code == exit_code::usage);
  CHECK(at.run({"approve", "", how}).exit_code == exit_code::usage);
  CHECK(at.run({"approve", "--notes", "x"}).exit_code == exit_code::usage);
  CHECK(at.run({"approve", "a1", "--show", "--reject"}).exit_code == exit_code::usage);
  CHECK(at.run({"approve"}).exit_code == exit_code::ok);
}

TEST_CASE("refusals: a ledger is one that was named", "[cli]") {
  office at;
  auto const file = (at.home() / "x.jsonl").string();
  CHECK(at.run({"export", "--data", at.data().string(), "--out", file}).exit_code == exit_code::ok);
  REQUIRE(at.run({"verify", "--file", file}).exit_code == exit_code::ok);
  CHECK(at.run({"verify", "--file", file, "--data", at.data().string()}).exit_code ==
        exit_code::usage);
  CHECK(at.run({"verify", "--file", file, "--store", "postgres://x"}).exit_code ==
        exit_code::usage);
  for (auto const* flag : {"--data", "--store"}) {
    INFO(flag);
    CHECK(at.run({"verify", flag, ""}).exit_code == exit_code::usage);
    CHECK(at.run({"import", file, flag, ""}).exit_code == exit_code::usage);
  }
  CHECK(at.run({"serve", "--data", "", "--port", "0"}).exit_code == exit_code::usage);
}
