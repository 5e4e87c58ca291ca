#pragma once

#include "actors/domain/domain.hpp"

#include <memory>

namespace troupe {

/// Folds stored events of any kind into states, by the domains' own `evolve`. What the server, the
/// board, `verify`, `replay` and `why` see of an entity comes from here.
class replayer {
public:
  replayer();
  ~replayer();
  replayer(replayer&&) noexcept;
  replayer& operator=(replayer&&) noexcept;

  /// Applies one stored event: `type` as stored (`ticket.leased`), `data_json` without the type.
  /// Nothing is changed by an event that is refused.
  /// Errors: corrupt (version gap, or data that cannot be read), unsupported (unknown type or
  /// schema: stop here, never skip), invalid_argument (the type is of another kind).
  [[nodiscard]] result<void> apply(entity_ref const& stream, std::uint64_t version,
                                   std::string_view type, std::int32_t schema,
                                   std::string_view data_json, event_context const& ctx);
  /// The first half of `apply`, for whoever looks at the typed event as well: what this event of
  /// `Domain` says, if it is the next of its stream. Errors as above.
  template <class Domain>
  [[nodiscard]] result<typename Domain::event> read(entity_ref const& stream, std::uint64_t version,
                                                    std::string_view type, std::int32_t schema,
                                                    std::string_view data_json) const;
  /// Whether this is the version that comes next. Errors: corrupt.
  [[nodiscard]] result<void> follows(entity_ref const& stream, std::uint64_t version) const;
  /// The second half: folds it into the state, which it answers.
  template <class Domain>
  typename Domain::state const& fold(entity_ref const& stream, std::uint64_t version,
                                     typename Domain::event const& e, event_context const& ctx);
  /// In place of folding: the state of this stream that somebody else has made of the same events,
  /// and that is held together with them from here on. Answers it.
  template <class Domain>
  typename Domain::state const& put(entity_ref const& stream,
                                    std::shared_ptr<typename Domain::state const> made);
  /// The state as its canonical snapshot has it; null where no event was applied.
  [[nodiscard]] json::value state_of(entity_ref const& stream) const;
  /// One member of it; null where there is none.
  [[nodiscard]] json::value member_of(entity_ref const& stream, std::string_view name) const;
  /// Number of events applied; 0 where there is none.
  [[nodiscard]] std::uint64_t version_of(entity_ref const& stream) const;
  /// Every entity seen, in order of its address.
  [[nodiscard]] std::vector<entity_ref> entities() const;
  /// The typed state; null where there is none. `Domain` as in `actors/domain/kinds.hpp`.
  template <class Domain>
  [[nodiscard]] typename Domain::state const* find(entity_ref const& stream) const {
    return stream.kind == Domain::kind
               ? static_cast<typename Domain::state const*>(find_any(stream))
               : nullptr;
  }
  /// Takes a snapshot (canonical JSON of a state) in place of the events up to its version.
  /// Errors: corrupt (it cannot be read, or is of another stream).
  [[nodiscard]] result<void> restore(entity_ref const& stream, std::string_view canonical);
  /// Forgets an entity.
  void drop(entity_ref const& stream);

private:
  struct tables;
  [[nodiscard]] void const* find_any(entity_ref const& stream) const;
  std::unique_ptr<tables> tables_;
};

/// Kind and event name of a stored type: `ticket.leased` -> (ticket, `leased`); false if it is
/// none.
[[nodiscard]] bool parse_event_type(std::string_view type, entity_kind& kind,
                                    std::string_view& event);

} // namespace troupe
