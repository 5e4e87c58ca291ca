#pragma once

#include "protocol/ids.hpp"
#include "protocol/json.hpp"

#include <optional>
#include <string_view>

namespace troupe {

/// A stored event (`ticket.leased`, and its data) where it is an `Event` of that kind of entity.
/// None where it is another one, or cannot be read, which the fold of its stream says better.
template <class Event>
[[nodiscard]] std::optional<Event> read_as(entity_kind kind, std::string_view type,
                                           std::string_view data_json) {
  auto const of = to_string(kind);
  if (!type.starts_with(of) || type.substr(of.size(), 1) != "." ||
      type.substr(of.size() + 1) != Event::type_name)
    return std::nullopt;
  auto const data = json::parse(data_json);
  if (!data)
    return std::nullopt;
  auto read = json::from<Event>(*data);
  if (!read)
    return std::nullopt;
  return std::move(*read);
}

} // namespace troupe
