#pragma once

#include <cstdint>
#include <string>

namespace troupe::sim {

/// What this process holds. For C10: a world that is over has given everything back.
struct resources {
  std::int64_t bytes = 0; ///< of the heap, by `operator new`
  std::int64_t files = 0; ///< open descriptors
  std::int64_t threads = 0;
};
[[nodiscard]] resources resources_now();
/// What was not given back between the two; empty: nothing that counts. Some bytes may stay, as
/// tables that are made when they are first needed.
[[nodiscard]] std::string kept(resources const& before, resources const& after);

} // namespace troupe::sim
