#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

envelope answer_of(std::string id, std::string text) {
  envelope e;
  e.id = std::move(id);
  e.kind = message_kind::answer;
  e.from = principal_id{"agent:tally.pm"};
  e.parts = {text_part(std::move(text))};
  return e;
}

constexpr char do_the_work[] = "echo two >> src/tally.txt && git commit -qam 'count on'";

} // namespace

TEST_CASE("attempt: work that commits is pushed, with evidence from git and from the tests",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = work_order(o, do_the_work);
  order.test_command = "grep -q two src/tally.txt";
  auto const done = b.run(order);
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  auto const& proof = done.end.proof;
  CHECK(proof.base == o.head("main"));
  CHECK(proof.head == o.head("agent/b1-1"));
  CHECK(proof.files == std::vector<std::string>{"src/tally.txt"});
  CHECK(proof.insertions == 1);
  CHECK(proof.deletions == 0);
  CHECK(proof.command == order.test_command);
  CHECK(proof.exit_code == 0);
  CHECK(proof.log_digest.size() == 64);
  CHECK(proof.diff.empty());
  REQUIRE(done.started.size() == 1);
  CHECK(done.started[0].base == o.head("main"));
  CHECK(o.head("refs/troupe/attempts/b1-1/1") == proof.head);
  CHECK(o.git({"log", "-1", "--format=%an <%ae>", "agent/b1-1"}) ==
        "Troupe agent dev-ada <dev-ada@troupe.invalid>");
  CHECK(done.end.used.wall.count() > 0);
}

TEST_CASE("attempt: what the coder left uncommitted is committed with trailers", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const done = b.run(work_order(o, "echo two >> src/tally.txt; echo new > added.txt"));
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(o.file("added.txt", "agent/b1-1") == "new");
  auto const message = o.git({"log", "-1", "--format=%B", "agent/b1-1"});
  CHECK(message.find("Count to two\n\nTroupe-Ticket: b1-1\nTroupe-Brief: b1\n"
                     "Troupe-Attempt: b1-1.t1") == 0);
}

TEST_CASE("attempt: exit codes say done, changes requested or failed", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const two = b.run(work_order(o, "exit 2"));
  CHECK(two.end.how == link::outcome::changes_requested);
  CHECK(two.end.why == reason::changes_requested);
  auto const one = b.run(work_order(o, "exit 1", 2));
  CHECK(one.end.how == link::outcome::failed);
  CHECK(one.end.why == reason::none);
  auto const missing = b.run(work_order(o, "no-such-program-here", 3));
  CHECK(missing.end.why == reason::missing_tool);
  auto const killed = b.run(work_order(o, "kill -9 $$", 4));
  CHECK(killed.end.how == link::outcome::failed);
  CHECK(is_transient(killed.end.why));
  auto const empty = b.run(work_order(o, "", 5));
  CHECK(empty.end.why == reason::bad_config);
}

TEST_CASE("attempt: a test command that fails is evidence, and what it wrote is gone", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = work_order(o, do_the_work);
  order.test_command = "echo junk > junk.txt; echo broken > README; exit 3";
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::done);
  CHECK(done.end.proof.exit_code == 3);
  auto const w = b.rooms(o.url()).work_directory(order.ticket);
  CHECK(git{w}.out({"status", "--porcelain"}).value().empty());
}

TEST_CASE("attempt: a second daemon goes on from the branch that the first one pushed",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench first{s / "d1"};
  bench second{s / "d2"};
  auto const begun = first.run(work_order(o, do_the_work));
  REQUIRE(begun.end.how == link::outcome::done);
  auto order = work_order(o,
                          "grep -q two src/tally.txt && echo three >> src/tally.txt && "
                          "git commit -qam more",
                          2);
  order.round = 1;
  auto const done = second.run(order);
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(done.started.at(0).base == begun.end.proof.head);
  CHECK(done.end.proof.base == o.head("main"));
  CHECK(done.end.proof.insertions == 2);
  CHECK(o.file("src/tally.txt", "agent/b1-1") == "one\ntwo\nthree");
}

