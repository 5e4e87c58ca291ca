#pragma once

#include "cli/client.hpp"

namespace troupe {

/// What a filter of live traffic (docs/watch.md) names that there is not: kinds that no message,
/// command, event, effect or request has, and agents that nobody hired. One sentence each. The
/// server takes such a filter, because an agent may still come; then nothing comes.
[[nodiscard]] std::vector<std::string> unknown_in_filter(std::string const& filter,
                                                         api_client const& api);

} // namespace troupe
