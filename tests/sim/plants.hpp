#pragma once

#include <span>
#include <string_view>

/// Bugs that can be planted, to see that the simulation finds them. Most sit in the simulated ports
/// (journal, links, boot); the few in the product's own decisions are compiled into the simulator's
/// copies of those sources only.
namespace troupe::sim {

struct plant {
  std::string_view name;
  std::string_view what; ///< one line
};
[[nodiscard]] std::span<plant const> plants();
[[nodiscard]] bool is_plant(std::string_view name);

/// Chooses the bug of this process; empty: none. Worlds that differ in it do not run together.
void set_plant(std::string_view name);
/// Whether this bug is planted.
[[nodiscard]] bool planted(std::string_view name);

} // namespace troupe::sim
