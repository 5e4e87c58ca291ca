#include "tests/sim/sim_hub.hpp"

#include "gateway/daemons/link_close.hpp"
#include "tests/sim/plants.hpp"

namespace troupe::sim {

void sim_hub::die() {
  if (!std::exchange(*alive_, false))
    return;
  for (auto& [id, p] : peers_)
    for (auto const& w : {p.link, p.arriving})
      if (w)
        w->server_died();
  peers_.clear();
}

submit_options sim_hub::as(daemon_id const& daemon, std::string cause) {
  submit_options o;
  o.by = principal_id{"daemon:" + daemon.value};
  o.cause = std::move(cause);
  return o;
}

// ---- links ----------------------------------------------------------------------------------

void sim_hub::accept(daemon_id const& daemon, std::shared_ptr<wire> const& w) {
  auto const connection = ++connections_;
  std::weak_ptr<wire> const weak = w;
  w->server.received = [this, alive = alive_, daemon, connection, weak](link::link_frame f) {
    auto const self = weak.lock();
    if (*alive && self)
      received(daemon, connection, self, std::move(f));
  };
  w->server.closed = [this, alive = alive_, daemon, connection] {
    if (*alive)
      gone(daemon, connection);
  };
}

void sim_hub::received(daemon_id const& daemon, std::uint64_t connection,
                       std::shared_ptr<wire> const& w, link::link_frame f) {
  if (auto const* h = std::get_if<link::hello>(&f.body)) {
    if (auto const& p = peers_[daemon]; p.connection == connection)
      return; // it came twice
    arrive(daemon, connection, w, *h);
    return;
  }
  auto& p = peers_[daemon];
  if (p.connection != connection)
    return;
  if (auto const* a = std::get_if<link::ack>(&f.body)) {
    if (p.link)
      acknowledged(daemon, p, a->taken);
    return;
  }
  if (auto const* h = std::get_if<link::heartbeat>(&f.body)) {
    if (p.link)
      renew(daemon, h->attempts);
    return;
  }
  report(daemon, connection, std::move(f));
}

void sim_hub::acknowledged(daemon_id const& daemon, peer& p, std::uint64_t seq) {
  std::vector<sent_frame> done;
  while (!p.unacknowledged.empty() && p.unacknowledged.front().seq <= seq) {
    done.push_back(std::move(p.unacknowledged.front()));
    p.unacknowledged.pop_front();
  }
  for (auto const& f : done) {
    if (!f.done)
      continue;
    c_.audit.delivered(daemon, f.body);
    f.done();
  }
}

void sim_hub::arrive(daemon_id const& daemon, std::uint64_t connection,
                     std::shared_ptr<wire> const& w, link::hello const& h) {
  auto& p = peers_[daemon];
  if (connection < p.connection)
    return; // an older one, late
  for (auto const& old : {p.link, p.arriving})
    if (old)
      old->close();
  p.link = nullptr;
  p.arriving = w;
  p.connection = connection;
  p.reports.clear();
  p.taking = false;
  server_.submit(
      context::ref(entity_kind::daemon, daemon.value),
      daemon::command{daemon::connect{h.stream, h.slots, h.runners, h.repositories, h.process}},
      as(daemon, {}), [this, daemon, connection, h](command_result const& r) {
        auto& q = peers_[daemon];
        if (q.connection != connection || !q.arriving)
          return;
        if (r) {
          greet(daemon, connection, h);
          return;
        }
        server_.desk->presence({daemon, false, 0, {}, {}});
        q.arriving->close();
      });
}

void sim_hub::greet(daemon_id const& daemon, std::uint64_t connection, link::hello const& h) {
  auto& p = peers_[daemon];
  if (p.connection != connection || !p.arriving->open())
    return;
  p.link = std::exchange(p.arriving, nullptr);
  if (p.stream != h.stream) {
    p.stream = h.stream;
    p.taken = 0;
  }
  if (h.server_stream == server_.stream)
    acknowledged(daemon, p, h.taken);
  p.link->to_daemon({0, link::welcome{server_.stream, p.taken, std::chrono::seconds{20}}});
  if (!planted("orders-not-resent")) {
    for (auto const& f : p.unacknowledged)
      p.link->to_daemon({f.seq, f.body});
  } else {
    p.unacknowledged.clear();
  }
  if (!planted("presence-forgotten") || p.connection == 1)
    server_.desk->presence({daemon, true, h.slots, h.runners, h.repositories});
  renew(daemon, h.attempts);
}

void sim_hub::gone(daemon_id const& daemon, std::uint64_t connection) {
  auto& p = peers_[daemon];
  if (p.connection != connection)
    return;
  p.link = nullptr;
  p.arriving = nullptr;
  p.connection = 0;
  p.reports.clear();
  p.taking = false;
  server_.desk->presence({daemon, false, 0, {}, {}});
  disconnect(daemon);
}

void sim_hub::disconnect(daemon_id const& daemon) {
  auto o = as(daemon, {});
  o.asked = false;
  server_.submit(context::ref(entity_kind::daemon, daemon.value),
                 daemon::command{daemon::disconnect{}}, std::move(o),
                 [this](command_result const& r) {
                   if (!r && may_pass(r.error()))
                     resume(std::chrono::seconds{1});
                 });
}

void sim_hub::resume(duration grace) {
  c_.time.after(grace, [this, alive = alive_] {
    if (*alive)
      disconnect_absent();
  });
}

void sim_hub::disconnect_absent() {
  auto const& states = c_.audit.ledger().states();
  for (auto const& ref : states.entities()) {
    auto const* d = states.find<daemon_domain>(ref);
    bool const connected =
        d != nullptr && (d->is == daemon::status::online || d->is == daemon::status::suspect ||
                         d->is == daemon::status::draining);
    auto const at = peers_.find(daemon_id{ref.id});
    if (connected && (at == peers_.end() || at->second.connection == 0))
      disconnect(daemon_id{ref.id});
  }
}

// ---- reports --------------------------------------------------------------------------------

void sim_hub::renew(daemon_id const& daemon, std::vector<link::held> const& attempts) {
  for (auto const& a : attempts)
    server_.submit(
        context::ref(entity_kind::ticket, a.ticket.value), ticket::command{ticket::renew{a.token}},
        as(daemon, {}), [this, daemon, a](command_result const& r) {
          auto const& p = peers_[daemon];
          if (!r && p.link && (r.error().code == errc::fenced || r.error().code == errc::not_found))
            p.link->to_daemon(
                {0, link::stop{a.ticket, a.token, "the lease of this attempt is over"}});
        });
}

void sim_hub::report(daemon_id const& daemon, std::uint64_t connection, link::link_frame f) {
  auto& p = peers_[daemon];
  if (!p.link) {
    if (p.arriving)
      p.arriving->close();
    return;
  }
  if (p.taken != 0 && f.seq <= p.taken) {
    p.link->to_daemon({0, link::ack{p.taken}});
    return;
  }
  auto const last = p.reports.empty() ? p.taken : p.reports.back().seq;
  if (last != 0 && f.seq != last + 1) {
    p.link->close(); // a gap, or twice: it connects again and sends what was not acknowledged
    return;
  }
  p.reports.push_back(std::move(f));
  take_next(daemon, connection);
}

void sim_hub::take_next(daemon_id const& daemon, std::uint64_t connection) {
  auto& p = peers_[daemon];
  if (p.connection != connection || p.taking || p.reports.empty())
    return;
  p.taking = true;
  auto const f = p.reports.front();
  std::optional<ticket::command> command;
  ticket_id ticket;
  std::visit(overloaded{
                 [&](link::started const& x) {
                   ticket = x.ticket;
                   command = ticket::start{x.token, x.base, x.session};
                 },
                 [&](link::declined const& x) {
                   ticket = x.ticket;
                   command = ticket::decline{x.token, x.why, x.message};
                 },
                 [&](link::said const& x) {
                   ticket = x.ticket;
                   command = ticket::say{x.token, x.key, x.kind, agent_id{x.to}, x.text, x.engine};
                 },
                 [&](link::finished const& x) {
                   ticket = x.ticket;
                   command = ticket::finish{x};
                 },
                 [](auto const&) {},
             },
             f.body);
  if (!command) {
    c_.audit.problem("a daemon reported what is no report");
    return;
  }
  auto const id = daemon.value + "/" + std::to_string(f.seq);
  std::visit(
      [&](auto const& x) {
        if constexpr (requires { x.token; })
          c_.audit.reported(id, x.token);
      },
      f.body);
  if (planted("early-ack") && p.link)
    p.link->to_daemon({0, link::ack{f.seq}});
  server_.submit(context::ref(entity_kind::ticket, ticket.value), std::move(*command),
                 as(daemon, id), [this, daemon, connection, seq = f.seq](command_result const& r) {
                   taken(daemon, connection, seq, r);
                 });
}

void sim_hub::taken(daemon_id const& daemon, std::uint64_t connection, std::uint64_t seq,
                    command_result const& r) {
  auto& p = peers_[daemon];
  if (p.connection != connection || !p.link)
    return;
  p.taking = false;
  if (!r && may_pass(r.error())) {
    p.link->close();
    return;
  }
  ++c_.reports;
  p.taken = seq;
  p.reports.pop_front();
  p.link->to_daemon({0, link::ack{seq}});
  take_next(daemon, connection);
}

// ---- orders ---------------------------------------------------------------------------------

void sim_hub::launch(troupe::launch const& what) {
  if (!*alive_)
    return;
  auto const ticket = context::ref(entity_kind::ticket, what.what.ticket.value);
  attempts_.insert({what.what.ticket, what.what.token});
  // The real one reads the run's configuration first.
  c_.time.after(c_.luck.between(duration{1}, duration{20}), [this, alive = alive_, what, ticket] {
    if (!*alive || !attempts_.contains({what.what.ticket, what.what.token}))
      return;
    c_.audit.ordered(ticket, what.what.token, what.daemon);
    post(what.daemon, what.what, {});
    if (planted("order-to-two") && c_.luck.percent(10))
      for (auto const& [id, p] : peers_)
        if (id != what.daemon && p.link) {
          post(id, what.what, {});
          break;
        }
  });
}

void sim_hub::post(daemon_id const& daemon, link::frame_body body, std::function<void()> done) {
  auto& p = peers_[daemon];
  sent_frame f{++p.last_seq, std::move(body), std::move(done)};
  if (p.link)
    p.link->to_daemon({f.seq, f.body});
  p.unacknowledged.push_back(std::move(f));
}

void sim_hub::forget(ticket_id const& ticket, std::int64_t token) {
  attempts_.erase({ticket, token});
  for (auto& [id, p] : peers_)
    for (auto& f : p.unacknowledged) {
      auto const* o = std::get_if<link::order>(&f.body);
      if (o != nullptr && o->ticket == ticket && o->token == token)
        f.body = link::stop{ticket, token, "the lease of this attempt is over"};
    }
}

void sim_hub::notify(troupe::notify const& what, std::function<void()> done) {
  if (!*alive_)
    return;
  if (what.daemon.empty()) {
    done();
    return;
  }
  if (planted("dropped-notify") && c_.luck.percent(30)) {
    c_.audit.delivered(what.daemon, what.what);
    done();
    return;
  }
  post(what.daemon, what.what, std::move(done));
}

std::size_t sim_hub::waiting() const {
  std::size_t out = 0;
  for (auto const& [id, p] : peers_)
    out += p.unacknowledged.size();
  return out;
}

std::string sim_hub::waits_for() const {
  std::string out;
  for (auto const& [id, p] : peers_)
    for (auto const& f : p.unacknowledged)
      out += id.value + (p.link ? " (linked) " : " (not linked) ") +
             link::encode({f.seq, f.body}).substr(0, 120) + "\n";
  return out;
}

} // namespace troupe::sim
