#include "tests/api/crew.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("ticket: the rounds that are shown are those of the ledger", "[api]") {
  crew c{3};
  auto const& s = c.s;
  auto const go = s.lab.home() / "go";
  // Each round waits for the test, so that it can be looked at.
  std::vector<std::string> work;
  std::vector<std::string> reviews;
  for (int i = 0; i <= 2; ++i) {
    auto const n = std::to_string(i);
    work.push_back("while [ ! -e " + go.string() + n + " ]; do sleep 0.05; done; echo " + n +
                   " > done.txt; git add .; git commit -qm round-" + n);
    reviews.push_back(i < 2 ? "echo Not yet.; exit 2" : "echo Fine.");
  }
  c.does("dev", work);
  c.does("tech-lead", reviews);
  c.start_daemon();
  auto const ticket = c.ticket("Count to two");
  for (int i = 0; i <= 2; ++i) {
    auto const n = std::to_string(i);
    INFO("after " << n << " rounds");
    REQUIRE(eventually(
        [&] {
          return std::filesystem::exists(s.lab.home() / ("dev.env." + std::to_string(i + 1)));
        },
        std::chrono::seconds{60}));
    REQUIRE(c.events_of("ticket.sent_back") == static_cast<std::size_t>(i));
    auto const shown = c.troupe({"ticket", "show", ticket});
    INFO(shown.out << shown.err);
    CHECK(shown.out.find("round " + n + " of 3") != std::string::npos);
    if (i > 0) // what has its default is left out
      CHECK(s.lab.get("/api/tickets/" + ticket).json.at("round") == i);
    auto const environment = text_of(s.lab.home() / ("dev.env." + std::to_string(i + 1)));
    CHECK(environment.find("TROUPE_ROUND=" + n + "\n") != std::string::npos);
    std::ofstream{go.string() + n};
  }
  c.await(ticket, "DONE");
  // And each line of the history counts as the ledger does.
  int last = 0;
  for (auto const& e : s.lab.events("&kind=ticket"))
    if (text_at(e, "type") == "ticket.sent_back")
      CHECK(e.at("data").at("round") == ++last);
  CHECK(last == 2);
}
