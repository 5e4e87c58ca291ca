#pragma once

#include "protocol/entities/shared.hpp"

/// A brief: what is wanted and why. Nothing is planned before a person approved it.
namespace troupe::brief {

enum class status {
  none,
  drafting,
  pending_approval,
  revision_requested,
  expired,
  approved,
  planning,
  in_delivery,
  on_hold,
  COMPLETED,
  FAILED,
  REJECTED,
  CANCELLED,
};
BOOST_DESCRIBE_ENUM(status, none, drafting, pending_approval, revision_requested, expired, approved,
                    planning, in_delivery, on_hold, COMPLETED, FAILED, REJECTED, CANCELLED)

/// Raw intake, kept as it came.
struct source {
  std::string kind;   ///< `transcript`, `message`, `ticket`, `webhook`
  std::string name;   ///< file name or title
  std::string text;   ///< valid UTF-8, at most 512 KiB
  std::string sha256; ///< of the bytes as they came
  TROUPE_FIELDS(source, kind, name, text, sha256);
};
constexpr std::size_t max_source_bytes = 512 * 1024;

struct submit {
  project_id project;
  source from;
  project_config config; ///< of the project now; frozen for this brief and its runs
  TROUPE_RECORD(submit, project, from, config);
};
/// A draft by hand, or an edit of the draft before approval.
struct draft {
  brief_content content;
  TROUPE_RECORD(draft, content);
};
enum class decision { approve, revise, reject, expire };
BOOST_DESCRIBE_ENUM(decision, approve, revise, reject, expire)
/// The approval was decided. `content_hash` is what the person saw; another content: conflict.
struct decided {
  approval_id approval;
  decision how = decision::approve;
  principal_id by;
  std::string notes;
  std::string content_hash;
  TROUPE_RECORD(decided, approval, how, by, notes, content_hash);
};
/// Ask again after it expired.
struct resend {
  TROUPE_RECORD(resend);
};
/// A version of the plan is active: deliver it.
struct plan_active {
  plan_id plan;
  std::int32_t version = 1;
  plan_content content;
  TROUPE_RECORD(plan_active, plan, version, content);
};
/// The plan could not be made or was rejected.
struct plan_failed {
  plan_id plan;
  std::int32_t version = 1;
  std::string why;
  TROUPE_RECORD(plan_failed, plan, version, why);
};
/// A run asks for another version of the plan, because a ticket failed for good.
struct replan {
  run_id run;
  ticket_id ticket;
  std::string key; ///< of the failed item
  std::string why;
  TROUPE_RECORD(replan, run, ticket, key, why);
};
struct run_ended {
  run_id run;
  bool completed = false;
  bool cancelled = false;
  std::string why;
  TROUPE_RECORD(run_ended, run, completed, cancelled, why);
};
/// A person approved that another run goes on where one was stopped.
struct run_continues {
  run_id run;
  run_id next;
  std::int32_t plan_version = 1; ///< that the run knows and hands over
  TROUPE_RECORD(run_continues, run, next, plan_version);
};
struct hold {
  std::string why;
  TROUPE_RECORD(hold, why);
};
struct resume {
  TROUPE_RECORD(resume);
};
struct cancel {
  std::string why;
  TROUPE_RECORD(cancel, why);
};

TROUPE_CHOICE(command, submit, draft, decided, resend, plan_active, plan_failed, replan, run_ended,
              run_continues, hold, resume, cancel, hear, settle, tick);

struct submitted {
  project_id project;
  source from;
  project_config config;
  status to = status::drafting;
  TROUPE_RECORD(submitted, project, from, config, to);
};
struct drafted {
  brief_content content;
  std::string content_hash; ///< sha256 of the canonical JSON of `content`
  principal_id by;
  std::string engine;
  std::int32_t round = 1; ///< 1 for the first draft
  status to = status::pending_approval;
  TROUPE_RECORD(drafted, content, content_hash, by, engine, round, to);
};
/// Drafting is not possible (nothing asked for in the source): a person is told why.
struct draft_refused {
  std::string why;
  status to = status::REJECTED;
  TROUPE_RECORD(draft_refused, why, to);
};
struct approval_recorded {
  approval_id approval;
  decision how = decision::approve;
  principal_id by;
  std::string notes;
  std::string content_hash;
  status to = status::approved;
  TROUPE_RECORD(approval_recorded, approval, how, by, notes, content_hash, to);
};
struct redraft_began {
  status to = status::drafting;
  TROUPE_RECORD(redraft_began, to);
};
struct resent {
  status to = status::pending_approval;
  TROUPE_RECORD(resent, to);
};
/// Version n of the plan is being made; `failed` says why there is another one.
struct planning_began {
  std::int32_t version = 1;
  ticket_id failed;
  std::string failed_key;
  std::string why;
  status to = status::planning;
  TROUPE_RECORD(planning_began, version, failed, failed_key, why, to);
};
struct delivery_began {
  plan_id plan;
  std::int32_t version = 1;
  plan_content content;
  run_id run;
  status to = status::in_delivery;
  TROUPE_RECORD(delivery_began, plan, version, content, run, to);
};
/// Another version of the plan is wanted while one is being made (or the brief is on hold): later.
struct replan_queued {
  ticket_id ticket;
  std::string key;
  std::string why;
  TROUPE_RECORD(replan_queued, ticket, key, why);
};
/// No replan is left, or the new plan failed: the run is told.
struct replan_refused {
  ticket_id ticket;
  std::string why;
  status to = status::in_delivery;
  TROUPE_RECORD(replan_refused, ticket, why, to);
};
struct held {
  std::string why;
  bool plan_failed = false; ///< the first plan could not be made: `resume` plans again
  status to = status::on_hold;
  TROUPE_RECORD(held, why, plan_failed, to);
};
/// The brief is delivered by another run now.
struct run_replaced {
  run_id run;
  std::int32_t plan_version = 1;
  TROUPE_RECORD(run_replaced, run, plan_version);
};
struct resumed {
  status to = status::in_delivery;
  TROUPE_RECORD(resumed, to);
};
struct ended {
  status to = status::COMPLETED;
  std::string why;
  TROUPE_RECORD(ended, to, why);
};

TROUPE_CHOICE(event, submitted, drafted, draft_refused, approval_recorded, redraft_began, resent,
              planning_began, delivery_began, replan_queued, replan_refused, held, resumed,
              run_replaced, ended, settled);

[[nodiscard]] inline plan_id plan_of(brief_id const& b, std::int32_t version) {
  return plan_id{b.value + ".p" + std::to_string(version)};
}
[[nodiscard]] inline run_id run_of(brief_id const& b, std::int32_t n) {
  return run_id{b.value + ".r" + std::to_string(n)};
}

} // namespace troupe::brief

TROUPE_CODEC_ELSEWHERE(troupe::brief::command);
TROUPE_CODEC_ELSEWHERE(troupe::brief::event);
