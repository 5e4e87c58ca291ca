#pragma once

#include "actors/headcount.hpp"
#include "actors/matchmaker.hpp"
#include "persistence/event_store.hpp"
#include "protocol/command.hpp"
#include "protocol/obligation.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>

#include <functional>
#include <memory>
#include <variant>

/// What the actors of one node say to one another. All of it stays in the process; between nodes
/// only encoded bytes will travel.
namespace troupe {

/// What a command led to.
struct receipt {
  entity_ref entity;
  std::uint64_t version = 0; ///< of the entity afterwards
  std::uint64_t events = 0;  ///< how many the command added; 0: it changed nothing
  json::value state;         ///< of the entity, where `want_state` asked for it
};

using command_result = result<receipt>;

/// Takes the outcome of a command. May run on any thread, must not block, is called at most once.
using completion = std::function<void(command_result)>;

class command_trace;

/// A command on its way to an entity. Who waits for its end hears in any case: a command that goes
/// down with an entity that crashed is answered `timeout`, because it may have been stored.
struct command_message {
  command_message() = default;
  command_message(command_message const&) = delete;
  command_message& operator=(command_message const&) = delete;
  ~command_message() {
    if (done)
      done(fail(errc::timeout, "the answer was lost; the request may still take effect"));
  }

  entity_ref to;
  any_command command;
  command_context context;
  std::optional<inbox_entry> inbox; ///< key and hash of the request; `answer` is filled in
  bool want_state = false;
  /// Somebody outside of the node waits: while the store is away, it is refused at once instead of
  /// being kept until the store is back.
  bool asked = false;
  completion done; ///< may be empty
  /// When its entity began with it, by the steady clock in nanoseconds; 0: nobody watched then.
  std::int64_t began_ns = 0;
  agent_id worker;                       ///< who held the ticket then
  headcount place;                       ///< among the commands under way; see admission
  std::shared_ptr<command_trace> traced; ///< null: it is not traced
};
using command_ptr = std::shared_ptr<command_message>;

/// The answer of an owner whose shard was taken by another.
[[nodiscard]] inline error shard_is_gone() {
  return fail(errc::unavailable, "another server has taken this ledger over; ask that one");
}

/// A look at an entity's last durable state; not_found where it has no events.
struct query_message {
  entity_ref to;
  std::function<void(result<json::value>)> done;
};
using query_ptr = std::shared_ptr<query_message>;

/// The journal's answer to an append.
struct appended {
  std::uint64_t id = 0;
  result<unit_result> outcome;
};
using appended_ptr = std::shared_ptr<appended>;

/// What an entity that starts asks of its stream.
struct stream_part {
  std::uint64_t after = 0; ///< version; the events that follow it
  /// Where more than `first` events follow, it may be answered with a snapshot and what comes after
  /// that instead.
  bool may_skip = false;
  std::size_t first = 100;
};

/// A part of a stream, read for an entity that starts.
struct loaded {
  result<std::vector<stored_event>> events;
  /// In place of the events up to its version; `events` begin with that one, to show that the
  /// snapshot is of this stream.
  std::optional<snapshot> from{};
  bool more = false; ///< there may be events after the last of these
};
using loaded_ptr = std::shared_ptr<loaded>;

/// How an obligation's receiver answered.
struct obligation_outcome {
  std::string key;
  std::uint64_t round = 0; ///< of the sending; an answer to an older one is late but as good
  std::optional<error> refused;
};

/// What a batch added to the log, in order.
using committed_ptr = std::shared_ptr<std::vector<stored_event> const>;

/// What the tickets are to write that were leased before a dispatcher's start.
using plans_ptr = std::shared_ptr<std::map<entity_ref, ticket_plan> const>;

/// An offer of a ticket to the dispatcher, or its withdrawal.
struct offer_message {
  entity_ref ticket;
  std::string key;
  std::optional<offer> what; ///< none: withdrawn
};

/// A daemon's link came up or went down.
struct daemon_presence {
  daemon_id daemon;
  bool up = false;
  std::int32_t slots = 0;
  std::vector<link::runner_info> runners;
  std::vector<std::string> repositories;
};

/// An entity asks its shard to be let go.
struct idle_notice {
  entity_ref entity;
};

using wake_atom = caf::atom_constant<caf::atom("wake")>;
using retry_atom = caf::atom_constant<caf::atom("retry")>;
using alarm_atom = caf::atom_constant<caf::atom("alarm")>;
using passivate_atom = caf::atom_constant<caf::atom("passivate")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;
using sweep_atom = caf::atom_constant<caf::atom("sweep")>;
using match_atom = caf::atom_constant<caf::atom("match")>;
using restart_atom = caf::atom_constant<caf::atom("restart")>;
using ready_atom = caf::atom_constant<caf::atom("ready")>;
using kill_atom = caf::atom_constant<caf::atom("kill")>;

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::command_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::query_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::appended_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::loaded_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::obligation_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::committed_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::plans_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::offer_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::daemon_presence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::idle_notice)
