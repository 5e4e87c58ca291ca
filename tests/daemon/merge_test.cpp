#include "daemon/merge.hpp"
#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

constexpr char do_the_work[] = "echo two >> src/tally.txt && git commit -qam 'count on'";

bool contains(std::string const& text, std::string const& what) {
  return text.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("merge: a commit with trailers on the target branch, tests run on the result",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  o.commit({{"other.txt", "meanwhile\n"}});
  auto order = order_about(o, link::order_kind::merge, work.end.proof.head, 2);
  order.test_command = "grep -q two src/tally.txt && test -e other.txt";
  auto const done = b.run(order);
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(done.end.merged == o.head("main"));
  CHECK(o.git({"rev-parse", "main^2"}) == work.end.proof.head);
  CHECK(done.end.proof.head == work.end.proof.head);
  CHECK(done.end.proof.files == std::vector<std::string>{"src/tally.txt"});
  CHECK(done.end.proof.exit_code == 0);
  CHECK(o.git({"log", "-1", "--format=%(trailers:key=Troupe-Ticket,valueonly)", "main"}) == "b1-1");
  CHECK(o.git({"log", "-1", "--format=%(trailers:key=Troupe-Brief,valueonly)", "main"}) == "b1");
  CHECK(o.git({"log", "-1", "--format=%s", "main"}) == "Merge b1-1: Count to two");
  CHECK(o.file("src/tally.txt") == "one\ntwo");
  CHECK(b.rooms(o.url()).of_ticket(order.ticket).size() == 1);
}

TEST_CASE("merge: the same order again answers the same commit and changes nothing", "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  auto const order = order_about(o, link::order_kind::merge, work.end.proof.head, 2);
  auto const first = b.run(order);
  REQUIRE(first.end.how == link::outcome::done);
  o.commit({{"later.txt", "x\n"}});
  auto const main = o.head("main");
  auto const second = b.run(order);
  CHECK(second.end.merged == first.end.merged);
  CHECK(second.end.proof.head == work.end.proof.head);
  CHECK(second.end.proof.base == first.end.proof.base);
  CHECK(second.end.proof.files == first.end.proof.files);
  CHECK(o.head("main") == main);
  // Another daemon, which has never seen the ticket, finds it too.
  bench other{s / "d2"};
  CHECK(other.run(order).end.merged == first.end.merged);
}

TEST_CASE("merge: a branch that was moved forward by hand counts as merged", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  auto const head = work.end.proof.head;
  CHECK(o.git({"update-ref", "refs/heads/main", head}).empty());
  auto const done = b.run(order_about(o, link::order_kind::merge, head, 2));
  CHECK(done.end.how == link::outcome::done);
  CHECK(done.end.merged == head);
}

TEST_CASE("merge: a conflict names the files and leaves the target alone", "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  auto const main = o.commit({{"src/tally.txt", "one\nTWO\n"}});
  auto const done = b.run(order_about(o, link::order_kind::merge, work.end.proof.head, 2));
  CHECK(done.end.how == link::outcome::conflict);
  CHECK(done.end.proof.files == std::vector<std::string>{"src/tally.txt"});
  CHECK(done.end.proof.head == work.end.proof.head);
  CHECK(done.end.merged.empty());
  CHECK(o.head("main") == main);
  // The author mends it in the same worktree and it goes through.
  auto rework = work_order(o,
                           "git merge -q origin/main; printf 'one\\nTWO\\ntwo\\n' > src/tally.txt; "
                           "git commit -qam mended",
                           3);
  rework.round = 1;
  auto const mended = b.run(rework);
  REQUIRE(mended.end.how == link::outcome::done);
  CHECK(mended.end.proof.base == main);
  auto const again = b.run(order_about(o, link::order_kind::merge, mended.end.proof.head, 4));
  CHECK(again.end.how == link::outcome::done);
  CHECK(o.file("src/tally.txt") == "one\nTWO\ntwo");
}

TEST_CASE("merge: tests that fail on the result send the work back", "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  auto const main = o.commit({{"other.txt", "breaks it\n"}});
  auto order = order_about(o, link::order_kind::merge, work.end.proof.head, 2);
  order.test_command = "test ! -e other.txt";
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::changes_requested);
  CHECK(done.end.why == reason::gate_failed);
  CHECK(o.head("main") == main);
}

TEST_CASE("merge: it is about the commit that was judged, not what the branch shows now",
          "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  o.commit({{"smuggled.txt", "x\n"}}, "agent/b1-1");
  auto const done = b.run(order_about(o, link::order_kind::merge, work.end.proof.head, 2));
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(o.git({"ls-tree", "--name-only", "main", "smuggled.txt"}).empty());
}

TEST_CASE("merge: while somebody else pushes to the target, it tries again", "[daemon]") {
  scratch const s;
  origin o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  auto order = order_about(o, link::order_kind::merge, work.end.proof.head, 2);
  // The first run of the tests is the moment at which somebody pushes.
  auto const flag = (s / "pushed").string();
  order.test_command =
      "test -e " + flag + " || { touch " + flag + "; cd " + (s / "origin-clone").string() +
      " && echo late > late.txt && git add -A && git commit -qm late && git push -q "
      "origin HEAD:main; }";
  auto const done = b.run(order);
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(o.file("late.txt") == "late");
  CHECK(o.file("src/tally.txt") == "one\ntwo");
  CHECK(o.head("main") == done.end.merged);
}

