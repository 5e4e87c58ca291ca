#pragma once

#include <cstddef>

namespace troupe {

/// Raises this process' soft limit of open files (RLIMIT_NOFILE) so far that `connections` sockets
/// and the server's own files have room; never lowers it. Where the hard limit does not allow that
/// the log says so: connections beyond it wait until others have ended.
void make_room_for_connections(std::size_t connections);

} // namespace troupe
