#include "actors/tap/header.hpp"
#include "tests/api/crew.hpp"
#include "tests/api/puppet.hpp"
#include "tests/api/watch_lines.hpp"

#include <iomanip>
#include <map>

using namespace troupe;
using namespace troupe::test;

namespace {

/// A message's id as a record has it.
std::string hash_of(std::string const& id) {
  std::ostringstream out;
  out << std::hex << std::setw(16) << std::setfill('0') << traffic::hash_of(id);
  return out.str();
}

/// What agents, tickets and people have said to one another: ids of messages, and their kinds.
std::map<std::string, std::string> said_in(api_lab const& lab) {
  std::map<std::string, std::string> out;
  for (auto const& e : lab.events()) {
    auto const type = text_at(e, "type");
    if (type != "ticket.message_posted" && type != "agent.received" && type != "agent.replied")
      continue;
    auto const& m = e.at("data").at("message").as_object();
    auto const kind = text_at(m, "kind"); // the default is left out
    out.emplace(text_at(m, "id"), kind.empty() ? "note" : kind);
  }
  return out;
}

} // namespace

TEST_CASE("watch: whatever is said passes the send point, and each message once", "[api]") {
  online_lab team;
  auto& lab = team.lab;
  (void)lab.quiet_mark();
  traffic_reader reader{lab, "?rate=10000&limit=1000000&filter=point%20in%20(send,effect)"};
  auto const brief = lab.pending_brief();
  (void)lab.running(lab.pending_plan(brief));
  auto const order = team.daemon.hear<link::order>();
  link::started s;
  s.ticket = order.ticket;
  s.token = order.token;
  s.base = std::string(40, 'a');
  team.daemon.say(1, s);
  link::said q;
  q.ticket = order.ticket;
  q.token = order.token;
  q.key = "q1";
  q.to = "pm";
  q.text = "Which weeks?";
  team.daemon.say(2, q);
  REQUIRE(team.daemon.hear<link::answer>().ticket == order.ticket);
  q.key = "n1";
  q.kind = message_kind::note;
  q.text = "Whole weeks, then.";
  team.daemon.say(3, q);
  link::finished f;
  f.ticket = order.ticket;
  f.token = order.token;
  f.summary = "Weeks are whole.";
  f.proof.base = s.base;
  f.proof.head = std::string(40, 'b');
  f.proof.commits = {f.proof.head};
  team.daemon.say(4, f);
  (void)lab.quiet_mark();

  std::map<std::string, int> kinds;
  for (auto const& [id, kind] : said_in(lab)) {
    INFO(id << " is a " << kind);
    ++kinds[kind];
    auto const is_it = [&, wanted = hash_of(id)](json::object const& r) {
      return text_at(r, "point") == "send" && text_at(r, "message") == wanted;
    };
    CHECK(reader.shows(is_it));
    auto const all = reader.records();
    CHECK(std::count_if(all.begin(), all.end(), is_it) == 1);
    for (auto const& r : all) {
      if (is_it(r)) {
        CHECK(text_at(r, "kind") == kind);
        CHECK(text_at(r, "brief") == brief);
        CHECK(text_at(r, "outcome") == "ok");
      }
    }
  }
  for (auto const* kind : {"request", "question", "answer", "note", "report"}) {
    INFO(kind);
    CHECK(kinds[kind] > 0);
  }
  // Who works is named where that is neither the sender nor the receiver.
  auto const of_dev = [&](std::string const& kind, std::string const& way) {
    return reader.shows([&](json::object const& r) {
      return text_at(r, "kind") == kind && text_at(r, "direction") == way &&
             text_at(r, "agent") == order.agent.value && text_at(r, "project") == "duration" &&
             text_at(r, "ticket") == order.ticket.value;
    });
  };
  CHECK(of_dev("order", "out"));
  CHECK(of_dev("order", "in"));
  CHECK(of_dev("question", "out")); // asked in the ticket's name
  CHECK(of_dev("answer", "out"));   // handed on to its daemon
}

TEST_CASE("watch: verdicts are told while they are given, and an agent's filter finds its work",
          "[api]") {
  crew c{2};
  c.does("dev", {"echo 1 > done.txt; git add .; git commit -qm one",
                 "echo 2 > done.txt; git add .; git commit -qm two"});
  c.does("tech-lead", {"echo Not yet.; exit 2", "echo Fine."});
  traffic_reader verdicts{c.s.lab, "?filter=kind%20in%20(verdict,bug)%20and%20point=send"};
  traffic_reader of_dev{c.s.lab, "?filter=agent=dev&rate=10000"};
  c.start_daemon();
  auto const ticket = c.ticket("Count to two");
  c.await(ticket, "DONE");
  REQUIRE(eventually([&] { return verdicts.records().size() >= 2; }));
  for (auto const& r : verdicts.records()) {
    CHECK(text_at(r, "kind") == "verdict");
    CHECK(text_at(r, "ticket") == ticket);
    CHECK(text_at(r, "from") == "agent:duration.tech-lead");
  }
  for (auto const* point : {"send", "dispatch", "effect"}) {
    INFO(point);
    CHECK(of_dev.shows([&](json::object const& r) {
      return text_at(r, "point") == point && text_at(r, "ticket") == ticket;
    }));
  }
  for (auto const& r : of_dev.records()) {
    INFO(json::canonical(r));
    bool const named = text_at(r, "from") == "agent:duration.dev" ||
                       text_at(r, "to") == "agent:duration.dev" ||
                       text_at(r, "agent") == "duration.dev";
    CHECK(named);
  }
}
