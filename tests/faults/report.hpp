#pragma once

#include "tests/faults/checkers.hpp"

namespace troupe::faults {

/// One fault on one store.
struct row {
  std::string id, title, store;
  std::string how; ///< pass, FAIL, BROKEN (the machinery), skipped
  int faults = 0;  ///< inflicted
  tally count;
  double seconds = 0;
  std::uint64_t seed = 0;
  findings found;
  std::vector<std::string> figures;

  [[nodiscard]] bool bad() const { return how == "FAIL" || how == "BROKEN"; }
  [[nodiscard]] std::string as_line() const;
  [[nodiscard]] std::string as_json() const;
};

/// The table at the end: runs, acknowledged commands, lost, duplicated, longest recovery.
[[nodiscard]] std::string table_of(std::vector<row> const& rows);
/// Replaces what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`.
void replace_part(std::string& text, std::string const& name, std::string const& by);
/// Puts the table and the crash points between the marks of docs/faults.md.
void write_report(std::filesystem::path const& file, std::vector<row> const& rows, bool quick);

} // namespace troupe::faults
