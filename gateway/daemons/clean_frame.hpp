#pragma once

#include "protocol/daemon_link.hpp"

namespace troupe {

/// What a daemon said, as the server takes it over: every secret-shaped piece of every text is
/// redacted, as in the bodies of requests, so that neither a command, nor an answer, nor a log line
/// has one. Evidence names at most `evidence::max_commits` commits, the newest, and nothing else
/// than commits. Errors: invalid_argument (a redacted text was none that this frame can have).
[[nodiscard]] result<link::frame_body> clean_frame(link::frame_body said);

} // namespace troupe
