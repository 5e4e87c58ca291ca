#include "protocol/entities/agent.hpp"
#include "protocol/entities/budget.hpp"
#include "protocol/entities/daemon.hpp"
#include "protocol/entities/principal.hpp"
#include "protocol/entities/project.hpp"

namespace troupe::project {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::project
TROUPE_CODEC_HERE(troupe::project::command);
TROUPE_CODEC_HERE(troupe::project::event);

namespace troupe::agent {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::agent
TROUPE_CODEC_HERE(troupe::agent::command);
TROUPE_CODEC_HERE(troupe::agent::event);

namespace troupe::budget {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::budget
TROUPE_CODEC_HERE(troupe::budget::command);
TROUPE_CODEC_HERE(troupe::budget::event);

namespace troupe::daemon {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::daemon
TROUPE_CODEC_HERE(troupe::daemon::command);
TROUPE_CODEC_HERE(troupe::daemon::event);

namespace troupe::principal {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::principal
TROUPE_CODEC_HERE(troupe::principal::command);
TROUPE_CODEC_HERE(troupe::principal::event);
