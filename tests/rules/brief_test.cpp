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

TEST_CASE("brief: a definition is no requirement and its numbers stay", "[rules]") {
  auto const b =
      brief_of("Ana: parse_duration should accept weeks, like \"2w\".\nBo: Agreed. A week "
               "is seven days, that is 604800 seconds.\nAna: format_duration should print "
               "three units.\nBo: Make it two, please.\nAna: Okay, two.\n");
  REQUIRE(b.requirements.size() == 2);
  auto const text = all_requirements(b);
  CHECK(has(text, "604800 seconds"));
  CHECK_FALSE(has(text, "two seconds"));
  CHECK(has(text, "print two units"));
  for (auto const& r : b.requirements)
    CHECK_FALSE(has(rules::lower(r.title), "week is"));
  auto const late = brief_of("Ana: parse_duration should accept weeks.\nBo: A week is seven days, "
                             "that is 604800 seconds.\nAna: Rather two, please.\n");
  CHECK_FALSE(has(all_requirements(late), "two seconds"));
}

TEST_CASE("brief: a find and things that are named first are requirements of their own",
          "[rules]") {
  auto const b = brief_of(
      "Mara: parse_duration should accept weeks, like \"2w\".\nJonas: Yes. I found a bug while "
      "looking. parse_duration('-5m') returns 300; it should return undef.\nMara: Okay.\nAisha: We "
      "also need sum_durations in Duration::Sum. It adds up a list of texts.\nJonas: Good. And for "
      "scripts a command line tool bin/duration.\nMara: Fine, let's do that.\n");
  REQUIRE(b.requirements.size() == 4);
  CHECK(has(b.requirements[0].text, "2w"));
  CHECK_FALSE(has(b.requirements[0].text, "undef"));
  CHECK(has(b.requirements[1].text, "undef"));
  CHECK(has(b.requirements[1].text, "-5m"));
  CHECK(has(b.requirements[2].text, "sum_durations"));
  CHECK_FALSE(has(b.requirements[2].text, "bin/duration"));
  CHECK(has(b.requirements[3].text, "bin/duration"));
}

TEST_CASE("brief: chatter in the form of an order is chatter", "[rules]") {
  auto const b = brief_of(
      "Ana: The export should write a header row.\nBo: Yes.\nAna: Did you see the final?\nBo: "
      "Don't. I still can't talk about it.\nAna: Ha.\nBo: Is the plumber there yet? I can hear "
      "hammering.\nAna: That's the neighbours. Don't ask.\n");
  REQUIRE(b.requirements.size() == 1);
  CHECK(has(b.requirements[0].text, "header row"));
  CHECK_FALSE(has(all_requirements(b), "talk about"));
  CHECK_FALSE(has(all_requirements(b), "neighbours"));
}

TEST_CASE("brief: what is hesitated over is read as it was meant", "[rules]") {
  auto const b =
      brief_of("Ana: So the the report should, um, it should, like, list every store.\nBo: "
               "Yeah, uh, agreed.\nAna: Good.\n");
  REQUIRE(b.requirements.size() == 1);
  CHECK(b.requirements[0].criteria.front() == "The report should list every store.");
  CHECK(b.requirements[0].cites.front().quote ==
        "So the the report should, um, it should, like, list every store.");
}

TEST_CASE("brief: duties in the passive and prohibitions are requirements", "[rules]") {
  auto const b = brief_of(
      "Ana: Snapshots older than ten days are to be deleted every night.\nBo: Okay.\nAna: No "
      "plain card number may end up in the log.\nBo: Right.\nAna: Invoices must never be "
      "overwritten.\nBo: Yes.\n");
  auto const text = all_requirements(b);
  CHECK(has(text, "snapshots older"));
  CHECK(has(text, "card number"));
  CHECK(has(text, "never be overwritten"));
}

