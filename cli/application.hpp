#pragma once

#include "config/settings.hpp"
#include "gateway/http/server_settings.hpp"
#include "protocol/ids.hpp"
#include "protocol/result.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace troupe {

/// What `serve` needs to know. Defaults are the embedded ones: SQLite, loopback.
struct serve_options {
  std::filesystem::path data; ///< folder of the ledger, the admin token and the lock
  std::string store;          ///< `postgres://…`; empty: SQLite in `data`
  server_settings http;
  std::filesystem::path script; ///< of scripted agents; empty: none
  int threads = 2;              ///< of the actor scheduler
  int writers = 1;              ///< of the journal, on Postgres
  duration resend{std::chrono::seconds{5}};
  duration idle{std::chrono::seconds{120}};
  duration grace{std::chrono::seconds{15}};
  duration heartbeat{std::chrono::seconds{10}}; ///< of daemons
  duration stop_deadline{std::chrono::seconds{10}};
  bool check_invariants = true;       ///< of every event that is stored
  std::uint64_t snapshot_after = 100; ///< events of an entity
  std::int32_t slowdown = 3;          ///< above it new work is refused as busy; 0: never
  log_settings log;
  std::filesystem::path metrics_token_file; ///< empty: only principals may read the metrics
  bool metrics_on_loopback = false;         ///< from this machine without a token
  std::string otlp_endpoint;                ///< empty: nothing is traced
  std::filesystem::path otlp_headers_file;
  int traces_percent = 100;
  bool accept_restored = false; ///< go on with a ledger that is older than the one last seen
  bool take_over = false;       ///< from a server that holds the database: it is fenced and ends
};

/// The composition root: builds every part in order, serves until SIGINT or SIGTERM, stops in the
/// reverse order. `on_ready` gets the base URL; `refused` why it cannot start, with the detail
/// `settings` (a bool) where that may be the fault of an option. Answers an exit code: 0 stopped as
/// asked, that of `refused` where it could not start, 70 a part crashed again and again, 75 did not
/// stop within the deadline, 76 another server has taken the ledger over.
[[nodiscard]] int run_serve(serve_options const& options,
                            std::function<void(std::string const& url)> const& on_ready,
                            std::function<int(error const& why)> const& refused);

} // namespace troupe
