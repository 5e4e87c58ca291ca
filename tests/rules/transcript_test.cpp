#include "actors/engines/rules/brief.hpp"
#include "actors/engines/rules/transcript.hpp"
#include "tests/rules/score.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <random>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// The same short talk in every form: who said what, and when.
void is_the_talk(result<transcript> const& t, bool timed = true) {
  REQUIRE(t.has_value());
  REQUIRE(t->turns.size() == 3);
  CHECK(t->turns[0].speaker == "Ana Lima");
  CHECK(t->turns[0].text == "The limit should be ten.");
  CHECK(t->turns[1].speaker == "Bo Krug");
  CHECK(t->turns[1].text == "Right, ten.");
  CHECK(t->turns[2].speaker == "Ana Lima");
  CHECK(t->turns[2].text == "Good. See: that was quick.");
  if (timed) {
    CHECK(t->turns[1].at - t->turns[0].at == 4s);
    CHECK(t->turns[2].at - t->turns[0].at == 65s);
  }
}

bool valid_utf8(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    auto const b = static_cast<unsigned char>(s[i]);
    std::size_t const n = b < 0x80 ? 1 : b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc2 ? 2 : 0;
    if (n == 0 || i + n > s.size())
      return false;
    for (std::size_t k = 1; k < n; ++k)
      if ((static_cast<unsigned char>(s[i + k]) & 0xc0u) != 0x80u)
        return false;
    i += n;
  }
  return true;
}

std::string utf16(std::u16string_view s, bool big) {
  std::string out = big ? "\xfe\xff" : "\xff\xfe";
  for (auto const c : s) {
    auto const high = static_cast<char>(c >> 8);
    auto const low = static_cast<char>(c & 0xff);
    out += big ? high : low;
    out += big ? low : high;
  }
  return out;
}

} // namespace

