#include "actors/domain/kinds.hpp"

TROUPE_CODEC_HERE(troupe::project::state);
TROUPE_CODEC_HERE(troupe::brief::state);
TROUPE_CODEC_HERE(troupe::plan::state);
TROUPE_CODEC_HERE(troupe::run::state);
TROUPE_CODEC_HERE(troupe::ticket::state);
TROUPE_CODEC_HERE(troupe::agent::state);
TROUPE_CODEC_HERE(troupe::approval::state);
TROUPE_CODEC_HERE(troupe::budget::state);
TROUPE_CODEC_HERE(troupe::daemon::state);
TROUPE_CODEC_HERE(troupe::principal::state);
