#pragma once

#include "gateway/http/message.hpp"

namespace troupe {

/// An answer that also tells, where it is a good one, that strings of the request were redacted:
/// member `redacted`, how many. With 0 it is the given one.
[[nodiscard]] reply telling_redacted(reply answer, std::size_t strings);

} // namespace troupe
