#include "daemon/beast.hpp"
#include "net/web_stream.hpp"
#include "protocol/crash_point.hpp"

#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <spdlog/spdlog.h>

#include <deque>
#include <random>

namespace troupe::local {

namespace websocket = beast::websocket;

namespace {

constexpr std::size_t lossy_limit = 256;

/// One connection's life.
struct session_state {
  bool greeted = false; ///< the welcome has come
  bool over = false;
  std::uint64_t sent = 0;  ///< highest report sent on this connection
  std::uint64_t acked = 0; ///< highest frame of the server that we said we have
  duration heartbeat{std::chrono::seconds{10}};
  std::chrono::steady_clock::time_point next_heartbeat;
};

/// A name for this start of the daemon: the spool's stream outlives it.
std::string new_process() {
  static constexpr char hex[] = "0123456789abcdef";
  std::random_device random;
  std::string out;
  while (out.size() < 32)
    out += hex[random() & 15U];
  return out;
}

} // namespace

class link_client::machine {
public:
  machine(link_settings settings, spool& reports, link_events events)
      : settings_(std::move(settings)), spool_(reports), events_(std::move(events)),
        process_(new_process()), wake_(io_, std::chrono::steady_clock::time_point::max()),
        pause_(io_, std::chrono::steady_clock::time_point::max()), writer_done_(io_), force_(io_) {}

  link_end run() {
    asio::co_spawn(
        io_, [this] { return keep_up(); }, asio::detached);
    io_.run();
    return end_;
  }

  void stop() {
    asio::post(io_, [this] {
      stopping_ = true;
      wake_.cancel();
      pause_.cancel();
      if (close_)
        close_();
    });
  }

  void notify() {
    asio::post(io_, [this] { wake_.cancel(); });
  }

  void send_lossy(link::frame_body body) {
    asio::post(io_, [this, text = link::encode({0, body})]() mutable {
      if (!up_ || lossy_.size() >= lossy_limit)
        return;
      lossy_.push_back(std::move(text));
      wake_.cancel();
    });
  }

private:
  asio::awaitable<void> keep_up() {
    auto const where = parse_server(settings_.who.server);
    if (!where) {
      spdlog::error("link server=\"{}\" error=\"{}\"", settings_.who.server, where.error().message);
      end_ = link_end::unauthorized;
      co_return;
    }
    std::mt19937_64 random{std::random_device{}()};
    auto backoff = settings_.first_backoff;
    int refused = 0;
    while (!stopping_) {
      greeted_ = false;
      unauthorized_ = false;
      try {
        co_await connect(*where);
        close_ = nullptr;
      } catch (std::exception const& e) {
        // Bad certificates file, a frame we cannot read: logged, and tried again.
        close_ = nullptr;
        spdlog::warn("link error=\"{}\"", e.what());
      }
      if (stopping_)
        break;
      // Twice, because a server that is just starting may not have read its tokens yet.
      refused = unauthorized_ ? refused + 1 : 0;
      if (refused == 2) {
        end_ = link_end::unauthorized;
        co_return;
      }
      if (greeted_)
        backoff = settings_.first_backoff;
      std::uniform_int_distribution<std::int64_t> spread{backoff.count() / 2, backoff.count()};
      pause_.expires_after(duration{spread(random)});
      co_await pause_.async_wait(checked);
      backoff = std::min(settings_.last_backoff, backoff * 2);
    }
  }

  asio::awaitable<void> connect(server_address const& where) {
    asio::ip::tcp::resolver resolver{io_};
    close_ = [&resolver] { resolver.cancel(); };
    auto [resolve_ec, found] = co_await resolver.async_resolve(where.host, where.port, checked);
    if (resolve_ec) {
      spdlog::info("link server={} error=\"{}\"", where.host, resolve_ec.message());
      co_return;
    }
    if (stopping_)
      co_return; // told between the answer and now, when there was nothing to cancel
    std::optional<asio::ssl::context> tls;
    edge_stream stream{io_};
    if (where.tls && !stream.use_tls(tls.emplace(tls_context(settings_.ca_file)), where.host))
      co_return;
    auto& tcp = stream.next_layer();
    tcp.expires_after(settings_.connect_timeout);
    close_ = [&tcp] { tcp.close(); };
    auto [connect_ec] = co_await stream.async_connect(found, checked);
    if (connect_ec)
      co_return;
    if (where.tls) {
      auto [tls_ec] = co_await stream.async_handshake(asio::ssl::stream_base::client, checked);
      if (tls_ec) {
        spdlog::warn("link server={} tls_error=\"{}\"", where.host, tls_ec.message());
        co_return;
      }
    }
    co_await talk(stream, where);
  }

