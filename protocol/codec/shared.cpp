#include "protocol/entities/shared.hpp"

TROUPE_CODEC_HERE(troupe::envelope);
TROUPE_CODEC_HERE(troupe::brief_content);
TROUPE_CODEC_HERE(troupe::plan_item);
TROUPE_CODEC_HERE(troupe::plan_content);
TROUPE_CODEC_HERE(troupe::stage);
TROUPE_CODEC_HERE(troupe::process_def);
TROUPE_CODEC_HERE(troupe::project_config);
TROUPE_CODEC_HERE(troupe::evidence);
TROUPE_CODEC_HERE(troupe::gate_result);
TROUPE_CODEC_HERE(troupe::usage);
