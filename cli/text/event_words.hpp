#pragma once

#include "cli/text/style.hpp"
#include "protocol/json.hpp"

namespace troupe::views {

/// What one event says, before it becomes a line.
struct telling {
  std::string sign = "·"; ///< one column: ✉ message, → moved, ✓ good, ✗ bad, ↻ sent back
  ink meaning = ink::plain;
  std::string subject; ///< who or what
  std::string text;
  ink text_meaning = ink::plain;
  std::string message; ///< id of the envelope it carries
  bool noise = false;
};

/// The words for an event as `/api/events` and `/api/stream` show it. Types that this version does
/// not know are told by their type.
[[nodiscard]] telling words_for(json::value const& event);

// One function a family of kinds; each answers false for a type that it does not know.
bool tell_ticket(std::string_view type, json::value const& data, telling& out);
bool tell_intake(std::string_view type, json::value const& data, telling& out);
bool tell_people(std::string_view type, json::value const& data, telling& out);
/// Makes it the telling of a message: `from → to  kind: text`.
void tell_message(json::value const& envelope, telling& out);
/// `in_review` in the telling of a move; nothing for an event that moves nothing.
void tell_move(json::value const& data, telling& out, std::string_view by_default = {});

} // namespace troupe::views
