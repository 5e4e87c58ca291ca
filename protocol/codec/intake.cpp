#include "protocol/entities/approval.hpp"
#include "protocol/entities/brief.hpp"
#include "protocol/entities/plan.hpp"

namespace troupe::brief {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::brief
TROUPE_CODEC_HERE(troupe::brief::command);
TROUPE_CODEC_HERE(troupe::brief::event);

namespace troupe::plan {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::plan
TROUPE_CODEC_HERE(troupe::plan::command);
TROUPE_CODEC_HERE(troupe::plan::event);

namespace troupe::approval {
TROUPE_CHOICE_HERE(command);
TROUPE_CHOICE_HERE(event);
} // namespace troupe::approval
TROUPE_CODEC_HERE(troupe::approval::command);
TROUPE_CODEC_HERE(troupe::approval::event);
