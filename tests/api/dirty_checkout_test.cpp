#include "tests/api/crew.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("merge: what a person has open in the files of a merge is never lost, they are asked",
          "[api]") {
  crew c{2};
  auto const& s = c.s;
  // The origin is the operator's own checkout, with the target branch checked out.
  auto const mine = s.lab.home() / "clone";
  REQUIRE(s.lab
              .patch("/api/projects/duration",
                     json::canonical(json::object{{"repository", mine.string()}}))
              .status == 200);
  c.does("dev", {"echo Weeks >> README; git commit -qam weeks"});
  c.does("tech-lead", {"echo Fine."});
  std::ofstream{mine / "README"} << "Duration, in my own words\n";
  std::ofstream{mine / "notes.txt"} << "not yet known to git\n";
  auto const before = s.git({"rev-parse", "HEAD"}, mine);
  auto const is_as_i_left_it = [&] {
    CHECK(text_of(mine / "README") == "Duration, in my own words\n");
    CHECK(text_of(mine / "notes.txt") == "not yet known to git\n");
    CHECK(s.git({"rev-parse", "HEAD"}, mine) == before);
    CHECK(s.git({"status", "--porcelain"}, mine) == " M README\n?? notes.txt\n");
  };
  c.start_daemon();
  auto const ticket = c.ticket("Count weeks");
  c.await(ticket, "failed_pending");
  is_as_i_left_it();

  // A person is asked, with what helps; the work that was approved is kept.
  auto const shown = c.troupe({"ticket", "show", ticket});
  INFO(shown.out << shown.err);
  auto const flat = [](std::string text) { // as it was before it was broken into lines
    std::string out;
    for (char const x : text)
      if (x != '\n' && x != ' ')
        out += x;
    return out;
  };
  CHECK(flat(shown.out).find(flat("commit or stash the open changes in " + mine.string())) !=
        std::string::npos);
  CHECK(flat(shown.out).find(flat("troupe ticket retry " + ticket)) != std::string::npos);
  auto const told = c.troupe({"ticket", "list", "--project", "duration"});
  CHECK(told.out.find("failed") != std::string::npos);

  // Tried again with nothing put away, it is the same.
  REQUIRE(c.troupe({"ticket", "retry", ticket}).exit_code == 0);
  REQUIRE(eventually([&] { return c.events_of("ticket.wait_began") == 2; }));
  c.await(ticket, "failed_pending");
  is_as_i_left_it();

  (void)s.git({"stash", "-q"}, mine);
  REQUIRE(c.troupe({"ticket", "retry", ticket}).exit_code == 0);
  c.await(ticket, "DONE");
  CHECK(text_of(mine / "README") == "Duration\nWeeks\n");
  CHECK(text_of(mine / "notes.txt") == "not yet known to git\n");
  CHECK(s.git({"show", "stash@{0}:README"}, mine) == "Duration, in my own words\n");
  CHECK(c.calls_of("dev") == "1"); // nothing was worked twice
  CHECK(c.calls_of("tech-lead") == "1");
}
