#include "protocol/obligation.hpp"

namespace troupe {

TROUPE_CHOICE_HERE(any_command);
TROUPE_CHOICE_HERE(deed);

} // namespace troupe
