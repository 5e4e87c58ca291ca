// Measures the drafts against hand-written expectations; the figures stand in docs/rule-engine.md.

#include "actors/domain/plan_check.hpp"
#include "actors/engines/rules/brief.hpp"
#include "actors/engines/rules/plan.hpp"
#include "tests/rules/score.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iostream>
#include <numeric>
#include <sstream>

using namespace troupe;

namespace {

std::string joined(std::vector<std::string> const& list) {
  std::string out;
  for (auto const& x : list)
    out += (out.empty() ? "" : "; ") + x;
  return out;
}

struct total {
  test::score sum;
  std::size_t forbidden = 0;
  std::size_t due = 0;
  std::size_t files = 0;
};

total measure(std::string const& folder) {
  total out;
  for (auto const& g : test::golds_in(folder)) {
    auto const t = parse_transcript(g.transcript, g.name);
    REQUIRE(t.has_value());
    auto const b = draft_brief(*t);
    REQUIRE(b.has_value());
    auto const s = test::score_of(*b, g);
    INFO(g.name << " missing: " << joined(s.missing) << " | invented: " << joined(s.invented));
    std::cout << "  " << folder << '/' << g.name << ": recall " << s.found << '/' << s.wanted
              << ", precision " << s.right << '/' << s.drafted << ", due " << (s.due ? "yes" : "no")
              << (s.forbidden.empty() ? "" : ", forbidden: " + joined(s.forbidden)) << '\n';
    out.sum.wanted += s.wanted;
    out.sum.found += s.found;
    out.sum.drafted += s.drafted;
    out.sum.right += s.right;
    out.forbidden += s.forbidden.size();
    out.due += s.due ? 1 : 0;
    ++out.files;
  }
  std::cout << "  " << folder << ": recall " << out.sum.recall() << ", precision "
            << out.sum.precision() << '\n';
  return out;
}

} // namespace

TEST_CASE("brief: the samples are drafted with full recall and nothing invented", "[rules]") {
  for (auto const& g : test::golds_in("samples")) {
    auto const t = parse_transcript(g.transcript, g.name);
    REQUIRE(t.has_value());
    auto const b = draft_brief(*t);
    REQUIRE(b.has_value());
    auto const s = test::score_of(*b, g);
    INFO(g.name << " missing: " << joined(s.missing));
    CHECK(s.missing.empty());
    INFO(g.name << " invented: " << joined(s.invented));
    CHECK(s.invented.empty());
    INFO(g.name << " forbidden: " << joined(s.forbidden));
    CHECK(s.forbidden.empty());
    CHECK(s.due);
    INFO(g.name << " people: " << joined(s.people_missing));
    CHECK(s.people_missing.empty());
  }
}

TEST_CASE("brief: transcripts that shaped the rules stay well drafted", "[rules]") {
  auto const all = measure("tune");
  CHECK(all.files >= 8);
  CHECK(all.sum.recall() >= 0.9);
  CHECK(all.sum.precision() >= 0.9);
  CHECK(all.forbidden == 0);
  CHECK(all.due == all.files);
}

TEST_CASE("brief: transcripts that did not shape the rules are drafted well enough", "[rules]") {
  auto const all = measure("heldout");
  CHECK(all.files >= 4);
  CHECK(all.sum.recall() >= 0.8);
  CHECK(all.sum.precision() >= 0.7);
}

TEST_CASE("plan: every sample and test transcript gives a plan that can be worked", "[rules]") {
  for (auto const* folder : {"samples", "tune", "heldout"})
    for (auto const& g : test::golds_in(folder)) {
      INFO(g.name);
      auto const t = parse_transcript(g.transcript, g.name);
      REQUIRE(t.has_value());
      auto const b = draft_brief(*t);
      REQUIRE(b.has_value());
      auto const p = draft_plan(*b);
      REQUIRE(p.has_value());
      CHECK(check_plan(*p, work_limits{}).has_value());
      CHECK(p->forecast_time > duration{0});
      for (auto const& r : b->requirements) {
        CHECK_FALSE(r.criteria.empty());
        CHECK_FALSE(r.cites.empty());
        CHECK(r.title.size() <= 120);
        CHECK(std::any_of(p->items.begin(), p->items.end(), [&](plan_item const& i) {
          return std::find(i.requirements.begin(), i.requirements.end(), r.key) !=
                 i.requirements.end();
        }));
        for (auto const& c : r.cites) {
          REQUIRE(c.turn >= 0);
          REQUIRE(static_cast<std::size_t>(c.turn) < t->turns.size());
          auto const& said = t->turns[static_cast<std::size_t>(c.turn)];
          CHECK(said.text.find(c.quote) != std::string::npos);
          CHECK(said.speaker == c.speaker);
          CHECK(said.at == c.at);
        }
      }
    }
}

TEST_CASE("brief: the demonstration's meeting gives its six requirements", "[rules]") {
  std::ifstream in(TROUPE_DEMO_MEETING, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  auto const t = parse_transcript(bytes.str(), "meeting.vtt");
  REQUIRE(t.has_value());
  auto const b = draft_brief(*t);
  REQUIRE(b.has_value());
  REQUIRE(b->requirements.size() == 6);
  std::size_t i = 0;
  for (auto const* word : {"weeks", "1h 30m", "-5m", "Duration::Sum", "bin/duration", "README"})
    CHECK(b->requirements[i++].text.find(word) != std::string::npos);
  CHECK(b->due == "Friday");
}
