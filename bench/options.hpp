#pragma once

#include "protocol/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::bench {

/// An option of `troupe bench`; the command line and the measuring program read the same list.
struct option_row {
  std::string_view name;  ///< `--levels`
  std::string_view value; ///< what stands for its value in the help; empty: a flag
  std::string_view help;
};
[[nodiscard]] std::span<option_row const> option_rows();
/// Examples, one a line, as they stand under the help.
[[nodiscard]] std::string_view examples();

/// A store to measure: `sqlite`, `memory`, or the URL of a Postgres server.
struct options {
  std::vector<std::string> only; ///< empty: everything
  std::vector<std::string> stores{"sqlite"};
  std::vector<int> levels{1, 10, 100, 1000, 10000};
  std::vector<double> rates; ///< open loops, arrivals a second
  int slowdown = 3;          ///< of open loops: `actors.slowdown`
  double seconds = 3;
  double warm_up = 1;
  int repeats = 3;
  int tickets = 10'000; ///< of memory and idle
  int in_flight = 1000; ///< of recovery
  bool quick = false;
  bool json = false;
  std::string plot;
  std::string out;
  std::string folder; ///< empty: the system's for temporary files
  std::string commit; ///< recorded in the report

  [[nodiscard]] bool wants(std::string_view what) const;
};

/// Reads arguments. Errors: invalid_argument, a sentence that names the option, with a hint where
/// another one was meant.
[[nodiscard]] result<options> read_options(std::vector<std::string> const& arguments);
/// What `--only` takes.
[[nodiscard]] std::span<std::string_view const> measures();
[[nodiscard]] bool is_postgres(std::string_view store);

} // namespace troupe::bench
