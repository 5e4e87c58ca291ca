#include "cli/text/columns.hpp"
#include "cli/text/render.hpp"
#include "tests/cli/program.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>

using namespace troupe;

namespace {

std::string const folder = TROUPE_SOURCE_DIR "/tests/data/cli/";

json::array events() {
  auto const v = json::parse(test::text_of(folder + "events.json"));
  if (!v)
    throw std::runtime_error(v.error().message);
  return v->get_array();
}

text_style plain(int width) {
  text_style s;
  s.width = width;
  return s;
}

} // namespace

TEST_CASE("events: the story of a brief reads as lines", "[cli]") {
  event_teller teller{plain(0)};
  std::string text;
  for (auto const& e : events()) {
    if (auto const line = teller.tell(e))
      text += *line + "\n";
  }
  if (std::getenv("TROUPE_WRITE_GOLDEN") != nullptr)
    std::ofstream{folder + "events.txt"} << text;
  CHECK(text == test::text_of(folder + "events.txt"));
}

TEST_CASE("events: a message is told once, although three streams record it", "[cli]") {
  event_teller teller{plain(0)};
  int told = 0;
  for (auto const& e : events()) {
    auto const line = teller.tell(e);
    told += line && line->find("upper case") != std::string::npos ? 1 : 0;
  }
  CHECK(told == 1);
}

TEST_CASE("events: a run that was made for one ticket names no plan", "[cli]") {
  auto const event = json::parse(R"({"n":1,"kind":"run","entity":"k3.1","at":1700000003000,
    "type":"run.created","data":{"plan":"","items":[{"key":"a"}]}})");
  REQUIRE(event.has_value());
  auto const line = render_event_line(*event, plain(0));
  CHECK(line.find("begun with 1 ticket") != std::string::npos);
}

TEST_CASE("events: a bug says in which commit it is", "[cli]") {
  auto const event = json::parse(R"({"n":1,"kind":"ticket","entity":"k3-1","at":1700000003000,
    "type":"ticket.message_posted","data":{"message":{"id":"m1","kind":"bug",
    "from":"agent:tally.qa","to":"agent:tally.dev","engine":"claude",
    "parts":[{"text":"An empty file crashes it."},
             {"data":{"head":"3f2a9c1b7d8e4f5061728394a5b6c7d8e9f00112"}}]}}})");
  REQUIRE(event.has_value());
  CHECK(render_event_line(*event, plain(0))
            .ends_with("✉ qa → dev  bug in 3f2a9c1b7d (claude): An empty file crashes it."));
}

TEST_CASE("events: bookkeeping is left out, unless everything is wanted", "[cli]") {
  event_teller story{plain(0)};
  event_teller all{plain(0), telling_of::everything};
  std::size_t lines = 0;
  for (auto const& e : events()) {
    auto const type = std::string_view{e.at("type").get_string()};
    if (type == "ticket.renewed" || type == "brief.settled")
      CHECK_FALSE(story.tell(e));
    lines += all.tell(e).has_value();
  }
  CHECK(lines == events().size());
}

TEST_CASE("events: a reason is told once, by whoever says it first", "[cli]") {
  auto const told = [](event_teller& teller) {
    return [&teller](std::string_view type, std::string_view entity, std::string_view data) {
      auto const d = json::parse(data);
      REQUIRE(d.has_value());
      auto const line = teller.tell(
          json::object{{"type", type}, {"entity", entity}, {"at", 1700000000000}, {"data", *d}});
      return line ? line->substr(9) : std::string{};
    };
  };
  event_teller story{plain(0)};
  auto const tell = told(story);
  CHECK(tell("ticket.attempt_ended", "k3-1",
             R"({"how":"FAILED","summary":"The branch is in conflict with main."})") ==
        "✗ k3-1  attempt FAILED: The branch is in conflict with main.");
  CHECK(tell("ticket.message_posted", "k3-1",
             R"({"message":{"id":"m1","kind":"report","from":"agent:t.dev-ada",
                 "to":"agent:t.lead",
                 "parts":[{"text":"The branch is in conflict with main. - NOTES.md"}]}})") ==
        "✉ dev-ada → lead  report: … - NOTES.md");
  CHECK(tell("ticket.merge_refused", "k3-1",
             R"({"why":"The branch is in conflict with main.","files":["NOTES.md"]})") ==
        "↻ k3-1  merge refused: … (NOTES.md) → rework");
  // Of another ticket it is news.
  CHECK(tell("ticket.merge_refused", "k3-2", R"({"why":"The branch is in conflict with main."})") ==
        "↻ k3-2  merge refused: The branch is in conflict with main. → rework");
  // Whoever passes it on need not say it again, whole or as part of more.
  CHECK(tell("ticket.resolved", "k3-1",
             R"({"by":"agent:t.chief","how":"replan","to":"FAILED",
                 "why":"not merged 4 times; the last: The branch is in conflict with main."})") ==
        "✗ k3-1  chief decides: replan, not merged 4 times; the last: … → FAILED");
  CHECK(tell("run.ticket_recorded", "k3.r1",
             R"({"ticket":"k3-1","outcome":"failed",
                 "why":"not merged 4 times; the last: The branch is in conflict with main."})") ==
        "· run k3.r1  ticket k3-1 is failed: …");
  // After a new attempt it is news again.
  CHECK(tell("ticket.leased", "k3-1", R"({"agent":"t.dev-ada","token":7})") ==
        "● k3-1  taken by dev-ada, token 7");
  CHECK(tell("ticket.merge_refused", "k3-1", R"({"why":"The branch is in conflict with main."})") ==
        "↻ k3-1  merge refused: The branch is in conflict with main. → rework");
}

