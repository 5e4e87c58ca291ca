#include "actors/engines/rules/dates.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/units.hpp"
#include "actors/engines/rules/wording.hpp"
#include "actors/engines/rules/words.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::rules;

namespace {

std::vector<unit> said(std::string text) {
  transcript t;
  t.form = "speaker-text";
  t.present = {"Ana Lima", "Bo Krug"};
  t.turns.push_back({"Ana Lima", duration{0}, std::move(text)});
  return units_of(t, names_of(t));
}

} // namespace

TEST_CASE("words: quotes, flags, paths and codes are one word each", "[rules]") {
  auto const w = words_of(R"(Add --no-verify to "a b" in docs/api.md, maxDelay is 1.5.)");
  REQUIRE(w.size() == 9);
  CHECK(w[1].what == word::kind::identifier);
  CHECK(w[1].text == "--no-verify");
  CHECK(w[3].what == word::kind::literal);
  CHECK(w[3].low == "a b");
  CHECK(w[5].text == "docs/api.md");
  CHECK(w[6].text == "maxDelay");
  CHECK(w[6].what == word::kind::identifier);
  CHECK(w[8].what == word::kind::number);
  CHECK(w[8].text == "1.5");
}

TEST_CASE("words: forms and spellings of a word share a stem", "[rules]") {
  CHECK(stem_of("parsing") == stem_of("parse"));
  CHECK(stem_of("parser") == stem_of("parses"));
  CHECK(stem_of("normalise") == stem_of("normalizing"));
  CHECK(stem_of("behaviour") == stem_of("behavior"));
  CHECK(stem_of("retries") == stem_of("retried"));
  CHECK(stem_of("dropped") == stem_of("drop"));
}

TEST_CASE("numbers: spelled numbers are read", "[rules]") {
  struct row {
    char const* text;
    double value;
    char const* unit;
  };
  auto const r =
      GENERATE(row{"thirty point four three seven five days", 30.4375, "day"},
               row{"a hundred characters", 100, "character"}, row{"two hundred and fifty", 250, ""},
               row{"1,500 rows", 1500, "row"}, row{"twenty-five percent", 25, "percent"},
               row{"one thousand two hundred thirty four", 1234, ""});
  auto const q = quantities_of(words_of(r.text));
  REQUIRE(q.size() == 1);
  CHECK(q[0].value == Approx(r.value));
  if (*r.unit != 0)
    CHECK(q[0].unit == stem_of(r.unit));
}

TEST_CASE("numbers: a pronoun, an ordinal and a divisor are no quantities", "[rules]") {
  CHECK(quantities_of(words_of("that one stays")).empty());
  CHECK(quantities_of(words_of("the twelfth of May")).empty());
  CHECK(quantities_of(words_of("the year divided by twelve")).empty());
  CHECK(ordinal_of("twenty-eighth") == 28);
  CHECK(ordinal_of("3rd") == 3);
  CHECK_FALSE(ordinal_of("thirdly"));
}

TEST_CASE("sentences: quotes, decimals, initials and hesitation do not end one", "[rules]") {
  auto const s = sentences_of(R"(It says "No. Stop." there. A limit of 1.5 is fine, e.g. for )"
                              R"(J. Smith. Well... maybe. Also capital M. Then go?)");
  REQUIRE(s.size() == 5);
  CHECK(s[0] == R"(It says "No. Stop." there.)");
  CHECK(s[1] == "A limit of 1.5 is fine, e.g. for J. Smith.");
  CHECK(s[2] == "Well... maybe.");
  CHECK(s[3] == "Also capital M.");
}

TEST_CASE("acts: requests, constraints, questions and background are told apart", "[rules]") {
  struct row {
    char const* text;
    act does;
  };
  auto const r = GENERATE(
      row{"The parser must accept tabs.", act::directive}, row{"Keep it short.", act::directive},
      row{"I'd write a test for that.", act::directive},
      row{"We want the count on every page.", act::directive},
      row{"Let's use the second format.", act::directive},
      row{"The output stays as it is.", act::constraint},
      row{"Please don't touch the version number.", act::constraint},
      row{"Can we make it throw as well?", act::question}, row{"What about tabs?", act::question},
      row{"Yesterday the import was broken.", act::none},
      row{"They shipped a plan without a length.", act::none},
      row{"I'd love to port it to Rust.", act::weak},
      row{"Somebody asked for a dark mode.", act::weak});
  auto const u = said(r.text);
  REQUIRE(u.size() == 1);
  INFO(r.text);
  // `Keep it short` both asks and keeps: either reading makes a requirement.
  bool const same =
      u[0].does == r.does || (r.does == act::directive && u[0].does == act::constraint);
  CHECK(same);
}

TEST_CASE("acts: a yes or no in front is a stance, and `no` before a noun is none", "[rules]") {
  CHECK(said("Right, null it is.")[0].stance == 1);
  CHECK(said("No, keep it.")[0].stance == -1);
  CHECK(said("No default.")[0].stance == 0);
  CHECK(said("Sounds good to me.")[0].does != act::directive);
  CHECK(said("Absolutely not.")[0].stance == -1);
}

TEST_CASE("wording: a yes turns a question into a statement", "[rules]") {
  auto const q = [](char const* text) { return proposition_of(said(text)[0]); };
  CHECK(q("Can we make it throw as well?") == "make it throw as well");
  CHECK(q("Could every event carry a unique id?") == "every event should carry a unique id");
  CHECK(q("Should there be a limit?") == "there should be a limit");
  CHECK(q("What about tabs?") == "tabs");
}

TEST_CASE("wording: titles are imperative and short", "[rules]") {
  CHECK(imperative_of("There should be an option for the separator.", "") ==
        "Add an option for the separator");
  CHECK(imperative_of("Logout should warn if notes are unsent.", "") ==
        "Make logout warn if notes are unsent");
  CHECK(imperative_of("The schema stays as it is", "") == "Keep the schema as it is");
  CHECK(imperative_of("drop them", "Emoji") == "Emoji: drop them");
  CHECK(imperative_of(std::string(300, 'x'), "").size() <= 120);
  CHECK(with_digits("a hundred characters at most") ==
        "a hundred characters at most (100 characters)");
}

TEST_CASE("text: broken bytes become valid UTF-8", "[rules]") {
  CHECK(*decode_text("caf\xe9 au lait") == "café au lait");
  CHECK(*decode_text("\xef\xbb\xbfgr\xc3\xbc\xc3\x9f") == "grüß");
  CHECK(*decode_text("\xc3\xbc\xc3\xb6\xc3\xa4 \xff!") == "üöä \xef\xbf\xbd!");
  CHECK(decode_text(std::string_view{"\x00\x01\x02\x03\x04\x05\x00\x00\x01", 9}).has_error());
  CHECK(lower("ÄÖÜ Ž") == "äöü ž");
  CHECK(shorten("a long sentence of words", 12).size() <= 12);
}
