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

struct create {
  project_id project;
  brief_id brief;
  plan_id plan;
  std::int32_t plan_version = 1;
  project_config config; ///< frozen
  std::vector<plan_item> items;
  std::string forked_from; ///< `run@event`, empty: none
  TROUPE_RECORD(create, project, brief, plan, plan_version, config, items, forked_from);
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

using command = std::variant<create, pause, resume, cancel, stop, ticket_ended, adopt,
                             replan_refused, settle, tick>;

struct created {
  project_id project;
  brief_id brief;
  plan_id plan;
  std::int32_t plan_version = 1;
  project_config config;
  std::vector<plan_item> items;
  std::string forked_from;
  status to = status::starting;
  TROUPE_RECORD(created, project, brief, plan, plan_version, config, items, forked_from, to);
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

using event =
    std::variant<created, moved, ticket_recorded, adopted, replan_dropped, ended, settled>;

/// Id of the ticket of an item: `<brief>-<key>`.
[[nodiscard]] inline ticket_id ticket_of(brief_id const& brief, std::string const& key) {
  return ticket_id{brief.value + "-" + key};
}

} // namespace troupe::run
