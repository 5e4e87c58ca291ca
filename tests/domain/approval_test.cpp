#include "live.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

using approval_entity = live<approval_domain>;
using status = approval::status;
using approval::choice;

struct steps {
  approval_entity a{"k3f9q2mx.a1"};

  approval::open question(std::string subject = "brief:k3f9q2mx") const {
    approval::open c;
    c.project = project_id{"tally"};
    c.subject = principal_id{std::move(subject)};
    c.question = "Approve?";
    c.content_hash = "h1";
    c.deadline = a.now + std::chrono::hours{72};
    return c;
  }
  void opened(std::string subject = "brief:k3f9q2mx") { a.does(question(std::move(subject))); }
};

approval::decide_command choose(choice how, std::string hash = {}) {
  approval::decide_command c;
  c.how = how;
  c.content_hash = std::move(hash);
  return c;
}

} // namespace

TEST_CASE("approval: a decision is told to the brief, with who and about what", "[domain]") {
  struct row {
    choice how;
    status to;
    brief::decision told;
  };
  auto const r = GENERATE(row{choice::approve, status::APPROVED, brief::decision::approve},
                          row{choice::revise, status::revision_requested, brief::decision::revise},
                          row{choice::reject, status::REJECTED, brief::decision::reject});
  steps t;
  t.opened();
  CHECK(std::get<troupe::alarm>(t.a.owed("deadline")->what).at == t.a.s.deadline);
  t.a.does(choose(r.how, "h1"));
  CHECK(t.a.s.is == r.to);
  auto const told = t.a.told<brief::decided, brief::command>("decided");
  CHECK(told.how == r.told);
  CHECK(told.approval.value == "k3f9q2mx.a1");
  CHECK(told.by.value == "human:ada");
  CHECK(told.content_hash == "h1");
  t.a.settle_all();
  CHECK(t.a.owes().empty());
  t.a.check_replay();
}

TEST_CASE("approval: a decision is told to the plan", "[domain]") {
  steps t;
  t.opened("plan:k3f9q2mx.p1");
  auto const how = GENERATE(choice::approve, choice::revise, choice::reject);
  t.a.does(choose(how));
  auto const o = t.a.owed("decided");
  CHECK(std::get<tell>(o->what).to.id == "k3f9q2mx.p1");
  auto const told = t.a.told<plan::decided, plan::command>("decided");
  CHECK(told.approved == (how == choice::approve));
  CHECK(told.revise == (how == choice::revise));
}

TEST_CASE("approval: is decided at most once", "[domain]") {
  steps t;
  t.opened();
  t.a.does(choose(choice::approve));
  CHECK(t.a.does(choose(choice::approve)).empty());
  auto const r = t.a.send(choose(choice::reject));
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::conflict);
  CHECK(r.error().details.at("state") == "APPROVED");
  CHECK(r.error().details.at("allowed").as_array().empty());
  t.a.by = principal_id{"human:grace"};
  CHECK(outcome(t.a.send(choose(choice::approve))) == "conflict");
  CHECK(outcome(t.a.send(approval::withdraw{})) == "conflict");
  CHECK(outcome(t.a.send(approval::supersede{"h2"})) == "conflict");
  CHECK(t.a.count<approval::decided>() == 1);
}

TEST_CASE("approval: whoever saw another content does not decide", "[domain]") {
  steps t;
  t.opened();
  CHECK(outcome(t.a.send(choose(choice::approve, "h0"))) == "conflict");
  CHECK(t.a.s.is == status::pending);
  auto other = t.question();
  CHECK(t.a.does(other).empty());
  other.content_hash = "h2";
  CHECK(outcome(t.a.send(other)) == "conflict");
}

TEST_CASE("approval: at the deadline it expires and the default is applied", "[domain]") {
  steps t;
  auto const subject = GENERATE(as<std::string>{}, "brief:k3f9q2mx", "plan:k3f9q2mx.p1");
  t.opened(subject);
  t.a.now = t.a.s.deadline - duration{1};
  CHECK(t.a.does(tick{}).empty());
  t.a.now += duration{1};
  t.a.does(tick{});
  CHECK(t.a.s.is == status::EXPIRED);
  CHECK(t.a.does(tick{}).empty());
  if (subject.starts_with("brief")) {
    CHECK(t.a.told<brief::decided, brief::command>("decided").how == brief::decision::expire);
  } else {
    auto const told = t.a.told<plan::decided, plan::command>("decided");
    CHECK_FALSE(told.approved);
    CHECK_FALSE(told.revise);
    CHECK(told.by.value == "system");
  }
  CHECK(outcome(t.a.send(choose(choice::approve))) == "conflict");
}

TEST_CASE("approval: is withdrawn or superseded by its subject, who is not told", "[domain]") {
  steps t;
  t.opened();
  bool const withdrawn = GENERATE(true, false);
  approval::command c = approval::supersede{"h2"};
  if (withdrawn)
    c = approval::withdraw{"cancelled"};
  t.a.does(c);
  CHECK(t.a.s.is == (withdrawn ? status::WITHDRAWN : status::SUPERSEDED));
  CHECK(t.a.does(c).empty());
  CHECK(t.a.owes().empty());
  CHECK(outcome(t.a.send(choose(choice::approve))) == "conflict");
}

TEST_CASE("approval: is handed on to the next owner and stays pending", "[domain]") {
  steps t;
  t.opened();
  auto const events = t.a.does(approval::escalate{principal_id{"human:grace"}});
  CHECK(events.size() == 2);
  CHECK(t.a.s.is == status::pending);
  CHECK(t.a.s.owner.value == "human:grace");
  CHECK(t.a.does(approval::escalate{principal_id{"human:grace"}}).empty());
  t.a.does(choose(choice::approve));
  CHECK(outcome(t.a.send(approval::escalate{principal_id{"human:bob"}})) == "conflict");
}

TEST_CASE("approval: needs a subject and a content", "[domain]") {
  steps t;
  CHECK(outcome(t.a.send(choose(choice::approve))) == "not_found");
  auto c = t.question("nobody");
  CHECK(outcome(t.a.send(c)) == "invalid_argument");
  c = t.question();
  c.content_hash.clear();
  CHECK(outcome(t.a.send(c)) == "invalid_argument");
}
