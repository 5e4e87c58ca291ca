#pragma once

#include "protocol/entities/shared.hpp"

/// A run: one execution of an approved plan, with a frozen configuration. It opens the tickets,
/// hears how they end, tells dependants, and takes over later versions of the plan.
namespace troupe::run {

enum class status {
  none,
  draft,
  queued,
  starting,
  running,
  pausing,
  paused,
  waiting_approval,
  COMPLETED,
  FAILED,
  CANCELLED,
  STOPPED_BUDGET,
  STOPPED_POLICY,
  STOPPED_OPERATOR,
};
BOOST_DESCRIBE_ENUM(status, none, draft, queued, starting, running, pausing, paused,
                    waiting_approval, COMPLETED, FAILED, CANCELLED, STOPPED_BUDGET, STOPPED_POLICY,
                    STOPPED_OPERATOR)

/// How a ticket ended, as the run sees it. `replaced`: failed, and an item of a later plan version
/// supersedes it.
enum class item_outcome { open, done, failed, cancelled, replaced };
BOOST_DESCRIBE_ENUM(item_outcome, open, done, failed, cancelled, replaced)

/// What became of an item in the run that is continued.
struct item_fate {
  std::string key;
  item_outcome outcome = item_outcome::open;
  plan_id plan;
  bool replan = false;
  std::string why;
  std::string commit;
  TROUPE_FIELDS(item_fate, key, outcome, plan, replan, why, commit);
};
/// A change of blockers that the continued run may not have told yet; see `adopt`.
struct edge_change {
  ticket_id ticket;
  ticket_id old_blocker;
  ticket_id new_blocker;
  TROUPE_FIELDS(edge_change, ticket, old_blocker, new_blocker);
};

struct create {
  project_id project;
  brief_id brief;
  plan_id plan;
  std::int32_t plan_version = 1;
  project_config config; ///< frozen
  std::vector<plan_item> items;
  std::string forked_from;  ///< `run@event`, empty: none
  bool by_hand = false;     ///< outside of a plan: a principal that holds the grant wants it
  run_id continues = {};    ///< the stopped run whose tickets it takes over
  std::string tickets = {}; ///< what their ids begin with; empty: brief, or own id without one
  std::vector<item_fate> fates = {};
  std::vector<edge_change> edges = {};
  TROUPE_RECORD(create, project, brief, plan, plan_version, config, items, forked_from, by_hand,
                continues, tickets, fates, edges);
};
/// Begins a run that is only a draft or waits for its turn.
struct start {
  TROUPE_RECORD(start);
};
/// A stopped run shall be continued: a person is asked, and a new run takes its tickets over.
struct carry_on {
  std::string why;
  TROUPE_RECORD(carry_on, why);
};
/// The approval of `carry_on` was decided.
struct decided {
  approval_id approval;
  bool approved = false;
  principal_id by;
  std::string notes;
  std::string content_hash;
  TROUPE_RECORD(decided, approval, approved, by, notes, content_hash);
};
struct pause {
  std::string why;
  TROUPE_RECORD(pause, why);
};
struct resume {
  TROUPE_RECORD(resume);
};
struct cancel {
  std::string why;
  TROUPE_RECORD(cancel, why);
};
/// Stopped by budget or policy.
struct stop {
  status how = status::STOPPED_OPERATOR;
  std::string why;
  TROUPE_RECORD(stop, how, why);
};
/// A ticket is over.
struct ticket_ended {
  ticket_id ticket;
  item_outcome outcome = item_outcome::done;
  bool replan = false; ///< failed, and a replan is wanted
  std::string why;
  usage used;
  std::string commit; ///< merged as
  TROUPE_RECORD(ticket_ended, ticket, outcome, replan, why, used, commit);
};
/// Goes on with version n+1: items whose key is new are opened; items that are superseded count as
/// replaced and their dependants wait for the replacement instead.
struct adopt {
  plan_id plan;
  std::int32_t plan_version = 1;
  std::vector<plan_item> items;
  std::string failed_key; ///< the failure that this version answers
  TROUPE_RECORD(adopt, plan, plan_version, items, failed_key);
};
/// The brief could not or would not replan: the failure stands.
struct replan_refused {
  ticket_id ticket;
  std::string why;
  TROUPE_RECORD(replan_refused, ticket, why);
};

TROUPE_CHOICE(command, create, start, pause, resume, cancel, stop, carry_on, decided, ticket_ended,
              adopt, replan_refused, settle, tick);

struct created {
  project_id project;
  brief_id brief;
  plan_id plan;
  std::int32_t plan_version = 1;
  project_config config;
  std::vector<plan_item> items;
  std::string forked_from;
  status to = status::starting;
  bool by_hand = false;
  run_id continues;
  std::string tickets;
  std::vector<item_fate> fates;
  std::vector<edge_change> edges;
  TROUPE_RECORD(created, project, brief, plan, plan_version, config, items, forked_from, to,
                by_hand, continues, tickets, fates, edges);
};
/// A person is asked whether it shall go on; `asked` counts the times.
struct continuation_asked {
  std::int32_t asked = 1;
  std::string question;
  std::string content_hash; ///< of what is left to do
  principal_id by;
  TROUPE_RECORD(continuation_asked, asked, question, content_hash, by);
};
struct continuation_decided {
  approval_id approval;
  bool approved = false;
  principal_id by;
  std::string notes;
  run_id next; ///< the run that goes on; empty: nobody does
  TROUPE_RECORD(continuation_decided, approval, approved, by, notes, next);
};
/// Every ticket is open (or: resumed).
struct moved {
  status to = status::running;
  std::string why;
  TROUPE_RECORD(moved, to, why);
};
struct ticket_recorded {
  ticket_id ticket;
  item_outcome outcome = item_outcome::done;
  bool replan = false;
  std::string why;
  usage used;
  std::string commit;
  TROUPE_RECORD(ticket_recorded, ticket, outcome, replan, why, used, commit);
};
struct adopted {
  plan_id plan;
  std::int32_t plan_version = 1;
  std::vector<plan_item> items;
  std::string failed_key;
  TROUPE_RECORD(adopted, plan, plan_version, items, failed_key);
};
struct replan_dropped {
  ticket_id ticket;
  std::string why;
  TROUPE_RECORD(replan_dropped, ticket, why);
};
struct ended {
  status to = status::COMPLETED;
  std::string why;
  TROUPE_RECORD(ended, to, why);
};

/// A stopped run that nobody will continue: its tickets are cancelled.
struct abandoned {
  std::string why;
  TROUPE_RECORD(abandoned, why);
};

TROUPE_CHOICE(event, created, moved, ticket_recorded, adopted, replan_dropped, ended,
              continuation_asked, continuation_decided, abandoned, settled);

/// Id of the ticket of an item: `<brief>-<key>`.
[[nodiscard]] inline ticket_id ticket_of(brief_id const& brief, std::string const& key) {
  return ticket_id{brief.value + "-" + key};
}

} // namespace troupe::run

TROUPE_CODEC_ELSEWHERE(troupe::run::command);
TROUPE_CODEC_ELSEWHERE(troupe::run::event);