TEST_CASE("transcript: one talk is read from every form", "[rules]") {
  SECTION("WebVTT, numbered cues, names in the text") {
    is_the_talk(
        parse_transcript("WEBVTT\n\n1\n00:00:05.000 --> 00:00:08.000 align:start\nAna Lima: "
                         "The limit should\nbe ten.\n\n2\n00:00:09.000 --> 00:00:10.000\n"
                         "Bo Krug: Right, ten.\n\n3\n00:01:10.000 --> 00:01:12.000\n"
                         "Ana Lima: Good. See: that was quick.\n"));
  }
  SECTION("WebVTT, no hours, no numbers, notes and styles") {
    is_the_talk(parse_transcript("WEBVTT - a title\n\nNOTE made by hand\nover two lines\n\nSTYLE\n"
                                 "::cue { color: red }\n\n00:05.000 --> 00:08.000\nAna Lima: The "
                                 "limit should be ten.\n\n00:09.000 --> 00:10.000\nBo Krug: Right, "
                                 "ten.\n\n01:10.000 --> 01:12.000\nAna Lima: Good. See: that was "
                                 "quick.\n"));
  }
  SECTION("WebVTT with voice tags, as Teams writes it") {
    is_the_talk(parse_transcript(
        "WEBVTT\n\nab12/3-0\n00:00:05.000 --> 00:00:08.000\n<v Ana Lima>The limit should</v>\n\n"
        "ab12/3-1\n00:00:06.500 --> 00:00:08.000\n<v Ana Lima>be ten.</v>\n\nab12/4-0\n"
        "00:00:09.000 --> 00:00:10.000\n<v Bo Krug>Right, ten.</v>\n\nab12/5-0\n"
        "00:01:10.000 --> 00:01:12.000\n<v.loud Ana Lima>Good. <i>See:</i> that was quick.</v>\n"));
  }
  SECTION("SRT") {
    is_the_talk(
        parse_transcript("1\n00:00:05,000 --> 00:00:08,000\nAna Lima: The limit should be "
                         "ten.\n\n2\n00:00:09,000 --> 00:00:10,000\nBo Krug: Right, ten.\n\n"
                         "3\n00:01:10,000 --> 00:01:12,000\nAna Lima: Good. See: that was "
                         "quick.\n"));
  }
  SECTION("SRT without blank lines, with CRLF") {
    is_the_talk(parse_transcript("1\r\n00:00:05,000 --> 00:00:08,000\r\nAna Lima: The limit should "
                                 "be ten.\r\n2\r\n00:00:09,000 --> 00:00:10,000\r\nBo Krug: Right, "
                                 "ten.\r\n3\r\n00:01:10,000 --> 00:01:12,000\r\nAna Lima: Good. "
                                 "See: that was quick.\r\n"));
  }
  SECTION("cues with the name on a line of its own") {
    is_the_talk(parse_transcript("00:00:05.000 --> 00:00:08.000\nAna Lima\nThe limit should be ten."
                                 "\n\n00:00:09.000 --> 00:00:10.000\nBo Krug\nRight, ten.\n\n"
                                 "00:01:10.000 --> 00:01:12.000\nAna Lima\nGood. See: that was "
                                 "quick.\n"));
  }
  SECTION("[hh:mm:ss] Name: text, with a header") {
    auto const t = parse_transcript("Meeting: limits\nDate: 2026-05-12\nPresent: Ana Lima, Bo Krug "
                                    "(late)\n\n[00:00:05] Ana Lima: The limit should be ten.\n"
                                    "[00:00:09] Bo Krug: Right, ten.\n[00:01:10] Ana Lima: Good. "
                                    "See: that was quick.\n");
    is_the_talk(t);
    CHECK(t->title == "limits");
    CHECK(t->date == "2026-05-12");
    CHECK(t->present == std::vector<std::string>{"Ana Lima", "Bo Krug"});
  }
  SECTION("Name: text") {
    is_the_talk(parse_transcript("Ana Lima: The limit should be ten.\nBo Krug: Right, ten.\n"
                                 "Ana Lima: Good. See: that was quick.\n"),
                false);
  }
  SECTION("bold names") {
    is_the_talk(
        parse_transcript("**Ana Lima:** The limit should be ten.\n\n**Bo Krug**: Right, ten."
                         "\n\n**Ana Lima:** Good. See: that was quick.\n"),
        false);
  }
  SECTION("Name (time): text") {
    is_the_talk(
        parse_transcript("Ana Lima (00:00:05): The limit should be ten.\nBo Krug (00:00:09):"
                         " Right, ten.\nAna Lima (00:01:10): Good. See: that was quick.\n"));
  }
  SECTION("name and time on a line of their own") {
    is_the_talk(
        parse_transcript("Ana Lima  0:05\nThe limit should be ten.\n\nBo Krug  0:09\nRight, "
                         "ten.\n\nAna Lima  1:10\nGood. See: that was quick.\n"));
  }
  SECTION("time and name on a line of their own") {
    is_the_talk(parse_transcript("00:00:05 Ana Lima\nThe limit should be ten.\n\n00:00:09 Bo Krug\n"
                                 "Right, ten.\n\n00:01:10 Ana Lima\nGood. See: that was quick.\n"));
  }
  SECTION("[Name] clock time, as Zoom saves it") {
    is_the_talk(
        parse_transcript("[Ana Lima] 10:02:05\nThe limit should be ten.\n\n[Bo Krug] "
                         "10:02:09\nRight, ten.\n\n[Ana Lima] 10:03:10\nGood. See: that was "
                         "quick.\n"));
  }
  SECTION("a Zoom chat") {
    is_the_talk(parse_transcript("00:00:05\t From Ana Lima : The limit should be ten.\n00:00:09\t "
                                 "From  Bo Krug  to  Everyone : Right, ten.\n00:01:10\t From Ana "
                                 "Lima to Everyone:\n\tGood. See: that was quick.\n"));
  }
  SECTION("an IRC log with clock times") {
    is_the_talk(parse_transcript("[10:02:05] <Ana Lima> The limit should be ten.\n[10:02:09] <Bo "
                                 "Krug> Right, ten.\n[10:03:10] <Ana Lima> Good. See: that was "
                                 "quick.\n"));
  }
  SECTION("a messenger export with dates and half days") {
    is_the_talk(parse_transcript("12.05.26, 2:02:05 PM - Ana Lima: The limit should be ten.\n"
                                 "12.05.26, 2:02:09 PM - Bo Krug: Right, ten.\n"
                                 "12.05.26, 2:03:10 PM - Ana Lima: Good. See: that was quick.\n"));
  }
}

