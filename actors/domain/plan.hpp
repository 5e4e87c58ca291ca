#pragma once

#include "actors/domain/domain.hpp"

/// Version n of the tickets for a brief: drafted by the tech lead, checked, criticised by qa, and
/// approved by a person where the project wants that.
namespace troupe::plan {

struct state {
  entity_ref self;
  std::uint64_t version = 0; ///< events applied
  status is = status::none;
  project_id project;
  brief_id brief;
  std::int32_t number = 0; ///< version of the plan
  brief_content wanted;    ///< the approved brief
  std::string wanted_hash;
  project_config config;
  plan_content previous;
  std::string failed_key;
  std::string failure;

  plan_content content; ///< the proposal
  std::string content_hash;
  principal_id by;
  std::string engine;
  std::int32_t round = 0;            ///< proposals made
  std::int32_t draft_asks = 0;       ///< part of the question's id
  bool unjudged = false;             ///< the proposal came just now: critique or `invalid` follows
  std::int32_t bad_rounds = 0;       ///< answers in a row that were no valid plan
  std::vector<std::string> problems; ///< of the last one
  std::vector<std::string> path;     ///< of a cycle, first = last
  std::string notes;                 ///< changes that a person asked for

  std::int32_t critique_asks = 0;
  std::int32_t bad_critiques = 0; ///< unreadable answers in a row
  std::int32_t sent_back = 0;     ///< times that the critique wanted another proposal
  std::vector<std::string> findings;
  principal_id critic;

  std::int32_t approvals = 0; ///< `<plan>.a<approvals>` is the present question to people
  time_point asked_at{};
  std::vector<approval_id> outdated;
  approval_id decided;
  principal_id decided_by;

  bool was_active = false;
  std::string why;
  std::vector<std::string> settled;
  TROUPE_FIELDS(state, self, version, is, project, brief, number, wanted, wanted_hash, config,
                previous, failed_key, failure, content, content_hash, by, engine, round, draft_asks,
                unjudged, bad_rounds, problems, path, notes, critique_asks, bad_critiques,
                sent_back, findings, critic, approvals, asked_at, outdated, decided, decided_by,
                was_active, why, settled);
};

/// The machine of a plan; docs/state-machines.md is made from these tables.
[[nodiscard]] transition_table<status> transitions();

/// Errors: conflict (not in this state; another content; a cycle, with `path`), invalid_argument
/// (a proposal that cannot work, with `problems`), not_found (never created).
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
[[nodiscard]] std::vector<obligation> obligations(state const& s);

[[nodiscard]] approval_id present_approval(state const& s);

} // namespace troupe::plan

TROUPE_CODEC_ELSEWHERE(troupe::plan::state);