TEST_CASE("attempt: what a killed attempt committed counts as the ticket's work", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  std::string left;
  {
    bench killed{s / "d1"};
    auto rooms = killed.rooms(o.url());
    left = commit_in(rooms.prepare_work(work_order(o, "true")).value().directory, "a.txt", "a\n");
  }
  SECTION("on the same daemon, also if the next attempt finds nothing left to do") {
    bench next{s / "d1"};
    auto const done = next.run(work_order(o, "test -e a.txt", 2));
    REQUIRE(done.end.how == link::outcome::done);
    CHECK(done.started.at(0).base == left);
    CHECK(done.end.proof.base == o.head("main"));
    CHECK(done.end.proof.head == left);
    CHECK(done.end.proof.files == std::vector<std::string>{"a.txt"});
    CHECK(o.head("agent/b1-1") == left);
  }
  SECTION("another daemon begins anew, and the first one keeps what it had") {
    bench other{s / "d2"};
    auto const done = other.run(work_order(o, std::string{"test ! -e a.txt && "} + do_the_work, 2));
    REQUIRE(done.end.how == link::outcome::done);
    CHECK(done.end.proof.files == std::vector<std::string>{"src/tally.txt"});
    bench next{s / "d1"};
    auto const more = next.run(work_order(o, "grep -q two src/tally.txt && test ! -e a.txt", 3));
    REQUIRE(more.end.how == link::outcome::done);
    CHECK(more.end.proof.head == done.end.proof.head);
    auto const bare = next.repositories->find(o.url()).value()->bare();
    CHECK(bare.commit("refs/troupe/snapshots/b1-1/left-" + left.substr(0, 12)) == left);
  }
  SECTION("also where its commits were published, but not reported") {
    bench next{s / "d1"};
    auto const where = next.repositories->find(o.url()).value();
    REQUIRE(where->publish(ticket_id{"b1-1"}, 1, left).has_value());
    bench other{s / "d2"};
    auto const done = other.run(work_order(o, "test -e a.txt", 2));
    REQUIRE(done.end.how == link::outcome::done);
    CHECK(done.end.proof.head == left);
    CHECK(done.end.proof.base == o.head("main"));
  }
}

TEST_CASE("attempt: a commit that was cut off in the middle does not spoil this attempt",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const done = b.run(
      work_order(o, "echo two >> src/tally.txt; touch $(git rev-parse --git-path index.lock)"));
  INFO(done.end.summary);
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(o.file("src/tally.txt", "agent/b1-1") == "one\ntwo");
}

TEST_CASE("attempt: a late attempt cannot replace the work of the one after it", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench first{s / "d1"};
  bench second{s / "d2"};
  std::string newer;
  // While the first one works, its lease is lost and the second one does the ticket.
  auto const late =
      first.run(work_order(o, "echo late >> src/tally.txt && git commit -qam late", 1),
                [&](attempt&, link::frame_body const& f) {
                  if (!std::holds_alternative<link::started>(f))
                    return;
                  auto const done = second.run(work_order(o, do_the_work, 2));
                  newer = done.end.proof.head;
                });
  REQUIRE_FALSE(newer.empty());
  CHECK(late.end.how == link::outcome::cancelled);
  CHECK(o.head("agent/b1-1") == newer);
  // Not lost either: it stands under its own token.
  CHECK(o.git({"show", "refs/troupe/attempts/b1-1/1:src/tally.txt"}) == "one\nlate");
}

TEST_CASE("attempt: a stale push does not keep the holder of the lease from the branch",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench stale{s / "d1"};
  bench holder{s / "d2"};
  std::string late;
  auto const done =
      holder.run(work_order(o, do_the_work, 2), [&](attempt&, link::frame_body const& f) {
        if (std::holds_alternative<link::started>(f))
          late = stale.run(work_order(o, "echo late > late.txt", 1)).end.proof.head;
      });
  REQUIRE_FALSE(late.empty());
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(o.head("agent/b1-1") == done.end.proof.head);
  CHECK(o.head("refs/troupe/attempts/b1-1/1") == late);
}

