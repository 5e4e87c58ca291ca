#pragma once

#include "actors/domain/read_as.hpp"
#include "persistence/event_store.hpp"

#include <variant>

namespace troupe {

/// The event, if it is an `Event` of `Domain`; what this process made is not read again.
template <class Domain, class Event>
[[nodiscard]] std::optional<Event> read_as(stored_event const& e) {
  if (!e.event.decoded)
    return read_as<Event>(Domain::kind, e.event.type, e.event.data);
  if (e.stream.kind != Domain::kind)
    return std::nullopt;
  auto const* any = static_cast<typename Domain::event const*>(e.event.decoded.get());
  auto const* it = std::get_if<Event>(any);
  return it == nullptr ? std::nullopt : std::optional<Event>{*it};
}

} // namespace troupe
