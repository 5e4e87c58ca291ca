#pragma once

#include <string>

namespace troupe {

/// docs/state-machines.md, made from the transition tables that server, replay and tests use.
[[nodiscard]] std::string state_document();

} // namespace troupe
