#include "actors/domain/event_text.hpp"

#include "protocol/json_text.hpp"
#include "protocol/redact_json.hpp"

namespace troupe {

template <class Event>
event_text text_of(Event const& e) {
  json::text_writer out{&is_clean};
  json::put_alternative(out, e);
  return {out.written(), out.passed()};
}

#define TROUPE_EVENT_TEXT(NAME) template event_text text_of<NAME::event>(NAME::event const&);
TROUPE_EACH_KIND(TROUPE_EVENT_TEXT)
#undef TROUPE_EVENT_TEXT

} // namespace troupe