TEST_CASE("brief: what is taken back by name is out, late or not", "[rules]") {
  auto const b = brief_of(
      "Ana: Amounts should be converted to euros, and the original amount is kept in a "
      "column.\nBo: "
      "Yes.\nAna: The load should go on without a missing file.\nBo: Good.\nAna: The report needs "
      "a "
      "title.\nBo: Fine.\nAna: The page should show the date.\nBo: Sure.\nAna: Forget the original "
      "amount.\nBo: True.\nAna: About the missing file, I was wrong. Let's wait instead: the load "
      "waits for a missing file until six.\nBo: Okay.\n");
  auto const text = all_requirements(b);
  CHECK(has(text, "converted to euros"));
  CHECK_FALSE(has(text, "original amount"));
  CHECK_FALSE(has(text, "go on without"));
  CHECK(has(text, "until six"));
  CHECK(b.out_of_scope.size() == 2);
}

TEST_CASE("brief: the order that somebody states is an order, not a requirement", "[rules]") {
  auto const b = brief_of(
      "Ana: The card reader should check students in.\nBo: Yes.\nAna: A booking should lapse after "
      "an "
      "hour.\nBo: Fine.\nAna: The check-in reader has to be there before the lapse of a booking is "
      "switched on.\nBo: Right.\n");
  REQUIRE(b.requirements.size() == 2);
  CHECK(b.requirements[1].after == std::vector<std::string>{"R1"});
}

TEST_CASE("brief: one line of one person is said by that person", "[rules]") {
  auto const b = brief_of("Ada: parse_duration should accept weeks."); // as the README has it
  REQUIRE(b.requirements.size() == 1);
  CHECK_FALSE(has(all_requirements(b), "ada"));
  CHECK(has(rules::lower(b.requirements[0].title), "parse_duration"));
  REQUIRE(b.requirements[0].cites.size() == 1);
  CHECK(b.requirements[0].cites[0].speaker == "Ada");
  CHECK(b.requirements[0].cites[0].quote == "parse_duration should accept weeks.");

  auto const two = brief_of("Ada: parse_duration should accept weeks.\nBo Krug: The installer must "
                            "keep the old configuration.\n");
  REQUIRE(two.requirements.size() == 2);
  CHECK(two.requirements[0].cites[0].speaker == "Ada");
  CHECK(two.requirements[1].cites[0].speaker == "Bo Krug");
  CHECK_FALSE(has(all_requirements(two), "bo krug"));
}

TEST_CASE("brief: somebody's part ends where another one speaks of something else", "[rules]") {
  auto const b = brief_of("Mara: The parser must accept weeks.\nJonas: Okay.\n"
                          "Aisha: Jonas reviews, and I'd like it by Thursday.\n"
                          "Mara: I'll write the help text by Monday.\n"
                          "Jonas: By Tuesday I'll check the parser.\n");
  REQUIRE(b.people.size() == 3);
  CHECK(b.people[0].person == "Jonas");
  CHECK(b.people[0].does == "reviews");
  CHECK(b.people[0].due.empty());
  CHECK(b.people[1].does == "write the help text");
  CHECK(b.people[1].due == "Monday");
  CHECK(b.people[2].does == "check the parser");
  CHECK(b.people[2].due == "Tuesday");
  // An answer of two words while parts are given out takes none.
  CHECK(brief_of("Mara: The parser must accept weeks. Who takes what?\nJonas: I am.\n")
            .people.empty());
}

TEST_CASE("brief: what it has no room for is told", "[rules]") {
  std::string talk;
  auto const name = [](int i) {
    std::string out;
    for (; i > 0; i /= 20)
      out += static_cast<char>('b' + i % 20);
    return "f_" + out + "oo";
  };
  for (int i = 1; i <= 170; ++i)
    talk += "Ana: We need " + name(i) + " in a new module " + name(i) + "_mod.\nBo: Okay.\n";
  auto const b = brief_of(talk);
  CHECK(b.requirements.size() == 150);
  REQUIRE_FALSE(b.open_questions.empty());
  auto const& told = b.open_questions.back();
  CHECK(has(told.text, "holds 150 requirements"));
  CHECK(has(told.text, "20 further ones were left out"));
  CHECK(has(told.text, name(151)));
  REQUIRE_FALSE(told.cites.empty());
  CHECK(has(told.cites.front().quote, name(151)));
}