TEST_CASE("transcript: encodings are read", "[rules]") {
  std::u16string_view const wide = u"Jürgen: Das ist 5 € wert.\nŽofie: Ano.\nJürgen: Gut.\n";
  for (bool const big : {false, true}) {
    auto const t = parse_transcript(utf16(wide, big));
    REQUIRE(t.has_value());
    REQUIRE(t->turns.size() == 3);
    CHECK(t->turns[0].speaker == "Jürgen");
    CHECK(t->turns[0].text == "Das ist 5 € wert.");
    CHECK(t->turns[1].speaker == "Žofie");
  }
  // A byte order mark and line ends of another system leave no trace in the words.
  auto const marked =
      parse_transcript("\xef\xbb\xbfJürgen: Costs five.\r\nAna: Yes.\r\nJürgen: Good.\r\n");
  REQUIRE(marked.has_value());
  REQUIRE(marked->turns.size() == 3);
  CHECK(marked->turns[0].speaker == "Jürgen");
  CHECK(marked->turns[0].text == "Costs five.");
  auto const cues =
      parse_transcript("\xef\xbb\xbfWEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nAna: The "
                       "limit should be ten.\r\n");
  REQUIRE(cues.has_value());
  CHECK(cues->turns[0].text == "The limit should be ten.");
  auto const t = parse_transcript("J\xfcrgen: Costs 5 \x80.\nAna: Yes.\nJ\xfcrgen: Good.\n");
  REQUIRE(t.has_value());
  CHECK(t->turns[0].speaker == "Jürgen");
  CHECK(t->turns[0].text == "Costs 5 €.");
}

TEST_CASE("transcript: a paragraph without speakers is a turn without speaker", "[rules]") {
  auto const t =
      parse_transcript("# Export is slow\n\nIt takes two\nminutes.\n\n- Make it fast.\n- "
                       "Keep the URL\n  as it is.\n\nNote: no hurry.\n");
  REQUIRE(t.has_value());
  CHECK(t->form == "prose");
  CHECK(t->title == "Export is slow");
  REQUIRE(t->turns.size() == 4);
  CHECK(t->turns[0].text == "It takes two minutes.");
  CHECK(t->turns[2].text == "- Keep the URL as it is.");
  for (auto const& x : t->turns)
    CHECK(x.speaker.empty());
}

TEST_CASE("transcript: people who speak once each are speakers", "[rules]") {
  auto const t = parse_transcript("Meeting: Durations\n\nAda: We should accept weeks.\n"
                                  "Bo Krug: Fine.\nJürgen: Mind the docs,\nthey are old.\n"
                                  "Анна: Yes.\nO'Brien: Ship it.\n");
  REQUIRE(t.has_value());
  CHECK(t->form == "speaker-text");
  CHECK(t->title == "Durations");
  REQUIRE(t->turns.size() == 5);
  CHECK(t->turns[0].speaker == "Ada");
  CHECK(t->turns[1].speaker == "Bo Krug");
  CHECK(t->turns[2].speaker == "Jürgen");
  CHECK(t->turns[2].text == "Mind the docs, they are old.");
  CHECK(t->turns[3].speaker == "Анна");
  CHECK(t->turns[4].text == "Ship it.");
}

TEST_CASE("transcript: a note's labels and things are no speakers", "[rules]") {
  for (auto const* text :
       {"Note: the export must be fast.", "Decision: we accept weeks.", "TODO: accept weeks.",
        "Goal: accept weeks.\nBackground: people ask for it.",
        "Bug: parse_duration fails on weeks.", "Feature: weeks.\nGiven: a text.\nThen: a number.",
        "API: answer 404 for unknown ids.", "CLI: add --json.\nAPI: add paging.",
        "feat: accept weeks", "parser: accept weeks.",
        "Parser: accept weeks.\nPrinter: the parser reads what the printer writes.",
        "Please: accept weeks.", "Acceptance criteria: weeks are read.",
        "The export is slow.\nAda: make it fast.\nIt takes minutes.\nEverybody complains."}) {
    INFO(text);
    auto const t = parse_transcript(text);
    REQUIRE(t.has_value());
    CHECK(t->form == "prose");
    for (auto const& x : t->turns)
      CHECK(x.speaker.empty());
  }
}

TEST_CASE("transcript: captions without names keep their words", "[rules]") {
  auto const t = parse_transcript("1\n00:00:01,000 --> 00:00:02,000\nThe limit should\n\n2\n"
                                  "00:00:02,000 --> 00:00:03,000\nbe ten.\n\n3\n00:00:04,000 --> "
                                  "00:00:05,000\nSpeed: not so important.\n");
  REQUIRE(t.has_value());
  REQUIRE(t->turns.size() == 2);
  CHECK(t->turns[0].text == "The limit should be ten.");
  CHECK(t->turns[1].speaker.empty());
  CHECK(t->turns[1].text == "Speed: not so important.");
}

