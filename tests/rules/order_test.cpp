// What people say about the order of the work, and what only sounds like it.

#include "tests/rules/talk.hpp"

using namespace troupe;
using test::about;
using test::comes_after;
using test::drafted;
using test::has;

namespace {

/// Two things that have nothing to do with one another, until somebody says so.
std::string talk(std::string const& said) {
  return "Ada: The database schema must have a column for the currency.\n"
         "Ben: Okay.\n"
         "Ada: Next, the import. The import should read the old invoices.\n"
         "Ben: Fine.\n"
         "Ada: " +
         said + "\nBen: Right.\n";
}

} // namespace

TEST_CASE("order: many ways to say that one thing waits for another", "[rules]") {
  auto const* said = GENERATE(
      "The import comes after the schema.", "Start the import once the schema is merged.",
      "Start the import as soon as the schema is done.",
      "We can start the import as soon as the schema lands.",
      "When the schema lands, then we do the import.", "The import depends on the schema.",
      "The import builds on the schema.", "The import is blocked by the schema.",
      "The import is waiting for the schema.", "The import needs the schema first.",
      "The import needs the schema merged.",
      "Before we start on the import, the schema has to be in.",
      "We have to have the schema before we do the import.",
      "We can't start the import until the schema is in.", "Schema first, and then the import.",
      "I wouldn't start on the import until the schema works.",
      "The import can't go live before the schema does.",
      "Nobody should touch the import until the schema is finished.",
      "As soon as we have the schema we can do the import.",
      "Once we've got the schema, I'll do the import.",
      "When the schema is in we can start the import.",
      "The import needs the schema, because without it there is nowhere to put the currency.",
      "The import requires the schema.", "The import only makes sense once the schema is there.",
      "The import makes no sense without the schema.", "Start with the schema, then the import.",
      "First the schema, then the import.", "Schema first, then the import.",
      "The import is blocked by the schema, isn't it?",
      "Before we can do the import, somebody has to finish the schema.",
      "The schema has to be in place before the import.");
  INFO(said);
  auto const b = drafted(talk(said));
  CHECK(comes_after(b, "import", "schema"));
  CHECK_FALSE(comes_after(b, "schema", "import"));
}

TEST_CASE("order: rules of the product are none", "[rules]") {
  auto const* said =
      GENERATE("Thirty minutes after the import it shows the currency.",
               "When the import is done, then the currency is shown.",
               "The import reads the oldest invoice first.",
               "The currency is shown before the amount.", "The import should list errors first.",
               "The currency must not be shown until the import is finished.",
               "First the import reads the currency, then it checks the schema.",
               "The import needs a button for the schema.",
               "The import shows the schema once the currency is chosen.");
  INFO(said);
  auto const b = drafted(talk(said));
  for (auto const& r : b.requirements)
    CHECK(r.after.empty());
}

TEST_CASE("order: a part that somebody takes on waits for another", "[rules]") {
  auto const b = drafted("Ada: The database schema must have a column for the currency.\n"
                         "Ben: Okay.\n"
                         "Ada: Next, the import. The import should read the old invoices.\n"
                         "Ben: Fine.\n"
                         "Ada: Ben, can you look after the import?\n"
                         "Ben: I can. I need the list of columns for that though, so after the "
                         "schema is finished.\n");
  CHECK(comes_after(b, "import", "schema"));
}

TEST_CASE("order: it is what the same sentence named before", "[rules]") {
  auto const b = drafted("Ada: The tool should split polygons at the antimeridian.\n"
                         "Ben: Yes.\n"
                         "Ada: The documentation must be corrected. And an example for the "
                         "antimeridian once it's in.\n"
                         "Ben: Fine.\n");
  CHECK(comes_after(b, "ocumentation", "antimeridian"));
}

TEST_CASE("order: a first clause ends where the next one has its subject and its verb", "[rules]") {
  auto const* said =
      GENERATE("Once the parser is done the README should show weeks.",
               "Once the parser is done, the README should show weeks.",
               "After the parser is done the README should show weeks.",
               "And once that is done the README should show weeks.",
               "As soon as the parser is merged the README has to show weeks.",
               "Once the parser is in the README should show weeks.",
               "Once it's merged the README should show weeks.",
               "Once the parser has been merged into the main branch the README must show weeks.",
               "Once the parser lands the README should show weeks, days and hours.",
               "Once the parser is finished update the README with weeks.",
               "The README should show weeks once the parser is done.");
  INFO(said);
  auto const b = drafted("Ada: The parser must accept weeks.\nBen: " + std::string{said} + "\n");
  REQUIRE(b.requirements.size() == 2);
  CHECK(comes_after(b, "README", "accept"));
  CHECK(about(b, "accept").after.empty());
  // What it waits for is the order, not the work.
  CHECK_FALSE(has(about(b, "README").title, "Once"));
  CHECK_FALSE(has(about(b, "README").title, "After"));
}

TEST_CASE("order: what waits and what it waits for are two requirements", "[rules]") {
  auto const* said = GENERATE("Once the importer is done the invoice list should show totals.",
                              "The invoice list should show totals after the importer is done.");
  INFO(said);
  auto const b =
      drafted("Ada: The importer must read the bank file.\nBen: Okay.\nAda: " + std::string{said} +
              "\nBen: Fine.\n");
  CHECK(comes_after(b, "totals", "bank file"));
  CHECK(about(b, "bank file").after.empty());
}

TEST_CASE("order: a clause about the product stays in the title and orders nothing", "[rules]") {
  auto const* said = GENERATE("After three attempts, the account should be locked.",
                              "After the login the user should land on the dashboard.",
                              "Once the basket is full the page should say so.");
  INFO(said);
  auto const b = drafted("Ada: The login page must remember the account.\nBen: Okay.\nAda: " +
                         std::string{said} + "\nBen: Fine.\n");
  for (auto const& r : b.requirements)
    CHECK(r.after.empty());
}
