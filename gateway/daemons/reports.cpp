#include "actors/choke_points.hpp"
#include "actors/domain/kinds.hpp"
#include "gateway/daemons/clean_frame.hpp"
#include "gateway/daemons/daemon_hub.hpp"
#include "gateway/daemons/link_close.hpp"
#include "protocol/crash_point.hpp"
#include "protocol/log_about.hpp"
#include "protocol/redact.hpp"

#include <spdlog/spdlog.h>

/// What daemons say: reports, which are taken in order, and what may be lost.
namespace troupe {

namespace {

constexpr std::size_t report_limit = 1024;
/// A daemon cuts what its agents say far below this.
constexpr std::size_t longest_progress_bytes = 8 * 1024;

} // namespace

void daemon_hub::received(daemon_id const& daemon, std::uint64_t connection, link::link_frame f) {
  choke::frame(tenant_, daemon, f.body, traffic::direction::in);
  {
    std::lock_guard lock{mutex_};
    if (auto& p = peers_[daemon]; p.connection == connection)
      p.heard = node_->clock().now();
  }
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
  std::int64_t token = 0;
  bool early = false;
  std::visit(overloaded{
                 [&](link::started& x) {
                   ticket = x.ticket;
                   token = x.token;
                   command = ticket::start{x.token, std::move(x.base), std::move(x.session)};
                 },
                 [&](link::declined& x) {
                   ticket = x.ticket;
                   token = x.token;
                   command = ticket::decline{x.token, x.why, std::move(x.message)};
                 },
                 [&](link::said& x) {
                   ticket = x.ticket;
                   token = x.token;
                   auto const to = resolve(x.ticket, x.token, x.to);
                   if (!to) {
                     early = true;
                     return;
                   }
                   command = ticket::say{x.token, std::move(x.key),  x.kind,
                                         *to,     std::move(x.text), std::move(x.engine)};
                 },
                 [&](link::finished& x) {
                   ticket = x.ticket;
                   token = x.token;
                   command = ticket::finish{std::move(x)};
                 },
                 [](auto&) {},
             },
             *clean);
  if (early) {
    taken(daemon, connection, f.seq,
          fail(errc::unavailable, "the run of ticket " + ticket.value + " is not read yet"));
    return;
  }
  if (!command) {
    taken(daemon, connection, f.seq,
          fail(errc::invalid_argument, "not a report that a server takes"));
    return;
  }
  TROUPE_CRASH_POINT(17, "hub: report come, not recorded");
  auto options = as(daemon, daemon.value + "/" + std::to_string(f.seq));
  if (tracing::on()) {
    std::lock_guard lock{mutex_};
    if (auto const a = attempts_.find({ticket, token}); a != attempts_.end())
      options.trace = a->second.traced.place().traceparent();
  }
  node_->submit(ticket_ref(ticket), std::move(*command), std::move(options),
                [this, daemon, connection, seq = f.seq](command_result const& r) {
                  taken(daemon, connection, seq, r);
                });
}

void daemon_hub::taken(daemon_id const& daemon, std::uint64_t connection, std::uint64_t seq,
                       command_result const& r) {
  bool const retry = !r && may_pass(r.error());
  entity_ref const who{tenant_, entity_kind::daemon, daemon.value};
  log_about const about{who};
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
    TROUPE_CRASH_POINT(18, "hub: report recorded, not acknowledged");
    p.taken = seq;
    p.reports.pop_front();
    p.socket->send(link::encode({0, link::ack{seq}}));
  }
  take_next(daemon, connection);
}

std::optional<agent_id> daemon_hub::resolve(ticket_id const& ticket, std::int64_t token,
                                            std::string const& to) {
  std::lock_guard lock{mutex_};
  auto const at = attempts_.find({ticket, token});
  if (at == attempts_.end())
    return agent_id{to};
  if (!at->second.config)
    return std::nullopt;
  auto const& held = at->second;
  for (auto const& a : held.config->roster) {
    if (a.name == to)
      return project::agent_of(held.project, a.name);
  }
  return agent_for(held.project, *held.config, to);
}

} // namespace troupe
