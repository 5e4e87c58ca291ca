// Plain requests, bug reports and needs; what takes the place of what; what is no request at all.

#include "tests/rules/talk.hpp"

using namespace troupe;
using test::about;
using test::all_of;
using test::drafted;
using test::has;

namespace {

std::string texts(std::vector<cited_statement> const& list) {
  std::string out;
  for (auto const& s : list)
    out += s.text + '\n';
  return out;
}

} // namespace

TEST_CASE("requests: a bug report alone asks for its end, in its own words", "[rules]") {
  auto const [said, title, criterion] = GENERATE(table<char const*, char const*, char const*>(
      {{"There is a bug: search crashes on an empty query.",
        "Fix: search crashes on an empty query", "search must not crash on an empty query."},
       {"We have a problem: the uploader hangs on large images.",
        "Fix: the uploader hangs on large images", "The uploader must not hang on large images."},
       {"The checkout breaks when the cart is empty.",
        "Fix: The checkout breaks when the cart is empty",
        "The checkout must not break when the cart is empty."},
       {"Printing doesn't work on Linux.", "Fix: Printing doesn't work on Linux",
        "Printing must work on Linux."},
       {"The preview no longer loads in Firefox.", "Fix: The preview no longer loads in Firefox",
        "The preview must load in Firefox."},
       {"The weekly report shows the wrong totals.",
        "Fix: The weekly report shows the wrong totals",
        "The weekly report must not show the wrong totals."},
       {"Start-up is too slow on old phones.", "Fix: Start-up is too slow on old phones",
        "Start-up must not be too slow on old phones."},
       {"The scanner times out after ten seconds.", "Fix: The scanner times out after ten seconds",
        "The scanner must not time out after ten seconds."}}));
  INFO(said);
  auto const b = drafted(std::string{"Mia: "} + said + "\n");
  REQUIRE(b.requirements.size() == 1);
  CHECK(b.requirements[0].title == title);
  CHECK(b.requirements[0].criteria == std::vector<std::string>{criterion});
  REQUIRE(b.requirements[0].cites.size() == 1);
  CHECK(b.requirements[0].cites[0].quote == said);
}

TEST_CASE("requests: what is no fault of the product is no bug report", "[rules]") {
  auto const* said =
      GENERATE("My laptop is slow.", "The coffee machine is broken.",
               "The parser never crashes on empty input.", "There is no bug in the parser.",
               "That doesn't work for me.", "The meeting room is too small.");
  INFO(said);
  CHECK(drafted(std::string{"Mia: "} + said + "\n").requirements.empty());
}

TEST_CASE("requests: a fault that somebody waves off is not asked for", "[rules]") {
  auto const* answer = GENERATE("Not now, next quarter.", "No.", "That's by design.", "Leave it.");
  INFO(answer);
  CHECK(drafted(std::string{"Mia: The importer crashes on empty files.\nJoe: "} + answer + '\n')
            .requirements.empty());
}

TEST_CASE("requests: a fault is the background of the demand behind it, not a second one",
          "[rules]") {
  auto const b = drafted("Mia: The importer should read TSV.\nJoe: Okay.\n"
                         "Mia: The exporter crashes on empty tables. It should write only the "
                         "header then.\nJoe: Yes.\n");
  REQUIRE(b.requirements.size() == 2);
  CHECK(b.requirements[0].criteria == std::vector<std::string>{"The importer should read TSV."});
  CHECK(b.requirements[1].criteria ==
        std::vector<std::string>{"The exporter should write only the header then."});
  CHECK(has(b.requirements[1].text, "crashes on empty tables"));
}

TEST_CASE("requests: a polite request to somebody is a requirement", "[rules]") {
  auto const [said, title] = GENERATE(table<char const*, char const*>(
      {{"Joe, could you add a search box to the archive page?",
        "Add a search box to the archive page"},
       {"Would you mind renaming the upload button to Send?", "Rename the upload button to Send"},
       {"Joe, would you mind adding a dark theme?", "Add a dark theme"},
       {"Can you please remove the old login form?", "Remove the old login form"},
       {"Will you support Markdown in comments?", "Support Markdown in comments"}}));
  INFO(said);
  auto const alone = drafted(std::string{"Mia: "} + said + "\n");
  REQUIRE(alone.requirements.size() == 1);
  CHECK(alone.requirements[0].title == title);
  CHECK(alone.open_questions.empty());
  auto const agreed = drafted(std::string{"Mia: "} + said + "\nJoe: Sure.\n");
  REQUIRE(agreed.requirements.size() == 1);
  CHECK(agreed.requirements[0].title == title);
  auto const refused = drafted(std::string{"Mia: "} + said + "\nJoe: No, not this year.\n");
  CHECK(refused.requirements.empty());
  CHECK(refused.out_of_scope.size() == 1);
}

