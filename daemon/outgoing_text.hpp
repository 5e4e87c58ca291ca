#pragma once

#include <string>
#include <string_view>

/// What free text passes before it may leave this machine.
namespace troupe::local {

constexpr std::size_t progress_limit = 400;
constexpr std::size_t said_limit = 16 * 1024;
constexpr std::size_t note_limit = 4 * 1024;
constexpr std::size_t notes_limit = 50;

/// Secrets are redacted, invalid UTF-8 and control characters replaced, and the text cut at
/// `limit` bytes. Blocks of code (``` fences) become `[code]`, unless the project sends diffs:
/// source code stays on the operator's machine.
[[nodiscard]] std::string outgoing_text(std::string_view text, std::size_t limit,
                                        bool keep_code = false);

} // namespace troupe::local
