#include "gateway/daemons/daemon_hub.hpp"

#include "actors/domain/kinds.hpp"
#include "gateway/daemons/clean_frame.hpp"
#include "protocol/redact.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe {

namespace {

constexpr std::uint16_t close_normal = 1000;
constexpr std::uint16_t close_going_away = 1001;
constexpr std::uint16_t close_protocol = 1002;
constexpr std::uint16_t close_policy = 1008;
constexpr std::uint16_t close_try_again = 1013;
constexpr std::size_t report_limit = 1024;
/// A daemon cuts what its agents say far below this.
constexpr std::size_t longest_progress_bytes = 8 * 1024;

bool may_pass(error const& e) {
  return e.code == errc::busy || e.code == errc::unavailable || e.code == errc::timeout;
}

} // namespace

daemon_hub::daemon_hub(tenant_id tenant, duration heartbeat)
    : tenant_(std::move(tenant)), heartbeat_(heartbeat) {}

submit_options daemon_hub::as(daemon_id const& daemon, std::string cause) const {
  submit_options o;
  o.by = principal_id{"daemon:" + daemon.value};
  o.cause = std::move(cause);
  return o;
}

entity_ref daemon_hub::ticket_ref(ticket_id const& t) const {
  return {tenant_, entity_kind::ticket, t.value};
}

// ---- links ----------------------------------------------------------------------------------

void daemon_hub::serve(request const& r, std::shared_ptr<web_socket> socket) {
  auto const colon = r.principal.id.value.find(':');
  daemon_id const daemon{r.principal.id.value.substr(colon + 1)};
  std::uint64_t connection = 0;
  {
    std::lock_guard lock{mutex_};
    if (stream_.empty())
      stream_ = node_->ids().uuid();
    connection = ++connections_;
  }
  // The socket's callbacks hold it by themselves; the hub holds it once it said hello.
  std::weak_ptr<web_socket> const weak = socket;
  socket->on_text([this, daemon, connection, weak](std::string text) {
    auto const alive = weak.lock();
    if (!alive)
      return;
    auto f = link::decode_frame(text);
    if (!f) {
      alive->close(close_protocol, f.error().message);
      return;
    }
    if (auto const* h = std::get_if<link::hello>(&f->body)) {
      if (h->daemon != daemon || h->version != link::protocol_version) {
        alive->close(close_protocol, h->daemon != daemon ? "this token belongs to another daemon"
                                                         : "another version of the link protocol");
        return;
      }
      auto const clean = clean_frame(*h);
      if (!clean) {
        alive->close(close_protocol, clean.error().message);
        return;
      }
      arrive(daemon, connection, alive, std::get<link::hello>(*clean));
      return;
    }
    received(daemon, connection, std::move(*f));
  });
  socket->on_close(
      [this, daemon, connection](std::uint16_t, std::string_view) { gone(daemon, connection); });
}

/// A daemon's own entity says whether it may come, and what may be offered to it. Until it has
/// answered nothing is sent and nothing is taken.
void daemon_hub::arrive(daemon_id const& daemon, std::uint64_t connection,
                        std::shared_ptr<web_socket> const& socket, link::hello const& h) {
  {
    std::lock_guard lock{mutex_};
    auto& p = peers_[daemon];
    if (p.connection != connection) {
      for (auto const& old : {p.socket, p.arriving})
        if (old)
          old->close(close_normal, "this daemon connected again");
    }
    p.socket = nullptr;
    p.arriving = socket;
    p.connection = connection;
    p.reports.clear();
    p.taking = false;
  }
  auto o = as(daemon, {});
  o.want_state = true;
  node_->submit(
      {tenant_, entity_kind::daemon, daemon.value},
      daemon::command{daemon::connect{h.stream, h.slots, h.runners, h.repositories, h.process}},
      std::move(o), [this, daemon, connection, h](command_result const& r) {
        if (r)
          greet(daemon, connection, h, r->state);
        else
          turn_away(daemon, connection, r.error());
      });
}

