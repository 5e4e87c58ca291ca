#pragma once

#include "actors/domain/domain.hpp"

/// Obligations that want `settle`: which are open, and what to make of the answer.
namespace troupe {

[[nodiscard]] inline bool is_settled(std::vector<std::string> const& settled,
                                     std::string_view key) {
  return std::find(settled.begin(), settled.end(), key) != settled.end();
}

/// Leaves out what is settled already, so that an entity can list all it ever wanted.
[[nodiscard]] inline std::vector<obligation> without(std::vector<std::string> const& settled,
                                                     std::vector<obligation> all) {
  std::erase_if(all, [&](auto const& o) { return o.acknowledge && is_settled(settled, o.key); });
  return all;
}

/// The answer to `settle`: an event where the obligation stands, nothing where it does not (any
/// more): an acknowledgement that comes twice or too late has no effect.
template <class Event>
[[nodiscard]] std::vector<Event> settle_one(std::vector<obligation> const& open, settle const& c) {
  for (auto const& o : open) {
    if (o.acknowledge && o.key == c.key)
      return {Event{settled{c.key, c.refused}}};
  }
  return {};
}

} // namespace troupe
