#pragma once

#include "persistence/event_store.hpp"

namespace troupe {

/// Longest texts, in bytes; the same in every adapter, so that a unit fits all or none.
struct text_bounds {
  static constexpr std::size_t tenant = 128;
  static constexpr std::size_t id = 256;
  static constexpr std::size_t type = 128;
  static constexpr std::size_t name = 512; ///< principal, cause, correlation, keys, effect ids
};

/// What a unit counts against `max_batch_bytes`: its texts.
[[nodiscard]] std::size_t unit_bytes(unit const& u);

/// Says whether a unit can be stored at all, whatever is stored already. To be asked when a unit is
/// admitted: in `append` one such unit refuses the whole batch.
/// Errors: invalid_argument. Nothing to store; a stream that is not of the shard or the tenant, or
/// twice in the unit; no events for a stream that must not exist; the same event or effect id
/// twice; an id, type or hash of the wrong form; text that is too long, not UTF-8 or holds a NUL.
[[nodiscard]] result<void> check_unit(unit const& u);

/// `check_unit` of each that is not `checked`, and the bounds of one batch. Errors:
/// invalid_argument.
[[nodiscard]] result<void> check_batch(std::span<unit const> units);

/// The same for one event on its own (import). Errors: invalid_argument.
[[nodiscard]] result<void> check_event(stored_event const& e);

/// The same for rows beside the events (restore). Errors: invalid_argument.
[[nodiscard]] result<void> check_rows(side_rows const& rows);

/// Head of a stream while events are imported.
struct stream_head {
  std::uint64_t version = 0;
  std::string hash;
};
/// Says whether `e` may follow: the next of its shard and of its stream, under no older epoch than
/// the event before it, its hash continuing the chain. Errors: conflict naming what breaks.
[[nodiscard]] result<void> check_next(stored_event const& e, std::uint64_t last_seq,
                                      std::uint64_t last_epoch, stream_head const& stream);

/// False for a number from the disk that is no kind or class of ours.
[[nodiscard]] constexpr bool known(entity_kind kind) {
  return kind >= entity_kind::project && kind <= entity_kind::principal;
}
[[nodiscard]] constexpr bool known(effect_class declared) {
  return declared >= effect_class::pure && declared <= effect_class::guarded;
}

/// True if the text has the form of an event id: a UUID in lower case.
[[nodiscard]] bool is_event_id(std::string_view text);

/// True if the text is well-formed UTF-8 (RFC 3629) without NUL bytes.
[[nodiscard]] bool storable_text(std::string_view text);

} // namespace troupe
