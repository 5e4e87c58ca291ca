#pragma once

#include "protocol/entities/shared.hpp"

/// An agent: a named principal in a role, with a history that outlives its sessions. Its mailbox is
/// durable: a message it took is answered, whatever dies in between. The tickets that it holds are
/// not noted here: a lease is the ticket's, and the read side shows whose it is.
namespace troupe::agent {

enum class status {
  none,
  pending_approval,
  idle,
  working,
  waiting,
  paused,
  crashed,
  quarantined,
  RETIRED,
};
BOOST_DESCRIBE_ENUM(status, none, pending_approval, idle, working, waiting, paused, crashed,
                    quarantined, RETIRED)

struct hire {
  project_id project;
  agent_spec spec;
  TROUPE_RECORD(hire, project, spec);
};
/// A message for the agent, from the send point. Taken once by its id.
struct receive {
  envelope message;
  TROUPE_RECORD(receive, message);
};
/// The engine's answer to the open message `message.reply_to`.
struct reply {
  envelope message;
  TROUPE_RECORD(reply, message);
};
/// The engine gave up on a message (after its retries); the asker hears an answer that says so.
struct give_up {
  std::string message; ///< id
  reason why = reason::none;
  std::string text;
  TROUPE_RECORD(give_up, message, why, text);
};
struct pause {
  std::string why;
  TROUPE_RECORD(pause, why);
};
struct resume {
  TROUPE_RECORD(resume);
};
struct crash {
  std::string why;
  TROUPE_RECORD(crash, why);
};
struct quarantine {
  std::string why;
  TROUPE_RECORD(quarantine, why);
};
struct retire {
  TROUPE_RECORD(retire);
};
TROUPE_CHOICE(command, hire, receive, reply, give_up, pause, resume, crash, quarantine, retire,
              settle, tick);

struct hired {
  project_id project;
  agent_spec spec;
  status to = status::idle;
  TROUPE_RECORD(hired, project, spec, to);
};
struct received {
  envelope message;
  status to = status::none; ///< idle becomes working
  TROUPE_RECORD(received, message, to);
};
struct replied {
  envelope message;
  status to = status::none; ///< working becomes idle where nothing else is open
  TROUPE_RECORD(replied, message, to);
};
struct moved {
  status to = status::paused;
  std::string why;
  TROUPE_RECORD(moved, to, why);
};
TROUPE_CHOICE(event, hired, received, replied, moved, settled);

} // namespace troupe::agent

TROUPE_CODEC_ELSEWHERE(troupe::agent::command);
TROUPE_CODEC_ELSEWHERE(troupe::agent::event);
