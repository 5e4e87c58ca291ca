// How people really talk: each case is a fault that was seen in a draft.

#include "actors/engines/rules/wording.hpp"
#include "tests/rules/talk.hpp"

using namespace troupe;
using test::all_of;
using test::drafted;
using test::has;

TEST_CASE("speech: a very short wish is a requirement", "[rules]") {
  auto const b = drafted("Anna: We must print weeks.\nBob: Yes.\n");
  REQUIRE(b.requirements.size() == 1);
  CHECK(b.requirements[0].title == "Print weeks");
}

TEST_CASE("speech: asking for patience asks for nothing", "[rules]") {
  auto const b = drafted("Anna: The export should write CSV.\nBob: Let me think about it.\n"
                         "Bob: Let me get the list first.\nAnna: Sure.\n");
  REQUIRE(b.requirements.size() == 1);
  CHECK_FALSE(has(all_of(b), "think"));
  CHECK_FALSE(has(all_of(b), "get the list"));
}

TEST_CASE("speech: a name in code keeps its spelling at the start of a sentence", "[rules]") {
  CHECK(rules::as_sentence("slugify should strip accents") == "slugify should strip accents.");
  CHECK(rules::as_sentence("parse_line returns views") == "parse_line returns views.");
  CHECK(rules::as_sentence("f should accept weeks") == "f should accept weeks.");
  CHECK(rules::as_sentence("a week is seven days") == "A week is seven days.");
  CHECK(rules::as_sentence("export should write CSV") == "Export should write CSV.");
  CHECK(rules::as_sentence("bbox gives None", {"bbox"}) == "bbox gives None.");
}

TEST_CASE("speech: a small number is not said twice", "[rules]") {
  CHECK(rules::with_digits("retry three times") == "retry three times");
  CHECK(rules::with_digits("at most sixty minutes") == "at most sixty minutes (60 minutes)");
}

TEST_CASE("speech: an idea that is liked but put off is out", "[rules]") {
  auto const b = drafted("Ann: The app must show the running session.\nBen: Okay.\n"
                         "Ben: Could we let users export the session list as a file?\n"
                         "Ann: I like it, but not this quarter.\nBen: Fair enough.\n");
  CHECK_FALSE(has(all_of(b), "export"));
  CHECK(b.out_of_scope.size() == 1);
}

TEST_CASE("speech: a value is taken back many turns later", "[rules]") {
  auto const b = drafted(
      "Ann: If the same user logs in again within one minute, the server should keep the session.\n"
      "Ben: Okay.\nAnn: Next, the report. It must be sent as a PDF file.\nBen: Fine.\n"
      "Ann: The search box should ignore case.\nBen: Good.\nAnn: Errors must be logged to a file.\n"
      "Ben: Yes.\nBen: Sorry, I need to go back to the session. One minute is too short. Let's say "
      "three minutes.\nAnn: Okay.\n");
  CHECK(has(all_of(b), "within three minutes"));
  CHECK_FALSE(has(all_of(b), "one minute"));
}

TEST_CASE("speech: no is good news for a question whether it is too much", "[rules]") {
  auto const b = drafted("Ann: The form has to save a draft every minute. Ben, is that a lot?\n"
                         "Ben: No, that's half a day.\nAnn: Good.\n");
  REQUIRE(b.requirements.size() == 1);
  CHECK(b.out_of_scope.empty());
  CHECK_FALSE(has(all_of(b), "half a day"));
}

TEST_CASE("speech: words of leisure are work where they are the subject", "[rules]") {
  auto const b = drafted("Ann: The app must find the car of the customer.\nBen: Yes.\n"
                         "Ann: When the car is full, the box should send a message.\nBen: Okay.\n"
                         "Ann: The car list must be sorted by name.\n");
  CHECK(b.requirements.size() >= 2);
}

TEST_CASE("speech: order is heard from parts, from sequences and from what leans", "[rules]") {
  std::string const head =
      "Ann: The importer must read CSV files.\nBen: Okay.\n"
      "Ann: Next, the dashboard. It should list failed deliveries.\nBen: Okay.\n";
  auto const after = [&](std::string const& said) {
    auto const b = drafted(head + said);
    REQUIRE(b.requirements.size() == 2);
    CHECK(b.requirements[0].after.empty());
    return b.requirements[1].after == std::vector<std::string>{b.requirements[0].key};
  };
  CHECK(after("Ben: I'll do the dashboard, but only once the importer is in.\n"));
  CHECK(after("Ben: The importer first, and then the dashboard.\n"));
  CHECK(after("Ben: The dashboard depends on the importer.\n"));
}

TEST_CASE("speech: a deadline that is repeated with fewer words keeps its month", "[rules]") {
  auto const b = drafted("Ann: The form must save a draft.\nBen: When do you need it?\n"
                         "Ann: By the tenth of April.\nBen: Tenth, okay.\n");
  CHECK(b.due == "tenth of April");
}

