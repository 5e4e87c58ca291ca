#include "cli/text/render.hpp"
#include "tests/cli/program.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace troupe;

namespace {

std::string const folder = TROUPE_SOURCE_DIR "/tests/data/cli/";

json::value read(std::string const& name) {
  auto v = json::parse(test::text_of(folder + name));
  if (!v)
    throw std::runtime_error(name + ": " + v.error().message);
  return *v;
}

/// The file is what people were shown when it was last looked at by one. With
/// TROUPE_WRITE_GOLDEN=1 it is written anew: then read the difference.
void check_golden(std::string const& name, std::string const& text) {
  if (std::getenv("TROUPE_WRITE_GOLDEN") != nullptr)
    std::ofstream{folder + name} << text;
  CHECK(text == test::text_of(folder + name));
}

text_style plain(int width = 80) {
  text_style s;
  s.width = width;
  return s;
}

std::size_t count_of(std::string const& text, std::string const& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

} // namespace

TEST_CASE("text: a sentence of a brief is printed where it is cited first, then referred to",
          "[cli]") {
  json::object const cite{
      {"turn", 2}, {"speaker", "Ada"}, {"at", 10000}, {"quote", "It must print weeks."}};
  auto const cites = json::array{cite};
  json::array const criteria{"It must print weeks."};
  auto const requirement = [&](char const* key, char const* title) {
    return json::object{{"key", key},
                        {"title", title},
                        {"text", "It must print weeks."},
                        {"criteria", criteria},
                        {"cites", cites}};
  };
  json::object const statement{{"text", "Weeks it is"}, {"cites", cites}};
  auto const text = render_brief(
      json::object{
          {"id", "k3f9q2mx"},
          {"content", json::object{{"title", "Weeks"},
                                   {"requirements", json::array{requirement("R1", "Print weeks"),
                                                                requirement("R2", "Say weeks")}},
                                   {"decisions", json::array{statement}}}}},
      plain());
  auto const count = [&](std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
      ++n;
    return n;
  };
  INFO(text);
  CHECK(count("“It must print weeks.” — Ada, 00:00:10") == 1);
  CHECK(count("“") == 1);
  CHECK(count("see R1") == 2);
  // The criterion stands for the text that says no more.
  CHECK(count("☐ It must print weeks.") == 2);
  CHECK(count("It must print weeks.") == 3);
}

TEST_CASE("text: a brief shows every requirement with criteria and the sentence it is from",
          "[cli]") {
  check_golden("brief.txt", render_brief(read("brief.json"), plain()));
}

TEST_CASE("text: a plan is a graph, each ticket once", "[cli]") {
  auto const text = render_plan(read("plan.json"), plain());
  check_golden("plan.txt", text);
  check_golden("plan-with-tickets.txt",
               render_plan(read("plan.json"), plain(), read("tickets.json")));
}

TEST_CASE("text: a later plan shows which tickets failed, and may tell only what changed",
          "[cli]") {
  auto const plan = json::parse(R"({"id":"k3.p2","status":"pending_approval","number":2,
    "brief":"k3","failed_key":"3","failure":"no round was left",
    "previous":{"items":[{"key":"1","title":"First","criteria":["a"]},
                         {"key":"2","title":"Second","criteria":["b"]},
                         {"key":"3","title":"Third","criteria":["c"]}]},
    "content":{"items":[{"key":"1","title":"First","criteria":["a"]},
                        {"key":"2","title":"Second","criteria":["b"]},
                        {"key":"4","title":"Third, smaller","criteria":["c"],
                         "supersedes":"3"}]}})");
  auto const tickets = json::parse(R"({"items":[{"status":"DONE","item":{"key":"1"}},
    {"status":"FAILED","item":{"key":"2"}},{"status":"FAILED","item":{"key":"3"}}]})");
  REQUIRE(plan.has_value());
  REQUIRE(tickets.has_value());
  auto const all = render_plan(*plan, plain(), *tickets);
  CHECK(all.find("✗ 2  FAILED  Second") != std::string::npos);
  CHECK(all.find("Ticket 2 failed: each failed ticket is replaced in a version") !=
        std::string::npos);
  CHECK(all.find("  2   Second\n      ✗ FAILED\n") != std::string::npos);
  CHECK(count_of(all, "☐ b") == 1);
  auto const changed = render_plan(*plan, plain(), *tickets, plan_details::changed);
  CHECK(changed.find("Tickets that are new or changed") != std::string::npos);
  CHECK(changed.find("✗ 2  FAILED  Second") != std::string::npos); // the graph is whole
  CHECK(changed.find("☐ b") == std::string::npos);
  CHECK(changed.find("☐ c") != std::string::npos);
  // Without tickets nothing is known of them.
  CHECK(render_plan(*plan, plain()).find("failed:") != std::string::npos); // why it is made
  CHECK(render_plan(*plan, plain()).find("FAILED") == std::string::npos);
}

