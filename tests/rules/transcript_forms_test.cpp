// The same three lines in the forms that meeting programs, chats and people's notes have.

#include "tests/rules/talk.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct form {
  std::string name;
  std::string text;
  bool timed = true;
};

std::vector<form> forms() {
  return {
      {"[time] Name:", "[00:00:01] Ada Lim: Write CSV files.\n[00:00:05] Ben Noor: Skip empty "
                       "rows.\n[00:01:09] Ada Lim: Fine.\n"},
      {"time Name:", "00:01 Ada Lim: Write CSV files.\n00:05 Ben Noor: Skip empty rows.\n"
                     "01:09 Ada Lim: Fine.\n"},
      {"Name (time):", "Ada Lim (00:01): Write CSV files.\nBen Noor (00:05): Skip empty rows.\n"
                       "Ada Lim (01:09): Fine.\n"},
      {"Name [time]:", "Ada Lim [00:00:01]: Write CSV files.\nBen Noor [00:00:05]: Skip empty "
                       "rows.\nAda Lim [00:01:09]: Fine.\n"},
      {"Name [time] without a colon",
       "Ada Lim [00:01] Write CSV files.\nBen Noor [00:05] Skip empty rows.\n"
       "Ada Lim [01:09] Fine.\n"},
      {"Name: [time]", "Ada Lim: [00:00:01] Write CSV files.\nBen Noor: [00:00:05] Skip empty "
                       "rows.\nAda Lim: [00:01:09] Fine.\n"},
      {"[from - to] Name:",
       "[00:00:01 - 00:00:04] Ada Lim: Write CSV files.\n[00:00:05 - 00:00:08] Ben Noor: Skip "
       "empty rows.\n[00:01:09 - 00:01:12] Ada Lim: Fine.\n"},
      {"[from --> to] Name:",
       "[00:00:01 --> 00:00:04] Ada Lim: Write CSV files.\n[00:00:05 --> 00:00:08] Ben Noor: Skip "
       "empty rows.\n[00:01:09 --> 00:01:12] Ada Lim: Fine.\n"},
      {"**Name:**",
       "**Ada Lim:** Write CSV files.\n\n**Ben Noor**: Skip empty rows.\n\n**Ada Lim:** Fine.\n",
       false},
      {"**Name (time):**",
       "**Ada Lim (00:01):** Write CSV files.\n\n**Ben Noor** (00:05): Skip empty "
       "rows.\n\n**Ada Lim (01:09):** Fine.\n"},
      {"**[time] Name:**", "**[00:00:01] Ada Lim:** Write CSV files.\n\n[00:00:05] **Ben Noor:** "
                           "Skip empty rows.\n\n**[00:01:09] Ada Lim:** Fine.\n"},
      {"**Name** *time*",
       "**Ada Lim** *00:01*\nWrite CSV files.\n\n**Ben Noor** *00:05*\nSkip empty rows.\n\n"
       "**Ada Lim** *01:09*\nFine.\n"},
      {"- Name:", "- Ada Lim: Write CSV files.\n- Ben Noor: Skip empty rows.\n- Ada Lim: Fine.\n",
       false},
      {"* **Name:**",
       "* **Ada Lim:** Write CSV files.\n* **Ben Noor:** Skip empty rows.\n* **Ada Lim:** Fine.\n",
       false},
      {"- [time] Name:", "- [00:00:01] Ada Lim: Write CSV files.\n- [00:00:05] Ben Noor: Skip "
                         "empty rows.\n- [00:01:09] Ada Lim: Fine.\n"},
      {"1. Name:",
       "1. Ada Lim: Write CSV files.\n2. Ben Noor: Skip empty rows.\n3. Ada Lim: "
       "Fine.\n",
       false},
      {"Name  time, words below, as Otter has it",
       "Ada Lim  0:01 \nWrite CSV files.\n\nBen Noor  0:05 \nSkip empty rows.\n\n"
       "Ada Lim  1:09 \nFine.\n\nTranscribed by https://otter.ai\n"},
      {"name, time and words on three lines",
       "Ada Lim\n0:01\nWrite CSV files.\n\nBen Noor\n0:05\nSkip empty rows.\n\n"
       "Ada Lim\n1:09\nFine.\n"},
      {"time, name and words on three lines",
       "0:01\nAda Lim\nWrite CSV files.\n\n0:05\nBen Noor\nSkip empty rows.\n\n"
       "1:09\nAda Lim\nFine.\n"},
      {"times of their own between lines with names, as Google Meet has it",
       "Planning - Transcript\n00:00:01\n \nAda Lim: Write CSV files.\n00:00:05\n \nBen Noor: "
       "Skip empty rows.\n00:01:09\n \nAda Lim: Fine.\nTranscription ended after 00:01:12\n"},
      {"a Zoom chat with the words below",
       "10:02:01 From Ada Lim to Everyone:\n\tWrite CSV files.\n10:02:05 From Ben Noor to "
       "Everyone:\n\tReplying to \"Write CSV...\"\n\tSkip empty rows.\n10:03:09 From Ada Lim to "
       "Everyone:\n\tFine.\n"},
      {"a document of Teams",
       "Planning-20260512_100000-Meeting Recording\nMay 12, 2026, 8:00AM\n12m 3s\n\n"
       "Ada Lim started transcription\n\nAda Lim   0:01\nWrite CSV files.\n\nBen Noor   0:05\n"
       "Skip empty rows.\n\nAda Lim   1:09\nFine.\n\nAda Lim stopped transcription\n"},
      {"an older document of Teams",
       "0:0:1.0 --> 0:0:4.140\nAda Lim\nWrite CSV files.\n\n0:0:5.0 --> 0:0:8.900\nBen Noor\n"
       "Skip empty rows.\n\n0:1:9.0 --> 0:1:10.0\nAda Lim\nFine.\n"},
  };
}

} // namespace

