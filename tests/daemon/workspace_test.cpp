#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

TEST_CASE("workspace: a worktree starts from the target branch, on the ticket's branch",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const w = rooms.prepare_work(work_order(o, "true"));
  REQUIRE(w.has_value());
  CHECK(w->start == o.head());
  CHECK(w->base == o.head());
  CHECK(w->fresh);
  CHECK(read(w->directory / "src/tally.txt") == "one\n");
  CHECK(git{w->directory}.out({"branch", "--show-current"}).value() == "agent/b1-1");
}

TEST_CASE("workspace: an unknown target branch or commit is refused by name", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto order = work_order(o, "true");
  order.target_branch = "nowhere";
  CHECK(rooms.prepare_work(order).error().code == errc::not_found);
  auto other = work_order(o, "true");
  other.expected_head = std::string(40, 'a');
  CHECK(rooms.prepare_work(other).error().code == errc::not_found);
}

TEST_CASE("workspace: an origin that is not there is unavailable, and found when it comes back",
          "[daemon]") {
  scratch const s;
  bench b{s / "d1"};
  auto const missing = b.repositories->find((s / "origin.git").string()).value();
  CHECK(missing->fetch().error().code == errc::unavailable);
  origin const o{s.path()};
  CHECK(missing->fetch().has_value());
}

TEST_CASE("workspace: a dirty worktree is never lost, removed or reused", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const w = rooms.prepare_work(work_order(o, "true")).value();
  write(w.directory / "src/tally.txt", "changed\n");
  write(w.directory / "new/untracked.txt", "precious\n");
  auto const bare = b.repositories->find(o.url()).value()->bare();

  SECTION("by removal") {
    auto const ref = rooms.remove(w.directory, "b1-1", "1");
    REQUIRE(ref.has_value());
    CHECK(*ref == "refs/troupe/snapshots/b1-1/1");
    CHECK_FALSE(fs::exists(w.directory));
    CHECK(bare.out({"show", *ref + ":new/untracked.txt"}).value() == "precious");
    CHECK(bare.out({"show", *ref + ":src/tally.txt"}).value() == "changed");
  }
  SECTION("by the next attempt in the same folder") {
    auto const again = rooms.prepare_work(work_order(o, "true", 2)).value();
    CHECK(again.directory == w.directory);
    CHECK_FALSE(again.fresh);
    CHECK(read(again.directory / "src/tally.txt") == "one\n");
    CHECK_FALSE(fs::exists(again.directory / "new/untracked.txt"));
    CHECK(bare.out({"show", "refs/troupe/snapshots/b1-1/before-2:new/untracked.txt"}).value() ==
          "precious");
  }
  SECTION("by a change between the two phases") {
    auto const planned = rooms.plan_removal(w.directory, "b1-1", "1").value();
    write(w.directory / "late.txt", "written at the last moment\n");
    CHECK(rooms.carry_out(planned).error().code == errc::conflict);
    CHECK(fs::exists(w.directory / "late.txt"));
    // The whole removal looks again and keeps that too.
    auto const ref = rooms.remove(w.directory, "b1-1", "1").value();
    CHECK(bare.out({"show", ref + ":late.txt"}).value() == "written at the last moment");
  }
  SECTION("when another folder of that name is in the way") {
    auto const bystander = s / "d2/worktrees/b1-1";
    write(bystander / "notes.txt", "not a worktree\n");
    bench other{s / "d2"};
    auto elsewhere = other.rooms(o.url());
    CHECK(elsewhere.prepare_work(work_order(o, "true", 9)).has_value());
    CHECK(read(s / "d2/worktrees/b1-1.aside-9/notes.txt") == "not a worktree\n");
  }
}

TEST_CASE("workspace: an unpushed commit gets a snapshot ref before its worktree goes",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const w = rooms.prepare_work(work_order(o, "true")).value();
  auto const mine = commit_in(w.directory, "a.txt", "a\n");
  auto const ref = rooms.remove(w.directory, "b1-1", "1").value();
  CHECK_FALSE(ref.empty());
  CHECK(b.repositories->find(o.url()).value()->bare().commit(ref) == mine);
}

TEST_CASE("workspace: a clean pushed worktree goes without a snapshot", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const w = rooms.prepare_work(work_order(o, "true")).value();
  CHECK(rooms.remove(w.directory, "b1-1", "1").value().empty());
  CHECK_FALSE(fs::exists(w.directory));
}

