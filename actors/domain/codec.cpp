#include "actors/domain/kinds.hpp"

#define TROUPE_STATE_CODEC(NAME) TROUPE_CODEC_HERE(troupe::NAME::state);
TROUPE_EACH_KIND(TROUPE_STATE_CODEC)
#undef TROUPE_STATE_CODEC
