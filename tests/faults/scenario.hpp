#pragma once

#include "tests/faults/lab.hpp"

namespace troupe::faults {

/// The fault cannot be made on this machine.
struct not_here : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a scenario works with.
struct setting {
  store_kind store = store_kind::sqlite;
  std::uint64_t seed = 1;
  bool quick = false; ///< the bounded form for CI
  std::filesystem::path home;
  test::postgres_server* db = nullptr;          ///< for scenarios on PostgreSQL
  std::function<void(std::string const&)> tell; ///< progress

  // What comes of it.
  tally count;
  int runs = 0;                     ///< faults inflicted
  std::vector<std::string> figures; ///< for the report: `p99 12 ms before, 14 ms after`

  /// A lab on the scenario's store, in a folder of its own.
  [[nodiscard]] lab_settings place(std::string const& name = "lab");
  /// A new database.
  [[nodiscard]] std::string new_database();
  [[nodiscard]] int random(int from, int to);

private:
  std::uint64_t drawn_ = 0;
};

struct scenario {
  std::string id; ///< `F5`, `B2`
  std::string title;
  std::vector<store_kind> on;
  bool quick = false; ///< among those of CI
  std::function<findings(setting&)> body;
};

/// Load on a lab, faults, further load, and the judgement.
[[nodiscard]] findings under_load(setting& s, lab_settings const& where, load_settings how,
                                  std::function<findings(lab&, load&)> const& faults);

/// Latency of one command after the other, in milliseconds, sorted.
[[nodiscard]] std::vector<double> latencies(lab& on, std::string const& ticket, int count,
                                            std::string const& keys);
[[nodiscard]] double quantile(std::vector<double> const& sorted, double q);

inline std::vector<store_kind> const both{store_kind::sqlite, store_kind::postgres};
inline std::vector<store_kind> const only_sqlite{store_kind::sqlite};
inline std::vector<store_kind> const only_postgres{store_kind::postgres};

void add_crash_scenarios(std::vector<scenario>& out);
void add_database_scenarios(std::vector<scenario>& out);
void add_disk_scenarios(std::vector<scenario>& out);
void add_time_scenarios(std::vector<scenario>& out);
void add_client_scenarios(std::vector<scenario>& out);
void add_ledger_scenarios(std::vector<scenario>& out);
void add_size_scenarios(std::vector<scenario>& out);

/// A numbered crash point of the product: what stands at its TROUPE_CRASH_POINT.
struct crash_place {
  enum class when { load, start, first_start, stop, daemon };
  int number;
  std::string name;
  when reached;
  std::string loses; ///< what the crash takes away, for the table of docs/faults.md
};
[[nodiscard]] std::vector<crash_place> const& crash_places();

} // namespace troupe::faults
