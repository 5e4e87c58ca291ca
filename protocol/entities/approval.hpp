#pragma once

#include "protocol/entities/shared.hpp"

/// An approval: one question to a human, bound to the hash of what it decides about.
namespace troupe::approval {

enum class status {
  none,
  draft,
  pending,
  escalated,
  revision_requested,
  APPROVED,
  REJECTED,
  EXPIRED,
  WITHDRAWN,
  SUPERSEDED,
};
BOOST_DESCRIBE_ENUM(status, none, draft, pending, escalated, revision_requested, APPROVED, REJECTED,
                    EXPIRED, WITHDRAWN, SUPERSEDED)

enum class choice { approve, revise, reject };
BOOST_DESCRIBE_ENUM(choice, approve, revise, reject)

struct open {
  project_id project;
  principal_id subject; ///< `brief:k3f9q2mx`, `plan:k3f9q2mx.p1`
  std::string question;
  std::string content_hash;
  time_point deadline{};
  choice fallback = choice::reject; ///< applied at the deadline; for briefs it means `expired`
  TROUPE_RECORD(open, project, subject, question, content_hash, deadline, fallback);
};
struct decide {
  choice how = choice::approve;
  std::string notes;
  std::string content_hash; ///< of what the person saw; empty: the present one
  TROUPE_RECORD(decide, how, notes, content_hash);
};
/// The same type, for code that also sees the function `approval::decide`, which hides the struct.
using decide_command = decide;
struct withdraw {
  std::string why;
  TROUPE_RECORD(withdraw, why);
};
/// The subject changed: whoever decides now would decide about something else.
struct supersede {
  std::string content_hash;
  TROUPE_RECORD(supersede, content_hash);
};
struct escalate {
  principal_id to;
  TROUPE_RECORD(escalate, to);
};

TROUPE_CHOICE(command, open, decide, withdraw, supersede, escalate, settle, tick);

struct opened {
  project_id project;
  principal_id subject;
  std::string question;
  std::string content_hash;
  time_point deadline{};
  choice fallback = choice::reject;
  status to = status::pending;
  TROUPE_RECORD(opened, project, subject, question, content_hash, deadline, fallback, to);
};
struct decided {
  choice how = choice::approve;
  principal_id by;
  std::string notes;
  std::string content_hash;
  status to = status::APPROVED;
  TROUPE_RECORD(decided, how, by, notes, content_hash, to);
};
/// Two events each time: handed on (`escalated`), then pending again with its new owner.
struct escalated {
  principal_id owner;
  status to = status::escalated;
  TROUPE_RECORD(escalated, owner, to);
};
struct closed {
  std::string why;
  status to = status::WITHDRAWN;
  TROUPE_RECORD(closed, why, to);
};

TROUPE_CHOICE(event, opened, decided, escalated, closed, settled);

} // namespace troupe::approval

TROUPE_CODEC_ELSEWHERE(troupe::approval::command);
TROUPE_CODEC_ELSEWHERE(troupe::approval::event);