TEST_CASE("text: a ticket that used its rounds up says so, and counts to no impossible number",
          "[cli]") {
  auto const shown = [](int round) {
    return render_ticket(json::object{{"id", "k3-1"},
                                      {"status", "failed_pending"},
                                      {"stages", json::array{json::object{{"name", "develop"}}}},
                                      {"rounds", 2},
                                      {"round", round}},
                         plain(0));
  };
  CHECK(shown(2).find("develop, round 2 of 2\n") != std::string::npos);
  CHECK(shown(3).find("develop, every round used (2)\n") != std::string::npos);
}

TEST_CASE("text: what a ticket waits for stands in it, with the way out", "[cli]") {
  auto const ticket = json::parse(R"({"id":"k3-1","status":"ready","item":{"title":"Weeks"},
    "now":{"for":"daemon","text":"Waits for a connected daemon with the profile command.",
           "do":"Start one: `troupe daemon run --command 'your script'`."}})");
  REQUIRE(ticket.has_value());
  auto const text = render_ticket(*ticket, plain(0));
  CHECK(text.find("Now\n  • Waits for a connected daemon with the profile command. Start one: "
                  "`troupe daemon run --command 'your script'`.\n") != std::string::npos);
  CHECK(lack_sentence({}).empty());
}

TEST_CASE("text: who thinks by rules uses no model, and that is said", "[cli]") {
  CHECK(render_brief(read("brief.json"), plain()).find("(rules: no model)") != std::string::npos);
  auto const agent = json::parse(R"({"id":"tally.pm","spec":{"role":"pm","engine":"rules"}})");
  REQUIRE(agent.has_value());
  CHECK(render_agent(*agent, plain()).find("rules (no model is used)") != std::string::npos);
}

TEST_CASE("text: a plan with a cycle shows its path and still every ticket", "[cli]") {
  auto const text = render_plan(read("cycle.json"), plain());
  CHECK(text.find("cycle: 1 -> 2 -> 1") != std::string::npos);
  for (auto const* title : {"First", "Second", "Third"})
    CHECK(count_of(text, title) == 2); // in the graph and in the list
}

TEST_CASE("text: a ticket shows its conversation in order, attempts, gates and evidence", "[cli]") {
  auto const text = render_ticket(read("ticket.json"), plain());
  check_golden("ticket.txt", text);
  CHECK(text.find("upper case \"W\"") < text.find("Yes, upper case counts"));
}

TEST_CASE("text: a run shows how far each ticket is", "[cli]") {
  check_golden("run.txt", render_run(read("run.json"), plain()));
}

TEST_CASE("text: why reads from the commit down to the sentence", "[cli]") {
  auto const text = render_why(read("why.json"), plain());
  check_golden("why.txt", text);
  CHECK(text.find("commit") < text.find("Aisha Okafor, 00:00:10"));
}

TEST_CASE("text: colours only where the style has them, and each is ended on its line", "[cli]") {
  auto style = plain();
  CHECK(render_ticket(read("ticket.json"), style).find('\x1b') == std::string::npos);
  style.colour = true;
  for (auto const& text :
       {render_ticket(read("ticket.json"), style), render_brief(read("brief.json"), style),
        render_plan(read("plan.json"), style), render_why(read("why.json"), style)}) {
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);)
      CHECK(count_of(line, "\x1b[") == 2 * count_of(line, "\x1b[0m"));
  }
}

TEST_CASE("text: every view takes an empty answer", "[cli]") {
  json::value const nothing;
  json::value const object = json::object{};
  for (auto const& v : {nothing, object}) {
    CHECK_FALSE(render_brief(v, plain()).empty());
    CHECK_FALSE(render_plan(v, plain()).empty());
    CHECK_FALSE(render_ticket(v, plain()).empty());
    CHECK_FALSE(render_run(v, plain()).empty());
    CHECK_FALSE(render_budget(v, plain()).empty());
    CHECK_FALSE(render_project(v, plain()).empty());
    CHECK_FALSE(render_agent(v, plain()).empty());
    CHECK_FALSE(render_approval(v, plain()).empty());
    CHECK_FALSE(render_why(v, plain()).empty());
    for (auto const* kind : {"project", "brief", "plan", "ticket", "run", "budget", "agent",
                             "approval", "daemon", "token"})
      CHECK(render_list(kind, v, plain()) == "There is no " + std::string{kind} + " to show.\n");
    (void)render_event_line(v, plain());
  }
}

