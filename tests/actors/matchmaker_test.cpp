#include "tests/actors/office.hpp"

#include <random>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("dispatch: the more important goes first, then who waited longest", "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 9);
  o.want("old-low", office::wish("tally", priority::low));
  o.want("z-first");
  o.want("a-second");
  o.want("urgent", office::wish("tally", priority::urgent));
  o.want("high", office::wish("tally", priority::high));
  CHECK(o.match().empty()); // no daemon yet
  o.host("d1", 9);
  CHECK(o.match() == names{"urgent", "high", "z-first", "a-second", "old-low"});
}

TEST_CASE("dispatch: the same offer again keeps its place, another one is younger", "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 9);
  o.want("one");
  o.want("two");
  SECTION("sent again after a restart of the entity") {
    o.want("one");
    o.host("d1", 9);
    CHECK(o.match() == names{"one", "two"});
  }
  SECTION("of a later stage") {
    auto later = office::wish();
    later.ticket = ticket_id{"one"};
    o.who.offered(office::ref(entity_kind::ticket, "one"), "offer:one:later", later);
    o.host("d1", 9);
    CHECK(o.match() == names{"two", "one"});
  }
  SECTION("taken back") {
    o.who.withdrawn(office::ref(entity_kind::ticket, "one"), "an older offer");
    o.who.withdrawn(office::ref(entity_kind::ticket, "two"), "offer:two");
    o.host("d1", 9);
    CHECK(o.match() == names{"one"});
  }
}

TEST_CASE("dispatch: projects take turns, also within one go", "[actors]") {
  office o;
  for (auto const* project : {"big", "small"})
    o.hire(std::string{project} + ".dev", "dev", project, 9);
  for (auto const* t : {"b1", "b2", "b3", "b4"})
    o.want(t, office::wish("big"));
  for (auto const* t : {"s1", "s2"})
    o.want(t, office::wish("small"));
  SECTION("four free places are shared") {
    o.host("d1", 4);
    CHECK(o.match() == names{"b1", "s1", "b2", "s2"});
  }
  SECTION("what is in flight already counts") {
    o.host("d1", 2);
    CHECK(o.match() == names{"b1", "s1"});
    CHECK(o.ended("s1"));
    CHECK(o.match() == names{"s2"}); // small has nothing in flight now, though b2 is older
  }
  SECTION("priority stands above fairness") {
    o.want("b9", office::wish("big", priority::urgent));
    o.want("b8", office::wish("big", priority::urgent));
    o.host("d1", 3);
    CHECK(o.match() == names{"b9", "b8", "s1"});
  }
}

TEST_CASE("dispatch: a project works no more tickets at once than its limit", "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 9);
  o.host("d1", 9);
  o.limit("tally", 2);
  for (auto const* t : {"t1", "t2", "t3"})
    o.want(t);
  CHECK(o.match() == names{"t1", "t2"});
  CHECK(o.match().empty());
  // What was begun must be able to end: gates are no new work.
  auto gates = office::wish();
  gates.kind = stage_kind::gate;
  gates.role = {};
  o.want("t0", gates);
  CHECK(o.match() == names{"t0"});
  CHECK(o.ended("t0"));
  CHECK(o.ended("t1"));
  CHECK(o.match() == names{"t3"});
}

TEST_CASE("dispatch: an agent has no more tickets than its capacity, and the freer one is taken",
          "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 2);
  o.hire("bob", "dev", "tally", 1);
  o.host("d1", 9);
  for (auto const* t : {"t1", "t2", "t3", "t4"})
    o.want(t);
  CHECK(o.match() == names{"t1", "t2", "t3"});
  CHECK(o.grants[0].to.agent.value == "ada");
  CHECK(o.grants[1].to.agent.value == "bob");
  CHECK(o.grants[2].to.agent.value == "ada");
  CHECK(o.match().empty());
  CHECK(o.ended("t2"));
  CHECK(o.match() == names{"t4"});
  CHECK(o.grants[0].to.agent.value == "bob");
}

TEST_CASE("dispatch: tenants with the same names do not take each other's places", "[actors]") {
  office o;
  o.host("d1", 9);
  for (auto const* tenant : {"acme", "globex"}) {
    o.tenant = tenant_id{tenant};
    o.hire("tally.ada", "dev", "tally", 1);
    o.limit("tally", 1);
    auto w = office::wish();
    w.files = {"sum.js"};
    o.want(std::string{tenant} + "-1", w);
    o.want(std::string{tenant} + "-2", w);
  }
  auto const granted = o.who.match(o.now);
  REQUIRE(granted.size() == 2);
  CHECK(granted[0].ticket.id == "acme-1");
  CHECK(granted[1].ticket.id == "globex-1");
  CHECK(o.who.match(o.now).empty());
}

