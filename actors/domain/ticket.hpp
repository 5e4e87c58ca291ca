#pragma once

#include "actors/domain/domain.hpp"

/// The domain of a ticket, with the machines of its lease and its attempt. Pure.
namespace troupe::ticket {

/// The last lease with its attempt; over when `is` is terminal.
struct holding {
  std::int64_t token = 0; ///< 0: never leased
  lease_status is = lease_status::none;
  attempt_status attempt = attempt_status::none;
  std::int32_t stage = 0;
  agent_id agent;
  daemon_id daemon;
  engine_kind engine = engine_kind::daemon;
  std::string profile;
  std::int32_t attempt_number = 1;
  time_point since{};
  time_point expires{};
  std::string base;
  std::string session;
  reason why = reason::none;
  std::string summary;
  TROUPE_FIELDS(holding, token, is, attempt, stage, agent, daemon, engine, profile, attempt_number,
                since, expires, base, session, why, summary);
};

/// Who tried a work stage last, and where: the session to resume, and who may not review.
struct worker {
  std::int32_t stage = 0;
  agent_id agent;
  daemon_id daemon;
  std::string session;
  bool author = false; ///< gave evidence
  TROUPE_FIELDS(worker, stage, agent, daemon, session, author);
};

/// Something that the ticket waits for. Invariant 8: owner, action and deadline are always there.
struct wait {
  principal_id owner;
  std::string action;
  time_point deadline{};
  envelope question; ///< empty id: not a question
  TROUPE_FIELDS(wait, owner, action, deadline, question);
};

/// Money for the next lease, where there are limits.
struct purse {
  std::int64_t token = 0; ///< of the lease that it is for; 0: none was asked for
  std::string id;         ///< of the reservation
  std::string budget;
  std::string scope;
  bool granted = false; ///< reserved
  std::string refused;  ///< the scope that has no more; empty: not refused
  std::string why;
  TROUPE_FIELDS(purse, token, id, budget, scope, granted, refused, why);
};

/// A reservation that is done with.
struct bill {
  std::string id;
  std::string budget;
  std::int64_t spent = 0;
  bool charged = false; ///< used and reported, else given back
  std::string scope;    ///< of what was spent without a reservation
  TROUPE_FIELDS(bill, id, budget, spent, charged, scope);
};

/// A lease that ended without a report, and gave its money back: what its holder still says that it
/// spent is charged here.
struct unpaid {
  std::int64_t token = 0;
  std::string budget;
  std::string scope;
  TROUPE_FIELDS(unpaid, token, budget, scope);
};

/// The daemon that got every lease from this token on, up to the next of these.
struct tenure {
  std::int64_t from = 0;
  daemon_id daemon; ///< empty: a person, or the server itself
  TROUPE_FIELDS(tenure, from, daemon);
};

struct review_record {
  std::string stage;
  principal_id by;
  bool approved = false;
  std::vector<std::string> notes;
  std::string head;
  TROUPE_FIELDS(review_record, stage, by, approved, notes, head);
};

struct remark {
  std::string id;
  std::string cause;
  time_point at{};
  principal_id by;
  std::string text;
  std::string reply_to;
  std::map<std::string, std::string> metrics;
  std::vector<std::string> blockers;
  std::vector<std::string> next_steps;
  TROUPE_FIELDS(remark, id, cause, at, by, text, reply_to, metrics, blockers, next_steps);
};

/// Numbers that bound the work and that make ids.
struct counters {
  shared_value<std::map<std::string, std::int32_t>> sent_by; ///< times sent back, by stage name
  std::int32_t tries = 0;         ///< counted attempts of the present stage that failed
  std::int32_t uncounted = 0;     ///< attempts that ended without anybody's fault
  std::int32_t taken_over = 0;    ///< times that another run took it over
  std::int32_t agent_retries = 0; ///< out of failed_pending, by an agent's word
  std::int32_t ready = 0;         ///< times that it became ready
  std::int64_t posted = 0;        ///< messages
  std::int64_t commented = 0;
  std::int64_t reservations = 0;
  std::int32_t resolutions_asked = 0; ///< makes each request a new one
  std::int32_t resolutions_bad = 0;   ///< unreadable answers since it failed
  TROUPE_FIELDS(counters, sent_by, tries, uncounted, agent_retries, ready, posted, commented,
                reservations, resolutions_asked, resolutions_bad, taken_over);
};

/// What was applied already, so that it has no second effect when it comes again.
struct memory {
  std::vector<std::int64_t> reported; ///< tokens whose holder's report was applied
  std::vector<std::string> orphans;   ///< `token/kind` of reports that came too late
  std::vector<std::string> said;      ///< keys of the attempt that lives
  std::vector<std::string> heeded;    ///< causes of people's words
  std::vector<unpaid> owed;           ///< leases whose report is still to come, oldest first
  std::vector<tenure> tenures;        ///< whose leases they were, oldest first
  TROUPE_FIELDS(memory, reported, orphans, said, heeded, owed, tenures);
};

/// What the log says about one ticket so far. Lists that only inform are bounded. Of what most
/// tickets have nothing of, or what seldom changes, there is one value that copies share.
struct state {
  entity_ref self;
  std::uint64_t version = 0;
  status is = status::none;