TEST_CASE("events: what stands beside is not told twice, unless only some kinds come", "[cli]") {
  auto const event = [](std::string_view type, std::string_view data) {
    auto const d = json::parse(data);
    REQUIRE(d.has_value());
    return json::value(
        json::object{{"type", type}, {"entity", "k3"}, {"at", 1700000000000}, {"data", *d}});
  };
  auto const all = {
      event("ticket.attempt_ended", R"({"how":"SUCCEEDED","summary":"Looks fine."})"),
      event("brief.approval_recorded", R"({"by":"human:admin","to":"approved"})"),
      event("plan.approval_recorded", R"({"by":"human:admin","approved":true})"),
      event("ticket.message_posted", R"({"message":{"id":"m1","kind":"bug","from":"system"}})"),
      event("plan.approval_asked", "{}"),
      event("plan.critique_began", "{}"),
      event("plan.created", R"({"version":2})")};
  for (auto const& e : all) {
    INFO(json::canonical(e));
    event_teller story{plain(0)};
    event_teller some{plain(0), telling_of::some};
    CHECK_FALSE(story.tell(e));
    CHECK(some.tell(e));
  }
  event_teller story{plain(0)};
  CHECK(story.tell(event("ticket.attempt_ended", R"({"how":"LOST"})")));
}

TEST_CASE("events: a line fits the terminal", "[cli]") {
  for (auto const& e : events())
    CHECK(columns::width(render_event_line(e, plain(60))) <= 60);
}

TEST_CASE("events: the gist names the message and tells bookkeeping apart", "[cli]") {
  auto const all = events();
  CHECK(gist_of(all.at(12)).message == "m1");
  CHECK_FALSE(gist_of(all.at(12)).noise);
  CHECK(gist_of(all.at(11)).noise);
}

TEST_CASE("events: an attempt that ended well says nothing before its verdict", "[cli]") {
  auto const line = [](std::string_view type, std::string_view data) {
    auto const d = json::parse(data);
    REQUIRE(d.has_value());
    return render_event_line(
        json::object{{"type", type}, {"entity", "k3-1"}, {"at", 1700000000000}, {"data", *d}},
        plain(0));
  };
  CHECK(line("ticket.attempt_ended", R"({"how":"SUCCEEDED","summary":"A gate failed."})") ==
        "22:13:20 · k3-1  attempt ended: A gate failed.");
  CHECK(line("ticket.attempt_ended", R"({"how":"TIMED_OUT","to":"ready"})") ==
        "22:13:20 ✗ k3-1  attempt TIMED_OUT → ready");
  CHECK(line("ticket.sent_back", R"({"stage":"review","round":4,"to":"rework"})") ==
        "22:13:20 ↻ k3-1  sent back by review, round 4 → rework");
  CHECK(line("ticket.sent_back", R"({"stage":"review","round":4,"to":"failed_pending"})") ==
        "22:13:20 ✗ k3-1  given up at review, round 4 → failed_pending");
  CHECK(
      line(
          "ticket.reviewed",
          R"({"by":"system","approved":true,"notes":["unchanged since agent:t.lead approved it"]})") ==
      "22:13:20 ✓ k3-1  review stands: unchanged since agent:t.lead approved it");
  CHECK(line("ticket.evidence_attached",
             R"({"to":"in_review","proof":{"head":"41c15b52f1aa","command":"make test",
                 "exit_code":1}})") == "22:13:20 ! k3-1  evidence: commit 41c15b52f1, 0 files, +0 "
                                       "-0, tests fail (exit 1): `make test` → "
                                       "in_review");
  CHECK(line("ticket.reviewed", R"({"by":"system","approved":true})") ==
        "22:13:20 ✓ k3-1  no review in this process");
}