TEST_CASE("dispatch: whoever has the least is found among many, by name if they are alike",
          "[actors]") {
  office o;
  o.host("d1", 99, {{"command", "", 99}});
  for (auto const* agent : {"cy", "ada", "bo"})
    o.hire(agent, "dev", "tally", 2);
  std::vector<std::string> order;
  for (int i = 0; i < 7; ++i)
    o.want("t" + std::to_string(i));
  for (auto const& g : o.who.match(o.now)) {
    order.push_back(g.to.agent.value);
    o.taken(g);
  }
  CHECK(order == names{"ada", "bo", "cy", "ada", "bo", "cy"}); // and nobody for the seventh
  CHECK(o.ended("t1"));
  o.move("bo", agent::status::paused);
  CHECK(o.match().empty());
  o.move("bo", agent::status::idle);
  CHECK(o.match() == names{"t6"});
  CHECK(o.grants.front().to.agent.value == "bo");
  // Hired anew with more room, while it has two.
  o.hire("ada", "dev", "tally", 3);
  o.want("t7");
  CHECK(o.match() == names{"t7"});
  CHECK(o.grants.front().to.agent.value == "ada");
}

TEST_CASE("dispatch: a daemon gives its slots and each runner's, the freer daemon first",
          "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 99);
  SECTION("slots") {
    o.host("d1", 1);
    o.host("d2", 3);
    for (auto const* t : {"t1", "t2", "t3", "t4", "t5"})
      o.want(t);
    CHECK(o.match() == names{"t1", "t2", "t3", "t4"});
    std::map<std::string, int> on;
    for (auto const& g : o.grants)
      ++on[g.to.daemon.value];
    CHECK(o.grants[0].to.daemon.value == "d2");
    CHECK(on["d1"] == 1);
    CHECK(on["d2"] == 3);
  }
  SECTION("of a runner") {
    o.hire("cleo", "dev", "other", 99, engine_kind::daemon, "claude");
    o.host("d1", 9, {{"command", "", 9}, {"claude", "", 1}});
    o.want("c1", office::wish("other"));
    o.want("c2", office::wish("other"));
    o.want("t1");
    CHECK(o.match() == names{"c1", "t1"}); // c2 waits for the runner and holds nobody up
    CHECK(o.grants[0].to.profile == "claude");
    CHECK(o.grants[1].to.profile == "command");
  }
  SECTION("one that went away or drains gets nothing") {
    o.host("d1", 2);
    o.leave("d1");
    o.host("d2", 0);
    o.want("t1");
    CHECK(o.match().empty());
    o.host("d1", 2);
    CHECK(o.match() == names{"t1"});
  }
}

TEST_CASE("dispatch: the role, the runner and the repository must fit", "[actors]") {
  office o;
  o.hire("ada", "dev");
  o.want("t1");
  SECTION("nobody of this role") {
    auto review = office::wish();
    review.role = "reviewer";
    o.want("r1", review);
    o.host("d1", 9);
    CHECK(o.match() == names{"t1"});
    o.hire("rosa", "reviewer");
    CHECK(o.match() == names{"r1"});
    CHECK(o.grants[0].to.agent.value == "rosa");
  }
  SECTION("a role of another project does not count") {
    o.want("x1", office::wish("elsewhere"));
    o.host("d1", 9);
    CHECK(o.match() == names{"t1"});
  }
  SECTION("no daemon has the runner") {
    o.host("d1", 9, {{"claude", "", 9}});
    CHECK(o.match().empty());
    o.host("d2", 9, {{"command", "", 9}});
    CHECK(o.match() == names{"t1"});
    CHECK(o.grants[0].to.daemon.value == "d2");
  }
  SECTION("no daemon has the repository") {
    o.host("d1", 9, {{"command", "", 9}}, {"/srv/other"});
    CHECK(o.match().empty());
    o.host("d2", 9, {{"command", "", 9}}, {"/srv/other", "/srv/tally"});
    CHECK(o.match() == names{"t1"});
  }
  SECTION("an agent that rests is not asked") {
    o.host("d1", 9);
    o.move("ada", agent::status::paused);
    CHECK(o.match().empty());
    o.move("ada", agent::status::idle);
    CHECK(o.match() == names{"t1"});
  }
  SECTION("an agent without hands is not given work") {
    office other;
    other.hire("pia", "dev", "tally", 1, engine_kind::rules);
    other.host("d1", 9);
    other.want("t1");
    CHECK(other.match().empty());
  }
  SECTION("a person needs no daemon") {
    o.move("ada", agent::status::RETIRED);
    o.hire("hugo", "dev", "tally", 1, engine_kind::human);
    CHECK(o.match() == names{"t1"});
    CHECK(o.grants[0].to.agent.value == "hugo");
    CHECK(o.grants[0].to.engine == engine_kind::human);
    CHECK(o.grants[0].to.daemon.empty());
  }
}

