#include "cli/application.hpp"
#include "cli/commands.hpp"

namespace troupe {

namespace {

server_settings http_of(listen_settings const& s) {
  server_settings out;
  out.address = s.address;
  out.port = static_cast<std::uint16_t>(s.port);
  out.threads = static_cast<unsigned>(s.threads);
  out.tls_certificate = s.tls_certificate;
  out.tls_key = s.tls_key;
  out.allow_plain = s.allow_plain;
  out.allowed_hosts = s.allowed_hosts;
  out.allowed_origins = s.allowed_origins;
  out.header_bytes = static_cast<std::size_t>(s.header_bytes);
  out.max_connections = static_cast<std::size_t>(s.max_connections);
  out.max_in_flight = static_cast<std::size_t>(s.max_in_flight);
  out.max_streams = static_cast<std::size_t>(s.max_streams);
  out.header_deadline = s.header_deadline;
  out.body_deadline = s.body_deadline;
  out.idle_deadline = s.idle_deadline;
  out.reply_deadline = s.reply_deadline;
  out.write_deadline = s.write_deadline;
  out.stream_queue_items = static_cast<std::size_t>(s.stream_queue_items);
  out.stream_queue_bytes = static_cast<std::size_t>(s.stream_queue_bytes);
  out.stream_queues_bytes = static_cast<std::size_t>(s.stream_queues_bytes);
  out.stream_socket_buffer_bytes = s.stream_socket_buffer_bytes;
  out.keep_alive_interval = s.keep_alive_interval;
  out.socket_idle_deadline = s.socket_idle_deadline;
  out.socket_message_bytes = static_cast<std::size_t>(s.socket_message_bytes);
  return out;
}

/// What to do where it did not start; empty: what the kind of the error says.
std::string way_to_start(error const& e, std::string const& where, bool in_folder) {
  switch (e.code) {
  case errc::conflict:
    return e.message.find("--port") == std::string::npos // of the address, mostly
               ? std::string{}
               : "`troupe serve --port 0` takes any free port.";
  case errc::busy:
  case errc::fenced:
    return in_folder ? "Each ledger has one server; another ledger goes with --data DIR."
                     : "Each ledger has one server; --take-over ends the other one.";
  case errc::corrupt:
    return in_folder ? "Keep a copy of " + where +
                           "; `troupe verify` says what is readable of it. A server starts with "
                           "another folder (--data DIR), also from an export (`troupe import`)."
                     : std::string{};
  case errc::unavailable:
    return in_folder ? std::string{} : "Is the database there, and its URL right? --store URL.";
  case errc::invalid_argument:
  case errc::unsupported:
    return in_folder ? "Name another folder with --data DIR." : std::string{};
  case errc::not_found:
  case errc::unauthorized:
  case errc::forbidden:
  case errc::too_large:
  case errc::timeout:
  case errc::internal:
    break;
  }
  return {};
}

int serve(console& out, bool take_over, bool accept_restored) {
  auto const& s = out.configured();
  auto const url = store_url(s);
  if (!url)
    return out.misuse("cannot read store.url_file " + s.store.url_file,
                      "Name a file that holds the database URL.");
  if (auto const wrong = wrong_store_url(*url); !wrong.empty()) // of the file; settings are checked
    return out.misuse("store.url_file: " + wrong, "Name a file that holds the database URL.");
  if (take_over && url->empty())
    return out.misuse("--take-over is for PostgreSQL only",
                      "A ledger in a folder has one server; stop that one first.");
  serve_options o;
  o.data = out.data();
  o.store = *url;
  o.http = http_of(s.server);
  o.script = s.actors.script;
  o.threads = s.actors.threads;
  o.writers = s.store.writers;
  o.resend = s.actors.resend;
  o.idle = s.actors.idle;
  o.grace = s.actors.grace;
  o.heartbeat = s.actors.heartbeat;
  o.check_invariants = s.actors.check_invariants;
  o.snapshot_after = static_cast<std::uint64_t>(s.actors.snapshot_after);
  o.slowdown = s.actors.slowdown;
  o.stop_deadline = s.actors.stop_deadline;
  o.log = s.log;
  o.metrics_token_file = s.telemetry.metrics_token_file;
  o.metrics_on_loopback = s.telemetry.metrics_on_loopback;
  o.otlp_endpoint = s.telemetry.otlp_endpoint;
  o.otlp_headers_file = s.telemetry.otlp_headers_file;
  o.traces_percent = s.telemetry.traces_percent;
  o.take_over = take_over;
  o.accept_restored = accept_restored;
  auto const where = url->empty() ? o.data.string() : masked(*url);
  auto const ready = [&](std::string const& at) {
    out.show(json::object{{"url", at}, {"ledger", where}},
             "Troupe serves at " + at + ", ledger in " + where + ". Ctrl-C stops it.\n");
  };
  return run_serve(o, ready, [&](error e) {
    if (e.code == errc::fenced)
      e.code = errc::busy; // the ledger is somebody else's
    if (auto const* wrong = e.details.if_contains("settings")) {
      bool const misused = wrong->as_bool();
      e.details.erase("settings");
      if (misused)
        return out.misuse(e.message, "See `troupe serve --help`; nothing was started.");
    }
    return out.fail(e, way_to_start(e, where, url->empty()));
  });
}

} // namespace

void add_serve_command(command_line& line) {
  auto const take_over = std::make_shared<bool>(false);
  auto const accept_restored = std::make_shared<bool>(false);
  auto const c = line.add(line.root(), "serve", "Runs the server until Ctrl-C or SIGTERM.",
                          "  troupe serve\n"
                          "  troupe serve --port 8080 --data ./data\n"
                          "  troupe serve --store postgres://troupe@db/troupe --address 0.0.0.0 "
                          "--tls-certificate cert.pem --tls-key key.pem",
                          [take_over, accept_restored](console& out) {
                            return serve(out, *take_over, *accept_restored);
                          });
  c.add_flag("--take-over", *take_over,
             "PostgreSQL: fence a server that holds the database, instead of waiting for its end");
  c.add_flag("--accept-restored", *accept_restored,
             "go on with a ledger that was restored from an older backup");
  add_setting(line, c, "--data", "store.data", "folder of ledger and admin token")
      .type_name("DIR")
      .not_empty();
  add_setting(line, c, "--store", "store.url", "PostgreSQL database instead of SQLite")
      .type_name("URL");
  add_setting(line, c, "--address", "server.address", "address to listen on (127.0.0.1)")
      .type_name("IP");
  add_setting(line, c, "--port", "server.port", "port to listen on (7777); 0: any free one")
      .type_name("N");
  add_setting(line, c, "--tls-certificate", "server.tls_certificate", "certificate chain, PEM")
      .type_name("FILE");
  add_setting(line, c, "--tls-key", "server.tls_key", "its key, PEM").type_name("FILE");
  c.add_flag_callback(
      "--allow-plain", [&line] { line.common().settings["server.allow_plain"] = "true"; },
      "plain HTTP on an address that other machines can reach");
  add_setting(line, c, "--threads", "actors.threads", "threads of the actor scheduler (2)")
      .type_name("N");
  add_setting(line, c, "--log-level", "log.level", "trace, debug, info, warn, error or off")
      .type_name("LEVEL");
  add_setting(line, c, "--log-format", "log.format", "text, or json: one object a line")
      .type_name("FORMAT");
  add_setting(line, c, "--heartbeat-ms", "actors.heartbeat_ms", "between heartbeats of daemons")
      .type_name("MS");
  add_setting(line, c, "--resend-ms", "actors.resend_ms", "until a message is sent again")
      .type_name("MS");
  add_setting(line, c, "--grace-ms", "actors.grace_ms", "how long a lost daemon may stay away")
      .type_name("MS");
  add_setting(line, c, "--script", "actors.script", "script of agents with the engine `scripted`")
      .type_name("FILE");
}

} // namespace troupe
