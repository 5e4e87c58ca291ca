#include "protocol/entities/run.hpp"
#include "protocol/entities/ticket.hpp"

namespace troupe::run {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::run
TROUPE_CODEC_HERE(troupe::run::command);
TROUPE_CODEC_HERE(troupe::run::event);

namespace troupe::ticket {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::ticket
TROUPE_CODEC_HERE(troupe::ticket::command);
TROUPE_CODEC_HERE(troupe::ticket::event);
