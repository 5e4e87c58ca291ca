#include "tests/daemon/link_server.hpp"

#include "daemon/beast.hpp"
#include "net/web_stream.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <thread>

namespace troupe::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using local::checked;

class link_server::machine {
public:
  explicit machine(options o)
      : options_(std::move(o)), random_(options_.seed),
        acceptor_(io_, {asio::ip::make_address("127.0.0.1"), 0}),
        tls_(asio::ssl::context::tls_server) {
    if (!options_.certificate.empty()) {
      tls_.use_certificate_chain_file(options_.certificate.string());
      tls_.use_private_key_file(options_.certificate.string(), asio::ssl::context::pem);
    }
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread{[this] { io_.run(); }};
  }
  ~machine() {
    io_.stop();
    thread_.join();
  }

  /// Runs on the server's thread, and waits for it.
  void on_thread(std::function<void()> what) {
    // Shared: who waits may go on, and away, while `set_value` is still in its last steps.
    auto const done = std::make_shared<std::promise<void>>();
    auto const ended = done->get_future();
    asio::post(io_, [&what, done] {
      what();
      done->set_value();
    });
    ended.wait();
  }

  struct live {
    std::function<void(std::string)> send;
    std::function<void()> cut;
  };

  void number(link::frame_body body) {
    auto const seq = ++last_seq_;
    sent_[seq] = body;
    if (live_)
      live_->send(link::encode({seq, std::move(body)}));
  }

  /// First, so that it goes last: `live_` may hold a stream to the end, and a stream that outlives
  /// its context takes itself out of a list that is gone.
  asio::io_context io_{1};
  options options_;
  int port_ = 0;
  mutable std::mutex mutex_; ///< of what tests look at
  std::map<std::uint64_t, link::frame_body> reports_;
  std::uint64_t taken_ = 0;
  std::string daemon_stream_;
  std::vector<link::hello> hellos_;
  std::vector<link::heartbeat> heartbeats_;
  std::vector<link::progress> progress_;
  std::string received_;
  std::size_t repeated_ = 0;
  std::size_t gaps_ = 0;
  std::size_t links_ = 0;
  bool revoked_ = false;
  std::shared_ptr<live> live_;
  int generation_ = 1;
  std::uint64_t last_seq_ = 0;
  std::map<std::uint64_t, link::frame_body> sent_;

private:
  asio::awaitable<void> accept() {
    while (true) {
      auto [ec, socket] = co_await acceptor_.async_accept(checked);
      if (ec)
        co_return;
      asio::co_spawn(io_, serve(std::make_shared<edge_stream>(std::move(socket))), asio::detached);
    }
  }

  /// A WebSocket with what it stands on.
  struct connection {
    std::shared_ptr<edge_stream> stream;
    web_stream ws{*stream, web_limits{}};
  };

  asio::awaitable<void> serve(std::shared_ptr<edge_stream> stream) {
    stream->next_layer().expires_after(std::chrono::seconds{10});
    if (!options_.certificate.empty()) {
      stream->use_tls(tls_);
      auto [ec] = co_await stream->async_handshake(asio::ssl::stream_base::server, checked);
      if (ec)
        co_return;
    }
    co_await talk(std::move(stream));
  }

  asio::awaitable<void> talk(std::shared_ptr<edge_stream> stream) {
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    auto [ec, n] = co_await http::async_read(*stream, buffer, request, checked);
    if (ec)
      co_return;
    bool const known =
        !revoked_ && request[http::field::authorization] == "Bearer " + options_.token;
    if (!websocket::is_upgrade(request) || !known) {
      http::response<http::string_body> response;
      response.result(http::status::unauthorized);
      if (request.target() == "/api/daemons/enroll") {
        auto const body = json::parse(request.body()).value();
        bool const good = body.at("code").as_string() == "GOOD-CODE";
        if (good)
          response.result(http::status::created);
        response.body() = good ? R"({"daemon":"d-test1234","token":"trp_test"})"
                               : R"({"title":"Unauthorized","detail":"this code has expired"})";
        std::lock_guard const lock{mutex_};
        received_ += request.body();
      }
      response.keep_alive(false);
      response.prepare_payload();
      co_await http::async_write(*stream, response, checked);
      co_return;
    }
    stream->next_layer().expires_never();
    auto const link = std::make_shared<connection>(std::move(stream));
    if (auto const refused = co_await link->ws.accept(request))
      co_return;
    {
      std::lock_guard const lock{mutex_};
      ++links_;
    }
    auto self = std::make_shared<live>();
    auto queue = std::make_shared<std::deque<std::string>>();
    auto writing = std::make_shared<bool>(false);
    self->cut = [link] { link->stream->next_layer().close(); };
    self->send = [this, link, queue, writing](std::string text) {
      queue->push_back(std::move(text));
      if (!*writing) {
        *writing = true;
        asio::co_spawn(io_, drain(link, queue, writing), asio::detached);
      }
    };
    while (true) {
      std::string message;
      if (auto const over = co_await link->ws.read(message))
        break;
      if (!take(message, self))
        break;
    }
    link->stream->next_layer().close();
    if (live_ == self) {
      std::lock_guard const lock{mutex_};
      live_ = nullptr;
    }
  }

  asio::awaitable<void> drain(std::shared_ptr<connection> link,
                              std::shared_ptr<std::deque<std::string>> queue,
                              std::shared_ptr<bool> writing) {
    while (!queue->empty()) {
      auto const text = std::move(queue->front());
      queue->pop_front();
      if (auto const failed = co_await link->ws.write(text))
        break;
    }
    *writing = false;
  }

