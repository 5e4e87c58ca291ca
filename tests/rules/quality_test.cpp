// Measures the drafts against hand-written expectations; the figures stand in docs/rule-engine.md.

#include "actors/domain/plan_check.hpp"
#include "actors/engines/rules/brief.hpp"
#include "actors/engines/rules/plan.hpp"
#include "tests/rules/score.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
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
  std::size_t ordered = 0;
  std::size_t orders = 0;
  std::size_t topical = 0; ///< items found that name their topic
  std::size_t mixed = 0;   ///< of them: only in a requirement of several topics
};

/// What a talk has to reach: a little under what was measured, so that no talk pays for another.
struct floor_of {
  std::string_view talk;
  std::size_t found;     ///< gold items
  double precision;      ///< of the requirements
  std::size_t forbidden; ///< at most
};

constexpr floor_of floors[] = {
    {"backup-cli.txt", 10, 0.90, 0},
    {"calendar.teams.vtt", 10, 0.71, 0},
    {"checkout.teams.vtt", 10, 0.87, 0},
    {"claims.teams.txt", 12, 0.75, 0},
    {"csv-cli.srt", 7, 0.85, 0},
    {"dashboard.teams.txt", 10, 0.87, 0},
    {"ferry.srt", 10, 0.90, 0},
    {"geolib.txt", 15, 0.90, 0},
    {"glob-lib.vtt", 9, 0.85, 0},
    {"grants.zoom.txt", 11, 0.81, 0},
    {"incident.vtt", 11, 0.87, 0},
    {"library.txt", 13, 0.85, 0},
    {"logcut.vtt", 12, 0.75, 0},
    {"logship.srt", 10, 0.85, 0},
    {"mail-login.txt", 6, 0.83, 0},
    {"notes-app.otter.txt", 6, 0.80, 0},
    {"parking.vtt", 7, 0.80, 0},
    {"payments.txt", 9, 0.85, 0},
    {"pipeline.paren.txt", 8, 0.87, 0},
    {"podcast.teams.vtt", 9, 0.88, 0},
    {"rate-limit.teams.vtt", 7, 0.80, 0},
    {"retry-lib.vtt", 10, 0.87, 0},
    {"rota.srt", 11, 0.83, 0},
    {"search-story.md", 6, 0.85, 0},
    {"slug-lib.txt", 10, 0.88, 0},
    {"thumbs.chat.txt", 10, 0.85, 0},
    {"ticket-export.md", 5, 0.85, 0},
    {"warehouse.srt", 15, 0.88, 0},
    {"intranet.zoom.txt", 1, 0.33, 0},
    {"kitchen.txt", 5, 0.99, 0},
    {"migration.teams.vtt", 3, 0.75, 0},
    {"reports.txt", 3, 0.75, 0},
    {"signin.srt", 2, 0.99, 0},
    {"yoga.txt", 5, 0.83, 0},
    {"carshare.vtt", 4, 0.70, 0},
    {"choir.txt", 6, 0.80, 3},
    {"clinic.teams.vtt", 11, 0.71, 3},
    {"game.otter.txt", 7, 0.75, 0},
    {"greenhouse.vtt", 10, 0.66, 3},
    {"invoices.txt", 9, 0.85, 1},
    {"kiosk.srt", 10, 0.83, 3},
    {"linter.vtt", 8, 0.66, 0},
    {"mailbug.txt", 6, 0.83, 0},
    {"museum.vtt", 9, 0.75, 3},
    {"payroll.txt", 12, 0.85, 0},
    {"queuelib.txt", 13, 0.60, 2},
    {"sync.txt", 7, 0.55, 2},
};

/// `reveal`: print what went wrong. Of the talks that are held out it is not: whoever reads it
/// could no longer say that they did not shape the rules.
total measure(std::string const& folder, bool reveal) {
  total out;
  for (auto const& g : test::golds_in(folder)) {
    auto const t = parse_transcript(g.transcript, g.name);
    REQUIRE(t.has_value());
    auto const b = draft_brief(*t);
    REQUIRE(b.has_value());
    auto const s = test::score_of(*b, g);
    INFO(g.name << (reveal ? " missing: " + joined(s.missing) + " | invented: " +
                                 joined(s.invented) + " | forbidden: " + joined(s.forbidden)
                           : std::string{}));
    auto const* floor = std::find_if(std::begin(floors), std::end(floors),
                                     [&](auto const& f) { return f.talk == g.name; });
    REQUIRE(floor != std::end(floors));
    CHECK(s.found >= floor->found);
    CHECK(s.precision() >= floor->precision);
    CHECK(s.forbidden.size() <= floor->forbidden);
    out.ordered += s.ordered;
    out.orders += g.order.size();
    out.topical += s.topical;
    out.mixed += s.mixed.size();
    std::cout << "  " << folder << '/' << g.name << ": recall " << s.found << '/' << s.wanted
              << ", precision " << s.right << '/' << s.drafted << ", due " << (s.due ? "yes" : "no")
              << ", order " << s.ordered << '/' << g.order.size() << ", apart "
              << s.topical - s.mixed.size() << '/' << s.topical
              << (s.forbidden.empty() ? ""
                  : reveal            ? ", forbidden: " + joined(s.forbidden)
                                      : ", forbidden: " + std::to_string(s.forbidden.size()))
              << (reveal && !s.mixed.empty() ? ", mixed: " + joined(s.mixed) : "") << '\n';
    out.sum.wanted += s.wanted;
    out.sum.found += s.found;
    out.sum.drafted += s.drafted;
    out.sum.right += s.right;
    out.forbidden += s.forbidden.size();
    out.due += s.due ? 1 : 0;
    ++out.files;
  }
  std::cout << "  " << folder << ": recall " << out.sum.recall() << ", precision "
            << out.sum.precision() << ", order " << out.ordered << '/' << out.orders << ", apart "
            << out.topical - out.mixed << '/' << out.topical << '\n';
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
  auto const all = measure("tune", true);
  CHECK(all.files >= 8);
  CHECK(all.sum.recall() >= 0.9);
  CHECK(all.sum.precision() >= 0.9);
  CHECK(all.forbidden == 0);
  CHECK(all.due == all.files);
  CHECK(all.ordered >= 10); // the two of `reports` are missed
  CHECK(all.topical - all.mixed >= 105);
  CHECK(all.topical >= 112);
  CHECK(all.orders == 12); // of how many that is said
}

TEST_CASE("brief: transcripts that did not shape the rules are drafted well enough", "[rules]") {
  auto const all = measure("heldout", false);
  CHECK(all.files >= 4);
  CHECK(all.sum.recall() >= 0.8);
  CHECK(all.sum.precision() >= 0.7);
  CHECK(all.forbidden <= 20); // three of them in `choir`
  CHECK(all.topical - all.mixed >= 27);
  CHECK(all.topical >= 34);
  CHECK(all.ordered >= 4); // of the twelve below; what they are worth is in the document
  CHECK(all.orders == 12);
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
