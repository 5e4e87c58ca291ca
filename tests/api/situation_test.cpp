#include "actors/domain/ticket.hpp"
#include "gateway/routes/situation.hpp"
#include "tests/api/puppet.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

using std::chrono::seconds;

/// A ticket of a run that goes on, with a stage of work, one of review and one of gates.
ticket::state some_ticket(ticket::status is) {
  ticket::state s;
  s.self = {tenant_id{"t"}, entity_kind::ticket, "k3-1"};
  s.is = is;
  s.run_active = true;
  s.item.change().role = "dev";
  std::vector<stage> stages(3);
  stages[0].name = "develop";
  stages[0].role = "dev";
  stages[1].name = "review";
  stages[1].kind = stage_kind::review;
  stages[1].role = "tech-lead";
  stages[2].name = "checks";
  stages[2].kind = stage_kind::gate;
  s.stages = std::move(stages);
  s.changed_at = time_point{seconds{10}};
  return s;
}

void lease(ticket::state& s, std::int32_t stage, std::string const& agent) {
  auto& h = s.holder.change();
  h.token = 1;
  h.is = ticket::lease_status::held;
  h.stage = stage;
  h.agent = agent_id{agent};
  h.daemon = daemon_id{"laptop"};
  h.since = time_point{seconds{20}};
  s.stage_index = stage;
}

json::object now_of(ticket::state const& s, json::value const& lack = {}) {
  return situation_of(json::to(s), lack, time_point{seconds{100}});
}
std::string said(ticket::state const& s) {
  return text_at(now_of(s), "text");
}
std::string whom(ticket::state const& s) {
  return text_at(now_of(s), "for");
}

ticket::wait waits(std::string const& owner, std::string const& action) {
  ticket::wait w;
  w.owner = principal_id{owner};
  w.action = action;
  w.deadline = time_point{seconds{300}};
  return w;
}

} // namespace

