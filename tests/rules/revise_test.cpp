#include "actors/engines/rules/brief.hpp"
#include "actors/engines/rules/revise.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace troupe;

namespace {

constexpr auto talk = "Ana: parse_age should accept years and weeks.\n"
                      "Bo: Yes. It should accept months too, \"mo\" and \"months\".\n"
                      "Ana: Next, the title. We need title_case in a new module.\n"
                      "Bo: Okay.\n"
                      "Ana: Last point, reading. reading_time should return the minutes of a "
                      "text.\n"
                      "Bo: Good.\n";

transcript read(std::string_view text) {
  auto t = parse_transcript(text);
  REQUIRE(t.has_value());
  return *t;
}

std::string all_of(brief_content const& b) {
  std::string out;
  for (auto const& r : b.requirements) {
    out += r.title + "|" + r.text + "|";
    for (auto const& c : r.criteria)
      out += c + "|";
  }
  return out;
}

std::string texts(std::vector<cited_statement> const& list) {
  std::string out;
  for (auto const& s : list)
    out += s.text + "|";
  return out;
}

bool has(std::string const& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

brief_content revised(brief_content const& before, std::string_view notes,
                      std::string_view drafted_from = talk) {
  auto out = revise_brief(before, read(drafted_from), notes);
  REQUIRE(out.has_value());
  return *out;
}

} // namespace

TEST_CASE("revision: what the notes take out is out of scope, and nothing else goes", "[rules]") {
  auto const before = draft_brief(read(talk));
  REQUIRE(before.has_value());
  REQUIRE(has(all_of(*before), "months"));
  REQUIRE(has(all_of(*before), "weeks"));

  SECTION("a criterion") {
    auto const note = GENERATE("leave months out", "Please leave out the months.", "Drop months",
                               "Months are out of scope.", "We don't need months.");
    auto const after = revised(*before, note);
    CHECK_FALSE(has(all_of(after), "onths"));
    CHECK(has(all_of(after), "weeks"));
    CHECK(after.requirements.size() == before->requirements.size());
    REQUIRE_FALSE(after.out_of_scope.empty());
    auto const& out = after.out_of_scope.back();
    REQUIRE(out.cites.size() == 1);
    CHECK(out.cites[0].speaker == "Reviewer");
    CHECK(out.cites[0].quote == note);
    CHECK_FALSE(has(texts(after.open_questions), "Not understood"));
  }
  SECTION("a requirement, and what was never in the draft") {
    auto const after = revised(*before, "Leave reading_time out. Transliteration is out of scope.");
    CHECK_FALSE(has(all_of(after), "reading_time"));
    CHECK(after.requirements.size() + 1 == before->requirements.size());
    CHECK(has(texts(after.out_of_scope), "Reading_time"));
    CHECK(has(texts(after.out_of_scope), "Transliteration"));
  }
  SECTION("a requirement by its key") {
    auto const key = before->requirements.back().key;
    auto const after = revised(*before, "drop " + key);
    CHECK(after.requirements.size() + 1 == before->requirements.size());
    CHECK(std::none_of(after.requirements.begin(), after.requirements.end(),
                       [&](auto const& r) { return r.key == key; }));
    CHECK(has(texts(after.out_of_scope), before->requirements.back().title));
  }
}

TEST_CASE("revision: nothing of the notes is lost in silence", "[rules]") {
  auto const before = draft_brief(read(talk));
  REQUIRE(before.has_value());
  CHECK(has(texts(revised(*before, "Hm, fine by me, the weather is lovely.").open_questions),
            "Not understood"));
  auto const absent = revised(*before, "leave the colours out");
  CHECK(has(texts(absent.open_questions), "nothing in the draft speaks of"));
  CHECK(absent.requirements.size() == before->requirements.size());
  // What the draft does not speak of may be asked for in these words.
  auto const wanted = revised(*before, "Skip empty lines in parse_age.");
  CHECK(has(all_of(wanted), "mpty lines"));
  auto const both = revised(*before, "Leave months out, and parse_age should accept decades.");
  CHECK_FALSE(has(all_of(both), "months"));
  CHECK(has(all_of(both), "decades"));
}

TEST_CASE("revision: the notes of an earlier round still hold", "[rules]") {
  auto const before = draft_brief(read(talk));
  REQUIRE(before.has_value());
  auto const second = revised(*before, "leave months out");
  auto const third = revised(second, "parse_age should accept decades.");
  CHECK_FALSE(has(all_of(third), "months"));
  CHECK(has(all_of(third), "decades"));
  auto const fourth = revised(third, "drop reading_time");
  CHECK_FALSE(has(all_of(fourth), "months"));
  CHECK(has(all_of(fourth), "decades"));
  CHECK_FALSE(has(all_of(fourth), "reading_time"));
}

TEST_CASE("revision: a brief is never thinned to nothing", "[rules]") {
  auto const t = read("Ana: slugify should lower the case.\nBo: Yes.\n");
  auto const before = draft_brief(t);
  REQUIRE(before.has_value());
  REQUIRE(before->requirements.size() == 1);
  auto const after = revise_brief(*before, t, "drop slugify");
  REQUIRE(after.has_value());
  CHECK(after->requirements.size() == 1);
  CHECK(has(texts(after->open_questions), "nothing would be left"));
}

TEST_CASE("revision: an item that is quoted or told again is taken out, whatever its words",
          "[rules]") {
  auto const before = draft_brief(read(talk));
  REQUIRE(before.has_value());
  REQUIRE(has(all_of(*before), "It should accept months too"));
  auto const* note =
      GENERATE("Drop 'It should accept months too': we decided against it.",
               "Remove \"it should accept months too\", please.",
               "Please delete the criterion `it should accept months too` because nobody wants it.",
               "Take out that it should accept months, nobody needs them.");
  INFO(note);
  auto const after = revised(*before, note);
  CHECK_FALSE(has(all_of(after), "onths"));
  CHECK(has(all_of(after), "weeks"));
  CHECK_FALSE(has(all_of(after), "decided against"));
  CHECK_FALSE(has(all_of(after), "nobody"));
  CHECK(after.requirements.size() == before->requirements.size());
  CHECK_FALSE(has(texts(after.open_questions), "Not understood"));
}

TEST_CASE("revision: what cannot be found is told, with the way on, and becomes no criterion",
          "[rules]") {
  auto const before = draft_brief(read(talk));
  REQUIRE(before.has_value());
  auto const* note = GENERATE("Drop 'it must print in colour'.", "Delete the part about printers.",
                              "Remove the sentence 'retry three times': it was a joke.");
  INFO(note);
  auto const after = revised(*before, note);
  CHECK(all_of(after) == all_of(*before));
  CHECK(has(texts(after.open_questions), "nothing in the draft speaks of"));
  CHECK(has(texts(after.open_questions), "troupe brief edit"));
}

TEST_CASE("revision: a day is the day, and a case is added to what it is about", "[rules]") {
  auto const before = draft_brief(read(talk));
  REQUIRE(before.has_value());
  auto const* day = GENERATE("Due Friday.", "The deadline is Friday.", "It's due on Friday.");
  INFO(day);
  auto const dated = revised(*before, day);
  CHECK(dated.due == "Friday");
  CHECK(all_of(dated) == all_of(*before));
  CHECK_FALSE(has(texts(dated.open_questions), "Not understood"));

  auto const cased = revised(*before, "It should accept months is only for negative ages.");
  CHECK(has(all_of(cased), "For negative ages: it should accept months too"));
  CHECK(cased.requirements.size() == before->requirements.size());
  CHECK_FALSE(has(texts(cased.open_questions), "Not understood"));
  // What is put to the same case again changes nothing.
  CHECK(all_of(revised(cased, "It should accept months is only for negative ages.")) ==
        all_of(cased));
}

namespace {

constexpr auto shop = "Ana: The search must be faster, it takes nine seconds.\n"
                      "Bo: Okay.\n"
                      "Ana: Next, the changelog. The changelog must name every release.\n"
                      "Bo: Fine. Maybe also a logo?\n"
                      "Ana: Hm.\n";

} // namespace

TEST_CASE("revision: a word about the draft answers nothing that the talk left open", "[rules]") {
  auto const before = draft_brief(read(shop));
  REQUIRE(before.has_value());
  REQUIRE(before->requirements.size() == 2);
  auto const* note =
      GENERATE("shorter", "shorter please", "Make it shorter.", "Less detail.", "Better titles.",
               "Please reword the requirements.", "Merge R1 and R2", "R2 first", "No.", "Not now.",
               "A hundred.", "Fine.", "Split R2.", "Make it blue.");
  INFO(note);
  auto const after = revised(*before, note, shop);
  CHECK(all_of(after) == all_of(*before));
  CHECK(texts(after.decisions) == texts(before->decisions));
  CHECK(texts(after.out_of_scope) == texts(before->out_of_scope));
  CHECK(has(texts(after.open_questions), std::string{"Not understood: \""} + note));
}

TEST_CASE("revision: what the same notes ask for is not lost with what they take out", "[rules]") {
  auto const before = draft_brief(read(shop));
  REQUIRE(before.has_value());
  auto const* note = GENERATE("Drop R2. Add a changelog.", "Add a changelog. Drop R2.",
                              "Remove R2. We need a changelog entry for each fix.");
  INFO(note);
  auto const after = revised(*before, note, shop);
  CHECK(has(all_of(after), "changelog"));
  CHECK_FALSE(has(all_of(after), "name every release"));
  CHECK(after.requirements.size() == 2);
  CHECK(after.requirements.back().cites.front().speaker == "Reviewer");
  CHECK_FALSE(has(texts(after.open_questions), "Not understood"));
}

TEST_CASE("revision: a key names the requirement that the draft had under it", "[rules]") {
  auto const before = draft_brief(read(shop));
  REQUIRE(before.has_value());
  auto const added = revised(*before, "R1 should also ignore case.", shop);
  CHECK(added.requirements[0].criteria.back() == "It should also ignore case.");
  CHECK(added.requirements[0].cites.back().speaker == "Reviewer");
  auto const* order = GENERATE("R1 after R2", "R2 before R1.", "R1 waits for R2.",
                               "The search comes after the changelog.",
                               "Once the changelog is done the search can start.");
  INFO(order);
  auto const ordered = revised(*before, order, shop);
  CHECK(ordered.requirements[0].after == std::vector<std::string>{"R2"});
  CHECK(ordered.requirements[1].after.empty());
  CHECK(ordered.requirements[0].criteria == before->requirements[0].criteria);
  CHECK_FALSE(has(texts(ordered.open_questions), "Not understood"));
  // And the next round keeps it, and can turn it round.
  CHECK(revised(ordered, "The search must ignore accents.", shop).requirements[0].after ==
        std::vector<std::string>{"R2"});
  CHECK(revised(ordered, "R2 after R1", shop).requirements[0].after.empty());
}

TEST_CASE("revision: notes that would close a circle change nothing and are told", "[rules]") {
  constexpr auto three = "Ana: The search must be faster, it takes nine seconds.\n"
                         "Bo: Okay.\n"
                         "Ana: Next, the changelog. The changelog must name every release.\n"
                         "Bo: Fine.\n"
                         "Ana: Next, the footer. The footer must show the version.\n"
                         "Bo: Okay.\n";
  auto const before = draft_brief(read(three));
  REQUIRE(before.has_value());
  REQUIRE(before->requirements.size() == 3);
  auto const first = revised(*before, "R1 after R2", three);
  auto const second = revised(first, "R2 after R3", three);
  REQUIRE(second.requirements[0].after == std::vector<std::string>{"R2"});
  REQUIRE(second.requirements[1].after == std::vector<std::string>{"R3"});
  auto const third = revised(second, "R3 after R1", three);
  CHECK(third.requirements == second.requirements);
  CHECK(has(texts(third.open_questions), "R3 -> R1 -> R2 -> R3"));
}

TEST_CASE("revision: an order in the notes runs the way it was said", "[rules]") {
  constexpr auto banner = "Ana: The search is too slow, it must answer within a second.\n"
                          "Bo: Okay.\n"
                          "Ana: And please remove the beta banner.\n"
                          "Bo: The banner removal should come after the search fix is shipped.\n";
  auto const t = read(banner);
  auto const before = draft_brief(t);
  REQUIRE(before.has_value());
  auto const* note =
      GENERATE("Removing the beta banner is a requirement of its own, after the search.",
               "The beta banner goes after the search.", "The search comes before the banner.");
  INFO(note);
  auto const after = revise_brief(*before, t, note);
  REQUIRE(after.has_value());
  for (auto const& r : after->requirements) {
    INFO(r.title);
    if (has(r.title, "earch"))
      CHECK(r.after.empty());
    else
      CHECK(r.after.size() == 1);
  }
}

TEST_CASE("revision: a statement about something of the draft counts, another does not",
          "[rules]") {
  auto const before = draft_brief(read(talk));
  REQUIRE(before.has_value());
  auto const after = revised(*before, "reading_time is rounded up to whole minutes.");
  CHECK(has(all_of(after), "rounded up"));
  CHECK(after.requirements.size() == before->requirements.size());
  CHECK(has(texts(revised(*before, "The office is closed.").open_questions), "Not understood"));
}
