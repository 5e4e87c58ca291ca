#pragma once

#include "persistence/event_store.hpp"

#include <algorithm>

namespace troupe {

/// Where an event stands.
struct stored_place {
  entity_ref stream;
  std::uint64_t version = 0;
  std::uint64_t seq = 0;
};

/// Decides what becomes of a unit, before anything of it is stored: one rule for the adapters that
/// run in our own process, and for Postgres once a batch has not gone through as it was. `View`
/// answers from the state that earlier units of the batch have left:
///   uint64 epoch(shard);
///   optional<stored_place> place(shard, event_id, stream, version): where the event with this id
///     stands. A store without an index of event ids looks at this version of this stream alone.
///   optional<inbox_entry> answered(tenant, source, key); uint64 version(entity_ref);
///   bool has_effect(shard, tenant, effect_id).
/// For `ok` the result lacks `first_seq`.
template <class View>
[[nodiscard]] unit_result judge(View& view, unit const& u) {
  unit_result out;
  if (u.epoch == 0 || view.epoch(u.shard) != u.epoch) {
    out.status = unit_status::fenced;
    return out;
  }
  auto const current_versions = [&] {
    std::vector<std::uint64_t> versions;
    for (auto const& w : u.writes)
      versions.push_back(view.version(w.stream));
    return versions;
  };
  auto const conflict = [&] {
    out.status = unit_status::conflict;
    out.first_seq = 0;
    out.versions = current_versions();
    return out;
  };

  std::size_t events = 0;
  std::size_t stored = 0;
  bool in_place = true;
  for (auto const& w : u.writes) {
    auto version = w.expected_version;
    for (auto const& e : w.events) {
      ++version;
      auto const found = view.place(u.shard, e.event_id, w.stream, version);
      if (found) {
        ++stored;
        in_place = in_place && found->stream == w.stream && found->version == version;
        if (events == 0)
          out.first_seq = found->seq;
      }
      ++events;
    }
    out.versions.push_back(version);
  }
  std::optional<inbox_entry> known;
  if (u.inbox)
    known = view.answered(u.tenant, u.inbox->source, u.inbox->key);
  if (known)
    out.stored_answer = known->answer;
  if (stored != 0) {
    if (stored != events || !in_place)
      return conflict();
    out.status = unit_status::duplicate;
    return out;
  }
  if (known) {
    out.by_inbox = true;
    out.status = known->request_hash == u.inbox->request_hash ? unit_status::duplicate
                                                              : unit_status::conflict;
    out.versions.clear();
    return out;
  }
  for (auto const& w : u.writes)
    if (view.version(w.stream) != w.expected_version)
      return conflict();

  auto const left = [&](std::string const& id) {
    return std::find(u.outbox_done.begin(), u.outbox_done.end(), id) == u.outbox_done.end() &&
           view.has_effect(u.shard, u.tenant, id);
  };
  auto const added = [&](std::string const& id) {
    return std::any_of(u.outbox.begin(), u.outbox.end(),
                       [&](auto const& row) { return row.effect_id == id; });
  };
  for (auto const& row : u.outbox)
    if (left(row.effect_id))
      return conflict();
  for (auto const& id : u.outbox_started)
    if (!added(id) && !left(id))
      return conflict();
  return out;
}

} // namespace troupe