TEST_CASE("situation: who has a ticket is named, with what and since when", "[api]") {
  auto s = some_ticket(ticket::status::in_progress);
  lease(s, 0, "tally.dev-ada");
  CHECK(said(s) == "dev-ada on laptop works on it (develop).");
  CHECK(whom(s).empty());
  CHECK(now_of(s).at("since").to_number<std::int64_t>() == 20'000);
  s.holder.change().attempt_number = 2;
  s.round = 1;
  CHECK(said(s) == "dev-ada on laptop works on it (develop, attempt 2, sent back 1 time).");
  s = some_ticket(ticket::status::claimed);
  lease(s, 0, "tally.dev-ada");
  CHECK(said(s) == "dev-ada on laptop is about to begin on it (develop).");
  s = some_ticket(ticket::status::in_review);
  lease(s, 1, "tally.lead");
  CHECK(said(s) == "lead on laptop reviews it (review).");
  s = some_ticket(ticket::status::in_gates);
  lease(s, 2, "");
  CHECK(said(s) == "Its gates run on laptop.");
  s = some_ticket(ticket::status::merging);
  lease(s, 3, "");
  CHECK(said(s) == "Is being merged on laptop.");
}

TEST_CASE("situation: a ticket that waits says for whom, and for everybody", "[api]") {
  auto s = some_ticket(ticket::status::waiting);
  lease(s, 0, "tally.dev-ada");
  auto asked = waits("agent:tally.pm", "answer a question of tally.dev-ada");
  asked.question.id = "m1";
  asked.question.from = principal_id{"agent:tally.dev-ada"};
  s.waits = {asked};
  CHECK(said(s) == "Waits for pm to answer a question of dev-ada.");
  CHECK(whom(s) == "agent:tally.pm");
  CHECK(now_of(s).at("until").to_number<std::int64_t>() == 300'000);
  CHECK(now_of(s).at("since").to_number<std::int64_t>() == 10'000);
  s.waits.push_back(waits("role:approver", "sign in for profile claude on daemon laptop"));
  CHECK(said(s) == "Waits for pm to answer a question of dev-ada; and for a person: sign in for "
                   "profile claude on daemon laptop.");
  s.waits = {waits(system_principal().value, "provider limit resets")};
  CHECK(said(s) == "Waits for the moment when the provider limit resets.");
}

TEST_CASE("situation: what nobody can take says what is missing, and the way out", "[api]") {
  auto const s = some_ticket(ticket::status::ready);
  json::value const lack =
      json::object{{"for", "daemon"}, {"text", "a connected daemon"}, {"do", "Start one."}};
  auto const now = now_of(s, lack);
  CHECK(text_at(now, "text") == "Waits for a connected daemon.");
  CHECK(text_at(now, "for") == "daemon");
  CHECK(text_at(now, "do") == "Start one.");
}

TEST_CASE("situation: what could be taken waits for somebody who is free", "[api]") {
  auto s = some_ticket(ticket::status::ready);
  CHECK(said(s) == "Waits for a free agent with the role dev.");
  CHECK(whom(s) == "agent");
  s.is = ticket::status::rework;
  CHECK(said(s) == "Waits for a free agent with the role dev to mend it.");
  s.is = ticket::status::in_review;
  s.stage_index = 1;
  CHECK(said(s) == "Waits for a free agent with the role tech-lead to review it.");
  s.is = ticket::status::in_gates;
  s.stage_index = 2;
  CHECK(said(s) == "Waits for a free place on a daemon for its gates.");
  CHECK(whom(s) == "daemon");
  s.is = ticket::status::merging;
  s.stage_index = 3;
  CHECK(said(s) == "Waits for a free place on a daemon for its merge.");
}

TEST_CASE("situation: a failed attempt is tried again after a while", "[api]") {
  auto s = some_ticket(ticket::status::ready);
  s.holder.change().why = reason::rate_limited;
  s.retry_at = time_point{seconds{130}};
  CHECK(said(s) == "Waits for a while before it is tried again: rate limited.");
  CHECK(whom(s) == "time");
  CHECK(now_of(s).at("until").to_number<std::int64_t>() == 130'000);
  s.retry_at = time_point{seconds{90}}; // over
  CHECK(said(s) == "Waits for a free agent with the role dev.");
}

TEST_CASE("situation: blockers are named, a few of them", "[api]") {
  auto s = some_ticket(ticket::status::blocked);
  s.open_blockers = {ticket_id{"a"}};
  CHECK(said(s) == "Waits for a to be done.");
  s.open_blockers = {ticket_id{"a"}, ticket_id{"b"}, ticket_id{"c"}};
  CHECK(said(s) == "Waits for a, b and c to be done.");
  s.open_blockers = {ticket_id{"a"}, ticket_id{"b"}, ticket_id{"c"}, ticket_id{"d"},
                     ticket_id{"e"}};
  CHECK(said(s) == "Waits for a, b, c and 2 more to be done.");
  CHECK(whom(s) == "tickets");
  s.open_blockers.clear();
  CHECK(said(s) == "Is about to become ready.");
}

TEST_CASE("situation: money that is asked for or refused is said", "[api]") {
  auto s = some_ticket(ticket::status::ready);
  s.money.change().token = 1;
  CHECK(said(s) == "Waits for money to be reserved for its next attempt.");
  s.money.change().refused = "project:tally";
  s.money.change().why = "project:tally is used up";
  CHECK(said(s) == "Waits for money of project:tally: project:tally is used up.");
  CHECK(whom(s) == "money");
  CHECK(text_at(now_of(s), "do").find("`troupe budget grant`") != std::string::npos);
}

TEST_CASE("situation: what failed waits for somebody's word", "[api]") {
  auto s = some_ticket(ticket::status::failed_pending);
  s.why = "the tests never passed";
  CHECK(said(s) == "Waits for a person to say what becomes of it: the tests never passed.");
  CHECK(whom(s) == "role:approver");
  CHECK(text_at(now_of(s), "do").find("`troupe ticket retry k3-1`") != std::string::npos);
  s.resolver = agent_id{"tally.chief"};
  CHECK(said(s) == "Waits for chief to say what becomes of it: the tests never passed.");
  CHECK(whom(s) == "agent:tally.chief");
}

TEST_CASE("situation: how a ticket ended is said, and waits for nobody", "[api]") {
  auto s = some_ticket(ticket::status::DONE);
  CHECK(said(s) == "Done.");
  s.merged_as = "0123456789abcdef";
  CHECK(said(s) == "Merged as 0123456789.");
  s = some_ticket(ticket::status::FAILED);
  s.why = "it broke.";
  CHECK(said(s) == "Failed: it broke.");
  s = some_ticket(ticket::status::CANCELLED);
  CHECK(said(s) == "Cancelled.");
  CHECK(whom(s).empty());
}

TEST_CASE_METHOD(leased_lab, "situation: the API says it of a ticket and in a list", "[api]") {
  auto const now = [&] { return lab.get(ticket).json.at("now").as_object(); };
  REQUIRE(eventually([&] {
    return text_at(now(), "text").find(" on " + daemon.id() + " is about to begin on it (") !=
           std::string::npos;
  }));
  auto const page = lab.get("/api/tickets?limit=500");
  for (auto const& t : page.json.at("items").as_array())
    CHECK(text_at(t.at("now"), "text").ends_with("."));
}
