#include "actors/domain/kinds.hpp"
#include "gateway/daemons/daemon_hub.hpp"

/// What daemons are told: orders, completed from their runs, and news.
namespace troupe {

void daemon_hub::launch(troupe::launch const& what) {
  run_configs::config_ptr known;
  {
    std::lock_guard lock{mutex_};
    auto& held = attempts_[{what.what.ticket, what.what.token}];
    known = held.config ? held.config : configs_.find(what.run);
    held = {what.what.project, known};
  }
  if (known) {
    complete(what, json::value{});
    return;
  }
  node_->query({tenant_, entity_kind::run, what.run.value},
               [this, what](result<json::value> const& run) { complete(what, run); });
}

void daemon_hub::complete(troupe::launch what, result<json::value> const& run) {
  run_configs::config_ptr config;
  {
    std::lock_guard lock{mutex_};
    auto const at = attempts_.find({what.what.ticket, what.what.token});
    if (at == attempts_.end()) // the lease ended meanwhile
      return;
    config = at->second.config ? at->second.config : configs_.find(what.run);
    if (!config && run) {
      if (auto s = json::from<run::state>(*run)) {
        config = std::make_shared<project_config const>(std::move(s->config));
        configs_.keep(what.run, config);
      }
    }
    at->second.config = config;
  }
  auto& o = what.what;
  if (config) {
    for (auto const& a : config->roster) {
      if (project::agent_of(o.project, a.name) != o.agent)
        continue;
      o.command = a.command;
      o.instructions = a.instructions;
    }
    o.test_command = config->test_command;
    o.forbidden_paths = config->forbidden_paths;
    o.patch_lines = config->limits.patch_lines;
    o.recipe = config->recipe;
    o.timeout = config->limits.attempt_timeout;
    o.stall = config->limits.stall;
    o.lease = config->limits.lease;
    o.send_diffs = config->send_diffs;
  }
  post(what.daemon, o, {});
}

void daemon_hub::post(daemon_id const& daemon, link::frame_body body, std::function<void()> done) {
  std::lock_guard lock{mutex_};
  auto& p = peers_[daemon];
  sent_frame f{++p.last_seq, std::move(body), std::move(done)};
  if (p.socket)
    p.socket->send(link::encode({f.seq, f.body}));
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
