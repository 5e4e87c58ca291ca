#pragma once

#include "protocol/entities/agent.hpp"
#include "protocol/entities/approval.hpp"
#include "protocol/entities/brief.hpp"
#include "protocol/entities/budget.hpp"
#include "protocol/entities/daemon.hpp"
#include "protocol/entities/plan.hpp"
#include "protocol/entities/principal.hpp"
#include "protocol/entities/project.hpp"
#include "protocol/entities/run.hpp"
#include "protocol/entities/ticket.hpp"

namespace troupe {

/// A command to any kind of entity; the alternative says to which.
TROUPE_CHOICE(any_command, project::command, brief::command, plan::command, run::command,
              ticket::command, agent::command, approval::command, budget::command, daemon::command,
              principal::command);

} // namespace troupe
