#pragma once

#include "actors/domain/kinds.hpp"

namespace troupe {

/// The members of an event as they are stored.
struct event_text {
  std::string json; ///< canonical
  bool clean;       ///< nothing in it is secret-shaped
};

/// Of an event of any domain. `json` is `canonical` of its members as `json::to` has them.
template <class Event>
[[nodiscard]] event_text text_of(Event const& e);

#define TROUPE_EVENT_TEXT(NAME) extern template event_text text_of<NAME::event>(NAME::event const&);
TROUPE_EACH_KIND(TROUPE_EVENT_TEXT)
#undef TROUPE_EVENT_TEXT

} // namespace troupe
