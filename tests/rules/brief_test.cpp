#include "actors/engines/rules/brief.hpp"
#include "actors/engines/rules/text.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

brief_content brief_of(std::string_view talk) {
  auto const t = parse_transcript(talk);
  REQUIRE(t.has_value());
  auto b = draft_brief(*t);
  REQUIRE(b.has_value());
  return *b;
}

std::string all_requirements(brief_content const& b) {
  std::string out;
  for (auto const& r : b.requirements)
    out += r.title + " | " + r.text + "\n";
  return rules::lower(out);
}

bool has(std::string const& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("brief: a proposal counts once somebody says yes", "[rules]") {
  auto const yes =
      brief_of("Ana: Can we log the request id on every error?\nBo: Yes.\nAna: Good.\n");
  REQUIRE(yes.requirements.size() == 1);
  CHECK(has(all_requirements(yes), "log the request id on every error"));
  auto const no = brief_of("Ana: Can we log the request id on every error?\nBo: No, not in this "
                           "release.\nAna: Okay.\n");
  CHECK(no.requirements.empty());
  REQUIRE(no.out_of_scope.size() == 1);
  CHECK(has(no.out_of_scope[0].text, "request id"));
  auto const silence = brief_of("Ana: Can we log the request id on every error?\nBo: My train is "
                                "late again.\nAna: Poor you.\nBo: Yes.\nAna: Bye.\n");
  CHECK(silence.requirements.empty());
}

TEST_CASE("brief: a demand that is turned down is out of scope", "[rules]") {
  auto const b =
      brief_of("Ana: The export should also write xlsx files.\nBo: No, a different tool "
               "does that.\nAna: Fine.\nBo: The csv export must keep its column order.\n");
  CHECK_FALSE(has(all_requirements(b), "xlsx"));
  CHECK(has(all_requirements(b), "column order"));
  REQUIRE(b.out_of_scope.size() == 1);
  CHECK(has(b.out_of_scope[0].text, "xlsx"));
}

TEST_CASE("brief: a later value takes the place of an earlier one", "[rules]") {
  auto const b = brief_of("Ana: The session should end after thirty minutes.\nBo: Thirty is too "
                          "short. Make it sixty minutes.\nAna: Okay, sixty.\n");
  auto const text = all_requirements(b);
  CHECK(has(text, "sixty"));
  CHECK_FALSE(has(text, "thirty"));
  CHECK(has(text, "60 minutes"));
}

TEST_CASE("brief: `not X, Y` leaves X out", "[rules]") {
  auto const b =
      brief_of("Ana: The cache should hold entries for ten hours.\nBo: Hm.\nAna: Not ten, "
               "five hours.\nBo: Right.\n");
  auto const text = all_requirements(b);
  CHECK(has(text, "five hours"));
  CHECK_FALSE(has(text, "ten hours"));
}

TEST_CASE("brief: question and answer make one statement", "[rules]") {
  auto const b = brief_of("Ana: The importer must read zip files.\nBo: What if the zip file is "
                          "encrypted?\nAna: Then it stops with an error.\nBo: Good.\n");
  auto const text = all_requirements(b);
  CHECK(has(text, "if the zip file is encrypted"));
  CHECK(has(text, "stops with an error"));
}

TEST_CASE("brief: what nobody knows stays an open question", "[rules]") {
  auto const b =
      brief_of("Ana: The log must be rotated every day.\nBo: Do we have to encrypt the log "
               "file?\nAna: I don't know. I'll ask legal.\nBo: Okay.\n");
  REQUIRE(b.open_questions.size() == 1);
  CHECK(has(b.open_questions[0].text, "encrypt"));
  CHECK_FALSE(has(all_requirements(b), "encrypt"));
}

TEST_CASE("brief: an extra is optional", "[rules]") {
  auto const b =
      brief_of("Ana: The report must show the total per customer.\nBo: It would be nice to "
               "have a chart on the page, if there's time.\nAna: Sure.\n");
  REQUIRE(b.requirements.size() == 2);
  CHECK_FALSE(b.requirements[0].optional);
  CHECK(b.requirements[1].optional);
  CHECK(b.requirements[1].importance == priority::low);
}

TEST_CASE("brief: the last deadline counts and a holiday does not", "[rules]") {
  CHECK(brief_of("Ana: The page should show the version.\nAna: I'd like the pull request on the "
                 "twentieth.\nBo: The twentieth is a holiday. Nineteenth?\nAna: Nineteenth then.\n")
            .due == "Nineteenth");
  CHECK(brief_of("Ana: The page should show the version.\nBo: When do you need it?\nAna: By 3 "
                 "June.\n")
            .due == "3 June");
  CHECK(brief_of("Ana: The page should show the version.\nBo: On Sunday the server was down.\n")
            .due.empty());
}

TEST_CASE("brief: duties go to the people who took them", "[rules]") {
  auto const b = brief_of("Ana: The page should show the version.\nAna: Bo, can you write the "
                          "template? Carl reviews.\nBo: Sure.\nCarl: I'll update the wiki "
                          "tomorrow.\n");
  auto const find = [&](std::string const& who, std::string_view what) {
    for (auto const& d : b.people)
      if (d.person == who && has(d.does, what))
        return true;
    return false;
  };
  CHECK(find("Bo", "template"));
  CHECK(find("Carl", "reviews"));
  CHECK(find("Carl", "wiki"));
}

TEST_CASE("brief: order that was said is kept", "[rules]") {
  auto const b =
      brief_of("Ana: The queue must be stored in the database.\nBo: Right.\nAna: There "
               "should be a page with the failed deliveries and a retry button.\nBo: The "
               "page only makes sense after the queue.\nAna: Sure.\n");
  REQUIRE(b.requirements.size() == 2);
  CHECK(b.requirements[1].after == std::vector<std::string>{"R1"});
}

TEST_CASE("brief: a ticket's bullets are requirements, its other lists are not", "[rules]") {
  auto const b =
      brief_of("# Search is slow\n\nIt takes ten seconds today.\n\n- Answer within 300 ms\n"
               "- Keep the old URL\n\nOut of scope:\n\n- Autocomplete\n\nNice to have:\n\n- "
               "A report of slow queries\n\nQuestions:\n\n- Which languages?\n\nPlease add "
               "a benchmark.\n");
  CHECK(b.title == "Search is slow");
  REQUIRE(b.requirements.size() == 4);
  CHECK(has(b.requirements[0].text, "300 ms"));
  CHECK(has(b.requirements[1].text, "old URL"));
  CHECK(b.requirements[2].optional);
  CHECK(has(b.requirements[3].text, "benchmark"));
  REQUIRE(b.out_of_scope.size() == 1);
  CHECK(has(b.out_of_scope[0].text, "Autocomplete"));
  REQUIRE(b.open_questions.size() == 1);
}

TEST_CASE("brief: talk without work gives no requirements and is no error", "[rules]") {
  auto const b =
      brief_of("Ana: Good morning!\nBo: Hi. Did you see the match last night?\nAna: It was "
               "great. The coffee machine is broken again.\nBo: Oh no. See you.\nAna: Bye.\n");
  CHECK(b.requirements.empty());
  CHECK_FALSE(b.title.empty());
  CHECK(draft_brief(transcript{}).error().code == errc::invalid_argument);
}

TEST_CASE("brief: every requirement cites its sentences word for word", "[rules]") {
  auto const b =
      brief_of("[00:00:10] Ana Lima: So, the parser must accept tabs, please.\n[00:00:15] "
               "Bo Krug: Agreed.\n");
  REQUIRE(b.requirements.size() == 1);
  auto const& c = b.requirements[0].cites;
  REQUIRE_FALSE(c.empty());
  CHECK(c[0].speaker == "Ana Lima");
  CHECK(c[0].at == duration{10000});
  CHECK(c[0].quote == "So, the parser must accept tabs, please.");
  CHECK(c[0].turn == 0);
}
