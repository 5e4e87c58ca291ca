#pragma once

#include "config/settings.hpp"

#include <memory>
#include <string>

namespace spdlog {
class formatter;
}

namespace troupe {

/// Lines of the log, for `text` or `json`. Nothing secret-shaped leaves in one, whatever was
/// logged, no control character breaks one in two, and what a line is about (`log_about`) stands in
/// it. JSON: `time` (RFC 3339, UTC), `level`, `logger`, `message`, and `correlation`; of a line
/// that is about this process, an id of the process.
[[nodiscard]] std::unique_ptr<spdlog::formatter> log_lines(std::string const& format);

/// Makes the program's log: lines on standard error.
void set_up_log(std::string const& name, log_settings const& s);

} // namespace troupe
