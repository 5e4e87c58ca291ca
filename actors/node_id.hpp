#pragma once

namespace troupe {

/// Whether CAF took this process's random name for its node id (see node_id.cpp). Asked once the
/// actor system exists; false means that the override was not linked in.
[[nodiscard]] bool node_id_is_ours();

} // namespace troupe
