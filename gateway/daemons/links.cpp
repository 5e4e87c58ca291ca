#include "actors/domain/kinds.hpp"
#include "gateway/daemons/clean_frame.hpp"
#include "gateway/daemons/daemon_hub.hpp"
#include "gateway/daemons/link_close.hpp"
#include "protocol/log_about.hpp"

#include <spdlog/spdlog.h>

#include <limits>

/// Who is there: links come, are greeted, and go.
namespace troupe {

namespace {
constexpr duration shortest_retry = std::chrono::seconds{1};
}

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
  entity_ref const who{tenant_, entity_kind::daemon, daemon.value};
  log_about const about{who};
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
    p.heard = node_->clock().now();
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
  disconnect(daemon);
}

void daemon_hub::disconnect(daemon_id const& daemon) {
  auto o = as(daemon, {});
  // Nobody would ask again, so it is kept while the store is away; a stop does not wait for that,
  // and the next start finds the daemon absent.
  o.asked = stopping_;
  node_->submit({tenant_, entity_kind::daemon, daemon.value}, daemon::command{daemon::disconnect{}},
                std::move(o), [this](command_result const& r) {
                  if (!r && may_pass(r.error()))
                    absence_.plan(std::max<duration>(grace_, shortest_retry));
                });
}

void daemon_hub::disconnect_absent() {
  std::size_t total = 0;
  for (auto const& state : node_->view().list(tenant_, entity_kind::daemon, {}, 0,
                                              std::numeric_limits<std::size_t>::max(), total)) {
    auto const s = json::from<daemon::state>(state);
    bool const connected =
        s && (s->is == daemon::status::online || s->is == daemon::status::suspect ||
              s->is == daemon::status::draining);
    if (!connected)
      continue;
    daemon_id const daemon{s->self.id};
    std::lock_guard lock{mutex_};
    if (is_linked(daemon))
      continue;
    log_about const about{s->self};
    spdlog::info("daemon absent daemon={} grace_ms={}", daemon.value, grace_.count());
    disconnect(daemon);
  }
}

bool daemon_hub::is_linked(daemon_id const& daemon) const {
  auto const at = peers_.find(daemon);
  return at != peers_.end() && at->second.connection != 0;
}

std::set<daemon_id> daemon_hub::linked() const {
  std::set<daemon_id> out;
  std::lock_guard lock{mutex_};
  for (auto const& [id, p] : peers_)
    if (p.connection != 0)
      out.insert(id);
  return out;
}

std::map<daemon_id, time_point> daemon_hub::heard() const {
  std::lock_guard lock{mutex_};
  std::map<daemon_id, time_point> out;
  for (auto const& [daemon, p] : peers_)
    if (p.heard != time_point{})
      out.emplace(daemon, p.heard);
  return out;
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
  stopping_ = true;
  absence_.stop();
  asking_.stop();
  std::lock_guard lock{mutex_};
  for (auto const& [id, p] : peers_)
    for (auto const& socket : {p.socket, p.arriving})
      if (socket)
        socket->close(close_going_away, why);
}

} // namespace troupe