void daemon_hub::turn_away(daemon_id const& daemon, std::uint64_t connection, error const& why) {
  spdlog::info("daemon turned away daemon={} why=\"{}\"", daemon.value, why.message);
  std::lock_guard lock{mutex_};
  auto& p = peers_[daemon];
  if (p.connection != connection || !p.arriving)
    return;
  // An earlier link of the same daemon may have been offered work.
  node_->presence({daemon, false, 0, {}, {}});
  p.arriving->close(may_pass(why) ? close_try_again : close_policy, why.message);
}

void daemon_hub::publish(daemon_id const& daemon, peer& p, json::value const& state) {
  auto const s = json::from<daemon::state>(state);
  if (!s || s->version < p.version)
    return;
  p.version = s->version;
  if (s->is == daemon::status::online || s->is == daemon::status::draining)
    node_->presence({daemon, true, s->is == daemon::status::draining ? 0 : s->slots, s->runners,
                     s->repositories});
}

void daemon_hub::learn(daemon_id const& daemon, json::value const& state) {
  std::lock_guard lock{mutex_};
  if (auto const it = peers_.find(daemon); it != peers_.end() && it->second.socket)
    publish(daemon, it->second, state);
}

void daemon_hub::greet(daemon_id const& daemon, std::uint64_t connection, link::hello const& h,
                       json::value const& state) {
  std::vector<std::function<void()>> done;
  {
    std::lock_guard lock{mutex_};
    auto& p = peers_[daemon];
    if (p.connection != connection || !p.arriving || p.arriving->closed())
      return;
    p.socket = std::exchange(p.arriving, nullptr);
    if (p.stream != h.stream) {
      p.stream = h.stream;
      p.taken = 0;
    }
    if (h.server_stream == stream_) {
      while (!p.unacknowledged.empty() && p.unacknowledged.front().seq <= h.taken) {
        if (p.unacknowledged.front().done)
          done.push_back(std::move(p.unacknowledged.front().done));
        p.unacknowledged.pop_front();
      }
    }
    p.socket->send(link::encode({0, link::welcome{stream_, p.taken, heartbeat_}}));
    for (auto const& f : p.unacknowledged)
      p.socket->send(link::encode({f.seq, f.body}));
    publish(daemon, p, state);
  }
  for (auto const& d : done)
    d();
  renew(daemon, {h.attempts, 0});
}

void daemon_hub::gone(daemon_id const& daemon, std::uint64_t connection) {
  std::lock_guard lock{mutex_};
  auto const it = peers_.find(daemon);
  if (it == peers_.end() || it->second.connection != connection)
    return;
  auto& p = it->second;
  p.socket = nullptr;
  p.arriving = nullptr;
  p.connection = 0;
  p.reports.clear();
  p.taking = false;
  node_->presence({daemon, false, 0, {}, {}});
  // Still under the lock: the next link's `connect` must come after it.
  node_->submit({tenant_, entity_kind::daemon, daemon.value}, daemon::command{daemon::disconnect{}},
                as(daemon, {}), {});
}

void daemon_hub::drop(daemon_id const& daemon, std::string const& why) {
  std::deque<sent_frame> left;
  {
    std::lock_guard lock{mutex_};
    auto const it = peers_.find(daemon);
    if (it == peers_.end())
      return;
    for (auto const& socket : {it->second.socket, it->second.arriving})
      if (socket)
        socket->close(close_normal, why);
    left = std::move(it->second.unacknowledged); // nobody will ever take these
    it->second.unacknowledged.clear();
  }
  for (auto const& f : left) {
    if (f.done)
      f.done();
  }
}

void daemon_hub::drop_all(std::string const& why) {
  std::lock_guard lock{mutex_};
  for (auto const& [id, p] : peers_)
    for (auto const& socket : {p.socket, p.arriving})
      if (socket)
        socket->close(close_going_away, why);
}

// ---- reports --------------------------------------------------------------------------------

