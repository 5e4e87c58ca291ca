#pragma once

#include "actors/engines/rules/transcript.hpp"

#include <deque>
#include <optional>
#include <unordered_set>

namespace troupe::rules {

/// Reads `h:mm:ss`, `mm:ss` with an optional fraction and `AM`/`PM` at `text[pos]`; moves `pos`
/// behind it. `clock` is set where the time is one of the day. Where it is `loose`, `0:0:3.14` is a
/// time, too.
[[nodiscard]] std::optional<duration> read_time(std::string_view text, std::size_t& pos,
                                                bool* clock = nullptr, bool loose = false);
/// What a line of a conversation can be.
struct line_form {
  bool head = false;   ///< starts a turn
  bool timed = false;  ///< has a time
  bool clock = false;  ///< the time is one of the day
  bool listed = false; ///< a list item with a name, `- Ada: …`; maybe no person
  duration at{0};
  std::string_view name;
  std::string_view text; ///< may be empty: the words are on the lines below
};

/// Finds how a line starts. `kept` owns what the form points at where the line itself holds marks
/// (`- **Ada:** …`).
[[nodiscard]] line_form line_form_of(std::string_view line, std::deque<std::string>& kept);
/// Length of a bullet's marker (`- `, `* `, `• `, `3. `, `3) `, `[ ] `), 0 if it is none.
[[nodiscard]] std::size_t bullet_length(std::string_view line);
/// True for text that can be the name of a speaker: short, few words, no sentence.
[[nodiscard]] bool looks_like_name(std::string_view text);
/// Splits `Name: text` (also `**Name:** text`, `<name> text`, `>> NAME: text`); false if it is
/// none.
[[nodiscard]] bool split_speaker(std::string_view line, std::string_view& name,
                                 std::string_view& text);
/// True for words that head a line of a ticket or mail and are no one's name (`Note`,
/// `Expected`).
[[nodiscard]] bool is_label(std::string_view name);

/// The words of a text that begin with a small letter.
[[nodiscard]] std::unordered_set<std::string> small_words(std::string_view text);
/// True where the name before a colon can only be that of a person; for a name that comes once
/// and so has no second line to show it. `words` are the small words of the text: who writes of
/// the parser and then `Parser: …` means the thing.
[[nodiscard]] bool is_person(std::string_view name, std::unordered_set<std::string> const& words);

/// WebVTT and SRT.
[[nodiscard]] bool has_cues(std::string_view text);
void read_cues(std::string_view text, transcript& out);
/// Text with speakers, with or without times. False if it is no conversation.
[[nodiscard]] bool read_conversation(std::string_view text, transcript& out);
/// A ticket or message: a turn for each paragraph, bullet and heading.
void read_prose(std::string_view text, transcript& out);

/// Takes `Date: …`, `Present: …` and the like; true if the line is such a header.
[[nodiscard]] bool take_header(std::string_view line, transcript& out);

} // namespace troupe::rules