TEST_CASE("merge: two daemons merge two tickets into one branch at once", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench first{s / "d1"};
  bench second{s / "d2"};
  auto one = work_order(o, "echo a > a.txt");
  auto two = work_order(o, "echo b > b.txt");
  two.ticket = ticket_id{"b1-2"};
  two.branch = "agent/b1-2";
  auto const head_one = first.run(one).end.proof.head;
  auto const head_two = second.run(two).end.proof.head;
  auto merge_one = order_about(o, link::order_kind::merge, head_one, 2);
  auto merge_two = order_about(o, link::order_kind::merge, head_two, 2);
  merge_two.ticket = two.ticket;
  merge_two.branch = two.branch;
  link::finished end_one;
  link::finished end_two;
  std::thread t{[&] {
    end_one = attempt{first.settings, first.repositories, merge_one, {}}.run();
  }};
  end_two = attempt{second.settings, second.repositories, merge_two, {}}.run();
  t.join();
  CHECK(end_one.how == link::outcome::done);
  CHECK(end_two.how == link::outcome::done);
  CHECK(o.file("a.txt") == "a");
  CHECK(o.file("b.txt") == "b");
}

TEST_CASE("merge: an origin that is somebody's checkout follows where its files are clean",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  auto const checkout = s / "checkout";
  REQUIRE(git{s.path()}.must({"clone", "-q", o.url(), checkout.string()}).has_value());
  bench b{s / "d1"};
  auto order = work_order(o, do_the_work);
  order.repository = checkout.string();
  auto const work = b.run(order);
  INFO(work.end.summary);
  REQUIRE(work.end.how == link::outcome::done);
  auto merge = order_about(o, link::order_kind::merge, work.end.proof.head, 2);
  merge.repository = order.repository;
  SECTION("clean") {
    auto const done = b.run(merge);
    INFO(done.end.summary);
    REQUIRE(done.end.how == link::outcome::done);
    CHECK(read(checkout / "src/tally.txt") == "one\ntwo\n");
  }
  SECTION("with local changes it is left alone, until a person put them away") {
    bool const staged = GENERATE(false, true);
    write(checkout / "src/tally.txt", "being edited\n");
    git const mine{checkout};
    if (staged)
      REQUIRE(mine.must({"add", "src/tally.txt"}).has_value());
    auto const before = mine.commit("HEAD");
    auto const done = b.run(merge);
    CHECK(done.end.how == link::outcome::failed);
    CHECK(done.end.why == reason::policy);
    CHECK_FALSE(is_transient(done.end.why));
    INFO(done.end.summary);
    CHECK(contains(done.end.summary, staged ? "staged changes" : "unstaged changes"));
    CHECK(contains(done.end.summary, "commit or stash the open changes in " + checkout.string()));
    CHECK(read(checkout / "src/tally.txt") == "being edited\n");
    CHECK(mine.commit("HEAD") == before);
    REQUIRE(mine.must({"-c", "user.name=Ada", "-c", "user.email=ada@example.org", "stash", "-q"})
                .has_value());
    auto again = merge;
    ++again.token;
    auto const merged = b.run(again);
    INFO(merged.end.summary);
    REQUIRE(merged.end.how == link::outcome::done);
    CHECK(merged.end.proof.head == work.end.proof.head);
    CHECK(read(checkout / "src/tally.txt") == "one\ntwo\n");
  }
  SECTION("a file in the way that git does not know") {
    auto more = work_order(o, "echo x > new.txt && git add new.txt && git commit -qm more", 5);
    more.repository = checkout.string();
    more.ticket = ticket_id{"b1-2"};
    more.branch = "agent/b1-2";
    auto const head = b.run(more).end.proof.head;
    merge.ticket = more.ticket;
    merge.branch = more.branch;
    merge.expected_head = head;
    write(checkout / "new.txt", "mine\n");
    auto const done = b.run(merge);
    CHECK(done.end.why == reason::policy);
    CHECK(contains(done.end.summary, checkout.string()));
    CHECK(read(checkout / "new.txt") == "mine\n");
  }
}

TEST_CASE("merge: what the origin's hooks or rules refuse is for a person at once", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  auto const tried = s / "tried";
  auto const [hook, line] = GENERATE(table<std::string, std::string>(
      {{"pre-receive", "echo no >&2; exit 1"}, {"update", "test $1 != refs/heads/main"}}));
  auto const script = std::filesystem::path{o.url()} / "hooks" / hook;
  write(script, "#!/bin/sh\necho x >> " + tried.string() + "\n" + line + "\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  auto const order = order_about(o, link::order_kind::merge, work.end.proof.head, 2);
  auto const done = b.run(order);
  INFO(done.end.summary);
  CHECK(done.end.how == link::outcome::failed);
  CHECK(done.end.why == reason::policy);
  CHECK(contains(done.end.summary, "hook declined"));
  CHECK(contains(done.end.summary, "let the rules or hooks of "));
  CHECK(read(tried) == "x\n"); // asked once, not in each round of a race
  std::filesystem::remove(script);
  CHECK(b.run(order).end.how == link::outcome::done);
}
