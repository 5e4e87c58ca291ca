#pragma once

#include "config/settings.hpp"

#include <limits>
#include <string_view>

namespace troupe {

/// What is known about one key: its name, what it means, what it may be.
struct setting_key {
  std::string_view section;
  std::string_view name;
  std::string_view meaning; ///< one sentence, for the example file
  std::int64_t least = 0;   ///< of numbers
  std::int64_t most = std::numeric_limits<std::int32_t>::max();
  std::vector<std::string_view> choices = {}; ///< of words; empty: any text
  bool secret = false;                        ///< may hold a password; printed masked
};

/// Calls `visit(setting_key, member)` for every setting, in the order of the example file: the one
/// list that file, environment, flags, `config print` and the example are made from.
template <class Settings, class Visit>
void visit_settings(Settings& s, Visit&& visit) {
  constexpr std::int64_t hour = 3'600'000;
  visit(setting_key{"store", "data",
                    "Folder of the ledger, the admin token and the lock. Empty: "
                    "$XDG_DATA_HOME/troupe, else ~/.local/share/troupe."},
        s.store.data);
  visit(setting_key{"store",
                    "url",
                    "A PostgreSQL database, postgres://user@host/name. Empty: SQLite in the data "
                    "folder.",
                    0,
                    0,
                    {},
                    true},
        s.store.url);
  visit(setting_key{"store", "url_file",
                    "File that holds the database URL, where it has a password."},
        s.store.url_file);
  visit(setting_key{"store", "writers",
                    "Writers of the journal, on PostgreSQL. A second one may be of use where a "
                    "commit takes milliseconds and processors are idle.",
                    1, 2},
        s.store.writers);

  visit(setting_key{"server", "address",
                    "IP address to listen on. Any but a loopback one needs TLS or allow_plain."},
        s.server.address);
  visit(setting_key{"server", "port", "Port to listen on; 0: any free one.", 0, 65535},
        s.server.port);
  visit(setting_key{"server", "threads", "I/O threads.", 1, 64}, s.server.threads);
  visit(setting_key{"server", "tls_certificate", "PEM file of the certificate chain."},
        s.server.tls_certificate);
  visit(setting_key{"server", "tls_key", "PEM file of the certificate's key."}, s.server.tls_key);
  visit(setting_key{"server", "allow_plain",
                    "Plain HTTP on an address that other machines can reach."},
        s.server.allow_plain);
  visit(setting_key{"server", "allowed_hosts",
                    "Names besides loopback ones that `Host` may hold on a loopback address."},
        s.server.allowed_hosts);
  visit(setting_key{"server", "allowed_origins",
                    "Origins (https://host[:port]) besides our own whose pages may write."},
        s.server.allowed_origins);
  visit(setting_key{"server", "header_bytes", "Largest request head.", 1024, 1024 * 1024},
        s.server.header_bytes);
  visit(setting_key{"server", "max_connections", "Connections at once.", 1, 100'000},
        s.server.max_connections);
  visit(setting_key{"server", "max_in_flight", "Requests being answered at once; more: 429.", 1,
                    100'000},
        s.server.max_in_flight);
  visit(setting_key{"server", "max_streams", "Event streams and WebSockets at once; more: 429.", 1,
                    100'000},
        s.server.max_streams);
  visit(setting_key{"server", "header_deadline_ms", "For a request's head and the TLS handshake.",
                    100, hour},
        s.server.header_deadline);
  visit(setting_key{"server", "body_deadline_ms", "For a request's body.", 100, hour},
        s.server.body_deadline);
  visit(
      setting_key{"server", "idle_deadline_ms", "Between two requests of a connection.", 100, hour},
      s.server.idle_deadline);
  visit(setting_key{"server", "reply_deadline_ms", "For an answer; later: 504.", 100, hour},
        s.server.reply_deadline);
  visit(setting_key{"server", "write_deadline_ms", "For each 256 KiB written.", 100, hour},
        s.server.write_deadline);
  visit(setting_key{"server", "stream_queue_items", "Events waiting for one slow reader.", 1,
                    1'000'000},
        s.server.stream_queue_items);
  visit(setting_key{"server", "stream_queue_bytes", "The same in bytes.", 1024, 1 << 30},
        s.server.stream_queue_bytes);
  visit(setting_key{"server", "stream_queues_bytes",
                    "Bytes waiting for all slow readers together; above it the one that most waits "
                    "for is told to come back.",
                    4 * 1024 * 1024},
        s.server.stream_queues_bytes);
  visit(setting_key{"server", "stream_socket_buffer_bytes",
                    "Kernel send buffer of a stream; 0: the system's default.", 0, 1 << 30},
        s.server.stream_socket_buffer_bytes);
  visit(setting_key{"server", "keep_alive_ms", "Between two keep-alive comments of a stream.", 100,
                    hour},
        s.server.keep_alive_interval);
  visit(setting_key{"server", "socket_idle_ms",
                    "WebSocket without traffic: a ping after half of it, the end after all of it.",
                    200, hour},
        s.server.socket_idle_deadline);
  visit(setting_key{"server", "socket_message_bytes", "Largest WebSocket message.", 1024,
                    64 * 1024 * 1024},
        s.server.socket_message_bytes);

  visit(setting_key{"actors", "threads", "Threads of the actor scheduler.", 1, 256},
        s.actors.threads);
  visit(setting_key{"actors", "resend_ms",
                    "After this a message without acknowledgement is sent again.", 10, hour},
        s.actors.resend);
  visit(setting_key{"actors", "idle_ms", "After this an entity without work leaves memory.", 100,
                    24 * hour},
        s.actors.idle);
  visit(setting_key{"actors", "grace_ms",
                    "How long a lost daemon may stay away before its leases run out.", 0, hour},
        s.actors.grace);
  visit(setting_key{"actors", "heartbeat_ms", "Between two heartbeats of a daemon.", 50, hour},
        s.actors.heartbeat);
  visit(setting_key{"actors", "stop_deadline_ms", "For an orderly stop.", 100, hour},
        s.actors.stop_deadline);
  visit(setting_key{"actors", "check_invariants",
                    "Hold every stored event against the invariants; /readyz shows the count."},
        s.actors.check_invariants);
  visit(setting_key{"actors", "slowdown",
                    "New work (briefs, tickets) is refused as busy while a step takes so many "
                    "times as long as without other work. 0: never.",
                    0, 1000},
        s.actors.slowdown);
  visit(setting_key{"actors", "snapshot_after",
                    "Events of an entity after which a snapshot of it is stored, so that a long "
                    "history need not be read again.",
                    1, 1'000'000},
        s.actors.snapshot_after);
  visit(setting_key{"actors", "script", "Script of agents with the engine `scripted`; for demos."},
        s.actors.script);

  visit(setting_key{"daemon", "data",
                    "Folder of the daemon's identity, clones, worktrees and spool. Empty: `daemon` "
                    "in the data folder."},
        s.daemon.data);
  visit(setting_key{"daemon", "slots", "Attempts at once on this machine.", 1, 256},
        s.daemon.slots);
  visit(setting_key{"daemon", "profiles",
                    "Folder of further runner profiles. Empty: `profiles` in the daemon's folder."},
        s.daemon.profiles);
  visit(setting_key{"daemon", "runners",
                    "Runner profiles to offer. Empty: all whose program is installed."},
        s.daemon.runners);
  visit(setting_key{"daemon", "repositories",
                    "Where repositories are that projects name: \"NAME=PATH\" or \"NAME=URL\"."},
        s.daemon.repositories);
  visit(setting_key{"daemon", "any_repository",
                    "Projects may also name a path or a URL that is not in the list."},
        s.daemon.any_repository);
  visit(setting_key{"daemon", "allow_process",
                    "Run command lines that the server sends (engine `process`)."},
        s.daemon.allow_process);
  visit(setting_key{"daemon", "command", "What the runner profile `command` runs."},
        s.daemon.command);
  visit(setting_key{"daemon", "environment",
                    "Variables that tools may see besides the usual ones, by name."},
        s.daemon.environment);
  visit(setting_key{"daemon", "ca_file", "PEM file of further trusted certificates."},
        s.daemon.ca_file);
  visit(setting_key{"daemon", "grace_ms", "Between TERM and KILL of a tool.", 0, hour},
        s.daemon.grace);
  visit(setting_key{"daemon", "drain_ms", "How long attempts may go on after SIGTERM.", 0, hour},
        s.daemon.drain);

  visit(setting_key{"client", "server", "Server that the client commands talk to."},
        s.client.server);
  visit(setting_key{"client", "token_file",
                    "File that holds the bearer token. Empty: admin.token in the data folder. The "
                    "variable TROUPE_TOKEN goes before."},
        s.client.token_file);

  visit(setting_key{"log",
                    "level",
                    "How much is logged.",
                    0,
                    0,
                    {"trace", "debug", "info", "warn", "error", "critical", "off"}},
        s.log.level);
  visit(setting_key{"log",
                    "format",
                    "One line of text, or one JSON object a line: time, level, message, and the "
                    "correlation id of what it is about.",
                    0,
                    0,
                    {"text", "json"}},
        s.log.format);

  visit(setting_key{"telemetry", "metrics_token_file",
                    "File that holds a token of your own choice, good for reading /metrics and "
                    "nothing else. Empty: a token with the role viewer is needed."},
        s.telemetry.metrics_token_file);
  visit(setting_key{"telemetry", "metrics_on_loopback",
                    "Whoever asks from this machine may read /metrics without a token. Not where "
                    "others have accounts on it."},
        s.telemetry.metrics_on_loopback);
  visit(setting_key{"telemetry", "otlp_endpoint",
                    "An OpenTelemetry collector that takes OTLP over HTTP, http://host:4318; "
                    "/v1/traces is added where no path is named. Empty: nothing is traced."},
        s.telemetry.otlp_endpoint);
  visit(setting_key{"telemetry", "otlp_headers_file",
                    "File with headers for it, one \"Name: value\" a line: keys of a service."},
        s.telemetry.otlp_headers_file);
  visit(setting_key{"telemetry", "traces_percent",
                    "How many of the traces that begin here are kept. A caller's traceparent says "
                    "for itself whether it is.",
                    0, 100},
        s.telemetry.traces_percent);
}

} // namespace troupe
