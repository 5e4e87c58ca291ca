#pragma once

#include "protocol/daemon_link.hpp"

/// What an agent is told, as Markdown: the same text for every CLI.
namespace troupe::local {

/// Title, text, criteria, instructions, what was said so far, and what to answer. `base` and `head`
/// bound the change that a review is about.
[[nodiscard]] std::string prompt_of(link::order const& o, std::string const& base,
                                    std::string const& head);

} // namespace troupe::local
