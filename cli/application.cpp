#include "cli/application.hpp"

#include "actors/node.hpp"
#include "actors/real_ports.hpp"
#include "cli/file_limit.hpp"
#include "cli/ledger_mark.hpp"
#include "cli/log.hpp"
#include "cli/step_log.hpp"
#include "gateway/auth/token.hpp"
#include "gateway/auth/token_index.hpp"
#include "gateway/daemons/daemon_hub.hpp"
#include "gateway/http/server.hpp"
#include "gateway/routes/table.hpp"
#include "gateway/routes/watch_desk.hpp"
#include "gateway/telemetry/otlp_exporter.hpp"
#include "persistence/postgres/postgres_store.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "protocol/crash_point.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <fstream>
#include <iostream>

namespace troupe {

namespace {

constexpr char const* default_tenant = "default";

result<store_factory> open_store(serve_options const& o) {
  if (!o.store.empty())
    return open_postgres_store(o.store);
  return open_sqlite_store(o.data / "ledger.db", [](std::uint64_t brought, std::uint64_t all) {
    spdlog::info("bringing the ledger of an earlier version over to this one events={} of={}",
                 brought, all);
  });
}

/// Readable by its owner only, and whole or not there.
bool write_private(std::filesystem::path const& file, std::string const& text) {
  auto const partial = file.string() + ".new";
  int const fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return false;
  bool const written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  ::close(fd);
  return written && ::rename(partial.c_str(), file.c_str()) == 0;
}

/// The first start makes the token of the administrator: shown once, kept in a private file.
result<void> first_token(node& n, token_index& tokens, serve_options const& o) {
  if (tokens.has_admin())
    return {};
  auto const token = new_token();
  auto const hash = hash_token(token);
  if (!o.data.empty() && !write_private(o.data / "admin.token", token + "\n"))
    return fail(errc::unavailable, "cannot write " + (o.data / "admin.token").string());
  TROUPE_CRASH_POINT(27, "first start: token in its file, not in the ledger");
  principal::issue c;
  c.who = principal_id{"human:admin"};
  c.label = "first start";
  c.secret_hash = hash;
  c.roles = {principal::role::admin, principal::role::approver, principal::role::developer,
             principal::role::viewer};
  submit_options by;
  by.by = principal_id{"system"};
  by.want_state = true;
  auto const made = n.tell({tenant_id{default_tenant}, entity_kind::principal, hash.substr(0, 32)},
                           principal::command{std::move(c)}, by);
  if (!made)
    return made.error();
  tokens.learn_state(made->state);
  std::cout << "admin token (shown once; also in " << (o.data / "admin.token").string()
            << "): " << token << std::endl;
  return {};
}

/// Marks an error as one of the settings: they are what is to be mended.
error of_settings(error e) {
  e.details["settings"] = e.code == errc::invalid_argument || e.code == errc::not_found;
  return e;
}

/// Who may read the metrics besides viewers.
result<scrape_access> scrape_access_of(serve_options const& o) {
  constexpr std::size_t shortest = 16;
  scrape_access out{{}, o.metrics_on_loopback};
  if (o.metrics_token_file.empty())
    return out;
  std::ifstream in{o.metrics_token_file};
  std::string token;
  in >> token;
  if (token.size() < shortest)
    return fail(errc::invalid_argument,
                "telemetry.metrics_token_file = " + o.metrics_token_file.string() +
                    " must hold a token of at least " + std::to_string(shortest) +
                    " characters; `openssl rand -hex 32` makes one");
  out.token_hash = hash_token(token);
  return out;
}

std::string this_machine() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

/// Sends the traces where that is set. Errors: invalid_argument (settings).
result<std::unique_ptr<otlp_exporter>> exporter_of(serve_options const& o) {
  if (o.otlp_endpoint.empty())
    return nullptr;
  otlp_settings s;
  s.endpoint = o.otlp_endpoint;
  s.version = TROUPE_VERSION;
  s.instance = this_machine();
  if (!o.otlp_headers_file.empty()) {
    auto headers = read_headers(o.otlp_headers_file);
    if (!headers)
      return headers.error();
    s.headers = std::move(*headers);
  }
  tracing::settings t;
  t.percent = o.traces_percent;
  return otlp_exporter::start(std::move(s), t);
}

using engine_map = decltype(node_settings::engines);

/// Of the server's own agents.
result<engine_map> engines_of(serve_options const& o) {
  engine_map out;
  std::shared_ptr<thinker> const rules = make_rules_thinker();
  out[engine_kind::rules] = rules;
  if (!o.script.empty()) {
    auto scripted = make_scripted_thinker(o.script, rules);
    if (!scripted)
      return scripted.error();
    out[engine_kind::scripted] = std::move(*scripted);
  }
  return out;
}

/// Signals are taken by `sigwait` on the main thread, so no handler runs anywhere.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

} // namespace

int run_serve(serve_options const& o, std::function<void(std::string const& url)> const& on_ready,
              std::function<int(error const& why)> const& refused) {
  auto const signals = block_signals();
  set_up_log("troupe", o.log);
  tenant_id const tenant{default_tenant};
  make_room_for_connections(o.http.max_connections);
  // The address comes first: a second server on the same ledger must be refused before it takes the
  // shards away from the one that runs, and before it makes a token that nobody can use.
  http_server server{o.http};
  if (auto ok = server.bind(); !ok)
    return refused(of_settings(ok.error()));
  auto engines = engines_of(o);
  if (!engines)
    return refused(of_settings(engines.error()));
  auto const scrape = scrape_access_of(o);
  if (!scrape)
    return refused(of_settings(scrape.error()));
  auto const exporter = exporter_of(o);
  if (!exporter)
    return refused(of_settings(exporter.error()));
  if (!o.data.empty()) {
    std::error_code ec;
    std::filesystem::create_directories(o.data, ec);
    if (ec)
      return refused(
          fail(errc::invalid_argument, "cannot make " + o.data.string() + ": " + ec.message()));
  }
  auto store = open_store(o);
  if (!store)
    return refused(store.error());
  ledger_mark mark{o.data, o.store};
  {
    auto looking = (*store)();
    if (!looking)
      return refused(looking.error());
    if (auto ok = mark.check(**looking, o.accept_restored); !ok)
      return refused(ok.error());
  }

  TROUPE_CRASH_POINT(26, "first start: schema there, no shard claimed");

  node_settings ns;
  random_id_port names;
  ns.owner = "serve-" + this_machine() + "-" + std::to_string(::getpid()) + "-" + names.uuid();
  ns.take_over = o.take_over;
  auto const lost = std::make_shared<std::atomic<bool>>(false);
  ns.lost = [lost] {
    lost->store(true);
    ::kill(::getpid(), SIGTERM); // taken by `sigwait`, like a stop that was asked for
  };
  auto const failed = std::make_shared<std::atomic<bool>>(false);
  ns.failed = [failed] {
    failed->store(true);
    ::kill(::getpid(), SIGTERM);
  };
  ns.threads = o.threads;
  ns.journal.writers = o.store.empty() ? 1 : o.writers;
  ns.resend = o.resend;
  ns.idle = o.idle;
  ns.grace = o.grace;
  ns.check_invariants = o.check_invariants;
  ns.snapshot_after = o.snapshot_after;
  ns.admission.slowdown = o.slowdown;
  ns.engines = std::move(*engines);

  daemon_hub hub{tenant, o.heartbeat, o.grace};
  auto started = node::start(std::move(ns), *store, hub);
  if (!started)
    return refused(started.error());
  auto& n = **started;
  mark.claimed();
  n.view().subscribe([&](board_event const&) { mark.grew(); }, {});
  hub.attach(n);
  if (auto ok = n.resume(); !ok)
    return refused(ok.error());

  TROUPE_CRASH_POINT(22, "start: entities woken, not yet serving");

  auto const checker = std::make_shared<token_index>(n.clock());
  auto& tokens = *checker;
  std::size_t total = 0;
  for (auto const& s : n.view().list(tenant, entity_kind::principal, {}, 0, 1'000'000, total))
    tokens.learn_state(s);
  n.view().subscribe([&](board_event const& e) { tokens.learn(*e.event); }, {});
  if (auto ok = first_token(n, tokens, o); !ok)
    return refused(ok.error());

  std::optional<step_log> steps;
  if (spdlog::should_log(spdlog::level::info))
    steps.emplace(n.view());
  traffic::hub tap;
  watch_desk watches{n, tenant, tap};
  api const a{n, hub, tokens, tenant, &watches, &server, *scrape, exporter->get()};
  router table;
  for (auto& r : all_routes(a))
    table.add(std::move(r));
  if (auto ok = server.start(std::move(table), checker); !ok)
    return refused(ok.error());
  hub.resume(); // from now on daemons can come back
  auto const url = server.url();
  spdlog::info("serving url={} store={}", url, o.store.empty() ? "sqlite" : "postgres");
  if (on_ready)
    on_ready(url);

  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("stopping signal={} deadline_ms={}", signal, o.stop_deadline.count());
  hub.drop_all(lost->load() ? "another server has taken over" : "the server is stopping");
  server.stop(o.stop_deadline / 2);
  watches.stop();
  tap.stop();
  steps.reset();
  if (!n.stop(o.stop_deadline)) {
    spdlog::error("not stopped within the deadline; what was acknowledged is durable");
    std::_Exit(75);
  }
  mark.save();
  spdlog::info("stopped");
  return lost->load() ? 76 : failed->load() ? 70 : 0;
}

} // namespace troupe
