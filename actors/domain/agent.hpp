#pragma once

#include "actors/domain/domain.hpp"

/// An agent's desk: messages that wait for an answer, and answers that wait to be taken.
namespace troupe::agent {

/// Messages answered are remembered, so that one that comes again is recognised; the oldest are
/// forgotten.
constexpr std::size_t memory = 1000;

/// How long a person may take where the asker says nothing; then the asker hears a refusal.
constexpr duration answer_time = std::chrono::hours{72};

struct state {
  entity_ref self;
  std::uint64_t version = 0; ///< events applied
  status is = status::none;
  project_id project;
  agent_spec spec;
  time_point hired_at{};
  std::vector<envelope> inbox;     ///< to be answered, in the order they came
  std::vector<envelope> outbox;    ///< answers that their asker has not taken yet
  std::vector<std::string> closed; ///< ids of messages that are done with
  std::int64_t answered = 0;       ///< messages, ever
  std::string why;                 ///< it is paused, crashed or quarantined
  TROUPE_FIELDS(state, self, version, is, project, spec, hired_at, inbox, outbox, closed, answered,
                why);
};

/// The machine of an agent; docs/state-machines.md is made from these tables.
[[nodiscard]] transition_table<status> transitions();

/// Errors: invalid_argument (a message without id, of its own, or with too many hops), not_found
/// (never hired, no such message), conflict (not in this state; details `state`, `allowed`).
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
[[nodiscard]] std::vector<obligation> obligations(state const& s);

/// Questions, requests and assignments are answered; other messages are only taken.
[[nodiscard]] bool wants_answer(message_kind kind);

} // namespace troupe::agent

TROUPE_CODEC_ELSEWHERE(troupe::agent::state);
