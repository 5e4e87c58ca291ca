#pragma once

#include "actors/domain/domain.hpp"

/// The domain of a run. Pure.
namespace troupe::run {

/// One item of the plan and what became of its ticket.
struct item_state {
  plan_item item; ///< `blocked_by` follows replacements
  ticket_id ticket;
  plan_id plan; ///< of the version that brought it
  item_outcome outcome = item_outcome::open;
  bool opened = false; ///< the ticket has taken `open` over
  bool over = false;   ///< the ticket has said that it ended
  bool replan = false; ///< failed, and a replan is wanted and not refused
  std::string why;
  std::string commit;
  usage used;
  TROUPE_FIELDS(item_state, item, ticket, plan, outcome, opened, over, replan, why, commit, used);
};

/// A ticket whose blockers change with a later version of the plan. `old_blocker` empty: an edge is
/// added; `new_blocker` empty: it falls away.
using rewire = edge_change;

/// What the log says about one run so far.
struct state {
  entity_ref self;
  std::uint64_t version = 0;
  status is = status::none;
  project_id project;
  brief_id brief;
  plan_id plan;
  std::int32_t plan_version = 1;
  project_config config;
  std::string forked_from;
  bool by_hand = false;
  run_id continues;       ///< the run whose tickets it took over
  std::string tickets;    ///< what their ids begin with; empty: see `ticket_of`
  std::int32_t asked = 0; ///< times that a person was asked whether it shall go on
  bool asking = false;    ///< the last time is not decided
  std::string question;
  std::string content_hash;
  time_point asked_at{};
  run_id next;           ///< the run that goes on; empty: none
  bool given_up = false; ///< stopped for good
  std::vector<item_state> items;
  std::vector<rewire> rewires;
  std::int64_t change = 0; ///< pauses and resumes; 0: never paused
  usage used;
  std::string why;
  time_point created_at{};
  time_point ended_at{};
  std::vector<std::string> settled;
  TROUPE_FIELDS(state, self, version, is, project, brief, plan, plan_version, config, forked_from,
                by_hand, continues, tickets, asked, asking, question, content_hash, asked_at, next,
                given_up, items, rewires, change, used, why, created_at, ended_at, settled);
};

/// Decides what a command does: the events to append, none if it changes nothing (also when it was
/// applied before). Errors: not_found (never created, or a ticket of another run), conflict (not in
/// this state), busy (pause or stop while its tickets are being opened: try again),
/// invalid_argument.
[[nodiscard]] result<std::vector<event>> decide(state const& s, command const& c,
                                                command_context const& ctx);
/// Applies one event. Total.
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
/// What must happen next.
[[nodiscard]] std::vector<obligation> obligations(state const& s);
[[nodiscard]] transition_table<status> transitions();

/// Whether its tickets may be worked.
[[nodiscard]] bool is_active(state const& s);
/// Whether the run can only fail: something failed for good and nothing else can move.
[[nodiscard]] bool is_stuck(state const& s);
/// Whether every item is done or replaced.
[[nodiscard]] bool is_complete(state const& s);
/// Whether it was stopped and can be continued by another run.
[[nodiscard]] bool is_stopped(state const& s);
/// The question to people whether it shall go on.
[[nodiscard]] approval_id present_approval(state const& s);
/// What the ids of its tickets begin with.
[[nodiscard]] std::string ticket_prefix(state const& s);
/// Id of the ticket of an item: `<brief>-<key>`; of a fork, and without a brief, `<run>-<key>`, so
/// that a fork never touches the tickets of its parent; of a run that continues another: the same.
[[nodiscard]] ticket_id ticket_of(state const& s, std::string const& key);

} // namespace troupe::run

TROUPE_CODEC_ELSEWHERE(troupe::run::state);
