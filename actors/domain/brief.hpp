#pragma once

#include "actors/domain/domain.hpp"

/// A brief from raw intake to delivered commits. It owns its approvals, the versions of its plan
/// and its run, and tells each what to do; what they answer moves it on.
namespace troupe::brief {

/// A replan that was asked for while another one was under way.
struct wanted_replan {
  ticket_id ticket;
  std::string key;
  std::string why;
  TROUPE_FIELDS(wanted_replan, ticket, key, why);
};

struct state {
  entity_ref self;
  std::uint64_t version = 0; ///< events applied
  status is = status::none;
  project_id project;
  source from;
  project_config config; ///< frozen at submit
  time_point submitted_at{};

  brief_content content;
  std::string content_hash;
  principal_id drafted_by;
  std::string engine;
  std::int32_t round = 0;      ///< drafts made
  std::int32_t bad_drafts = 0; ///< answers in a row that were no draft
  std::int32_t draft_asks = 0; ///< the pm was asked this often; part of the question's id
  std::string notes;           ///< changes that a person asked for

  std::int32_t approvals = 0; ///< questions to people; `<brief>.a<approvals>` is the present one
  time_point asked_at{};
  std::vector<approval_id> outdated; ///< undecided ones whose subject changed
  approval_id decided;               ///< the last one that was decided
  principal_id decided_by;

  std::int32_t planning_version = 0; ///< version being made; 0: none
  std::int32_t last_version = 0;
  wanted_replan replanning; ///< why it is made; empty ticket: not a replan
  bool plan_failed = false; ///< on hold because the first plan could not be made
  std::vector<wanted_replan> queue;
  std::vector<ticket_id> replanned; ///< every ticket that ever asked: once each
  std::int32_t replans = 0;         ///< used

  plan_content plan;        ///< of the active version
  std::string answered_key; ///< the failed item that the active version replaces
  std::int32_t active_version = 0;
  std::int32_t first_active = 0;
  std::vector<std::int32_t> older_versions; ///< active once, to be superseded
  run_id run;
  std::int32_t taken_version =
      0; ///< that the run took over from one that was stopped; 0: it is the first run
  std::vector<wanted_replan> refused; ///< replans that the run must be told are off
  std::int32_t holds = 0;             ///< part of the keys of pause and resume
  std::string why;                    ///< of the last refusal, hold or end
  std::vector<std::string> settled;
  TROUPE_FIELDS(state, self, version, is, project, from, config, submitted_at, content,
                content_hash, drafted_by, engine, round, bad_drafts, draft_asks, notes, approvals,
                asked_at, outdated, decided, decided_by, planning_version, last_version, replanning,
                plan_failed, queue, replanned, replans, plan, answered_key, active_version,
                first_active, older_versions, run, taken_version, refused, holds, why, settled);
};

/// The machine of a brief; docs/state-machines.md is made from these tables.
[[nodiscard]] transition_table<status> transitions();

/// Errors: invalid_argument and too_large (source, draft), conflict (not in this state, or about
/// another content; details `state`, `allowed`), not_found (never submitted).
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
[[nodiscard]] std::vector<obligation> obligations(state const& s);

/// The question to people that is open now (or was last).
[[nodiscard]] approval_id present_approval(state const& s);
/// A draft that says nothing that could be planned is refused with the field.
[[nodiscard]] result<void> check_content(brief_content const& c);

} // namespace troupe::brief

TROUPE_CODEC_ELSEWHERE(troupe::brief::state);
