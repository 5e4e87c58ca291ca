#pragma once

#include "actors/clean_decision.hpp"
#include "actors/domain/kinds.hpp"
#include "actors/domain/state_cell.hpp"
#include "actors/ports.hpp"

#include <span>

namespace troupe {

/// One entity as its stream has it: the state, and what the next event follows. A copy shares the
/// state until one of the two goes on.
template <class Domain>
struct stream_fold {
  using event_type = typename Domain::event;

  state_cell<typename Domain::state> state;
  std::uint64_t version = 0;
  std::string hash;
  std::string last_event_id;
  std::string correlation; ///< the brief that all of this belongs to; see `belong_to`

  explicit stream_fold(entity_ref const& self)
      : state(Domain::initial(self)), hash(std::string{no_hash()}) {}

  /// Applies the events that follow. corrupt names the first one that cannot be read, is not the
  /// next, or is not what was once written (its hash); those before it are applied.
  [[nodiscard]] result<void> take(entity_ref const& self, std::span<stored_event const> events) {
    for (auto const& e : events) {
      if (e.version != version + 1)
        return fail(errc::corrupt, to_string(self) + " has version " + std::to_string(e.version) +
                                       " after " + std::to_string(version) +
                                       "; run `troupe verify`");
      // Before it is read: a turned bit mostly gives another word, and not one that cannot be read.
      if (chain_hash(hash, self, e.version, e.event) != e.event.hash)
        return fail(errc::corrupt, "event " + e.event.event_id + " (" + e.event.type +
                                       ", version " + std::to_string(e.version) + ") of " +
                                       to_string(self) +
                                       " is not what was written: its hash does not continue the "
                                       "chain; run `troupe verify`, and restore the ledger");
      if (e.event.schema != 1)
        return fail(errc::corrupt, "event " + e.event.event_id + " (" + e.event.type + ") of " +
                                       to_string(self) + " has schema " +
                                       std::to_string(e.event.schema) +
                                       ": a newer troupe wrote it; use a newer build");
      auto const data = json::parse(e.event.data);
      auto const name = std::string_view{e.event.type}.substr(e.event.type.find('.') + 1);
      auto decoded =
          data ? json::from_named<event_type>(name, *data) : result<event_type>{data.error()};
      if (!decoded)
        return fail(errc::corrupt, "event " + e.event.event_id + " (" + e.event.type +
                                       ", version " + std::to_string(e.version) + ") of " +
                                       to_string(self) +
                                       " cannot be read: " + decoded.error().message +
                                       "; run `troupe verify`, restore it, or use a newer build");
      version = e.version;
      advance(*decoded, e.event);
      belong_to(e.event.correlation);
    }
    return {};
  }

  /// Makes of a decision what is to be appended, and applies it.
  [[nodiscard]] stream_write write(entity_ref const& self, clean_decision<Domain> decision,
                                   command_context const& context, id_port& ids) {
    constexpr std::size_t of_a_lease = 4; // may follow, and nothing has to be moved for it then
    stream_write w;
    w.stream = self;
    w.expected_version = version;
    w.events.reserve(decision.events.size() + of_a_lease);
    write_more(w, std::move(decision), context, ids);
    return w;
  }
  /// The same with what follows in one write.
  void write_more(stream_write& w, clean_decision<Domain> decision, command_context const& context,
                  id_port& ids) {
    auto const& self = w.stream;
    // Where deciding has applied the events, in the same surroundings, it is not done again.
    bool const applied = decision.after != nullptr && !decision.events.empty();
    for (std::size_t i = 0; i < decision.events.size(); ++i) {
      auto const event = std::make_shared<event_type const>(std::move(decision.events[i]));
      auto const& e = *event;
      auto& n = w.events.emplace_back();
      n.event_id = ids.uuid();
      n.type.append(to_string(self.kind)).append(1, '.').append(json::name_of(e));
      n.at = context.now;
      n.principal = context.by.value;
      n.cause = context.cause.empty() ? context.id : context.cause;
      n.correlation = context.correlation.empty() ? correlation : context.correlation;
      n.data = std::move(decision.data[i]);
      n.hash = chain_hash(hash, self, ++version, n);
      if (applied)
        follow(n);
      else
        advance(e, n);
      n.decoded = event;
    }
    if (applied)
      state = state_cell<typename Domain::state>{std::move(decision.after)};
  }
  /// What names no conversation is of this one from here on.
  void belong_to(std::string const& brief) {
    if (!brief.empty())
      correlation = brief;
  }
  /// Whether an entity has one conversation for all its life. Agents, projects, budgets and the
  /// like work for many: theirs is that of what came last.
  static constexpr bool of_one_brief =
      Domain::kind == entity_kind::brief || Domain::kind == entity_kind::plan ||
      Domain::kind == entity_kind::run || Domain::kind == entity_kind::ticket ||
      Domain::kind == entity_kind::approval;
  /// Gives the state along with what was written last, for who keeps every entity's state.
  void hand_over(stream_write& w) const {
    w.events.back().after = std::make_shared<handover>(state.share());
  }

private:
  void advance(event_type const& e, new_event const& stored) {
    Domain::advance(state.change(), e, {version, stored.at, stored.cause});
    follow(stored);
  }
  void follow(new_event const& stored) {
    hash = stored.hash;
    last_event_id = stored.event_id;
  }
};

} // namespace troupe
