#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

/// Typed settings: one struct a part, the default beside each field. Plain values, passed to
/// constructors; nobody reads a global or the environment later. Durations are whole milliseconds
/// in files, environment and flags, and say so in their keys.
namespace troupe {

/// Where the ledger is.
struct store_settings {
  std::string data;     ///< folder of ledger, admin token and lock; empty: `default_data_folder()`
  std::string url;      ///< `postgres://…`; empty: SQLite in `data`
  std::string url_file; ///< file that holds the URL, for those with a password
  std::int32_t writers = 1;
};

/// Where and how the server listens, and its bounds.
struct listen_settings {
  std::string address = "127.0.0.1";
  std::int32_t port = 7777; ///< 0: any free one
  std::int32_t threads = 2;
  std::string tls_certificate;
  std::string tls_key;
  bool allow_plain = false;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  std::int32_t header_bytes = 16 * 1024;
  std::int32_t max_connections = 4096;
  std::int32_t max_in_flight = 256;
  std::int32_t max_streams = 2048;
  std::chrono::milliseconds header_deadline = std::chrono::seconds{10};
  std::chrono::milliseconds body_deadline = std::chrono::seconds{30};
  std::chrono::milliseconds idle_deadline = std::chrono::seconds{60};
  std::chrono::milliseconds reply_deadline = std::chrono::seconds{30};
  std::chrono::milliseconds write_deadline = std::chrono::seconds{30};
  std::int32_t stream_queue_items = 1024;
  std::int32_t stream_queue_bytes = 4 * 1024 * 1024;
  std::int32_t stream_queues_bytes = 256 * 1024 * 1024; ///< of all readers together
  std::int32_t stream_socket_buffer_bytes = 128 * 1024;
  std::chrono::milliseconds keep_alive_interval = std::chrono::seconds{15};
  std::chrono::milliseconds socket_idle_deadline = std::chrono::seconds{40};
  std::int32_t socket_message_bytes = 1024 * 1024;
};

/// The actor side of one node.
struct actor_settings {
  std::int32_t threads = 2;
  std::chrono::milliseconds resend = std::chrono::seconds{5};
  std::chrono::milliseconds idle = std::chrono::seconds{120};
  std::chrono::milliseconds grace = std::chrono::seconds{15};
  std::chrono::milliseconds heartbeat = std::chrono::seconds{10};
  std::chrono::milliseconds stop_deadline = std::chrono::seconds{10};
  bool check_invariants = true;
  std::int32_t slowdown = 3;
  std::int32_t snapshot_after = 100;
  std::string script; ///< of agents with engine `scripted`; empty: none
};

/// The daemon on an operator's machine.
struct runner_settings {
  std::string data; ///< empty: `daemon` in the data folder
  std::int32_t slots = 2;
  std::string profiles;                  ///< empty: `profiles` in its folder
  std::vector<std::string> runners;      ///< profiles to offer; empty: all that are installed
  std::vector<std::string> repositories; ///< `NAME=PATH` or `NAME=URL`
  bool any_repository = true;
  bool allow_process = true;
  std::string command;
  std::vector<std::string> environment;
  std::string ca_file;
  std::chrono::milliseconds drain = std::chrono::seconds{30};
  std::chrono::milliseconds grace = std::chrono::seconds{10};
};

/// What the client commands talk to.
struct client_settings {
  std::string server = "http://127.0.0.1:7777";
  std::string token_file; ///< empty: `admin.token` in the data folder
};

struct log_settings {
  std::string level = "info";
  std::string format = "text"; ///< or `json`
};

/// What the server tells those who watch it.
struct telemetry_settings {
  std::string metrics_token_file; ///< holds a token that is good for `/metrics` alone
  bool metrics_on_loopback = false;
  std::string otlp_endpoint; ///< of an OpenTelemetry collector; empty: nothing is traced
  std::string otlp_headers_file;
  std::int32_t traces_percent = 100;
};

struct settings {
  store_settings store;
  listen_settings server;
  actor_settings actors;
  runner_settings daemon;
  client_settings client;
  log_settings log;
  telemetry_settings telemetry;
};

} // namespace troupe
