#pragma once

#include "tests/domain/subject.hpp"

namespace troupe::test {

inline stage make_stage(std::string name, stage_kind kind, std::string role) {
  stage s;
  s.name = std::move(name);
  s.kind = kind;
  s.role = std::move(role);
  if (kind == stage_kind::gate) {
    gate_spec tests;
    tests.name = "tests";
    s.gates.push_back(tests);
    gate_spec secrets;
    secrets.name = "secrets";
    secrets.kind = gate_kind::secrets;
    s.gates.push_back(secrets);
  }
  return s;
}

inline std::vector<stage> standard_stages() {
  return {make_stage("develop", stage_kind::work, "dev"),
          make_stage("review", stage_kind::review, "tech-lead"),
          make_stage("gates", stage_kind::gate, "")};
}

inline ticket::open make_open(std::vector<stage> stages = standard_stages()) {
  ticket::open c;
  c.project = project_id{"tally"};
  c.brief = brief_id{"k3f9q2mx"};
  c.plan = plan_id{"k3f9q2mx.p1"};
  c.run = run_id{"k3f9q2mx.r1"};
  c.item.key = "1";
  c.item.title = "Count the words";
  c.item.text = "Count the words of a file.";
  c.item.criteria = {"an empty file has none"};
  c.stages = std::move(stages);
  c.repository = "tally";
  c.target_branch = "main";
  c.run_active = true;
  c.resolver = agent_id{"tally.chief"};
  return c;
}

/// A ticket with shorthand for what its agents and daemons do.
class ticket_subject : public subject<ticket_domain> {
public:
  ticket_subject() : subject("k3f9q2mx-1") {}
  explicit ticket_subject(std::vector<stage> stages) : subject("k3f9q2mx-1") {
    does(make_open(std::move(stages)));
  }

  ticket::grant make_grant(std::string agent = "tally.dev-ada", std::string daemon = "d-1") const {
    ticket::grant c;
    c.stage = ticket::stage_name(now_is(), now_is().stage_index);
    c.after_token = now_is().last_token;
    c.agent = agent_id{std::move(agent)};
    c.daemon = daemon_id{std::move(daemon)};
    return c;
  }
  void grant(std::string agent = "tally.dev-ada", std::string daemon = "d-1") {
    CHECK(does(make_grant(std::move(agent), std::move(daemon))) == 1);
  }
  void start() { does(ticket::start{now_is().last_token, "base0", "session-1"}); }
  /// Leased and started.
  void hold(std::string agent = "tally.dev-ada", std::string daemon = "d-1") {
    grant(std::move(agent), std::move(daemon));
    start();
  }

  link::finished report(link::outcome how = link::outcome::done) const {
    link::finished r;
    r.ticket = ticket_id{now_is().self.id};
    r.token = now_is().last_token;
    r.how = how;
    r.summary = "did it";
    r.session = "session-1";
    r.engine = "scripted";
    return r;
  }
  ticket::finish work(std::string head = "head1") const {
    auto r = report();
    r.proof.base = "base0";
    r.proof.head = std::move(head);
    r.proof.branch = "agent/k3f9q2mx-1";
    r.proof.files = {"count.py"};
    r.used.wall = std::chrono::seconds{3};
    return {r};
  }
  ticket::finish failure(reason why, link::outcome how = link::outcome::failed) const {
    auto r = report(how);
    r.why = why;
    r.summary = "it broke";
    return {r};
  }
  ticket::finish verdict(bool approved) const {
    auto r = report(approved ? link::outcome::done : link::outcome::changes_requested);
    r.proof.head = now_is().proof->head;
    r.summary = approved ? "fine" : "";
    if (!approved)
      r.notes = {"name the file"};
    return {r};
  }
  ticket::finish gates(bool passed) const {
    auto r = report();
    for (auto const& g : now_is().stages[static_cast<std::size_t>(now_is().stage_index)].gates) {
      gate_result x;
      x.gate = g.name;
      x.passed = passed || g.name == "secrets";
      x.message = x.passed ? "" : "2 tests failed";
      x.proof.head = now_is().proof->head;
      r.gates.push_back(x);
    }
    return {r};
  }
  ticket::finish merge(std::string commit = "merge1") const {
    auto r = report();
    r.proof.head = now_is().proof->head;
    r.merged = std::move(commit);
    return {r};
  }

  void to_review(std::string head = "head1") {
    hold();
    does(work(std::move(head)));
    REQUIRE(now_is().is == ticket::status::in_review);
  }
  void to_gates() {
    to_review();
    hold("tally.lead");
    does(verdict(true));
    REQUIRE(now_is().is == ticket::status::in_gates);
  }
  void to_merging() {
    to_gates();
    hold("");
    does(gates(true));
    REQUIRE(now_is().is == ticket::status::merging);
  }
  void to_done() {
    to_merging();
    hold("");
    does(merge());
    REQUIRE(now_is().is == ticket::status::DONE);
  }
  /// Sent back by the reviewer, in `rework`.
  void sent_back(std::string head = "head1") {
    to_review(std::move(head));
    hold("tally.lead");
    does(verdict(false));
  }
  void to_failed_pending() {
    hold();
    does(failure(reason::context_overflow));
    REQUIRE(now_is().is == ticket::status::failed_pending);
  }
};

} // namespace troupe::test