TEST_CASE("attempt: a question reaches the server, and its answer the tool's input", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = work_order(o, R"(echo '{"type":"progress","text":"reads the ticket"}'
echo 'plain output, not for the server'
echo '{"type":"question","to":"pm","text":"Which colour?","engine":"scripted"}'
read line
echo "$line" > answer.txt
echo '{"type":"message","kind":"bug","to":"tech-lead","text":"It is blue."}'
echo '{"type":"usage","input_tokens":10,"output_tokens":4}'
echo '{"type":"usage","input_tokens":5,"cost_micros":7}'
echo '{"type":"result","summary":"Painted it.","notes":["still wet"],"engine":"scripted"}')");
  order.stall = std::chrono::milliseconds{2000};
  std::thread pm;
  auto const done = b.run(order, [&](attempt& a, link::frame_body const& f) {
    auto const* said = std::get_if<link::said>(&f);
    if (said == nullptr || said->kind != message_kind::question)
      return;
    pm = std::thread{[&a] {
      std::this_thread::sleep_for(std::chrono::milliseconds{3000}); // longer than the stall limit
      a.answer(answer_of("m1", "blue"));
      a.answer(answer_of("m1", "blue")); // the link may bring it twice
    }};
  });
  INFO(done.end.summary);
  REQUIRE(pm.joinable());
  pm.join();
  REQUIRE(done.end.how == link::outcome::done);
  CHECK(o.file("answer.txt", "agent/b1-1") ==
        R"({"from":"agent:tally.pm","text":"blue","type":"answer"})");
  REQUIRE(done.said.size() == 2);
  CHECK(done.said[0].key == "q1");
  CHECK(done.said[0].to == "pm");
  CHECK(done.said[0].engine == "scripted");
  CHECK(done.said[1].kind == message_kind::bug);
  CHECK(done.said[1].key == "m1");
  CHECK(done.end.summary == "Painted it.");
  CHECK(done.end.notes == std::vector<std::string>{"still wet"});
  CHECK(done.end.engine == "scripted");
  CHECK(done.end.used.input_tokens == 15);
  CHECK(done.end.used.output_tokens == 4);
  CHECK(done.end.used.cost_micros == 7);
  CHECK(done.progress.at(0) == "reads the ticket");
  CHECK(done.frames().find("plain output") == std::string::npos);
}

TEST_CASE("attempt: silence is a stall, what was done so far is kept", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order =
      work_order(o, "git commit -q --allow-empty -m begun; echo half > half.txt; sleep 60");
  order.stall = std::chrono::milliseconds{4000}; // what comes before the silence is real work
  auto const done = b.run(order);
  CHECK(done.end.how == link::outcome::stalled);
  CHECK(o.git({"log", "-1", "--format=%s", "agent/b1-1"}) == "begun");
  auto const bare = b.repositories->find(o.url()).value()->bare();
  CHECK(bare.out({"show", "refs/troupe/snapshots/b1-1/1:half.txt"}).value() == "half");
}

TEST_CASE("attempt: stopped by the server, the work stays but the branch is left alone",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const done = b.run(
      work_order(o, "git commit -q --allow-empty -m begun; echo '{\"type\":\"progress\",\"text\":"
                    "\"begun\"}'; sleep 60"),
      [](attempt& a, link::frame_body const& f) {
        if (auto const* p = std::get_if<link::progress>(&f); p != nullptr && p->text == "begun")
          a.stop(stop_cause::cancelled);
      });
  CHECK(done.end.how == link::outcome::cancelled);
  CHECK(o.head("agent/b1-1").empty());
  CHECK(o.git({"log", "-1", "--format=%s", "refs/troupe/attempts/b1-1/1"}) == "begun");
}

TEST_CASE("attempt: a shutdown of the daemon is a transient failure", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const done = b.run(work_order(o, "sleep 60"), [](attempt& a, link::frame_body const& f) {
    if (std::holds_alternative<link::started>(f))
      a.stop(stop_cause::draining);
  });
  CHECK(done.end.how == link::outcome::failed);
  CHECK(done.end.why == reason::daemon_lost);
}

