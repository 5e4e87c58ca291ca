#include "tests/api/crew.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

using strings = std::vector<std::string>;

std::string value_of(std::filesystem::path const& environment, std::string const& variable) {
  for (auto const& line : lines(text_of(environment)))
    if (line.starts_with(variable + "="))
      return line.substr(variable.size() + 1);
  return {};
}

/// What the agents said to one another about the ticket, in the order of the ledger.
json::array said_about(api_lab const& lab, std::string const& ticket) {
  json::array out;
  for (auto const& e : lab.events("&kind=ticket"))
    if (text_at(e, "type") == "ticket.message_posted" && text_at(e, "entity") == ticket)
      out.push_back(e.at("data").at("message"));
  return out;
}

std::string text_in(json::value const& message) {
  auto const& parts = message.at("parts").as_array();
  return parts.empty() ? std::string{} : text_at(parts.front(), "text");
}

} // namespace

TEST_CASE(
    "company: from a meeting over every stage to main, what qa finds reaches the dev as a bug",
    "[api]") {
  strings const roles{"pm", "dev", "tech-lead", "qa", "security", "docs", "chief-of-staff"};
  // There is nothing to test before there is a program.
  crew c{3,
         {{"test_command", "[ ! -e count.sh ] || [ \"$(sh count.sh 'a b')\" = 2 ]"}},
         roles,
         "company"};
  auto const& s = c.s;
  auto const home = s.lab.home();
  c.does("pm", {"echo 'A text has words between blanks; an empty one has none.'"});
  c.does("dev", {"printf '%s\\n' '[ -z \"$1\" ] && set -- x; set -- $1; echo $#' > count.sh; "
                 "git add .; git commit -qm count; echo 'It counts words.'",
                 "printf '%s\\n' 'set -- $1; echo $#' > count.sh; git commit -qam mend; "
                 "echo 'An empty text has none.'"});
  c.does("tech-lead", {"echo 'Small enough.'", "echo 'Still small.'"});
  // It really tries, and says what happened.
  std::string const tries = "n=$(sh count.sh ''); [ \"$n\" = 0 ] || { echo \"An empty text has "
                            "$n word instead of 0.\"; exit 2; }; echo 'Could not break it.'";
  c.does("qa", {tries, tries});
  c.does("security", {"echo 'Nothing to attack.'"});
  c.does("docs", {"echo 'Says what it does.'"});
  c.does("chief-of-staff", {"echo 'Let it in.'"});
  c.start_daemon();

  auto const brief = s.lab.post(
      "/api/briefs",
      json::canonical(json::object{
          {"project", "duration"},
          {"name", "meeting"},
          {"text", "Ann: The tool must count the words of a text.\nBob: Agreed, I do it.\n"}}));
  INFO(brief.body);
  REQUIRE(brief.status == 201);
  auto const at = "/api/briefs/" + brief.text("id");
  REQUIRE(eventually([&] { return s.lab.get(at).text("status") == "pending_approval"; }));
  auto const plan = s.lab.pending_plan(brief.text("id"));
  REQUIRE(s.lab.post("/api/plans/" + plan + "/approve").status == 200);
  api_answer tickets;
  REQUIRE(eventually([&] {
    tickets = s.lab.get("/api/tickets?brief=" + brief.text("id"));
    return !tickets.json.at("items").as_array().empty();
  }));
  INFO(tickets.body);
  REQUIRE(tickets.json.at("items").as_array().size() == 1);
  auto const ticket = text_at(tickets.json.at("items").at(0), "id");
  c.await(ticket, "DONE");
  REQUIRE(eventually([&] { return s.lab.get(at).text("status") == "COMPLETED"; }));

  // Everybody had a say, as often as the rounds needed it.
  for (auto const& role : roles) {
    INFO(role);
    bool const twice = role == "dev" || role == "tech-lead" || role == "qa";
    CHECK(c.calls_of(role) == (twice ? "2" : "1"));
  }
  CHECK(s.git({"show", "main:count.sh"}) == "set -- $1; echo $#\n");

  // The whole exchange, in order, from the ledger alone.
  auto const said = said_about(s.lab, ticket);
  strings exchange;
  for (auto const& m : said)
    exchange.push_back(text_at(m, "from") + " " + text_at(m, "kind") + " " + text_at(m, "to") +
                       ": " + text_in(m));
  auto const who = [](std::string const& role) { return "agent:duration." + role; };
  auto const verdict = [&](std::string const& role, std::string const& text) {
    return who(role) + " verdict " + who("dev") + ": " + text;
  };
  CHECK(exchange ==
        strings{who("pm") + " report ticket:" + ticket +
                    ": A text has words between blanks; an empty one has none.",
                who("dev") + " report ticket:" + ticket + ": It counts words.",
                verdict("tech-lead", "Small enough."),
                who("qa") + " bug " + who("dev") + ": An empty text has 1 word instead of 0.",
                who("dev") + " report ticket:" + ticket + ": An empty text has none.",
                verdict("tech-lead", "Still small."), verdict("qa", "Could not break it."),
                verdict("security", "Nothing to attack."), verdict("docs", "Says what it does."),
                verdict("chief-of-staff", "Let it in.")});

  // The bug names the commit that was judged, and what the machine saw of its judging.
  REQUIRE(said.size() == 10);
  auto const& bug = said[3];
  auto const& data = bug.at("parts").at(1).at("data");
  auto const judged = text_of(value_of(home / "qa.env.1", "TROUPE_ORDER_FILE"));
  auto const order = json::parse(judged);
  REQUIRE(order.has_value());
  CHECK(text_at(data, "head") == text_at(*order, "expected_head"));
  CHECK(text_at(data, "head") == value_of(home / "dev.env.2", "TROUPE_HEAD"));
  CHECK(text_at(data, "stage") == "qa-review");
  CHECK(text_at(data, "attempt") == text_at(*order, "attempt"));
  auto const& proof = data.at("evidence");
  CHECK(text_at(proof, "head") == text_at(data, "head"));
  CHECK(proof.at("exit_code") == 2);
  auto const log =
      std::filesystem::path{value_of(home / "qa.env.1", "TROUPE_ORDER_FILE")}.parent_path() /
      "output.log";
  CHECK(text_of(log) == "An empty text has 1 word instead of 0.\n");
  auto const sum = run_program({"sha256sum", log.string()}, {{"PATH", "/usr/bin:/bin"}}, {}, home);
  CHECK(text_at(proof, "log_digest") == sum.out.substr(0, sum.out.find(' ')));

  // The dev had it before it began again, in its order and in its prompt.
  auto const again = json::parse(text_of(value_of(home / "dev.env.2", "TROUPE_ORDER_FILE")));
  REQUIRE(again.has_value());
  auto const& known = again->at("conversation").as_array();
  REQUIRE(known.size() == 4);
  CHECK(known.back() == bug);
  CHECK(text_of(value_of(home / "dev.env.2", "TROUPE_PROMPT_FILE"))
            .find("**qa** to dev (bug):\n\nAn empty text has 1 word instead of 0.") !=
        std::string::npos);

  // And a person who looks sees it, too.
  auto const shown = c.troupe({"ticket", "show", ticket});
  INFO(shown.out);
  CHECK(shown.out.find("qa → dev  bug") != std::string::npos);
  CHECK(shown.out.find("An empty text has 1 word instead of 0.") != std::string::npos);
  CHECK(shown.out.find("commit " + text_at(data, "head").substr(0, 10) + ", attempt " +
                       text_at(data, "attempt") + ": exit code 2, log sha256 " +
                       sum.out.substr(0, 10)) != std::string::npos);
}
