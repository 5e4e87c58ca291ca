#include "tests/api/machine.hpp"
#include "tests/api/puppet.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

json::array chain_of(api_lab const& lab, std::string const& ref) {
  auto const why = lab.get("/api/why/" + ref);
  INFO(ref << ": " << why.body);
  REQUIRE(why.status == 200);
  return why.json.at("chain").as_array();
}

std::vector<json::value> links(json::array const& chain, std::string_view what) {
  std::vector<json::value> out;
  for (auto const& e : chain)
    if (text_at(e, "what") == what)
      out.push_back(e);
  return out;
}

/// A chain that ends in sentences of the meeting.
void check_cited(json::array const& chain) {
  REQUIRE(chain.size() >= 3);
  CHECK(text_at(chain.back(), "what") == "source");
  auto const sentences = links(chain, "sentence");
  REQUIRE_FALSE(sentences.empty());
  for (auto const& s : sentences) {
    auto const quote = text_at(s, "text");
    REQUIRE(quote.size() > 2); // between its marks
    CHECK(meeting().find(quote.substr(1, quote.size() - 2)) != std::string::npos);
    CHECK_FALSE(text_at(s, "speaker").empty());
  }
  CHECK(links(chain, "origin").empty());
}

} // namespace

TEST_CASE("why: every event that follows from a brief leads to its sentences, every other says so",
          "[api]") {
  shop s{"ls *-two.txt"}; // the first work fails the tests gate
  machine laptop{s, "laptop",
                 "if [ -e $TROUPE_TICKET-one.txt ]; then n=two; else n=one; fi\n"
                 "echo $n > $TROUPE_TICKET-$n.txt; git add .; git commit -qm $n\n"};
  (void)approved_run(s.lab);
  bool const done =
      eventually([&] { return !s.merged_ticket().empty(); }, std::chrono::seconds{90});
  INFO(laptop.log());
  REQUIRE(done);
  auto const ticket = s.merged_ticket();
  laptop.kill();
  // The run hears of the ticket's end after the ticket itself.
  REQUIRE(eventually([&] { return !s.lab.events("&type=run.ticket_recorded").empty(); }));

  std::set<std::string> cited, uncited;
  auto const all = s.lab.events();
  REQUIRE_FALSE(all.empty());
  std::map<std::string, int> asked;
  for (auto const& e : all) {
    auto const type = text_at(e, "type");
    if (++asked[type] > 3)
      continue;
    INFO(json::canonical(e));
    auto const chain = chain_of(s.lab, text_at(e, "id"));
    REQUIRE_FALSE(chain.empty());
    CHECK(text_at(chain[0], "what") == "event");
    if (!text_at(e, "correlation").empty()) {
      cited.insert(type);
      check_cited(chain);
      continue;
    }
    uncited.insert(type);
    REQUIRE(chain.size() == 2);
    CHECK(text_at(chain[1], "what") == "origin");
    CHECK(text_at(chain[1], "text").starts_with("belongs to no brief: "));
  }
  for (auto const* type :
       {"brief.submitted", "brief.drafted", "brief.approval_recorded", "plan.created",
        "plan.proposed", "plan.critiqued", "run.created", "run.settled", "run.ticket_recorded",
        "approval.opened", "approval.decided", "approval.settled", "agent.received",
        "agent.replied", "agent.settled", "ticket.merged"}) {
    INFO(type);
    CHECK(cited.contains(type));
  }
  for (auto const* type : {"project.created", "agent.hired", "daemon.connected"}) {
    INFO(type);
    CHECK(uncited.contains(type));
  }

  // One about a ticket quotes that ticket's requirements; one about the whole its goal and all.
  auto const one = [&](std::string const& type) {
    auto const found = std::find_if(all.begin(), all.end(),
                                    [&](auto const& e) { return text_at(e, "type") == type; });
    REQUIRE(found != all.end());
    return chain_of(s.lab, text_at(*found, "id"));
  };
  auto const recorded = one("run.ticket_recorded");
  REQUIRE(links(recorded, "ticket").size() == 1);
  CHECK(text_at(links(recorded, "ticket")[0], "id") == ticket);
  CHECK(links(recorded, "goal").empty());
  auto const brief = text_at(links(recorded, "brief").at(0), "id");
  auto const wanted =
      s.lab.get("/api/briefs/" + brief).json.at("content").at("requirements").as_array().size();
  CHECK(wanted > 1);
  CHECK(links(recorded, "requirement").size() < wanted);
  for (auto const* type : {"run.created", "plan.created", "brief.drafted", "approval.opened"}) {
    INFO(type);
    auto const whole = one(type);
    CHECK(links(whole, "goal").size() == 1);
    CHECK(links(whole, "requirement").size() == wanted);
    CHECK(links(whole, "sentence").size() == wanted);
  }
  for (auto const& ref : {brief, brief + ".p1", brief + ".r1", brief + ".a1"})
    check_cited(chain_of(s.lab, ref));
  auto const hired = chain_of(s.lab, "duration.pm");
  CHECK(text_at(hired.at(0), "text") == "hired as pm by project:duration");
  CHECK(text_at(hired.back(), "what") == "origin");

  // What went wrong on the way belongs to the story, and only the last of the gates that passed.
  auto const chain = chain_of(s.lab, ticket);
  std::vector<std::string> tests;
  for (auto const& g : links(chain, "gate"))
    if (text_at(g, "id") == "tests")
      tests.push_back(text_at(g, "text"));
  REQUIRE(tests.size() == 2); // newest first
  CHECK(tests[0].starts_with("passed: "));
  CHECK(tests[1].starts_with("failed: "));
  auto const back = links(chain, "rework");
  REQUIRE(back.size() == 1);
  CHECK(text_at(back[0], "text") == "sent it back, round 1");
}

TEST_CASE("why: a ticket made by hand ends in who made it", "[api]") {
  project_lab lab;
  puppet daemon{lab};
  daemon.connect();
  auto const made = lab.post("/api/tickets", R"({"project":"duration","title":"Accept weeks"})");
  REQUIRE(made.status == 201);
  auto const order = daemon.hear<link::order>();
  CHECK(order.ticket.value == made.text("id"));
  REQUIRE(eventually(
      [&] { return lab.get("/api/tickets/" + made.text("id")).text("status") == "claimed"; }));
  for (auto const& ref : {made.text("id"), made.text("run")}) {
    auto const chain = chain_of(lab, ref);
    CHECK(text_at(chain.back(), "what") == "origin");
    CHECK(text_at(chain.back(), "text") == "belongs to no brief: made by hand by human:admin");
  }
  std::size_t seen = 0;
  for (auto const& e : lab.events()) {
    auto const type = text_at(e, "type");
    if (!type.starts_with("ticket.") && !type.starts_with("run."))
      continue;
    ++seen;
    INFO(type);
    CHECK(text_at(chain_of(lab, text_at(e, "id")).back(), "text") ==
          "belongs to no brief: made by hand by human:admin");
  }
  CHECK(seen >= 4);
}
