#pragma once

/// Marks a place where the simulator (tests/sim) plants a bug on purpose, to see that it is found:
/// `if (right || TROUPE_PLANTED("name"))`. Only the simulator's own copies of a source are compiled
/// with TROUPE_PLANTS; everywhere else this is the constant false.
#ifdef TROUPE_PLANTS
#include <string_view>
namespace troupe::sim {
[[nodiscard]] bool planted(std::string_view name);
}
#define TROUPE_PLANTED(NAME) ::troupe::sim::planted(NAME)
#else
#define TROUPE_PLANTED(NAME) false
#endif
