#pragma once

#include "protocol/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Exit codes of every command. Scripts rely on them: add, never renumber.
namespace exit_code {
constexpr int ok = 0;
constexpr int failed = 1; ///< refused, or it failed
constexpr int usage = 2;  ///< wrong arguments or settings
constexpr int not_found = 3;
constexpr int conflict = 4;     ///< not possible in the present state
constexpr int unreachable = 5;  ///< no server, or no answer in time
constexpr int unauthorised = 6; ///< no valid token, or one without the role
constexpr int unsound = 7;      ///< verification found something
constexpr int busy = 8;         ///< a bound is reached: try again later
constexpr int interrupted = 130;
} // namespace exit_code

struct exit_code_row {
  int code;
  std::string_view name;
  std::string_view meaning;
};

/// For `troupe help exit-codes`, the documentation and its test.
[[nodiscard]] std::vector<exit_code_row> const& exit_code_table();
[[nodiscard]] int exit_code_of(errc code);

} // namespace troupe
