#pragma once

#include "protocol/entities/shared.hpp"

/// Version n of the tickets and dependencies for a brief.
namespace troupe::plan {

enum class status {
  none,
  drafting, ///< before the first proposal
  proposed,
  invalid,
  under_critique,
  ready,
  pending_approval,
  revision_requested,
  active,
  SUPERSEDED,
  COMPLETED,
  FAILED,
  REJECTED,
  CANCELLED,
};
BOOST_DESCRIBE_ENUM(status, none, drafting, proposed, invalid, under_critique, ready,
                    pending_approval, revision_requested, active, SUPERSEDED, COMPLETED, FAILED,
                    REJECTED, CANCELLED)

struct create {
  project_id project;
  brief_id brief;
  std::int32_t version = 1;
  brief_content content;
  std::string content_hash; ///< of the approved brief
  project_config config;
  plan_content previous;  ///< of version n-1, for a replan
  std::string failed_key; ///< item of `previous` that failed
  std::string failure;    ///< why
  TROUPE_RECORD(create, project, brief, version, content, content_hash, config, previous,
                failed_key, failure);
};
/// A proposal or an edit by hand (before it is active). A cycle is refused with its path when a
/// person sends it, and makes the plan `invalid` when an agent does.
struct propose {
  plan_content content;
  TROUPE_RECORD(propose, content);
};
struct decided {
  approval_id approval;
  bool approved = false;
  bool revise = false; ///< neither: rejected
  principal_id by;
  std::string notes;
  std::string content_hash;
  TROUPE_RECORD(decided, approval, approved, revise, by, notes, content_hash);
};
struct supersede {
  std::int32_t by_version = 0;
  TROUPE_RECORD(supersede, by_version);
};
struct finish {
  bool completed = true;
  std::string why;
  TROUPE_RECORD(finish, completed, why);
};
struct cancel {
  std::string why;
  TROUPE_RECORD(cancel, why);
};

TROUPE_CHOICE(command, create, propose, decided, supersede, finish, cancel, hear, settle, tick);

struct created {
  project_id project;
  brief_id brief;
  std::int32_t version = 1;
  brief_content content;
  std::string content_hash;
  project_config config;
  plan_content previous;
  std::string failed_key;
  std::string failure;
  status to = status::drafting;
  TROUPE_RECORD(created, project, brief, version, content, content_hash, config, previous,
                failed_key, failure, to);
};
struct proposed {
  plan_content content;
  std::string content_hash;
  principal_id by;
  std::string engine;
  std::int32_t round = 1;
  status to = status::proposed;
  TROUPE_RECORD(proposed, content, content_hash, by, engine, round, to);
};
/// Also: an answer of the planner that is no plan; then the status stays and the round is lost.
struct invalidated {
  std::string why;
  std::vector<std::string> path; ///< of the cycle, first = last
  status to = status::invalid;
  TROUPE_RECORD(invalidated, why, path, to);
};
struct critique_began {
  status to = status::under_critique;
  TROUPE_RECORD(critique_began, to);
};
struct critiqued {
  principal_id by;
  std::string engine;
  std::vector<std::string> findings;
  status to = status::ready; ///< proposed: another round; under_critique: no readable answer
  TROUPE_RECORD(critiqued, by, engine, findings, to);
};
struct approval_asked {
  status to = status::pending_approval;
  TROUPE_RECORD(approval_asked, to);
};
struct approval_recorded {
  approval_id approval;
  bool approved = false;
  principal_id by;
  std::string notes;
  std::string content_hash;
  status to = status::active;
  TROUPE_RECORD(approval_recorded, approval, approved, by, notes, content_hash, to);
};
/// A person edits the plan that waits for approval: the question about the old one is withdrawn.
struct edit_began {
  principal_id by;
  status to = status::revision_requested;
  TROUPE_RECORD(edit_began, by, to);
};
/// Goes on without a person, because the project's autonomy allows it.
struct activated {
  std::string why;
  status to = status::active;
  TROUPE_RECORD(activated, why, to);
};
struct ended {
  status to = status::COMPLETED;
  std::string why;
  TROUPE_RECORD(ended, to, why);
};

TROUPE_CHOICE(event, created, proposed, invalidated, critique_began, critiqued, approval_asked,
              approval_recorded, edit_began, activated, ended, settled);

} // namespace troupe::plan

TROUPE_CODEC_ELSEWHERE(troupe::plan::command);
TROUPE_CODEC_ELSEWHERE(troupe::plan::event);