TEST_CASE("attempt: a tool finds the place of its work in a trace", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  auto review = order_about(o, link::order_kind::review, work.end.proof.head, 2);
  review.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  review.command = "test \"$TRACEPARENT\" = " + review.trace;
  CHECK(b.run(review).end.how == link::outcome::done);
  review.token = 3;
  review.trace.clear();
  review.command = "test -z \"${TRACEPARENT+set}\"";
  CHECK(b.run(review).end.how == link::outcome::done);
}

TEST_CASE("attempt: a reviewer approves, or asks for changes, on the commit it was given",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  auto const head = work.end.proof.head;
  auto review = order_about(o, link::order_kind::review, head, 2);
  review.command = "test \"$(git rev-parse HEAD)\" = \"$TROUPE_HEAD\" || exit 9\n"
                   "git diff --quiet $TROUPE_BASE $TROUPE_HEAD && exit 8\n"
                   "grep -q two src/tally.txt || exit 7";
  auto const yes = b.run(review);
  CHECK(yes.end.how == link::outcome::done);
  CHECK(yes.end.proof.head == head);
  CHECK(yes.end.proof.files == std::vector<std::string>{"src/tally.txt"});
  review.token = 3;
  review.command =
      R"(echo '{"type":"result","summary":"Not yet.","notes":["a test is missing"]}'; exit 2)";
  auto const no = b.run(review);
  CHECK(no.end.how == link::outcome::changes_requested);
  CHECK(no.end.notes == std::vector<std::string>{"a test is missing"});
  CHECK(no.end.proof.head == head);
  // Its worktree is gone again.
  CHECK(b.rooms(o.url()).of_ticket(review.ticket).size() == 1);
}

TEST_CASE("attempt: a reviewer that changes the work is refused, and nothing is published",
          "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto const work = b.run(work_order(o, do_the_work));
  auto review = order_about(o, link::order_kind::review, work.end.proof.head, 2);
  review.command = GENERATE(as<std::string>{}, "git commit -q --allow-empty -m mine",
                            "git update-ref refs/heads/agent/b1-1 HEAD~1");
  auto const done = b.run(review);
  CHECK(done.end.how == link::outcome::failed);
  CHECK(done.end.why == reason::policy);
  CHECK(o.head("agent/b1-1") == work.end.proof.head);
  CHECK(b.repositories->find(o.url()).value()->bare().commit("refs/heads/agent/b1-1") ==
        work.end.proof.head);
}

TEST_CASE("attempt: orders that cannot be carried out here are refused at once", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  CHECK_FALSE(refusal_of(b.settings, *b.repositories, work_order(o, "true")));
  auto unknown = work_order(o, "true");
  unknown.engine = engine_kind::daemon;
  unknown.profile = "no-such-cli";
  CHECK(refusal_of(b.settings, *b.repositories, unknown)->why == reason::bad_config);
  auto bad = work_order(o, "true");
  bad.ticket = ticket_id{"../../etc"};
  CHECK(refusal_of(b.settings, *b.repositories, bad)->why == reason::bad_config);
  b.settings.allow_process = false;
  CHECK(refusal_of(b.settings, *b.repositories, work_order(o, "true"))->why == reason::policy);
}

TEST_CASE("attempt: parallel tickets of one repository do not collide", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  std::vector<link::finished> ends(6);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < ends.size(); ++i)
    threads.emplace_back([&, i] {
      auto order =
          work_order(o, "for n in 1 2 3; do echo $n > file-$TROUPE_TICKET-$n.txt; git add -A; "
                        "git commit -qm $n; done");
      order.ticket = ticket_id{"b1-" + std::to_string(i + 1)};
      order.branch = "agent/" + order.ticket.value;
      attempt a{b.settings, b.repositories, order, {}};
      ends[i] = a.run();
    });
  for (auto& t : threads)
    t.join();
  for (auto const& e : ends) {
    INFO(e.summary);
    CHECK(e.how == link::outcome::done);
    CHECK(e.proof.files.size() == 3);
  }
}