TEST_CASE("transcript: speakers and times are found in every form", "[rules]") {
  for (auto const& f : forms()) {
    INFO(f.name);
    auto const t = parse_transcript(f.text, "talk.txt");
    REQUIRE(t.has_value());
    REQUIRE(t->turns.size() == 3);
    CHECK(t->turns[0].speaker == "Ada Lim");
    CHECK(t->turns[1].speaker == "Ben Noor");
    CHECK(t->turns[2].speaker == "Ada Lim");
    CHECK(t->turns[0].text == "Write CSV files.");
    CHECK(t->turns[1].text == "Skip empty rows.");
    CHECK(t->turns[2].text.starts_with("Fine."));
    if (f.timed) {
      CHECK(t->turns[1].at - t->turns[0].at == 4s);
      CHECK(t->turns[2].at - t->turns[0].at == 68s);
    }
  }
}

TEST_CASE("transcript: one line with a time keeps its speaker", "[rules]") {
  auto const* line =
      GENERATE("[00:00:01] Ada: We must print weeks.", "00:01 Ada: We must print weeks.",
               "Ada (00:01): We must print weeks.", "**Ada (00:01):** We must print weeks.",
               "Meeting: Weeks\nDate: 2026-05-12\n\n[00:00:01] Ada: We must print weeks.");
  INFO(line);
  auto const t = parse_transcript(line, "talk.txt");
  REQUIRE(t.has_value());
  REQUIRE(t->turns.size() == 1);
  CHECK(t->turns[0].speaker == "Ada");
  CHECK(t->turns[0].at == 1s);
  CHECK(t->turns[0].text == "We must print weeks.");
}

TEST_CASE("transcript: numbered speakers are told apart", "[rules]") {
  auto const* text = GENERATE("Speaker 1  0:01\nWrite CSV files.\n\nSpeaker 2  0:05\nFine.\n",
                              "Speaker 1 (00:01): Write CSV files.\nSpeaker 2 (00:05): Fine.\n",
                              "SPEAKER 1\n0:01\nWrite CSV files.\n\nSPEAKER 2\n0:05\nFine.\n");
  INFO(text);
  auto const t = parse_transcript(text, "talk.txt");
  REQUIRE(t.has_value());
  REQUIRE(t->turns.size() == 2);
  CHECK(t->turns[0].speaker.ends_with(" 1"));
  CHECK(t->turns[1].speaker.ends_with(" 2"));
  CHECK(t->turns[1].at == 5s);
}

TEST_CASE("transcript: lists of a ticket are no conversation", "[rules]") {
  auto const* text =
      GENERATE("The build fails.\n\n- Windows: the path is too long\n- Linux: the file is "
               "missing\n- Windows: the lock stays\n\nOn windows it is worse.\n",
               "Wanted:\n- Expected: 3 rows\n- Actual: 2 rows\n- Expected: no warning\n",
               "Steps\n1. Open the page at 10:30\n2. Note: it is slow\n3. Note: it is red\n");
  INFO(text);
  auto const t = parse_transcript(text, "ticket.md");
  REQUIRE(t.has_value());
  CHECK(t->form == "prose");
}
