#pragma once

#include "protocol/result.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace troupe {

/// What agents will begin from, and what is run there.
struct base_to_check {
  std::filesystem::path root; ///< a checkout
  std::string target;         ///< branch
  std::string setup;          ///< command before the tests; may be empty
  std::string test;
  std::vector<std::string> copy; ///< files outside of git that a checkout needs
  std::chrono::milliseconds patience{std::chrono::minutes{5}};
};

/// What the tests say of a branch before anybody has changed anything.
struct base_verdict {
  std::string command; ///< the one that failed, else the tests
  int exit_code = 0;
  bool timed_out = false;
  std::string last_lines; ///< of its output
  [[nodiscard]] bool passes() const { return exit_code == 0 && !timed_out; }
};

/// Runs setup and tests once in a temporary clone of the branch, as its origin has it; the checkout
/// is only read. Errors: not_found (there is no such branch, or no commit on it), unavailable.
[[nodiscard]] result<base_verdict> check_base(base_to_check const& what);

} // namespace troupe
