#include "actors/choke_points.hpp"
#include "actors/domain/kinds.hpp"
#include "gateway/daemons/daemon_hub.hpp"
#include "protocol/conversation.hpp"
#include "protocol/crash_point.hpp"
#include "protocol/log_about.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

/// What daemons are told: orders, completed from their runs, and news.
namespace troupe {

namespace {

constexpr duration first_wait{200};
constexpr duration longest_wait{std::chrono::seconds{5}};

run_configs::config_ptr config_of(result<json::value> const& run, std::string& why) {
  if (!run) {
    why = run.error().message;
    return nullptr;
  }
  auto s = json::from<run::state>(*run);
  if (!s) {
    why = s.error().message;
    return nullptr;
  }
  return std::make_shared<project_config const>(std::move(s->config));
}

/// From the order to the end of the lease.
tracing::span trace_attempt(link::order const& o) {
  auto s =
      tracing::span::child("daemon.attempt", tracing::span_kind::client, tracing::within::here());
  if (s) {
    s.set("troupe.ticket", o.ticket.value);
    s.set("troupe.attempt", o.attempt);
    s.set("troupe.stage", o.stage);
    s.set("troupe.role", o.role);
    s.set("troupe.agent", o.agent.value);
    s.set("troupe.token", o.token);
  }
  return s;
}

} // namespace

void daemon_hub::launch(troupe::launch const& what) {
  run_configs::config_ptr known;
  {
    std::lock_guard lock{mutex_};
    auto& held = attempts_[{what.what.ticket, what.what.token}];
    known = held.config ? held.config : configs_.find(what.run);
    held.project = what.what.project;
    held.config = known;
    held.unposted.reset();
    held.wait = duration{0};
    if (!held.traced)
      held.traced = trace_attempt(what.what);
  }
  if (known)
    complete(what, json::value{});
  else
    ask_run(what);
}

void daemon_hub::ask_run(troupe::launch const& what) {
  node_->query({tenant_, entity_kind::run, what.run.value},
               [this, what](result<json::value> const& run) { complete(what, run); });
}

void daemon_hub::ask_runs_again() {
  std::vector<troupe::launch> all;
  {
    std::lock_guard lock{mutex_};
    for (auto& [key, a] : attempts_)
      if (auto what = std::exchange(a.unposted, std::nullopt))
        all.push_back(std::move(*what));
  }
  for (auto const& what : all)
    ask_run(what);
}

/// Without the configuration of its run an order would be carried out without tests, recipe and
/// forbidden paths. So it waits, for as long as its lease is held.
void daemon_hub::complete(troupe::launch what, result<json::value> const& run) {
  run_configs::config_ptr config;
  {
    std::lock_guard lock{mutex_};
    auto const at = attempts_.find({what.what.ticket, what.what.token});
    if (at == attempts_.end()) // the lease ended meanwhile
      return;
    auto& a = at->second;
    config = a.config ? a.config : configs_.find(what.run);
    if (!config) {
      std::string why;
      config = config_of(run, why);
      if (!config) {
        auto const ticket = ticket_ref(what.what.ticket);
        auto const conversation = conversation_of(what.what.ticket);
        log_about const about{conversation, &ticket};
        spdlog::warn("an order waits for its run ticket={} token={} run={} why=\"{}\"",
                     what.what.ticket.value, what.what.token, what.run.value, why);
        a.wait = std::clamp(a.wait * 2, first_wait, longest_wait);
        a.unposted = std::move(what);
        asking_.plan(a.wait);
        return;
      }
      configs_.keep(what.run, config);
    }
    a.config = config;
    a.unposted.reset();
    what.what.trace = a.traced.place().traceparent();
  }
  auto& o = what.what;
  for (auto const& a : config->roster) {
    if (project::agent_of(o.project, a.name) != o.agent)
      continue;
    o.command = a.command;
    o.instructions = a.instructions;
    o.tools = a.tools;
  }
  o.test_command = config->test_command;
  o.forbidden_paths = config->forbidden_paths;
  o.patch_lines = config->limits.patch_lines;
  o.recipe = config->recipe;
  o.timeout = config->limits.attempt_timeout;
  o.stall = config->limits.stall;
  o.lease = config->limits.lease;
  o.send_diffs = config->send_diffs;
  post(what.daemon, o, {});
}

void daemon_hub::post(daemon_id const& daemon, link::frame_body body, std::function<void()> done) {
  choke::frame(tenant_, daemon, body, traffic::direction::out);
  std::lock_guard lock{mutex_};
  auto& p = peers_[daemon];
  sent_frame f{++p.last_seq, std::move(body), std::move(done)};
  TROUPE_CRASH_POINT(15, "hub: before an order is sent");
  if (p.socket)
    p.socket->send(link::encode({f.seq, f.body}));
  TROUPE_CRASH_POINT(16, "hub: order sent, not acknowledged");
  p.unacknowledged.push_back(std::move(f));
}

void daemon_hub::forget(ticket_id const& ticket, std::int64_t token) {
  std::lock_guard lock{mutex_};
  attempts_.erase({ticket, token});
  for (auto& [id, p] : peers_) {
    for (auto& f : p.unacknowledged) {
      auto const* o = std::get_if<link::order>(&f.body);
      // Its number must not become a gap: the daemon gets a stop in its place.
      if (o != nullptr && o->ticket == ticket && o->token == token)
        f.body = link::stop{ticket, token, "the lease of this attempt is over"};
    }
  }
}

void daemon_hub::notify(troupe::notify const& what, std::function<void()> done) {
  if (what.daemon.empty()) {
    done();
    return;
  }
  // A daemon that was revoked will never take anything again.
  auto const state = node_->view().get({tenant_, entity_kind::daemon, what.daemon.value});
  if (state.is_object()) {
    auto const* is = state.get_object().if_contains("is");
    if (is != nullptr && is->is_string() && is->get_string() == "REVOKED") {
      done();
      return;
    }
  }
  post(what.daemon, what.what, std::move(done));
}

} // namespace troupe