void daemon_hub::received(daemon_id const& daemon, std::uint64_t connection, link::link_frame f) {
  if (auto const* a = std::get_if<link::ack>(&f.body)) {
    std::vector<std::function<void()>> done;
    {
      std::lock_guard lock{mutex_};
      auto& p = peers_[daemon];
      if (p.connection != connection || !p.socket)
        return;
      while (!p.unacknowledged.empty() && p.unacknowledged.front().seq <= a->taken) {
        if (p.unacknowledged.front().done)
          done.push_back(std::move(p.unacknowledged.front().done));
        p.unacknowledged.pop_front();
      }
    }
    for (auto const& d : done)
      d();
    return;
  }
  auto const* h = std::get_if<link::heartbeat>(&f.body);
  auto* said = std::get_if<link::progress>(&f.body);
  if (h == nullptr && said == nullptr) {
    report(daemon, connection, std::move(f));
    return;
  }
  {
    std::lock_guard lock{mutex_};
    if (auto const& p = peers_[daemon]; p.connection != connection || !p.socket)
      return;
  }
  if (h != nullptr)
    renew(daemon, *h);
  else
    tell(daemon, std::move(*said));
}

std::uint64_t daemon_hub::watch(progress_listener l) {
  std::lock_guard lock{listeners_mutex_};
  listeners_.emplace(++next_listener_, std::make_shared<progress_listener const>(std::move(l)));
  return next_listener_;
}

void daemon_hub::unwatch(std::uint64_t id) {
  std::lock_guard lock{listeners_mutex_};
  listeners_.erase(id);
}

void daemon_hub::tell(daemon_id const& daemon, link::progress p) {
  std::vector<std::shared_ptr<progress_listener const>> all;
  {
    std::lock_guard lock{listeners_mutex_};
    for (auto const& [id, l] : listeners_)
      all.push_back(l);
  }
  if (all.empty() || p.text.size() > longest_progress_bytes)
    return;
  p.text = redact(p.text);
  for (auto const& l : all)
    (*l)(daemon, p);
}

void daemon_hub::renew(daemon_id const& daemon, link::heartbeat const& h) {
  for (auto const& a : h.attempts)
    node_->submit(
        ticket_ref(a.ticket), ticket::command{ticket::renew{a.token}}, as(daemon, {}),
        [this, daemon, a](command_result const& r) {
          // Only the ticket knows whether the lease is gone: then nobody is left to work
          // for. A hub that was just started knows nothing and must not say stop.
          if (!r && (r.error().code == errc::fenced || r.error().code == errc::not_found))
            send_lossy(daemon, link::stop{a.ticket, a.token, "the lease of this attempt is over"});
        });
}

void daemon_hub::send_lossy(daemon_id const& daemon, link::frame_body const& body) {
  std::lock_guard lock{mutex_};
  if (auto const it = peers_.find(daemon); it != peers_.end() && it->second.socket)
    it->second.socket->send(link::encode({0, body}));
}

void daemon_hub::report(daemon_id const& daemon, std::uint64_t connection, link::link_frame f) {
  {
    std::lock_guard lock{mutex_};
    auto& p = peers_[daemon];
    if (p.connection != connection)
      return;
    if (!p.socket) { // left out, it would be a gap that nobody sees
      if (p.arriving)
        p.arriving->close(close_protocol, "a report before the welcome");
      return;
    }
    if (p.taken != 0 && f.seq != 0 && f.seq <= p.taken) {
      p.socket->send(link::encode({0, link::ack{p.taken}}));
      return;
    }
    auto const last = p.reports.empty() ? p.taken : p.reports.back().seq;
    std::string refuse;
    if (f.seq == 0)
      refuse = "a report must be numbered";
    else if (last != 0 && f.seq != last + 1)
      refuse = "report " + std::to_string(f.seq) + " came after " + std::to_string(last);
    else if (p.reports.size() >= report_limit)
      refuse = "too many reports at once";
    else
      p.reports.push_back(std::move(f));
    if (!refuse.empty()) {
      p.socket->close(close_protocol, refuse);
      return;
    }
  }
  take_next(daemon, connection);
}

