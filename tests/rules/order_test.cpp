// What people say about the order of the work, and what only sounds like it.

#include "actors/engines/rules/brief.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

brief_content drafted(std::string const& text) {
  auto const t = parse_transcript(text, "talk.txt");
  REQUIRE(t.has_value());
  auto const b = draft_brief(*t);
  REQUIRE(b.has_value());
  return *b;
}

requirement const& about(brief_content const& b, std::string_view word) {
  for (auto const& r : b.requirements)
    if (r.title.find(word) != std::string::npos)
      return r;
  std::string all;
  for (auto const& r : b.requirements)
    all += r.title + "; ";
  FAIL("no requirement about " << word << " in: " << all);
  return b.requirements.front();
}

bool comes_after(brief_content const& b, std::string_view later, std::string_view sooner) {
  auto const& after = about(b, later).after;
  return std::find(after.begin(), after.end(), about(b, sooner).key) != after.end();
}

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
      "We can't start the import until the schema is in.", "Schema first, and then the import.");
  INFO(said);
  auto const b = drafted(talk(said));
  CHECK(comes_after(b, "import", "schema"));
  CHECK_FALSE(comes_after(b, "schema", "import"));
}

TEST_CASE("order: rules of the product are none", "[rules]") {
  auto const* said = GENERATE("Thirty minutes after the import it shows the currency.",
                              "When the import is done, then the currency is shown.",
                              "The import reads the oldest invoice first.",
                              "The currency is shown before the amount.");
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