  project_id project;
  brief_id brief;
  plan_id plan;
  run_id run;
  shared_value<plan_item> item;
  shared_value<std::vector<stage>> stages;
  std::int32_t attempts = 3;
  std::int32_t rounds = 3;
  duration lease{std::chrono::seconds{60}};
  std::string repository;
  std::string target_branch;
  ticket_id supersedes;
  bool by_hand = false;
  agent_id resolver;
  std::vector<budget::scope_limit> limits; ///< of money; empty: none
  std::int64_t attempt_micros = 0;
  shared_value<purse> money;
  std::vector<bill> bills;
  time_point opened_at{};
  time_point changed_at{}; ///< of the last event that moved it

  bool run_active = false;
  std::int64_t run_change = 0;
  std::vector<ticket_id> blocked_by; ///< every blocker it ever had, replaced ones left out
  std::vector<ticket_id> open_blockers;
  std::vector<ticket_id> met;     ///< known to be done
  std::vector<ticket_id> dropped; ///< replaced

  std::int32_t stage_index = 0; ///< of the present stage; `stages.size()` is the merge
  std::int32_t round = 0;       ///< times sent back since it was last retried
  counters counted;
  shared_value<memory> seen;
  time_point retry_at{}; ///< not offered before

  std::int64_t last_token = 0;
  shared_value<holding> holder;
  std::vector<worker> workers;
  std::vector<daemon_id> daemons; ///< that have a workspace
  std::vector<wait> waits;
  std::vector<envelope> answers; ///< for the attempt that lives

  shared_value<evidence> proof;
  std::string gated_head; ///< head that passed every gate
  std::vector<review_record> reviews;
  shared_value<std::vector<gate_result>> gate_results; ///< of the last gate stage
  std::string merged_as;
  std::string why;            ///< of the last failure
  bool replan_wanted = false; ///< FAILED, and a replan is wanted
  usage used;

  std::vector<shared_value<envelope>> conversation;
  shared_value<std::vector<remark>> comments;
  std::vector<std::string> settled;

  TROUPE_FIELDS(state, self, version, is, project, brief, plan, run, item, stages, attempts, rounds,
                lease, repository, target_branch, supersedes, by_hand, resolver, limits,
                attempt_micros, money, bills, opened_at, changed_at, run_active, run_change,
                blocked_by, open_blockers, met, dropped, stage_index, round, counted, seen,
                retry_at, last_token, holder, workers, daemons, waits, answers, proof, gated_head,
                reviews, gate_results, merged_as, why, replan_wanted, used, conversation, comments,
                settled);
};

constexpr std::size_t max_conversation = 100;
constexpr std::size_t max_comments = 200;
/// Leases that may still say what they spent; for each the ticket keeps where it would be charged.
constexpr std::size_t max_owed = 200;
/// Changes of the daemon that a ticket remembers; of leases before them no daemon can report.
constexpr std::size_t max_tenures = 200;
/// Attempts that end without anybody's fault (lost leases, rate limits) are free up to here.
constexpr std::int32_t max_uncounted = 50;
constexpr std::int32_t max_agent_retries = 2;
constexpr std::int32_t max_bad_resolutions = 3;
/// How long a question, and a person's lease, may take.
constexpr duration patience = std::chrono::hours{24};
/// How long a ticket waits for a person to grant money; then it is cancelled.
constexpr duration money_patience = std::chrono::hours{72};

/// Decides what a command does: the events to append, none if it changes nothing (also when it was
/// applied before). Errors: not_found (never opened), conflict (not in this state; details `state`
/// and `allowed`), fenced (`renew` with a token that is not held, or is another daemon's),
/// invalid_argument, forbidden (the author reviews; a daemon reports about another one's lease).
[[nodiscard]] result<decided<event, state>> decide(state const& s, command const& c,
                                                   command_context const& ctx);
/// Applies one event. Total: an event in the log is a fact and is never refused.
[[nodiscard]] state evolve(state s, event const& e, event_context const& ctx);
/// The same in place: moving a state there and back costs more than most events.
void advance(state& s, event const& e, event_context const& ctx);
/// What must happen next.
[[nodiscard]] std::vector<obligation> obligations(state const& s);

[[nodiscard]] transition_table<status> transitions();
[[nodiscard]] transition_table<lease_status> lease_transitions();
/// The server hears of some steps only (`leased`, `started`, the end), so a step may pass several
/// rows at once.
[[nodiscard]] transition_table<attempt_status> attempt_transitions();

/// The obligation to tell the run how the ticket ended. Each run that has it is told by a key of
/// its own: what an earlier one acknowledges late must not settle what the present one waits for.
[[nodiscard]] std::string report_key(state const& s);
/// Whether the next lease needs money that is not reserved.
[[nodiscard]] bool wants_money(state const& s);
/// Whether the present stage costs money, there is a limit, and a lease is wanted.
[[nodiscard]] bool has_price(state const& s);
/// Whether a lease is out: offered to its holder, or held by it.
[[nodiscard]] bool is_leased(state const& s);
[[nodiscard]] bool is_merge(state const& s, std::int32_t index);
/// Name of a stage by its index; `merge` for the last.
[[nodiscard]] std::string stage_name(state const& s, std::int32_t index);
/// Role of a stage: the item's own where the process has one work stage only; empty for machines.
[[nodiscard]] std::string stage_role(state const& s, std::int32_t index);
/// Whether the work has commits; what has none needs no gates and no merge.
[[nodiscard]] bool has_commits(state const& s);

} // namespace troupe::ticket

TROUPE_CODEC_ELSEWHERE(troupe::ticket::state);