void daemon_hub::take_next(daemon_id const& daemon, std::uint64_t connection) {
  link::link_frame f;
  {
    std::lock_guard lock{mutex_};
    auto& p = peers_[daemon];
    if (p.connection != connection || p.taking || p.reports.empty())
      return;
    p.taking = true;
    f = p.reports.front();
  }
  auto clean = clean_frame(std::move(f.body));
  if (!clean) {
    taken(daemon, connection, f.seq, clean.error());
    return;
  }
  std::optional<ticket::command> command;
  ticket_id ticket;
  std::visit(
      overloaded{
          [&](link::started& x) {
            ticket = x.ticket;
            command = ticket::start{x.token, std::move(x.base), std::move(x.session)};
          },
          [&](link::declined& x) {
            ticket = x.ticket;
            command = ticket::decline{x.token, x.why, std::move(x.message)};
          },
          [&](link::said& x) {
            ticket = x.ticket;
            command = ticket::say{
                x.token,           std::move(x.key),   x.kind, resolve(x.ticket, x.token, x.to),
                std::move(x.text), std::move(x.engine)};
          },
          [&](link::finished& x) {
            ticket = x.ticket;
            command = ticket::finish{std::move(x)};
          },
          [](auto&) {},
      },
      *clean);
  if (!command) {
    taken(daemon, connection, f.seq,
          fail(errc::invalid_argument, "not a report that a server takes"));
    return;
  }
  node_->submit(ticket_ref(ticket), std::move(*command),
                as(daemon, daemon.value + "/" + std::to_string(f.seq)),
                [this, daemon, connection, seq = f.seq](command_result const& r) {
                  taken(daemon, connection, seq, r);
                });
}

void daemon_hub::taken(daemon_id const& daemon, std::uint64_t connection, std::uint64_t seq,
                       command_result const& r) {
  bool const retry = !r && may_pass(r.error());
  if (!r && !retry)
    spdlog::info("report refused daemon={} seq={} why=\"{}\"", daemon.value, seq,
                 r.error().message);
  {
    std::lock_guard lock{mutex_};
    auto& p = peers_[daemon];
    if (p.connection != connection || !p.socket)
      return;
    p.taking = false;
    if (retry) { // the daemon keeps it, comes back after its backoff and sends it again
      p.socket->close(close_try_again, r.error().message);
      return;
    }
    p.taken = seq;
    p.reports.pop_front();
    p.socket->send(link::encode({0, link::ack{seq}}));
  }
  take_next(daemon, connection);
}

agent_id daemon_hub::resolve(ticket_id const& ticket, std::int64_t token, std::string const& to) {
  std::lock_guard lock{mutex_};
  auto const at = attempts_.find({ticket, token});
  if (at == attempts_.end())
    return agent_id{to};
  auto const config = configs_.find(at->second.second);
  if (config == configs_.end())
    return agent_id{to};
  for (auto const& a : config->second->roster) {
    if (a.name == to)
      return project::agent_of(at->second.first, a.name);
  }
  return agent_for(at->second.first, *config->second, to);
}

// ---- orders ---------------------------------------------------------------------------------

void daemon_hub::launch(troupe::launch const& what) {
  std::shared_ptr<project_config const> known;
  {
    std::lock_guard lock{mutex_};
    wanted_.insert({what.what.ticket, what.what.token});
    attempts_[{what.what.ticket, what.what.token}] = {what.what.project, what.run};
    if (auto const it = configs_.find(what.run); it != configs_.end())
      known = it->second;
  }
  if (known) {
    complete(what, json::value{});
    return;
  }
  node_->query({tenant_, entity_kind::run, what.run.value},
               [this, what](result<json::value> const& run) { complete(what, run); });
}

void daemon_hub::complete(troupe::launch what, result<json::value> const& run) {
  std::shared_ptr<project_config const> config;
  {
    std::lock_guard lock{mutex_};
    auto& known = configs_[what.run];
    if (!known && run) {
      if (auto s = json::from<run::state>(*run))
        known = std::make_shared<project_config const>(s->config);
    }
    config = known;
    if (!config)
      configs_.erase(what.run);
    if (!wanted_.contains({what.what.ticket, what.what.token}))
      return;
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
  wanted_.erase({ticket, token});
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