TEST_CASE("workspace: commits that were not published yet are gone on with", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const w = rooms.prepare_work(work_order(o, "true")).value();
  auto const mine = commit_in(w.directory, "a.txt", "a\n");
  auto const again = rooms.prepare_work(work_order(o, "true", 2)).value();
  CHECK(again.start == mine);
  CHECK(read(again.directory / "a.txt") == "a\n");
  CHECK(again.base == o.head());
}

TEST_CASE("workspace: what a killed git left locked does not stop the next attempt", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const w = rooms.prepare_work(work_order(o, "true")).value();
  auto const mine = commit_in(w.directory, "a.txt", "a\n");
  auto const clone = b.repositories->find(o.url()).value()->directory();
  auto const index = fs::path{b.repositories->find(o.url())
                                  .value()
                                  ->at(w.directory)
                                  .out({"rev-parse", "--git-path", "index"})
                                  .value()};
  auto const index_lock = fs::path{index.string() + ".lock"};
  write(index_lock, "");
  write(clone / "refs/heads/agent/b1-1.lock", "");

  SECTION("the daemon lives on: only a tool was killed") {
    auto const again = rooms.prepare_work(work_order(o, "true", 2)).value();
    CHECK(again.start == mine);
    CHECK(read(again.directory / "a.txt") == "a\n");
    commit_in(again.directory, "b.txt", "b\n");
  }
  SECTION("the daemon was started again") {
    write(clone / "packed-refs.lock", "");
    write(clone / "HEAD.lock", "");
    write(clone / "refs/remotes/origin/main.lock", "");
    bench next{s / "d1"};
    auto const again = next.rooms(o.url()).prepare_work(work_order(o, "true", 2)).value();
    CHECK(again.start == mine);
    CHECK_FALSE(fs::exists(clone / "packed-refs.lock"));
    commit_in(again.directory, "b.txt", "b\n");
  }
}

TEST_CASE("workspace: half of a worktree, left by a daemon that was killed, is no obstacle",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const w = rooms.prepare_work(work_order(o, "true")).value();
  auto const bare = b.repositories->find(o.url()).value()->bare();
  auto const folder = fs::path{git{w.directory}.out({"rev-parse", "--absolute-git-dir"}).value()};
  // As git leaves it from its first to its last step.
  write(folder / "locked", "initializing\n");
  bool keeps = true;
  SECTION("the folder was not made yet") {
    fs::remove_all(w.directory);
    keeps = false;
  }
  SECTION("the folder is there, its link is not") {
    fs::remove(w.directory / ".git");
  }
  SECTION("the head names nothing yet") {
    write(folder / "HEAD", std::string(40, '0') + "\n");
  }
  SECTION("the files were being written") {
    fs::remove(folder / "index");
    write(folder / "index.lock", "");
    fs::remove(w.directory / "README");
    keeps = false;
  }
  bench next{s / "d1"};
  auto again_in = next.rooms(o.url());
  auto const again = again_in.prepare_work(work_order(o, "true", 2)).value();
  CHECK(again.start == o.head());
  CHECK(read(again.directory / "README") == "tally\n");
  CHECK(git{again.directory}.out({"branch", "--show-current"}).value() == "agent/b1-1");
  auto const mine = commit_in(again.directory, "a.txt", "a\n");
  CHECK(bare.commit("refs/heads/agent/b1-1") == mine);
  // What stood in the way was moved, and does not lead into the new worktree.
  CHECK(fs::exists(s / "d1/worktrees/b1-1.aside-2") == keeps);
  CHECK_FALSE(again_in.is_worktree(s / "d1/worktrees/b1-1.aside-2"));
  CHECK(again_in.remove(again.directory, "b1-1", "2").has_value());
}

TEST_CASE("workspace: a branch without a commit of its own starts from the target as it is now",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  CHECK(rooms.prepare_work(work_order(o, "true")).has_value()); // killed before its first commit
  auto const now = o.commit({{"later.txt", "x\n"}});
  auto const again = rooms.prepare_work(work_order(o, "true", 2)).value();
  CHECK(again.start == now);
  CHECK(again.base == now);
}