  asio::awaitable<void> talk(edge_stream& stream, server_address const& where) {
    auto& tcp = stream.next_layer();
    tcp.expires_never(); // the WebSocket has timers of its own
    web_stream ws{stream, web_limits{settings_.connect_timeout, std::chrono::seconds{30},
                                     link::max_frame_bytes}};
    auto const host =
        where.host.find(':') == std::string::npos ? where.host : "[" + where.host + "]";
    std::map<std::string, std::string> headers;
    headers["Authorization"] = "Bearer " + settings_.who.token;
    headers["User-Agent"] = "troupe-daemon";
    int status = 0;
    auto const ec = co_await ws.connect(host + ":" + where.port, where.base + "/api/daemon/link",
                                        std::move(headers), status);
    if (ec) {
      unauthorized_ = ec == websocket::error::upgrade_declined && (status == 401 || status == 403);
      spdlog::info("link server={} error=\"{}\"", where.host, ec.message());
      co_return;
    }
    session_state s;
    lossy_.clear();
    auto const first = link::encode({0, hello()});
    if (auto const failed = co_await ws.write(first))
      co_return;
    auto const alive = std::make_shared<bool>(true);
    closing_ = false;
    close_ = [this, &tcp, alive] {
      closing_ = true; // the writer says goodbye
      wake_.cancel();
      force_.expires_after(std::chrono::seconds{3});
      force_.async_wait([&tcp, alive](boost::system::error_code force_ec) {
        if (!force_ec && *alive)
          tcp.close();
      });
    };
    if (stopping_)
      close_();
    bool writing = true;
    asio::co_spawn(io_, write_frames(tcp, ws, s), [&](std::exception_ptr failed) {
      writing = false;
      if (failed)
        tcp.close();
      writer_done_.cancel();
    });
    std::exception_ptr failed;
    try {
      co_await read_frames(ws, s);
    } catch (...) {
      failed = std::current_exception(); // only until the writer, which uses these variables, ended
    }
    s.over = true;
    close_ = nullptr;
    force_.cancel();
    up_ = false;
    if (events_.connected && s.greeted)
      events_.connected(false);
    wake_.cancel();
    tcp.close();
    while (writing) {
      writer_done_.expires_at(std::chrono::steady_clock::time_point::max());
      co_await writer_done_.async_wait(checked);
    }
    *alive = false;
    if (failed)
      std::rethrow_exception(failed);
  }

  link::hello hello() const {
    link::hello h;
    h.daemon = settings_.who.daemon;
    h.name = settings_.who.name;
    h.stream = spool_.stream();
    h.taken = spool_.taken();
    h.server_stream = spool_.server_stream();
    h.slots = settings_.slots;
    h.runners = settings_.runners;
    h.repositories = settings_.repositories;
    h.attempts = events_.held();
    h.process = process_;
    return h;
  }

  asio::awaitable<void> read_frames(web_stream& ws, session_state& s) {
    std::string text;
    while (!s.over) {
      if (auto const ec = co_await ws.read(text))
        co_return;
      auto frame = link::decode_frame(text);
      if (!frame) {
        spdlog::error("link frame_error=\"{}\"", frame.error().message);
        co_return;
      }
      if (!handle(*frame, s))
        co_return;
    }
  }