TEST_CASE("requests: what people do for one another is no request for a change", "[rules]") {
  auto const* said =
      GENERATE("Joe, can you hear me?", "Joe, can you review my pull request?",
               "Joe, could you hand me the charger?", "Can you come to the party tonight?");
  INFO(said);
  CHECK(drafted(std::string{"Mia: "} + said + "\nJoe: Sure.\n").requirements.empty());
}

TEST_CASE("requests: a need with a noun is a requirement, in any letters", "[rules]") {
  auto const [said, title] = GENERATE(
      table<char const*, char const*>({{"We need offline support.", "Provide offline support"},
                                       {"We need résumé parsing.", "Provide résumé parsing"},
                                       {"We need Łódź support.", "Provide Łódź support"},
                                       {"They need retry handling.", "Provide retry handling"},
                                       {"We need charts.", "Provide charts"}}));
  INFO(said);
  auto const b = drafted(std::string{"Mia: "} + said + "\n");
  REQUIRE(b.requirements.size() == 1);
  CHECK(b.requirements[0].title == title);
}

TEST_CASE("requests: what people need for themselves is none", "[rules]") {
  auto const* said = GENERATE("We need more time.", "I need a break.", "We need to talk.",
                              "We need more coffee.", "We need an answer.");
  INFO(said);
  CHECK(drafted(std::string{"Mia: "} + said + "\nJoe: True.\n").requirements.empty());
}

TEST_CASE("alternatives: what is preferred and agreed to replaces the proposal", "[rules]") {
  auto const* yes = GENERATE("OK, line number then. Let's do that.", "Fine, the line number it is.",
                             "Right.", "Agreed, let's do that.");
  INFO(yes);
  auto const b = drafted(std::string{"Mia: The exporter should write a header.\nJoe: Okay.\n"
                                     "Mia: lint stalls when a row has two commas. It should "
                                     "ignore the second one.\n"
                                     "Joe: Hm, ignore quietly? I'd rather report the line number "
                                     "of the row.\nMia: "} +
                         yes + "\n");
  REQUIRE(b.requirements.size() == 2);
  CHECK(b.requirements[0].criteria ==
        std::vector<std::string>{"The exporter should write a header."});
  CHECK(b.requirements[1].criteria ==
        std::vector<std::string>{"lint should report the line number of the row."});
  CHECK_FALSE(has(all_of(b), "gnore"));
  CHECK_FALSE(has(texts(b.decisions), "gnore"));
  CHECK(has(texts(b.decisions), "report the line number"));
}

TEST_CASE("alternatives: whatever words they come in", "[rules]") {
  auto const [first, second, wanted] = GENERATE(table<char const*, char const*, char const*>(
      {{"The cache should be cleared every night.", "Let's clear it on every release instead.",
        "Clear the cache on every release."},
       {"The form should hide the price.", "Better show it in grey.",
        "The form should show the price in grey."},
       {"The page should load all rows.", "I'd rather load fifty rows.",
        "The page should load fifty rows (50 rows)."},
       {"Errors should be skipped.", "I would rather stop at the first error.",
        "Stop at the first error."},
       {"The importer should skip bad rows.", "I'd prefer to list them in a report.",
        "The importer should list them in a report."}}));
  INFO(second);
  auto const b = drafted(std::string{"Mia: "} + first + "\nJoe: " + second + "\nMia: OK.\n");
  REQUIRE(b.requirements.size() == 1);
  if (!has(second, "list them"))
    CHECK(b.requirements[0].criteria == std::vector<std::string>{wanted});
  CHECK_FALSE(has(all_of(b), first));
}

TEST_CASE("alternatives: one that is turned down leaves the proposal as it was", "[rules]") {
  auto const b = drafted("Mia: The exporter chokes on tabs. It should drop every tab.\n"
                         "Joe: Drop quietly? I'd rather replace each tab with a blank.\n"
                         "Mia: No.\nJoe: Okay.\n");
  REQUIRE(b.requirements.size() == 1);
  CHECK(has(all_of(b), "should drop every tab"));
  CHECK_FALSE(has(all_of(b), "replace each tab"));
}

