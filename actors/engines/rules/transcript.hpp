#pragma once

#include "protocol/ids.hpp"
#include "protocol/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What one person said before somebody else did; or a paragraph, where nobody speaks.
struct turn {
  std::string speaker; ///< empty where the form names none
  duration at{0};      ///< offset from the start; 0 where the form has no times
  std::string text;    ///< one line of UTF-8, white space squeezed
};

/// A meeting, a chat, a ticket or a message, read from its bytes.
struct transcript {
  std::string form;                 ///< `webvtt`, `srt`, `timed-text`, `speaker-text` or `prose`
  std::string title;                ///< from a header or a heading; may be empty
  std::string date;                 ///< as it stands in a header; may be empty
  std::vector<std::string> present; ///< from a header, then speakers in order of appearance
  std::vector<turn> turns;          ///< never empty
  /// Turns from here on are notes on a draft: nobody in them answers what the talk left open.
  std::size_t notes_from = static_cast<std::size_t>(-1);
};

/// Reads a transcript; the form is found from the content, `name_hint` (a file name) only gives a
/// title where the content has none. Linear in the size. Consecutive cues of one speaker are one
/// turn where a sentence goes on.
/// Errors: invalid_argument for no bytes, for bytes that are no text, and for text without speech;
/// too_large above 32 MiB.
[[nodiscard]] result<transcript> parse_transcript(std::string_view bytes,
                                                  std::string_view name_hint = {});

} // namespace troupe