TEST_CASE("text: an approval says what its deadline does, which never approves", "[cli]") {
  auto const shown = [](char const* subject, char const* status) {
    auto v = json::object{
        {"id", "k3.a1"}, {"status", status}, {"subject", subject}, {"deadline", 1'795'520'280'000}};
    return render_approval(v, plain(0));
  };
  auto const brief = shown("brief:k3", "pending");
  CHECK(count_of(brief, "it expires, and `troupe brief resend` asks again") == 1);
  auto const plan = shown("plan:k3.p1", "pending");
  CHECK(count_of(plan, "the plan counts as rejected; nothing is approved by itself") == 1);
  for (auto const& text : {brief, plan, shown("run:k3.r1", "pending")})
    CHECK(count_of(text, "then approve") == 0);
  CHECK(count_of(shown("plan:k3.p1", "APPROVED"), "until") == 0);
}

TEST_CASE("text: a list says how to get the rest of it", "[cli]") {
  auto const page = json::parse(R"({"items":[{"id":"a","status":"active","name":"A"}],"total":3,
                                    "skip":1,"limit":1})");
  REQUIRE(page.has_value());
  CHECK(render_list("project", *page, plain()) == "project  status  name\n"
                                                  "a        active  A\n"
                                                  "1 of 3; more with --skip 2\n");
}

TEST_CASE("text: an agent's row shows what it works on and what waits on its desk", "[cli]") {
  auto const page = json::parse(
      R"({"items":[{"id":"tally.dev-ada","status":"working","spec":{"role":"dev","engine":"daemon",
      "profile":"claude"},"leases":[{"ticket":"k3-1","token":2}],"inbox":[{},{}],"answered":7}]})");
  REQUIRE(page.has_value());
  CHECK(render_list("agent", *page, plain(0)) ==
        "agent          status   role  engine         inbox  answered  works on\n"
        "tally.dev-ada  working  dev   daemon:claude      2         7  k3-1\n");
}

TEST_CASE("text: a budget says what each scope has left, and who waits for money", "[cli]") {
  auto const budget = json::parse(R"({"id":"project:tally","status":"warned","scopes":{
    "project:tally":{"granted":5000000,"reserved":500000,"spent":4000000,"level":"warned"},
    "run:k3.r1":{"parent":"project:tally","granted":1000000,"spent":250000}},
    "wanted":[{"id":"w","scope":"run:k3.r1","amount":2000000,"ticket":"k3-1",
               "short_in":"project:tally"}]})");
  REQUIRE(budget.has_value());
  CHECK(render_budget(*budget, plain()) ==
        "Budget project:tally  warned\n"
        "  scope          status  granted  reserved  spent  left  within\n"
        "  project:tally  warned     5.00      0.50   4.00  0.50\n"
        "  run:k3.r1      open       1.00      0.00   0.25  0.75  project:tally\n"
        "\nWaiting for money\n"
        "  ticket  wants  too little in\n"
        "  k3-1     2.00  project:tally\n");
  auto const page = json::value(json::object{{"items", json::array{*budget}}, {"total", 1}});
  CHECK(render_list("budget", page, plain()) ==
        "budget         status  granted  reserved  spent  left  waiting\n"
        "project:tally  warned     5.00      0.50   4.00  0.50        1\n");
}

TEST_CASE("text: amounts of one list have one precision, and none reads as nothing", "[cli]") {
  auto const page = json::parse(R"({"items":[
    {"id":"project:a","status":"open","scopes":{"project:a":{"granted":2000000,"spent":1200}}},
    {"id":"project:b","status":"open","scopes":{"project:b":{"granted":1}}}],"total":2})");
  REQUIRE(page.has_value());
  CHECK(render_list("budget", *page, plain(0)) ==
        "budget     status   granted  reserved     spent      left  waiting\n"
        "project:a  open    2.000000  0.000000  0.001200  1.998800        0\n"
        "project:b  open    0.000001  0.000000  0.000000  0.000001        0\n");
  auto const runs = json::parse(R"({"items":[
    {"id":"k3.r1","status":"running","used":{"cost_micros":4500}},
    {"id":"k3.r2","status":"running","used":{"cost_micros":120000}}],"total":2})");
  REQUIRE(runs.has_value());
  auto const text = render_list("run", *runs, plain(0));
  CHECK(text.find("0.0045") != std::string::npos);
  CHECK(text.find("0.1200") != std::string::npos);
}