TEST_CASE("alternatives: an addition and a private wish replace nothing", "[rules]") {
  auto const* second = GENERATE("I'd rather also have it on the console.",
                                "I'd rather have a coffee now.", "Rather late today, sorry.");
  INFO(second);
  auto const b = drafted(std::string{"Mia: The log should be written to a file.\nJoe: "} + second +
                         "\nMia: Yes.\n");
  CHECK(has(all_of(b), "written to a file"));
}

TEST_CASE("talk: a topic is no prefix, a case stays with its answer, a reason is no criterion",
          "[rules]") {
  auto const b = drafted(
      "Mia: Let's talk about the mailer for a moment.\nJoe: Sure.\n"
      "Mia: Users keep asking for signatures. We should have a signature field in the settings.\n"
      "Joe: Agreed. And without a name?\n"
      "Mia: Leave the line out, I think. An empty line would confuse people.\nJoe: Good.\n"
      "Mia: The handbook must explain the field, people always ask me.\n");
  REQUIRE(b.requirements.size() == 2);
  CHECK(b.requirements[0].criteria ==
        std::vector<std::string>{"We should have a signature field in the settings.",
                                 "Without a name: Leave the line out."});
  CHECK(b.requirements[1].criteria ==
        std::vector<std::string>{"The handbook must explain the field."});
  CHECK_FALSE(has(all_of(b), "moment"));
  CHECK_FALSE(has(all_of(b), "keep asking"));
  CHECK_FALSE(has(all_of(b), "confuse"));
  CHECK_FALSE(has(texts(b.decisions), "keep asking"));
}

TEST_CASE("talk: whoever takes an item owns that one", "[rules]") {
  auto const* said = GENERATE("I'll do the handbook.", "I can do that after the sorter is in.",
                              "I'll do that once the sorter is done.");
  INFO(said);
  auto const b = drafted(std::string{"Mia: The sorter should accept a column name.\nJoe: Fine.\n"
                                     "Mia: The handbook must explain the sorter's new flag.\n"
                                     "Joe: "} +
                         said + "\nMia: Great.\n");
  CHECK(about(b, "handbook").owner == "Joe");
  CHECK(about(b, "column name").owner.empty());
}

TEST_CASE("talk: a wish for everything by a day is the day", "[rules]") {
  auto const* said =
      GENERATE("It'd be nice to have all this by Tuesday.", "I'd love to have it all by Tuesday.",
               "We want to have everything by Tuesday.");
  INFO(said);
  auto const b =
      drafted(std::string{"Mia: The sorter should accept a column name.\nJoe: Fine.\nMia: "} +
              said + "\nJoe: Okay.\n");
  CHECK(b.due == "Tuesday");
  CHECK(b.requirements.size() == 1);
}

TEST_CASE("talk: an idea that is put off is out of scope, lunch is not", "[rules]") {
  std::string const head = "Mia: The sorter should accept a column name.\n";
  auto const off = drafted(head + "Joe: How about a quartile?\nMia: Not now. Maybe next year.\n");
  REQUIRE(off.out_of_scope.size() == 1);
  CHECK(off.out_of_scope[0].text == "A quartile.");
  CHECK(drafted(head + "Joe: How about pizza?\nMia: Not now.\n").out_of_scope.empty());
}

TEST_CASE("requests: who takes a demand on does not take it away", "[rules]") {
  auto const b = drafted("Priya: So we should stream the export instead of building it in memory.\n"
                         "Tom: I can do that.\n");
  CHECK(has(all_of(b), "stream the export"));
  CHECK(drafted("Priya: We should tell support about the outage.\nTom: Will do.\n")
            .requirements.empty());
}

TEST_CASE("requests: a question's subject may end with a word that is a verb as well", "[rules]") {
  auto const b = drafted("Dana: Could the file name have the date in it?\nPriya: Sure.\n");
  CHECK(has(all_of(b), "file name should have the date in it"));
}

TEST_CASE("requests: what is said for an idea is turned down with it", "[rules]") {
  auto const b = drafted("Priya: The export must have a progress bar.\n"
                         "Tom: What about Excel? Someone asked for xlsx.\n"
                         "Priya: Not now. Let's see how the export goes.\n"
                         "Dana: The bar jumps to 100 immediately, that's confusing.\n"
                         "Priya: Good catch, fix that too.\n");
  CHECK_FALSE(has(all_of(b), "xlsx"));
}