TEST_CASE("dispatch: authors may not review, and rework goes back to where it was", "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 2);
  o.hire("bob", "dev", "tally", 2);
  o.host("d1", 9);
  o.host("d2", 4);
  SECTION("excluded") {
    auto w = office::wish();
    w.excluded = {agent_id{"ada"}};
    o.want("t1", w);
    CHECK(o.match() == names{"t1"});
    CHECK(o.grants[0].to.agent.value == "bob");
  }
  SECTION("everybody is excluded") {
    auto w = office::wish();
    w.excluded = {agent_id{"ada"}, agent_id{"bob"}};
    o.want("t1", w);
    CHECK(o.match().empty());
  }
  SECTION("preferred") {
    o.want("t0"); // ada has one already, so bob is the freer one
    CHECK(o.match() == names{"t0"});
    auto w = office::wish();
    w.preferred_agent = agent_id{"ada"};
    w.preferred_daemon = daemon_id{"d2"};
    o.want("t1", w);
    CHECK(o.match() == names{"t1"});
    CHECK(o.grants[0].to.agent.value == "ada");
    CHECK(o.grants[0].to.daemon.value == "d2");
  }
}

TEST_CASE("dispatch: two tickets that write the same file are not worked together", "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 9);
  o.hire("eve", "dev", "elsewhere", 9);
  o.host("d1", 9);
  auto w = office::wish();
  w.files = {"parser.c", "lexer.c"};
  o.want("t1", w);
  w.files = {"lexer.c"};
  o.want("t2", w);
  w.files = {"README"};
  o.want("t3", w);
  auto same_name = office::wish("elsewhere");
  same_name.files = {"parser.c"}; // of another repository
  o.want("x1", same_name);
  CHECK(o.match() == names{"t1", "x1", "t3"});
  CHECK(o.ended("t1"));
  CHECK(o.match() == names{"t2"});
}

TEST_CASE("dispatch: an offer for later waits for its time", "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 9);
  o.host("d1", 9);
  auto w = office::wish();
  w.not_before = o.now + 10s;
  o.want("backoff", w);
  o.want("now");
  CHECK(o.match() == names{"now"});
  REQUIRE(o.who.next().has_value());
  CHECK(*o.who.next() == o.now + 10s);
  o.now += 10s;
  CHECK(o.match() == names{"backoff"});
  CHECK_FALSE(o.who.next().has_value());
}

TEST_CASE("dispatch: a grant holds its place until it is answered, refused or lost", "[actors]") {
  office o{30s};
  o.hire("ada", "dev", "tally", 1);
  o.host("d1", 9);
  o.want("t1");
  o.want("t2");
  REQUIRE(o.who.match(o.now).size() == 1); // t1's answer is on its way
  CHECK(o.match().empty());
  SECTION("refused for good: the ticket does not want it any more") {
    CHECK(o.who.refused(office::ref(entity_kind::ticket, "t1"), "offer:t1", false));
    CHECK(o.match() == names{"t2"});
  }
  SECTION("refused for now: it is offered again") {
    CHECK_FALSE(o.who.refused(office::ref(entity_kind::ticket, "t1"), "offer:t1", true));
    CHECK(o.match() == names{"t1"});
  }
  SECTION("never answered") {
    o.now += 30s;
    CHECK(o.match().empty());
    o.now += 1s;
    CHECK(o.match() == names{"t1"});
  }
}