TEST_CASE("workspace: a reviewer's worktree that was left with the branch out is no obstacle",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const w = rooms.prepare_work(work_order(o, "true")).value();
  auto const mine = commit_in(w.directory, "a.txt", "a\n");
  auto const review = order_about(o, link::order_kind::review, mine, 2);
  auto const left = rooms.prepare_detached(review, mine).value();
  REQUIRE(git{left.directory}
              .must({"checkout", "--quiet", "--ignore-other-worktrees", "agent/b1-1"})
              .has_value());
  auto const again = rooms.prepare_work(work_order(o, "true", 3));
  REQUIRE(again.has_value());
  CHECK(again->start == mine);
}

TEST_CASE("workspace: where another daemon went on, own commits step aside but are kept",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto rooms = b.rooms(o.url());
  auto const w = rooms.prepare_work(work_order(o, "true")).value();
  auto const mine = commit_in(w.directory, "a.txt", "a\n");
  CHECK(o.git({"branch", "agent/b1-1", "main"}).empty());
  auto const theirs = o.commit({{"b.txt", "b\n"}}, "agent/b1-1");
  auto const again = rooms.prepare_work(work_order(o, "true", 3)).value();
  CHECK(again.start == theirs);
  CHECK(b.repositories->find(o.url()).value()->bare().commit("refs/troupe/snapshots/b1-1/left-" +
                                                             mine.substr(0, 12)) == mine);
}

TEST_CASE("workspace: the recipe copies files, runs the setup and hands over ports, none of it is "
          "committed",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  write(s / "checkout/.env", "SETTING=7\n");
  b.repositories = std::make_shared<repository_pool>(
      s / "d1/repositories",
      std::map<std::string, repository_source>{{"tally", {o.url(), s / "checkout"}}}, false);
  auto order = work_order(o, "cat .env built/stamp > seen.txt; echo $TROUPE_PORT_1 $TROUPE_PORT_2 "
                             ">> seen.txt; git add -A; git commit -qm work");
  order.repository = "tally";
  order.recipe.copy = {".env"};
  order.recipe.setup = "mkdir built && echo stamped > built/stamp";
  order.recipe.ports = 2;
  auto const done = b.run(order);
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(done.end.proof.files == std::vector<std::string>{"seen.txt"});
  auto const seen = o.file("seen.txt", "agent/b1-1");
  CHECK(seen.find("SETTING=7\nstamped\n") == 0);
  int first = 0;
  int second = 0;
  REQUIRE(std::sscanf(seen.c_str(), "SETTING=7\nstamped\n%d %d", &first, &second) == 2);
  CHECK(first > 0);
  CHECK(second > 0);
  CHECK(first != second);
}

TEST_CASE("workspace: a recipe cannot reach out of the checkout", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  write(s / "secret.txt", "outside\n");
  fs::create_directories(s / "checkout");
  fs::create_symlink(s / "secret.txt", s / "checkout/link");
  b.repositories = std::make_shared<repository_pool>(
      s / "d1/repositories",
      std::map<std::string, repository_source>{{"tally", {o.url(), s / "checkout"}}}, false);
  auto const name =
      GENERATE(as<std::string>{}, "../secret.txt", "a/../../secret.txt", "link", "missing");
  auto order = work_order(o, "true");
  order.repository = "tally";
  order.recipe.copy = {name};
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::failed);
  CHECK(done.end.why == reason::bad_config);
  CHECK(done.started.empty());
}

TEST_CASE("workspace: a setup command that fails ends the attempt before the tool", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = work_order(o, "echo ran > ran.txt");
  order.recipe.setup = "exit 9";
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::failed);
  CHECK(done.end.why == reason::bad_config);
  CHECK(done.end.summary.find("exit code 9") != std::string::npos);
}

TEST_CASE("workspace: repositories that are not named are refused where the operator says so",
          "[daemon]") {
  scratch const s;
  repository_pool closed{s / "r", {{"tally", {"/somewhere", {}}}}, false};
  CHECK(closed.find("/elsewhere").error().code == errc::forbidden);
  CHECK(closed.find("").error().code == errc::forbidden);
  CHECK(closed.find("tally").has_value());
  CHECK(closed.names() == std::vector<std::string>{"tally"});
  repository_pool open{s / "r", {}, true};
  CHECK(open.find("--upload-pack=evil").error().code == errc::forbidden);
  CHECK(open.names() == std::vector<std::string>{"*"});
}
