#pragma once

namespace troupe {

/// A TCP port of loopback that nobody has now, from below those that the kernel gives out by
/// itself: one of these could be anybody's by the time that a server which was stopped is started
/// again. 0: there is none.
[[nodiscard]] int free_port();

} // namespace troupe