TEST_CASE("dispatch: leases from before the start count for their agent, daemon and project",
          "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 2);
  o.limit("tally", 1);
  o.host("d1", 9);
  lease_grant before;
  before.ticket = office::ref(entity_kind::ticket, "t0");
  before.to = {agent_id{"ada"}, engine_kind::daemon, daemon_id{"d1"}, "command"};
  o.taken(before); // read from the log; nobody offered it to this matchmaker
  o.want("t1");
  CHECK(o.match().empty());
  CHECK(o.ended("t0"));
  CHECK(o.match() == names{"t1"});
}

namespace {

/// Two projects with agents, daemons and offers of every kind, by chance; the offers' names.
names fill_by_chance(office& o, unsigned seed) {
  std::mt19937 chance{seed};
  auto const one_of = [&](int n) { return static_cast<int>(chance() % static_cast<unsigned>(n)); };
  names const projects{"tally", "atlas"};
  names const roles{"dev", "qa"};
  for (int i = 0; i < 6; ++i)
    o.hire("agent-" + std::to_string(i), roles[one_of(2)], projects[one_of(2)], 1 + one_of(2),
           one_of(8) == 0 ? engine_kind::human : engine_kind::daemon,
           one_of(3) == 0 ? "claude" : "");
  o.host("d1", 1 + one_of(4), {{"command", "", 2}, {"claude", "", 1}});
  o.host("d2", 1 + one_of(3), {{"command", "", 2}}, {"/srv/tally"});
  if (one_of(3) == 0)
    o.limit("tally", 1 + one_of(3));
  names out;
  for (int i = 0; i < 24; ++i) {
    auto w = office::wish(projects[one_of(2)], static_cast<priority>(one_of(3)));
    w.role = roles[one_of(2)];
    w.kind = one_of(2) == 0 ? stage_kind::work : stage_kind::review;
    w.repository = "/srv/" + projects[one_of(2)];
    w.preferred_agent = agent_id{"agent-" + std::to_string(one_of(6))};
    w.preferred_daemon = daemon_id{one_of(2) == 0 ? "d1" : "d2"};
    if (one_of(6) == 0) {
      w.kind = stage_kind::gate;
      w.role.clear();
    }
    for (int n = one_of(4); n > 0; --n)
      w.excluded.push_back(agent_id{"agent-" + std::to_string(one_of(6))});
    if (one_of(3) == 0)
      w.files = {"file-" + std::to_string(one_of(2))};
    out.push_back("t" + std::to_string(i));
    o.want(out.back(), std::move(w));
  }
  return out;
}

} // namespace

TEST_CASE("dispatch: nobody is passed over who could have been given something", "[actors]") {
  std::size_t left = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    office all;
    auto const offered = fill_by_chance(all, seed);
    auto const given = all.match();
    for (auto const& name : offered) {
      if (std::find(given.begin(), given.end(), name) != given.end())
        continue;
      ++left;
      // The same again, and then this one is alone with what the others left.
      office alone;
      (void)fill_by_chance(alone, seed);
      REQUIRE(alone.match() == given);
      for (auto const& other : offered) {
        if (other != name)
          alone.who.withdrawn(office::ref(entity_kind::ticket, other), "offer:" + other);
      }
      CHECK(alone.match() == names{});
    }
  }
  CHECK(left > 200); // otherwise there was room for everybody, and nothing was looked at
}

TEST_CASE("dispatch: who waits in a long line is served by age as places come free", "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 2);
  o.host("d1", 9);
  names wanted;
  for (int i = 0; i < 40; ++i) {
    wanted.push_back("t" + std::to_string(99 - i)); // not in order of their names
    o.want(wanted.back());
  }
  names served = o.match();
  while (served.size() < wanted.size()) {
    REQUIRE(o.ended(served[served.size() - 2]));
    auto const next = o.match();
    REQUIRE(next.size() == 1);
    served.push_back(next.front());
  }
  CHECK(served == wanted);
  CHECK(o.match().empty());
}

TEST_CASE("dispatch: whose lease ends is in line again with the offer that was made meanwhile",
          "[actors]") {
  office o;
  o.hire("ada", "dev", "tally", 1);
  o.host("d1", 9);
  o.want("t1");
  CHECK(o.match() == names{"t1"});
  o.want("t2");
  o.want("t1"); // for its next stage: it still holds the lease of this one
  CHECK(o.match().empty());
  CHECK(o.who.load().offers == 2);
  CHECK(o.ended("t1"));
  CHECK(o.match() == names{"t2"});
  CHECK(o.ended("t2"));
  CHECK(o.match() == names{"t1"});
}