  /// False: the link is of no use like this.
  bool handle(link::link_frame& frame, session_state& s) {
    if (auto const* w = std::get_if<link::welcome>(&frame.body)) {
      if (!spool_.follow(w->stream) || !spool_.acknowledged(w->taken))
        return false;
      s.greeted = greeted_ = up_ = true;
      s.sent = spool_.acknowledged_up_to();
      s.acked = spool_.taken();
      s.heartbeat = std::max<duration>(w->heartbeat, std::chrono::milliseconds{20});
      s.next_heartbeat = std::chrono::steady_clock::now();
      if (events_.connected)
        events_.connected(true);
      wake_.cancel();
      return true;
    }
    if (!s.greeted)
      return false;
    if (auto const* a = std::get_if<link::ack>(&frame.body)) {
      if (!spool_.acknowledged(a->taken))
        return false;
      return true;
    }
    if (frame.seq == 0) {
      deliver(std::move(frame.body));
      return true;
    }
    auto taken = spool_.take(frame.seq, frame.body);
    if (!taken) {
      spdlog::error("spool error=\"{}\"", taken.error().message);
      return false; // not acknowledged, so it comes again
    }
    if (*taken == taking::gap) {
      spdlog::warn("link gap seq={} taken={}", frame.seq, spool_.taken());
      return false;
    }
    if (*taken == taking::fresh)
      deliver(std::move(frame.body));
    s.acked = 0; // says: tell the server how far we are
    wake_.cancel();
    return true;
  }

  void deliver(link::frame_body body) {
    std::visit(overloaded{
                   [&](link::order& x) { events_.order(std::move(x)); },
                   [&](link::stop& x) { events_.stop(std::move(x)); },
                   [&](link::answer& x) { events_.answer(std::move(x)); },
                   [&](link::release& x) { events_.release(std::move(x)); },
                   [](auto const&) {},
               },
               body);
  }

  /// The next text to send, in order of urgency; empty: nothing now.
  std::string next_text(session_state& s) {
    if (!s.greeted)
      return {};
    if (s.acked != spool_.taken()) {
      s.acked = spool_.taken();
      return link::encode({0, link::ack{s.acked}});
    }
    auto const now = std::chrono::steady_clock::now();
    if (now >= s.next_heartbeat) {
      s.next_heartbeat = now + s.heartbeat;
      return link::encode({0, link::heartbeat{events_.held(), events_.free_slots()}});
    }
    if (auto report = spool_.next(s.sent)) {
      s.sent = report->first;
      return std::move(report->second);
    }
    if (!lossy_.empty()) {
      auto text = std::move(lossy_.front());
      lossy_.pop_front();
      return text;
    }
    return {};
  }

  asio::awaitable<void> write_frames(beast::tcp_stream& tcp, web_stream& ws, session_state& s) {
    while (!s.over) {
      if (closing_) {
        (void)co_await ws.close(websocket::close_code::going_away);
        co_return;
      }
      auto const text = next_text(s);
      if (text.empty()) {
        wake_.expires_at(s.greeted ? s.next_heartbeat
                                   : std::chrono::steady_clock::now() + settings_.connect_timeout);
        auto [ec] = co_await wake_.async_wait(checked);
        if (!ec && !s.greeted) {
          tcp.close(); // no welcome in time
          co_return;
        }
        continue;
      }
      if (auto const ec = co_await ws.write(text)) {
        tcp.close();
        co_return;
      }
      if (s.sent > spool_.acknowledged_up_to())
        TROUPE_CRASH_POINT(42, "link: report sent, not acknowledged");
    }
  }

  link_settings settings_;
  spool& spool_;
  link_events events_;
  std::string const process_;
  asio::io_context io_{1};
  asio::steady_timer wake_;
  asio::steady_timer pause_;
  asio::steady_timer writer_done_;
  asio::steady_timer force_;
  std::deque<std::string> lossy_;
  std::function<void()> close_;
  bool closing_ = false;
  bool stopping_ = false;
  bool up_ = false;
  bool greeted_ = false;
  bool unauthorized_ = false;
  link_end end_ = link_end::stopped;
};

link_client::link_client(link_settings settings, spool& reports, link_events events)
    : machine_(std::make_unique<machine>(std::move(settings), reports, std::move(events))) {}

link_client::~link_client() = default;

link_end link_client::run() {
  return machine_->run();
}
void link_client::stop() {
  machine_->stop();
}
void link_client::notify() {
  machine_->notify();
}
void link_client::send_lossy(link::frame_body body) {
  machine_->send_lossy(std::move(body));
}

} // namespace troupe::local
