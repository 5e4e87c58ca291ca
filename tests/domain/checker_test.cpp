#include "tests/domain/ledger.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

ticket::reviewed make_review(std::string by) {
  ticket::reviewed e;
  e.stage = 1;
  e.by = principal_id{std::move(by)};
  e.approved = true;
  e.head = "head1";
  e.next_stage = 2;
  e.to = ticket::status::in_gates;
  return e;
}

ticket::gated make_gated(std::string head) {
  ticket::gated e;
  e.stage = 2;
  e.passed = true;
  e.head = std::move(head);
  e.next_stage = 3;
  e.to = ticket::status::merging;
  return e;
}

ticket::merged make_merged(std::string head) {
  ticket::merged e;
  e.commit = "m";
  e.proof.head = std::move(head);
  return e;
}

bool says(std::string const& problem, std::string const& what) {
  INFO(problem);
  return problem.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("checker: a sound ledger has no problems", "[domain]") {
  ledger l;
  to_review(l);
  auto const t = ticket_ref();
  CHECK(l.add(t, make_review("agent:tally.lead")).empty());
  CHECK(l.add(t, make_gated("head1")).empty());
  CHECK(l.add(t, make_merged("head1")).empty());
  CHECK(l.checker.finish().empty());
  CHECK(l.checker.events() == 9);
}

TEST_CASE("checker: names what is not in the table and what cannot be read", "[domain]") {
  ledger l;
  auto const t = ticket_ref();
  CHECK(says(l.add(t, started(1)), "which the table does not have"));
  ledger m;
  REQUIRE(m.add(t, make_opened()).empty());
  event_context ctx;
  CHECK(says(*m.checker.check(t, 7, "ticket.cancelled", 1, "{}", ctx), "version 7 after 1"));
  CHECK(says(*m.checker.check(t, 2, "ticket.danced", 1, "{}", ctx), "unknown type"));
  CHECK(says(*m.checker.check(t, 2, "run.moved", 1, "{}", ctx), "cannot stand in the stream"));
  CHECK(says(*m.checker.check(t, 2, "ticket.cancelled", 2, "{}", ctx), "unknown schema 2"));
  CHECK(says(*m.checker.check(t, 2, "ticket.cancelled", 1, "{\"y\":1}", ctx), "unknown field y"));
  CHECK(says(*m.checker.check(t, 2, "ticket.cancelled", 1, "{", ctx), "not valid JSON"));
  CHECK_FALSE(m.checker.check(t, 2, "ticket.cancelled", 1, "{}", ctx)); // nothing was changed
}

TEST_CASE("checker: invariant 1, no attempt without an approved brief and an active plan",
          "[domain]") {
  auto const o = GENERATE(invariant_checker::order::causal, invariant_checker::order::unordered);
  ledger l{{}, o};
  auto const t = ticket_ref();
  REQUIRE(l.add(t, make_opened(false)).empty());
  REQUIRE(l.add(t, placed(ticket::status::ready)).empty());
  auto const at_once = l.add(t, make_leased(1));
  if (o == invariant_checker::order::causal) {
    CHECK(says(at_once, "invariant 1"));
  } else {
    CHECK(at_once.empty());
    auto const late = l.checker.finish();
    REQUIRE(late.size() == 1);
    CHECK(says(late.front(), "invariant 1"));
  }
}

TEST_CASE("checker: invariant 2, one lease and growing tokens", "[domain]") {
  ledger l;
  auto const t = ticket_ref();
  REQUIRE(l.add(t, make_opened()).empty());
  REQUIRE(l.add(t, placed(ticket::status::ready)).empty());
  REQUIRE(l.add(t, make_leased(3)).empty());
  SECTION("a second one") {
    CHECK(says(l.add(t, make_leased(4, ticket::status::none)), "invariant 2"));
  }
  SECTION("a smaller token") {
    REQUIRE(l.add(t, started(3)).empty());
    REQUIRE(l.add(t, make_ended(3, ticket::status::ready)).empty());
    CHECK(says(l.add(t, make_leased(2)), "invariant 2"));
  }
  SECTION("a report with a token that is not held") {
    CHECK(says(l.add(t, started(2)), "invariant 2"));
  }
}

TEST_CASE("checker: invariant 3, no more than was granted", "[domain]") {
  ledger l;
  entity_ref const b{tenant_id{"t1"}, entity_kind::budget, "project:tally"};
  budget::granted g;
  g.scope = "project:tally";
  g.amount = 10;
  g.id = "g1";
  REQUIRE(l.add(b, g).empty());
  g.scope = "run:r1";
  g.parent = "project:tally";
  g.amount = 100;
  g.id = "g2";
  REQUIRE(l.add(b, g).empty());
  budget::reserved r;
  r.id = "h1";
  r.scope = "run:r1";
  r.amount = 11; // fits the run, not the project
  CHECK(says(l.add(b, r), "invariant 3"));
}

TEST_CASE("checker: invariant 4, no cycle in plan or run", "[domain]") {
  plan_item a;
  a.key = "1";
  a.blocked_by = {"2"};
  plan_item b;
  b.key = "2";
  b.blocked_by = {"1"};
  ledger l;
  run::created r;
  r.items = {a, b};
  CHECK(says(l.add({tenant_id{"t1"}, entity_kind::run, "k3.r1"}, r), "invariant 4"));
  entity_ref const p{tenant_id{"t1"}, entity_kind::plan, "k3.p1"};
  REQUIRE(l.add(p, plan::created{}).empty());
  plan::proposed proposed;
  proposed.content.items = {a, b};
  CHECK(l.add(p, proposed).empty()); // said, and then found invalid
  CHECK(says(l.add(p, plan::critique_began{}), "invariant 4"));
}

TEST_CASE("checker: invariant 5, ready exactly when nothing blocks", "[domain]") {
  auto const t = ticket_ref();
  SECTION("ready with an open blocker") {
    ledger l;
    REQUIRE(l.add(t, make_opened()).empty());
    auto wrong = placed(ticket::status::ready);
    wrong.open_blockers = {ticket_id{"k3-2"}};
    CHECK(l.add(t, wrong).empty()); // the next event may put it right
    SECTION("and stays so") {
      CHECK(says(l.add(t, make_leased(1)), "invariant 5"));
    }
    SECTION("to the end") {
      auto const late = l.checker.finish();
      REQUIRE(late.size() == 1);
      CHECK(says(late.front(), "invariant 5"));
    }
    SECTION("and is put right") {
      wrong.to = ticket::status::blocked;
      CHECK(l.add(t, wrong).empty());
      CHECK(l.checker.finish().empty());
    }
  }
  SECTION("blocked by nothing") {
    ledger l;
    REQUIRE(l.add(t, make_opened()).empty());
    CHECK(l.add(t, placed(ticket::status::blocked)).empty());
    CHECK(l.checker.finish().size() == 1);
  }
  SECTION("a blocker counts as done and is not") {
    ledger l;
    REQUIRE(l.add(t, make_opened()).empty());
    auto e = placed(ticket::status::ready);
    e.met = {ticket_id{"k3-2"}};
    CHECK(says(l.add(t, e), "invariant 5"));
  }
}

TEST_CASE("checker: invariant 6, the reviewer is not the author", "[domain]") {
  ledger l;
  to_review(l);
  CHECK(says(l.add(ticket_ref(), make_review("agent:tally.dev-ada")), "invariant 6"));
}

TEST_CASE("checker: invariant 7, done means gates and evidence of one commit", "[domain]") {
  ledger l;
  to_review(l);
  auto const t = ticket_ref();
  REQUIRE(l.add(t, make_review("agent:tally.lead")).empty());
  SECTION("gates of another commit") {
    CHECK(says(l.add(t, make_gated("head2")), "invariant 7"));
  }
  SECTION("a gate that failed") {
    auto g = make_gated("head1");
    gate_result r;
    r.gate = "tests";
    r.proof.head = "head1";
    g.results = {r};
    CHECK(says(l.add(t, g), "invariant 7"));
  }
  SECTION("a merge of another commit") {
    REQUIRE(l.add(t, make_gated("head1")).empty());
    CHECK(says(l.add(t, make_merged("head2")), "invariant 7"));
  }
  SECTION("no merge although there are commits") {
    auto g = make_gated("head1");
    g.to = ticket::status::DONE;
    CHECK(says(l.add(t, g), "invariant 7"));
  }
}

TEST_CASE("checker: invariant 8, waiting names owner, action and deadline", "[domain]") {
  ledger l;
  auto const t = ticket_ref();
  REQUIRE(l.add(t, make_opened()).empty());
  REQUIRE(l.add(t, placed(ticket::status::ready)).empty());
  REQUIRE(l.add(t, make_leased(1)).empty());
  REQUIRE(l.add(t, started(1)).empty());
  ticket::wait_began w;
  w.owner = principal_id{"agent:tally.pm"};
  w.action = "answer";
  w.deadline = time_point{std::chrono::hours{500'001}};
  SECTION("all there") {
    CHECK(l.add(t, w).empty());
  }
  SECTION("no owner") {
    w.owner = {};
    CHECK(says(l.add(t, w), "invariant 8"));
  }
  SECTION("no action") {
    w.action.clear();
    CHECK(says(l.add(t, w), "invariant 8"));
  }
  SECTION("no deadline") {
    w.deadline = {};
    CHECK(says(l.add(t, w), "invariant 8"));
  }
}

TEST_CASE("checker: invariants 9 and 13, no loops, and no answer without a message", "[domain]") {
  ledger l;
  entity_ref const a{tenant_id{"t1"}, entity_kind::agent, "tally.pm"};
  REQUIRE(l.add(a, agent::hired{}).empty());
  agent::received r;
  r.message.id = "m1";
  r.message.kind = message_kind::question;
  r.message.from = principal_id{"ticket:k3-1"};
  r.message.to = principal_id{"agent:tally.pm"};
  r.to = agent::status::working;
  agent::replied answer;
  answer.message.reply_to = "m1";
  SECTION("sound") {
    CHECK(l.add(a, r).empty());
    CHECK(l.add(a, answer).empty());
  }
  SECTION("from itself") {
    r.message.from = principal_id{"agent:tally.pm"};
    CHECK(says(l.add(a, r), "invariant 9"));
  }
  SECTION("too many hops") {
    r.message.hops = hop_limit + 1;
    CHECK(says(l.add(a, r), "invariant 9"));
  }
  SECTION("an answer to nothing") {
    CHECK(says(l.add(a, answer), "invariant 13"));
  }
}

TEST_CASE("checker: invariant 10, references stay in the tenant", "[domain]") {
  entity_ref const theirs{tenant_id{"t2"}, entity_kind::run, "k3f9q2mx.r1"};
  SECTION("of the tenant that came first") {
    ledger l;
    REQUIRE(l.add(theirs, run::created{}).empty());
    CHECK(says(l.add(ticket_ref(), make_opened()), "invariant 10: run k3f9q2mx.r1 belongs to "
                                                   "tenant t2"));
  }
  SECTION("of one that came later") {
    ledger l;
    REQUIRE(l.add(ticket_ref("k3-9"), make_opened()).empty());
    REQUIRE(l.add(theirs, run::created{}).empty());
    CHECK(says(l.add(ticket_ref(), make_opened()), "belongs to tenant t2"));
    CHECK(says(l.add(ticket_ref("k3-1", "t3"), make_opened()), "belongs to tenant t2"));
    CHECK(l.add(ticket_ref("k3-2", "t2"), make_opened()).empty());
  }
  SECTION("what both have is one's own") {
    ledger l;
    auto ours = theirs;
    ours.tenant = tenant_id{"t1"};
    REQUIRE(l.add(theirs, run::created{}).empty());
    REQUIRE(l.add(ours, run::created{}).empty());
    CHECK(l.add(ticket_ref(), make_opened()).empty());
    CHECK(l.add(ticket_ref("k3-2", "t2"), make_opened()).empty());
  }
}

TEST_CASE("checker: a state that comes with its event is looked at like one that was folded",
          "[domain]") {
  ledger l;
  auto const t = ticket_ref();
  REQUIRE(l.add(t, make_opened()).empty());
  REQUIRE(l.add(t, placed(ticket::status::ready)).empty());
  auto const& states = l.checker.states();
  ticket::event const e{make_leased(1)};
  event_context const ctx{3, time_point{duration{1}}, "c"};
  auto const made = std::make_shared<ticket::state>(*states.find<ticket_domain>(t));
  ticket::advance(*made, e, ctx);
  auto const take = [&] {
    auto const found = l.checker.take(t, 3, "ticket.leased", 1, "not looked at", ctx, {&e, made});
    REQUIRE(found.has_value());
    return found->value_or("");
  };
  SECTION("and kept as it is; what follows alone is folded beside it") {
    CHECK(take().empty());
    CHECK(states.find<ticket_domain>(t) == made.get());
    auto const data = json::canonical(json::to(started(1)));
    CHECK_FALSE(l.checker.check(t, 4, "ticket.attempt_started", 1, data, ctx));
    CHECK(made->is == ticket::status::claimed);
    CHECK(made->version == 3);
    CHECK(states.find<ticket_domain>(t)->is == ticket::status::in_progress);
  }
  SECTION("and what is wrong with it is told") {
    made->is = ticket::status::DONE;
    CHECK(says(take(), "it went from ready to DONE, which the table does not have"));
  }
  SECTION("and its lease") {
    made->last_token = -1;
    CHECK(says(take(), "invariant 2: the last token went back"));
  }
  SECTION("and one of another version or stream is not believed") {
    made->is = ticket::status::DONE;
    if (GENERATE(true, false))
      made->version = 2;
    else
      made->self.id = "k3-2";
    CHECK(take().empty());
    CHECK(states.find<ticket_domain>(t)->is == ticket::status::claimed);
    CHECK(states.version_of(t) == 3);
  }
}

TEST_CASE("checker: invariant 11, a snapshot is what replay gives", "[domain]") {
  ledger l;
  to_review(l);
  auto const t = ticket_ref();
  auto const good = json::canonical(l.checker.states().state_of(t));
  CHECK_FALSE(l.checker.check_snapshot(t, 6, good));
  CHECK(says(*l.checker.check_snapshot(t, 5, good), "version 5"));
  auto bad = good;
  bad.replace(bad.find("head1"), 5, "head2");
  CHECK(says(*l.checker.check_snapshot(t, 6, bad), "invariant 11"));
}

TEST_CASE("checker: invariant 11, a fold through snapshots is the fold of all events", "[domain]") {
  int snapshots = 0;
  auto const feed = [&](invariant_checker::keeper keep) {
    ledger l;
    l.checker.fold_twice([&, keep = std::move(keep)](std::string canonical) {
      ++snapshots;
      return keep(std::move(canonical));
    });
    to_review(l);
    REQUIRE(l.add(ticket_ref(), make_review("agent:tally.lead")).empty());
    CHECK_FALSE(l.checker.examined().contains(11)); // not before they were compared
    auto problems = l.checker.finish();
    CHECK(l.checker.examined().contains(11));
    CHECK(l.checker.compare_folds().empty());
    return problems;
  };
  CHECK(feed([](std::string s) { return s; }).empty());
  CHECK(snapshots >= 3); // versions 1, 2 and 4 of the ticket
  // What a snapshot loses shows in the end.
  auto const problems = feed([](std::string s) {
    if (auto const at = s.find("\"last_token\":1"); at != std::string::npos)
      s.replace(at, 14, "\"last_token\":7");
    return s;
  });
  REQUIRE(problems.size() == 1);
  CHECK(says(problems[0], "invariant 11"));
  CHECK(says(problems[0], "k3-1"));
}

TEST_CASE("checker: says which invariants something was held against", "[domain]") {
  ledger l;
  CHECK(l.checker.examined().empty());
  REQUIRE(l.add(ticket_ref(), make_opened()).empty());
  CHECK(l.checker.examined() == std::set<int>{5, 10});
  ledger m;
  to_review(m);
  REQUIRE(m.add(ticket_ref(), make_review("agent:tally.lead")).empty());
  CHECK(m.checker.examined().contains(2));
  CHECK(m.checker.examined().contains(6));
  CHECK_FALSE(m.checker.examined().contains(4));  // no plan, no run
  CHECK_FALSE(m.checker.examined().contains(11)); // was not asked for
  CHECK_FALSE(m.checker.examined().contains(12)); // there is no finder
}

TEST_CASE("checker: invariant 12, nothing secret-shaped", "[domain]") {
  ledger l{[](std::string_view text) -> std::optional<std::string> {
    if (text.find("hunter2") == std::string_view::npos)
      return std::nullopt;
    return "a password";
  }};
  auto const t = ticket_ref();
  REQUIRE(l.add(t, make_opened()).empty());
  ticket::commented c;
  c.text = "use hunter2";
  CHECK(says(l.add(t, c), "invariant 12: a password"));
}