  bool chance() { return static_cast<int>(random_() % 100) < options_.cut_percent; }

  /// False: the connection is cut.
  bool take(std::string const& text, std::shared_ptr<live> const& self) {
    auto frame = link::decode_frame(text).value();
    {
      std::lock_guard const lock{mutex_};
      received_ += text + '\n';
    }
    if (auto const* h = std::get_if<link::hello>(&frame.body)) {
      greet(*h, self);
      return true;
    }
    if (chance())
      return false; // before anything is done with it
    std::unique_lock lock{mutex_};
    if (auto const* a = std::get_if<link::ack>(&frame.body)) {
      sent_.erase(sent_.begin(), sent_.upper_bound(a->taken));
    } else if (auto const* h = std::get_if<link::heartbeat>(&frame.body)) {
      heartbeats_.push_back(*h);
    } else if (auto const* p = std::get_if<link::progress>(&frame.body)) {
      progress_.push_back(*p);
    } else if (frame.seq <= taken_) {
      ++repeated_;
    } else {
      gaps_ += frame.seq == taken_ + 1 ? 0 : 1;
      taken_ = frame.seq;
      reports_[frame.seq] = std::move(frame.body);
    }
    auto const taken = taken_;
    lock.unlock();
    if (chance())
      return false; // durable here, but the daemon does not hear of it
    if (frame.seq != 0 && options_.acknowledge)
      self->send(link::encode({0, link::ack{taken}}));
    return !chance();
  }

  void greet(link::hello const& h, std::shared_ptr<live> const& self) {
    std::lock_guard const lock{mutex_};
    hellos_.push_back(h);
    if (h.stream != daemon_stream_) {
      daemon_stream_ = h.stream;
      taken_ = 0;
    }
    auto const stream = "server-" + std::to_string(generation_);
    if (h.server_stream == stream)
      sent_.erase(sent_.begin(), sent_.upper_bound(h.taken));
    live_ = self;
    self->send(link::encode({0, link::welcome{stream, taken_, options_.heartbeat}}));
    for (auto const& [seq, body] : sent_)
      self->send(link::encode({seq, body}));
  }

  std::minstd_rand random_;
  asio::ip::tcp::acceptor acceptor_;
  asio::ssl::context tls_;
  std::thread thread_;
};

link_server::link_server(options o) : machine_(std::make_unique<machine>(std::move(o))) {}
link_server::link_server() : link_server(options{}) {}
link_server::~link_server() = default;

std::string link_server::url() const {
  return (machine_->options_.certificate.empty() ? "http://127.0.0.1:" : "https://localhost:") +
         std::to_string(machine_->port_);
}
int link_server::port() const {
  return machine_->port_;
}

void link_server::send(link::frame_body body) {
  machine_->on_thread([&] {
    std::lock_guard const lock{machine_->mutex_};
    machine_->number(std::move(body));
  });
}

void link_server::send_once(link::frame_body body) {
  machine_->on_thread([&] {
    if (machine_->live_)
      machine_->live_->send(link::encode({0, std::move(body)}));
  });
}

void link_server::restart(std::vector<link::frame_body> open) {
  machine_->on_thread([&] {
    std::lock_guard const lock{machine_->mutex_};
    ++machine_->generation_;
    machine_->last_seq_ = 0;
    machine_->sent_.clear();
    if (machine_->live_)
      machine_->live_->cut();
    machine_->live_ = nullptr;
    for (auto& body : open)
      machine_->number(std::move(body));
  });
}

void link_server::revoke() {
  machine_->on_thread([&] {
    machine_->revoked_ = true;
    if (machine_->live_)
      machine_->live_->cut();
  });
}

void link_server::cut() {
  machine_->on_thread([&] {
    if (machine_->live_)
      machine_->live_->cut();
  });
}

void link_server::set_cut_percent(int percent) {
  machine_->on_thread([&] { machine_->options_.cut_percent = percent; });
}

std::vector<link::frame_body> link_server::reports() const {
  std::lock_guard const lock{machine_->mutex_};
  std::vector<link::frame_body> out;
  for (auto const& [seq, body] : machine_->reports_)
    out.push_back(body);
  return out;
}
std::vector<link::hello> link_server::hellos() const {
  std::lock_guard const lock{machine_->mutex_};
  return machine_->hellos_;
}
std::vector<link::heartbeat> link_server::heartbeats() const {
  std::lock_guard const lock{machine_->mutex_};
  return machine_->heartbeats_;
}
std::vector<link::progress> link_server::progress() const {
  std::lock_guard const lock{machine_->mutex_};
  return machine_->progress_;
}
std::size_t link_server::repeated() const {
  std::lock_guard const lock{machine_->mutex_};
  return machine_->repeated_;
}
std::size_t link_server::gaps() const {
  std::lock_guard const lock{machine_->mutex_};
  return machine_->gaps_;
}
std::size_t link_server::links() const {
  std::lock_guard const lock{machine_->mutex_};
  return machine_->links_;
}
bool link_server::connected() const {
  std::lock_guard const lock{machine_->mutex_};
  return machine_->live_ != nullptr;
}
std::size_t link_server::unacknowledged() const {
  std::lock_guard const lock{machine_->mutex_};
  return machine_->sent_.size();
}
std::string link_server::everything_received() const {
  std::lock_guard const lock{machine_->mutex_};
  return machine_->received_;
}

} // namespace troupe::test