TEST_CASE("speech: a wish that its speaker puts off in the same breath is none", "[rules]") {
  auto const* off =
      GENERATE("I'd also like emoji support, but let's leave that out for now.",
               "I would also like emoji support. But not now.",
               "We should have emoji support as well, but let's park that.",
               "We also need emoji support, but let's leave it for the next release.");
  INFO(off);
  auto const b = drafted(std::string{"Ada: The editor should save drafts every minute.\nAda: "} +
                         off + "\nBen: Okay.\n");
  REQUIRE(b.requirements.size() == 1);
  CHECK_FALSE(has(all_of(b), "emoji"));
  REQUIRE(b.out_of_scope.size() == 1);
  CHECK(has(b.out_of_scope[0].text, "emoji"));
}

TEST_CASE("speech: what is put off for a part only stays for the rest", "[rules]") {
  auto const b = drafted("Ada: The tool should normalise every upload, but we don't need that for "
                         "the adverts.\nBen: Yes.\nAda: Remove the old call in version four. Not "
                         "now.\n");
  CHECK(has(all_of(b), "normalise every upload"));
  CHECK(has(all_of(b), "version four"));
}

TEST_CASE("speech: what people can do anyway is why something is not needed", "[rules]") {
  auto const b = drafted("Ada: Which languages do we need?\nBen: Danish, English and German.\n"
                         "Ada: Swedish?\nBen: They can read Danish.\nAda: Okay, three.\n");
  CHECK_FALSE(has(all_of(b), "Swedish"));
}

TEST_CASE("speech: a refusal of what was said is no wish, whatever its modal", "[rules]") {
  auto const* said =
      GENERATE("Ada: No, we should not do that.\nBen: OK, drop it.\n",
               "Ada: We shouldn't do that.\nBen: Right, scrap that then.\n",
               "Ada: No, we must not do it like that.\nBen: Okay. Forget it.\n",
               "Ada: No, let's not do that.\nBen: OK, drop it.\n", "Ada: Drop that.\nBen: Okay.\n");
  INFO(said);
  auto const b = drafted(std::string{"Ada: The export must write CSV files.\nBen: Okay.\n"
                                     "Ben: We should also delete the old files.\n"} +
                         said);
  REQUIRE(b.requirements.size() == 1);
  CHECK(has(all_of(b), "CSV"));
  CHECK_FALSE(has(all_of(b), "drop"));
  CHECK_FALSE(has(all_of(b), "do that"));
  REQUIRE(b.out_of_scope.size() == 1);
  CHECK(has(b.out_of_scope[0].text, "delete the old files"));
}

TEST_CASE("speech: drop it is what the product does where a question asked that", "[rules]") {
  auto const b =
      drafted("Ada: The import must read CSV files.\nBen: What should the import do with "
              "an empty row?\nAda: Drop it.\nBen: Okay.\n");
  CHECK(has(all_of(b), "rop it"));
}

TEST_CASE("speech: out of scope is heard in passing", "[rules]") {
  auto const* said = GENERATE("Ada: Excel is out of scope.\nBen: Fine.\n",
                              "Ben: What about Excel?\nAda: Out of scope.\nBen: Okay.\n",
                              "Ben: Excel, that's out of scope.\nAda: Okay.\n",
                              "Ben: We keep Excel out of scope.\nAda: Okay.\n",
                              "Ada: Excel stays out of scope, by the way.\nBen: Okay.\n");
  INFO(said);
  auto const b = drafted(std::string{"Ada: The export must write CSV files.\n"} + said);
  REQUIRE(b.requirements.size() == 1);
  CHECK(has(all_of(b), "CSV"));
  CHECK_FALSE(has(all_of(b), "Excel"));
  REQUIRE(b.out_of_scope.size() == 1);
  CHECK(has(b.out_of_scope[0].text, "Excel"));
}

TEST_CASE("speech: a short wish needs no word of software where somebody agrees", "[rules]") {
  auto const* said = GENERATE("We need charts.", "Charts must work.", "Print weeks.",
                              "I want charts.", "We must print weeks.");
  INFO(said);
  auto const b = drafted(std::string{"Ada: "} + said + "\nBen: Yes.\n");
  CHECK(b.requirements.size() == 1);
}

TEST_CASE("speech: what a talk writes small at the start of a sentence stays small", "[rules]") {
  auto const b = drafted("Ada: The build takes long.\nBen: It does.\nAda: Something is odd.\n"
                         "Ben: npm must not be needed for the tests. getUser() must return null.\n"
                         "Ada: Okay.\n");
  CHECK(has(all_of(b), "npm must not"));
  CHECK_FALSE(has(all_of(b), "Npm"));
}
