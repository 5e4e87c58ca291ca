#include "tests/api/crew.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

std::map<std::string, std::string> environment_of(std::filesystem::path const& file) {
  std::map<std::string, std::string> out;
  for (auto const& line : lines(text_of(file)))
    if (auto const at = line.find('='); line.starts_with("TROUPE_") && at != std::string::npos)
      out.emplace(line.substr(0, at), line.substr(at + 1));
  return out;
}

} // namespace

TEST_CASE("process: commands of the server do a ticket, 0 is done, 2 sends back, else it failed",
          "[api]") {
  crew c{2};
  auto const& s = c.s;
  c.does("dev", {"echo no disk >&2; exit 7", // failed: tried again
                 "echo one > one.txt; git add .; git commit -qm one",
                 "echo two > two.txt; git add .; git commit -qm two"});
  c.does("tech-lead", {"echo Say two as well.; exit 2", "echo Fine."});
  c.start_daemon();
  auto const ticket = c.ticket("Count; $(touch injected) to two");
  c.await(ticket, "DONE");
  CHECK(c.calls_of("dev") == "3");
  CHECK(c.calls_of("tech-lead") == "2");
  CHECK(s.git({"show", "main:two.txt"}) == "two\n");
  CHECK_FALSE(std::filesystem::exists(s.lab.home() / "injected"));

  // What each was told, by the environment.
  auto const worked = environment_of(s.lab.home() / "dev.env.3");
  CHECK(worked.at("TROUPE_TICKET") == ticket);
  CHECK(worked.at("TROUPE_TITLE") == "Count; $(touch injected) to two");
  CHECK(worked.at("TROUPE_KIND") == "work");
  CHECK(worked.at("TROUPE_ROLE") == "dev");
  CHECK(worked.at("TROUPE_AGENT") == "duration.dev");
  CHECK(worked.at("TROUPE_TOOLS") == "make,sh"); // of the roster
  CHECK(worked.at("TROUPE_PROJECT") == "duration");
  CHECK(worked.at("TROUPE_BRANCH") == "agent/" + ticket);
  CHECK(worked.at("TROUPE_TARGET_BRANCH") == "main");
  auto const judged = environment_of(s.lab.home() / "tech-lead.env.1");
  CHECK(judged.at("TROUPE_KIND") == "review");
  CHECK(judged.at("TROUPE_STAGE") == "review");
  CHECK(environment_of(s.lab.home() / "dev.env.1").at("TROUPE_ROUND") != worked.at("TROUPE_ROUND"));
  for (auto const& variable : worked) // no credential of the daemon or the server
    CHECK(variable.first.find("TOKEN") == std::string::npos);

  // And what the ledger says of it.
  std::vector<std::string> how;
  std::size_t reviews = 0;
  for (auto const& e : s.lab.events("&kind=ticket")) {
    auto const type = text_at(e, "type");
    auto const& about = e.at("data").as_object();
    if (type == "ticket.attempt_ended")
      how.push_back(text_at(about, "how"));
    reviews += type == "ticket.reviewed" ? 1 : 0;
  }
  REQUIRE_FALSE(how.empty());
  CHECK(std::count(how.begin(), how.end(), "FAILED") == 1);
  CHECK(reviews == 2);
  CHECK(s.lab.get("/api/tickets/" + ticket).body.find("Say two as well.") != std::string::npos);
}