TEST_CASE("text: a list of tickets names who did what is over", "[cli]") {
  auto const page = json::parse(R"({"items":[
    {"id":"k3-1","status":"DONE","item":{"title":"Weeks"},"holder":{"is":"RELEASED"},
     "workers":[{"agent":"tally.dev-ada","author":true},{"agent":"tally.qa-rex"}]},
    {"id":"k3-2","status":"failed_pending","item":{"title":"Days"},
     "holder":{"is":"RELEASED","agent":"tally.dev-bob"}},
    {"id":"k3-3","status":"ready","item":{"title":"Hours"},
     "holder":{"is":"RELEASED","agent":"tally.dev-bob"}}],"total":3})");
  REQUIRE(page.has_value());
  auto const text = render_list("ticket", *page, plain(0));
  CHECK(text.find("dev-ada") != std::string::npos);
  CHECK(text.find("qa-rex") == std::string::npos);
  CHECK(text.find("dev-bob") < text.find("k3-3"));
  CHECK(text.find("dev-bob", text.find("k3-3")) == std::string::npos); // nobody has it now
}

TEST_CASE("text: a brief that has the title of its file is listed by what is wanted", "[cli]") {
  auto const page = json::parse(R"({"items":[
    {"id":"k3","status":"drafting","source":{"name":"notes.txt"}},
    {"id":"k4","status":"pending_approval","source":{"name":"notes.txt"},
     "content":{"title":"notes","requirements":[{"title":"Accept weeks"},{"title":"0s"}]}},
    {"id":"k5","status":"pending_approval","source":{"name":"notes.txt"},
     "content":{"title":"Durations","requirements":[{"title":"Accept weeks"}]}}],"total":3})");
  REQUIRE(page.has_value());
  auto const text = render_list("brief", *page, plain(0));
  CHECK(text.find("from notes.txt\n") != std::string::npos);
  CHECK(text.find("Accept weeks, and 1 more\n") != std::string::npos);
  CHECK(text.find("Durations\n") != std::string::npos);
}

TEST_CASE("text: a run says what its tickets wait for, and a run that rests says so once",
          "[cli]") {
  auto run = json::parse(R"({"id":"k3.r1","status":"running","items":[
    {"ticket":"k3-1","item":{"key":"1","title":"Weeks"}},
    {"ticket":"k3-2","item":{"key":"2","title":"Days"}}]})");
  auto const tickets = json::parse(R"({"items":[
    {"id":"k3-1","status":"failed_pending","why":"it broke",
     "now":{"for":"agent:tally.chief","text":"Waits for chief to say what becomes of it: it broke.",
            "do":"Say it with `troupe ticket retry k3-1`."}},
    {"id":"k3-2","status":"waiting","now":{"for":"agent:tally.pm","text":"Waits for pm to answer."}},
    {"id":"k3-3","status":"blocked","now":{"for":"tickets","text":"Waits for k3-2 to be done."}}]})");
  REQUIRE(run.has_value());
  REQUIRE(tickets.has_value());
  auto const text = render_run(*run, plain(0), *tickets);
  CHECK(text.find("failed_pending") != std::string::npos);
  CHECK(text.find("k3-1  failed: it broke\n    • Waits for chief to say what becomes of it: it "
                  "broke. Say it with `troupe ticket retry k3-1`") != std::string::npos);
  CHECK(text.find("k3-2  waiting\n    • Waits for pm to answer.\n") != std::string::npos);
  CHECK(text.find("k3-2 to be done") == std::string::npos); // needs no word of anybody
  run->get_object()["lacks"] = json::object{{"text", "run k3.r1, which is paused"},
                                            {"do", "Go on with `troupe run resume k3.r1`."}};
  auto const rests = render_run(*run, plain(0), *tickets);
  CHECK(rests.find("Waits for\n  • run k3.r1, which is paused. Go on") != std::string::npos);
  CHECK(rests.find("it broke") == std::string::npos);
}

TEST_CASE("events: a lack of money is told in words", "[cli]") {
  auto const line = [](char const* text) {
    auto const e = json::parse(text);
    REQUIRE(e.has_value());
    return render_event_line(*e, plain(0));
  };
  CHECK(line(R"({"type":"budget.deferred","entity":"project:tally","data":{"ticket":"k3-1",
                 "amount":1000,"short_in":"project:tally","exhausted":true}})")
            .find("ticket k3-1 waits for 0.0010 of project:tally, which is used up") !=
        std::string::npos);
  CHECK(line(R"({"type":"ticket.funds_refused","entity":"k3-1","data":{"token":2,
                 "scope":"project:tally","why":"project:tally cannot pay"}})")
            .find("no money: project:tally cannot pay") != std::string::npos);
  auto const funded = json::parse(R"({"type":"ticket.funded","entity":"k3-1","data":{"token":2}})");
  REQUIRE(funded.has_value());
  CHECK(gist_of(*funded).noise);
}