TEST_CASE("transcript: input without speech is refused and says what to send", "[rules]") {
  for (std::string const& bytes :
       {std::string{}, std::string{" \n\t\r\n "}, std::string{"WEBVTT\n\n"},
        std::string{"1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:02,000 --> 00:00:03,000\n\n"},
        std::string{"... 1234 ...\n"}}) {
    auto const t = parse_transcript(bytes);
    REQUIRE(t.has_error());
    CHECK(t.error().code == errc::invalid_argument);
    CHECK(t.error().message.find("send") != std::string::npos);
  }
  auto const binary = parse_transcript(std::string_view{"\x7f"
                                                        "ELF\x02\x01\x01\x00\x00\x00\x00\x00\x00",
                                                        13});
  REQUIRE(binary.has_error());
  CHECK(binary.error().code == errc::invalid_argument);
  CHECK(parse_transcript(std::string(33u << 20, 'a')).error().code == errc::too_large);
}

TEST_CASE("transcript: five megabytes are read and drafted in linear time", "[rules]") {
  auto const sample = test::data_file("transcripts/samples/zoom-ms-months.vtt");
  std::string big = "WEBVTT\n";
  auto const cues = sample.substr(sample.find("\n1\n"));
  while (big.size() < (5u << 20))
    big += cues;
  auto const start = std::chrono::steady_clock::now();
  auto const t = parse_transcript(big);
  REQUIRE(t.has_value());
  auto const read = std::chrono::steady_clock::now() - start;
  CHECK(t->turns.size() > 10000);
  CHECK(read < 20s); // 0.2 s in a release build; sanitizers and a busy machine take their share
  // Drafting is measured on a fifth: its cost per turn must not grow with the talk.
  transcript part = *t;
  part.turns.resize(t->turns.size() / 5);
  auto const b = draft_brief(part);
  REQUIRE(b.has_value());
  CHECK(b->requirements.size() <= 200);
}

TEST_CASE("transcript: lines that could mislead the reader end quickly", "[rules]") {
  for (std::string const& piece :
       {std::string{"-->"}, std::string{"<v "}, std::string{"[["}, std::string{": "},
        std::string{"\""}, std::string{"a:"}, std::string{"00:"}, std::string{"((((("},
        std::string{"no, "}, std::string{"and it should and it "}}) {
    std::string bytes;
    while (bytes.size() < 300000)
      bytes += piece;
    auto const t = parse_transcript(bytes);
    if (t)
      CHECK(draft_brief(*t).has_value());
  }
}

TEST_CASE("transcript: random damage never crashes and always gives valid UTF-8", "[rules]") {
  std::mt19937 random{20260512};
  for (auto const* name : {"zoom-ms-months.vtt", "plain-bytes-units.txt"}) {
    auto const whole = test::data_file(std::string{"transcripts/samples/"} + name);
    for (int round = 0; round < 150; ++round) {
      auto bytes = whole;
      auto const hits = 1 + random() % 60;
      for (std::size_t k = 0; k < hits; ++k)
        bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
      bytes.resize(1 + random() % bytes.size());
      auto const t = parse_transcript(bytes);
      if (!t) {
        CHECK(t.error().code == errc::invalid_argument);
        continue;
      }
      for (auto const& x : t->turns) {
        CHECK(valid_utf8(x.text));
        CHECK(valid_utf8(x.speaker));
      }
      auto const b = draft_brief(*t);
      REQUIRE(b.has_value());
      for (auto const& r : b->requirements) {
        CHECK(valid_utf8(r.title));
        CHECK(valid_utf8(r.text));
      }
    }
  }
}

TEST_CASE("transcript: escape sequences of a terminal are removed whole", "[rules]") {
  auto const t = parse_transcript("\x1b[31mAda\x1b[0m: We should \x1b[1;4madd\x1b[m a logout.\n"
                                  "\x1b]0;a title\a\x1b[32;1mBo\x1b[0m: \x1b(BYes.\x1b[K\n"
                                  "Ada: \x1b]8;;http://x\x1b\\Link\x1b]8;;\x1b\\ it [31m too.\n");
  REQUIRE(t.has_value());
  REQUIRE(t->turns.size() == 3);
  CHECK(t->turns[0].speaker == "Ada");
  CHECK(t->turns[0].text == "We should add a logout.");
  CHECK(t->turns[1].speaker == "Bo");
  CHECK(t->turns[1].text == "Yes.");
  CHECK(t->turns[2].text == "Link it [31m too."); // what only looks like one stays
  // One that is never ended takes no words with it.
  auto const open = parse_transcript("Ada: We should \x1b]add a logout.\nBo: Yes.\n");
  REQUIRE(open.has_value());
  CHECK(open->turns[0].text == "We should add a logout.");
}
