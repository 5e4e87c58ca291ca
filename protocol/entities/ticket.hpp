#pragma once

#include "protocol/daemon_link.hpp"
#include "protocol/entities/budget.hpp"
#include "protocol/entities/shared.hpp"

/// A ticket: a unit of work with one owner, acceptance criteria, a budget and a state. Lease and
/// attempt are machines of their own inside it, because one writer must see all three.
namespace troupe::ticket {

enum class status {
  none, ///< the stream is empty
  backlog,
  blocked,
  ready,
  claimed,
  in_progress,
  waiting,
  in_review,
  in_gates,
  merging,
  rework,
  failed_pending,
  DONE,
  FAILED,
  CANCELLED,
};
BOOST_DESCRIBE_ENUM(status, none, backlog, blocked, ready, claimed, in_progress, waiting, in_review,
                    in_gates, merging, rework, failed_pending, DONE, FAILED, CANCELLED)

enum class attempt_status {
  none,
  created,
  preparing_workspace,
  launching,
  streaming,
  collecting_evidence,
  parked,
  SUCCEEDED,
  FAILED,
  TIMED_OUT,
  STALLED,
  CANCELLED,
  LOST,
};
BOOST_DESCRIBE_ENUM(attempt_status, none, created, preparing_workspace, launching, streaming,
                    collecting_evidence, parked, SUCCEEDED, FAILED, TIMED_OUT, STALLED, CANCELLED,
                    LOST)

enum class lease_status { none, offered, held, RELEASED, EXPIRED, REVOKED, DECLINED, LAPSED };
BOOST_DESCRIBE_ENUM(lease_status, none, offered, held, RELEASED, EXPIRED, REVOKED, DECLINED, LAPSED)

// ---- commands -------------------------------------------------------------------------------

/// Makes the ticket. Sent by its run; by hand only with the grant (`by_hand`). A run that continues
/// another one takes the other's tickets over with it (`continues`).
struct open {
  project_id project;
  brief_id brief;
  plan_id plan;
  run_id run;
  plan_item item;
  std::vector<ticket_id> blocked_by; ///< tickets, not item keys
  std::vector<stage> stages;         ///< frozen process
  std::int32_t attempts = 3;
  std::int32_t rounds = 3;
  duration lease{std::chrono::seconds{60}};
  std::string repository;
  std::string target_branch;
  ticket_id supersedes;
  bool run_active = false;
  bool by_hand = false;
  agent_id resolver; ///< asked when the ticket fails; empty: only a person can say
  std::vector<budget::scope_limit> limits; ///< of money, from the root to the ticket; empty: none
  std::int64_t attempt_micros = 0;         ///< reserved for each attempt of an agent
  run_id continues;
  TROUPE_RECORD(open, project, brief, plan, run, item, blocked_by, stages, attempts, rounds, lease,
                repository, target_branch, supersedes, run_active, by_hand, resolver, limits,
                attempt_micros, continues);
};
/// The run started, paused or resumed.
struct run_changed {
  bool active = false;
  std::int64_t change = 0; ///< counts the run's pauses and resumes; an older one is ignored
  run_id run = {};         ///< another run than the ticket's has nothing to say; empty: its own
  TROUPE_RECORD(run_changed, active, change, run);
};
/// The money for the next lease is reserved.
struct fund {
  std::string id; ///< of the reservation
  TROUPE_RECORD(fund, id);
};
/// The scope has no money for the next lease: a person must grant some.
struct refuse_funds {
  std::string id;
  std::string scope;
  std::string why;
  TROUPE_RECORD(refuse_funds, id, scope, why);
};
/// A blocker is done.
struct met {
  ticket_id blocker;
  TROUPE_RECORD(met, blocker);
};
/// An edge is added while the ticket is open; the sender has checked for cycles.
struct add_blocker {
  ticket_id blocker;
  TROUPE_RECORD(add_blocker, blocker);
};
/// A blocker is replaced by another ticket (replan); an empty new one: it just falls away.
struct swap_blocker {
  ticket_id old_blocker;
  ticket_id new_blocker;
  TROUPE_RECORD(swap_blocker, old_blocker, new_blocker);
};
/// The dispatcher gives the lease for the present stage to an agent on a daemon.
struct grant {
  std::string stage;            ///< the stage the offer was about; another present stage: conflict
  std::int64_t after_token = 0; ///< last token that the dispatcher saw; stale: conflict
  agent_id agent;
  daemon_id daemon; ///< empty: the agent works in the server (bench) or is a person
  engine_kind engine = engine_kind::daemon;
  std::string profile;
  TROUPE_RECORD(grant, stage, after_token, agent, daemon, engine, profile);
};
struct decline {
  std::int64_t token = 0;
  reason why = reason::none;
  std::string message;
  TROUPE_RECORD(decline, token, why, message);
};
struct start {
  std::int64_t token = 0;
  std::string base;
  std::string session;
  TROUPE_RECORD(start, token, base, session);
};
/// The holder is alive: the lease runs `lease` from now.
struct renew {
  std::int64_t token = 0;
  TROUPE_RECORD(renew, token);
};
/// The holder is known to be gone for good (its daemon was revoked or restarted without it).
struct lose {
  std::int64_t token = 0;
  std::string why;
  TROUPE_RECORD(lose, token, why);
};
/// The holder says something to another agent; a question makes the ticket wait for the answer.
struct say {
  std::int64_t token = 0;
  std::string key; ///< unique in the attempt
  message_kind kind = message_kind::question;
  agent_id to; ///< resolved by the runtime from a role or a name
  std::string text;
  std::string engine;
  TROUPE_RECORD(say, token, key, kind, to, text, engine);
};
/// The attempt ended, whatever its stage is.
struct finish {
  link::finished report; ///< its token is checked
  TROUPE_RECORD(finish, report);
};
/// A person (or the chief of staff) reviews without a lease, in `in_review`.
struct review {
  bool approved = false;
  std::vector<std::string> notes;
  TROUPE_RECORD(review, approved, notes);
};
struct comment {
  std::string text;
  std::string reply_to;
  std::map<std::string, std::string> metrics;
  std::vector<std::string> blockers;
  std::vector<std::string> next_steps;
  TROUPE_RECORD(comment, text, reply_to, metrics, blockers, next_steps);
};
enum class resolution { retry, replan, fail };
BOOST_DESCRIBE_ENUM(resolution, retry, replan, fail)
/// What becomes of a ticket in `failed_pending`.
struct resolve {
  resolution how = resolution::retry;
  std::string why;
  TROUPE_RECORD(resolve, how, why);
};
struct cancel {
  std::string why;
  TROUPE_RECORD(cancel, why);
};

TROUPE_CHOICE(command, open, run_changed, met, add_blocker, swap_blocker, grant, decline, start,
              renew, lose, say, finish, review, comment, resolve, cancel, fund, refuse_funds, hear,
              settle, tick);

// ---- events ---------------------------------------------------------------------------------
// An event that moves the ticket says where to (`to`); `none` leaves the status as it is.

struct opened {
  project_id project;
  brief_id brief;
  plan_id plan;
  run_id run;
  shared_value<plan_item> item;
  std::vector<ticket_id> blocked_by;
  shared_value<std::vector<stage>> stages;
  std::int32_t attempts = 3;
  std::int32_t rounds = 3;
  duration lease{std::chrono::seconds{60}};
  std::string repository;
  std::string target_branch;
  ticket_id supersedes;
  bool run_active = false;
  bool by_hand = false;
  agent_id resolver;
  std::vector<budget::scope_limit> limits;
  std::int64_t attempt_micros = 0;
  TROUPE_RECORD(opened, project, brief, plan, run, item, blocked_by, stages, attempts, rounds,
                lease, repository, target_branch, supersedes, run_active, by_hand, resolver, limits,
                attempt_micros);
};
/// Another run goes on with the ticket; `readiness_changed` follows.
struct taken_over {
  run_id run;
  std::vector<budget::scope_limit> limits;
  std::int64_t attempt_micros = 0;
  TROUPE_RECORD(taken_over, run, limits, attempt_micros);
};
/// The money for the lease `token` is reserved.
struct funded {
  std::int64_t token = 0;
  TROUPE_RECORD(funded, token);
};
struct funds_refused {
  std::int64_t token = 0;
  std::string scope;
  std::string why;
  TROUPE_RECORD(funds_refused, token, scope, why);
};
/// Blockers or the run's state changed; also the first placing: backlog -> blocked | ready.
struct readiness_changed {
  status to = status::none;
  bool run_active = false;
  std::vector<ticket_id> open_blockers; ///< after the change
  std::vector<ticket_id> met;     ///< done by this event; remembered, should an edge come late
  std::vector<ticket_id> dropped; ///< replaced by this event
  std::int64_t change = 0;        ///< of the run, see `run_changed`
  TROUPE_RECORD(readiness_changed, to, run_active, open_blockers, met, dropped, change);
};
/// A lease is held; from ready and rework the ticket becomes claimed. The attempt is created.
struct leased {
  std::int64_t token = 0;
  std::int32_t stage = 0; ///< index; `stages.size()` is the merge
  agent_id agent;
  daemon_id daemon;
  engine_kind engine = engine_kind::daemon;
  std::string profile;
  time_point expires{};
  std::int32_t attempt_number = 1; ///< of this stage in this round
  status to = status::none;
  TROUPE_RECORD(leased, token, stage, agent, daemon, engine, profile, expires, attempt_number, to);
};
struct renewed {
  std::int64_t token = 0;
  time_point expires{};
  TROUPE_RECORD(renewed, token, expires);
};
struct attempt_started {
  std::int64_t token = 0;
  std::string base;
  std::string session;
  status to = status::none;
  TROUPE_RECORD(attempt_started, token, base, session, to);
};
/// The attempt and its lease are over.
struct attempt_ended {
  std::int64_t token = 0;
  attempt_status how = attempt_status::SUCCEEDED;
  lease_status lease = lease_status::RELEASED;
  reason why = reason::none;
  std::string summary;
  std::string session;
  std::string engine;
  usage used;
  time_point retry_at{}; ///< not offered again before
  bool counted = true;   ///< as one of the stage's attempts
  status to = status::none;
  /// What an attempt that gave no evidence had committed all the same; as in `evidence`.
  std::vector<std::string> commits;
  TROUPE_RECORD(attempt_ended, token, how, lease, why, summary, session, engine, used, retry_at,
                counted, to, commits);
};
/// The work of a work stage, with proof. Moves on to the next work stage or to review.
struct evidence_attached {
  evidence proof;
  std::int32_t next_stage = 0;
  status to = status::none;
  TROUPE_RECORD(evidence_attached, proof, next_stage, to);
};
struct reviewed {
  std::int32_t stage = 0;
  principal_id by; ///< `system` where the process has no review stage
  bool approved = false;
  std::vector<std::string> notes;
  std::string head;
  std::int32_t next_stage = 0;
  status to = status::none;
  TROUPE_RECORD(reviewed, stage, by, approved, notes, head, next_stage, to);
};
struct gated {
  std::int32_t stage = 0;
  bool passed = false;
  std::vector<gate_result> results;
  std::string head;
  std::int32_t next_stage = 0;
  status to = status::none;
  TROUPE_RECORD(gated, stage, passed, results, head, next_stage, to);
};
struct merged {
  std::string commit;
  evidence proof;
  status to = status::DONE;
  TROUPE_RECORD(merged, commit, proof, to);
};
struct merge_refused {
  std::vector<std::string> files; ///< in conflict
  std::string why;
  std::int32_t round = 0;      ///< rounds used, this one included
  std::int32_t next_stage = 0; ///< the work stage that mends it
  status to = status::rework;
  TROUPE_RECORD(merge_refused, files, why, round, next_stage, to);
};
/// Work is sent back for another round: what to mend stands in the message posted with it.
struct sent_back {
  std::int32_t round = 0;      ///< rounds used, this one included
  std::string stage;           ///< that sends it back
  std::int32_t next_stage = 0; ///< the work stage that mends it
  status to = status::rework;  ///< or failed_pending where no round is left
  TROUPE_RECORD(sent_back, round, stage, next_stage, to);
};
/// Invariant 8: every waiting names its owner, the action and the deadline.
struct wait_began {
  principal_id owner;
  std::string action;
  time_point deadline{};
  std::string message; ///< id of the question, if it is one
  status to = status::waiting;
  TROUPE_RECORD(wait_began, owner, action, deadline, message, to);
};
struct wait_ended {
  std::string message;
  bool timed_out = false;
  status to = status::in_progress;
  TROUPE_RECORD(wait_ended, message, timed_out, to);
};
/// One message of the ticket's conversation.
struct message_posted {
  shared_value<envelope> message;
  std::string key; ///< of what the holder said in its attempt; empty for others
  TROUPE_RECORD(message_posted, message, key);
};
struct commented {
  std::string id;
  principal_id by;
  std::string text;
  std::string reply_to;
  std::map<std::string, std::string> metrics;
  std::vector<std::string> blockers;
  std::vector<std::string> next_steps;
  TROUPE_RECORD(commented, id, by, text, reply_to, metrics, blockers, next_steps);
};
struct resolved {
  resolution how = resolution::retry;
  principal_id by;
  std::string why;
  status to = status::none;
  TROUPE_RECORD(resolved, how, by, why, to);
};
struct cancelled {
  std::string why;
  status to = status::CANCELLED;
  TROUPE_RECORD(cancelled, why, to);
};
/// A report with an old token: kept, never applied. Only what it used was spent all the same.
struct orphaned {
  std::int64_t token = 0;
  std::string kind;
  evidence proof;
  usage used;
  TROUPE_RECORD(orphaned, token, kind, proof, used);
};

TROUPE_CHOICE(event, opened, readiness_changed, leased, renewed, attempt_started, attempt_ended,
              evidence_attached, reviewed, gated, merged, merge_refused, sent_back, wait_began,
              wait_ended, message_posted, commented, resolved, cancelled, orphaned, taken_over,
              funded, funds_refused, settled);

} // namespace troupe::ticket

TROUPE_CODEC_ELSEWHERE(troupe::ticket::command);
TROUPE_CODEC_ELSEWHERE(troupe::ticket::event);
