#include "gateway/http/server.hpp"

#include "gateway/http/session.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include <thread>

namespace troupe {

namespace {

using asio::ip::tcp;

/// Connections beyond the limit that are told so at a time; more are closed without a word.
constexpr std::size_t most_turned_away = 64;
/// How long cut connections may take to end.
constexpr auto cut_deadline = std::chrono::seconds{5};

int choose_alpn(SSL*, unsigned char const** out, unsigned char* out_size, unsigned char const* in,
                unsigned int in_size, void*) {
  static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

result<asio::ssl::context> make_tls(server_settings const& s) {
  asio::ssl::context context{asio::ssl::context::tls_server};
  boost::system::error_code ec;
  if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) != 1)
    return fail(errc::internal, "TLS 1.2 is not available");
  context.use_certificate_chain_file(s.tls_certificate, ec);
  if (ec)
    return fail(errc::invalid_argument,
                "cannot read the TLS certificate " + s.tls_certificate + ": " + ec.message());
  context.use_private_key_file(s.tls_key, asio::ssl::context::pem, ec);
  if (ec)
    return fail(errc::invalid_argument,
                "cannot read the TLS key " + s.tls_key + ": " + ec.message());
  if (SSL_CTX_check_private_key(context.native_handle()) != 1)
    return fail(errc::invalid_argument, "the TLS key does not belong to the certificate");
  SSL_CTX_set_alpn_select_cb(context.native_handle(), choose_alpn, nullptr);
  return context;
}

} // namespace

struct http_server::impl {
  session_host host;
  std::optional<tcp::acceptor> acceptor;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::vector<std::thread> threads;
  unsigned running = 0; // under host.mutex
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> turned_away{0};
  tcp::endpoint bound;

  result<void> check_exposure(asio::ip::address const& address) const {
    auto const& s = host.settings;
    if (s.tls_certificate.empty() != s.tls_key.empty())
      return fail(errc::invalid_argument, "--tls-certificate and --tls-key belong together");
    if (address.is_loopback() || !s.tls_certificate.empty() || s.allow_plain)
      return {};
    return fail(errc::invalid_argument,
                "refusing to listen on " + s.address +
                    " without TLS: tokens would cross the network in the clear; give "
                    "--tls-certificate and --tls-key, or --allow-plain if a proxy does TLS");
  }

  result<void> bind(asio::ip::address const& address) {
    auto const& s = host.settings;
    auto const where = tcp::endpoint{address, s.port};
    boost::system::error_code ec;
    acceptor.emplace(asio::make_strand(*host.io));
    acceptor->open(where.protocol(), ec);
    if (!ec)
      acceptor->set_option(asio::socket_base::reuse_address{true}, ec);
    if (!ec && address.is_v6() && address.is_unspecified())
      acceptor->set_option(asio::ip::v6_only{false}, ec);
    if (!ec)
      acceptor->bind(where, ec);
    if (!ec)
      acceptor->listen(asio::socket_base::max_listen_connections, ec);
    if (ec) {
      acceptor.reset();
      auto const text = s.address + " port " + std::to_string(s.port);
      if (ec == asio::error::address_in_use)
        return fail(errc::conflict,
                    text + " is in use; is another server running? choose another with --port");
      return fail(errc::unavailable, "cannot listen on " + text + ": " + ec.message());
    }
    bound = acceptor->local_endpoint(ec);
    return {};
  }

  asio::awaitable<void> accept_all() {
    asio::steady_timer pause{acceptor->get_executor()};
    while (!stopping) {
      auto [ec, socket] = co_await acceptor->async_accept(
          asio::any_io_executor{asio::make_strand(*host.io)}, checked);
      if (stopping)
        break;
      if (!ec) {
        take(std::move(socket));
        continue;
      }
      // Out of descriptors: the connection stays in the queue; without a pause this would spin.
      spdlog::warn("gateway: cannot accept error={}", ec.message());
      pause.expires_after(std::chrono::milliseconds{100});
      auto [waited] = co_await pause.async_wait(checked);
      (void)waited;
    }
  }

  void take(tcp::socket socket) {
    auto const executor = socket.get_executor();
    auto const self = std::make_shared<session>(host, std::move(socket));
    bool welcome = false;
    {
      std::lock_guard lock{host.mutex};
      auto const served = host.sessions.size() - turned_away;
      welcome = served < host.settings.max_connections;
      if (!welcome)
        host.seen->turned_away();
      if (!welcome && turned_away >= most_turned_away)
        return;
      if (!welcome)
        ++turned_away;
      host.sessions.emplace(self.get(), self);
    }
    asio::co_spawn(
        executor, [this, self, welcome] { return live(self, welcome); }, asio::detached);
  }

  asio::awaitable<void> live(std::shared_ptr<session> self, bool welcome) {
    if (welcome)
      co_await self->run();
    else
      co_await self->turn_away();
    std::lock_guard lock{host.mutex};
    if (!welcome)
      --turned_away;
    host.sessions.erase(self.get());
    host.drained.notify_all();
  }

  template <class F>
  void each_session(F f) {
    std::vector<std::shared_ptr<session>> all;
    {
      std::lock_guard lock{host.mutex};
      for (auto const& [key, weak] : host.sessions) {
        if (auto s = weak.lock())
          all.push_back(std::move(s));
      }
    }
    for (auto const& s : all)
      f(*s);
  }

  bool wait_until_drained(std::chrono::milliseconds deadline) {
    std::unique_lock lock{host.mutex};
    return host.drained.wait_for(lock, deadline, [this] { return host.sessions.empty(); });
  }

  /// What one I/O thread does.
  void work_on() {
    // A handler that throws must not end the thread: the others' requests are on it.
    for (bool done = false; !done;) {
      try {
        host.io->run();
        done = true;
      } catch (std::exception const& e) {
        spdlog::error("gateway: an I/O thread caught a bug error={}", e.what());
      }
    }
    std::lock_guard lock{host.mutex};
    --running;
    host.drained.notify_all();
  }
  bool wait_until_returned(std::chrono::milliseconds deadline) {
    std::unique_lock lock{host.mutex};
    return host.drained.wait_for(lock, deadline, [this] { return running == 0; });
  }
};

http_server::http_server(server_settings settings, router routes,
                         std::shared_ptr<token_checker> tokens)
    : impl_(std::make_unique<impl>()) {
  impl_->host.waiting = std::make_shared<stream_budget>(settings.stream_queues_bytes);
  impl_->host.settings = std::move(settings);
  impl_->host.routes = std::move(routes);
  impl_->host.tokens = std::move(tokens);
}

http_server::http_server(server_settings settings) : http_server(std::move(settings), router{}) {}

http_server::~http_server() {
  stop(std::chrono::milliseconds{0});
}

result<void> http_server::bind() {
  auto& h = impl_->host;
  boost::system::error_code ec;
  auto const address = asio::ip::make_address(
      h.settings.address == "localhost" ? std::string{"127.0.0.1"} : h.settings.address, ec);
  if (ec)
    return fail(errc::invalid_argument,
                h.settings.address + " is not an IP address; use 127.0.0.1, ::1 or 0.0.0.0");
  if (auto r = impl_->check_exposure(address); !r)
    return r;
  if (!h.settings.tls_certificate.empty()) {
    auto tls = make_tls(h.settings);
    if (!tls)
      return tls.error();
    h.tls.emplace(std::move(*tls));
  }
  auto const threads = std::max(1u, h.settings.threads);
  h.io = std::make_shared<asio::io_context>(static_cast<int>(threads));
  h.loopback_bind = address.is_loopback();
  return impl_->bind(address);
}

result<void> http_server::start(router routes, std::shared_ptr<token_checker> tokens) {
  impl_->host.routes = std::move(routes);
  impl_->host.tokens = std::move(tokens);
  return start();
}

result<void> http_server::start() {
  if (!impl_->acceptor) {
    if (auto r = bind(); !r)
      return r;
  }
  auto& h = impl_->host;
  h.seen.emplace(h.routes);
  auto const threads = std::max(1u, h.settings.threads);
  impl_->work.emplace(h.io->get_executor());
  asio::co_spawn(
      impl_->acceptor->get_executor(), [self = impl_.get()] { return self->accept_all(); },
      asio::detached);
  impl_->running = threads;
  for (unsigned i = 0; i < threads; ++i)
    impl_->threads.emplace_back([self = impl_.get()] { self->work_on(); });
  return {};
}

std::uint16_t http_server::port() const {
  return impl_->bound.port();
}

std::string http_server::url() const {
  if (impl_->bound.port() == 0)
    return {};
  auto const address = impl_->bound.address();
  auto const host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return (impl_->host.tls ? "https://" : "http://") + host + ":" + std::to_string(port());
}

void http_server::stop(std::chrono::milliseconds deadline) {
  if (impl_->threads.empty() || impl_->stopping.exchange(true))
    return;
  asio::post(impl_->acceptor->get_executor(), [self = impl_.get()] {
    boost::system::error_code ignored;
    self->acceptor->close(ignored);
  });
  impl_->each_session([](session& s) { s.begin_stop(); });
  if (!impl_->wait_until_drained(deadline))
    impl_->each_session([](session& s) { s.abort(); });
  // The threads return when no coroutine is left. Stopping the context before would strand those
  // that still hold it, and it would own itself for ever.
  impl_->work.reset();
  if (!impl_->wait_until_returned(cut_deadline)) {
    spdlog::error("gateway: connections did not end; leaving them");
    impl_->host.io->stop();
  }
  for (auto& t : impl_->threads)
    t.join();
  impl_->threads.clear();
  impl_->acceptor.reset();
}

http_server::load http_server::now() const {
  auto& h = impl_->host;
  std::lock_guard lock{h.mutex};
  return {h.sessions.size(), h.in_flight, h.streams, h.waiting->used(), h.waiting->shed()};
}

server_settings const& http_server::settings() const {
  return impl_->host.settings;
}

request_counts const* http_server::seen() const {
  auto const& t = impl_->host.seen;
  return t ? &*t : nullptr;
}

} // namespace troupe
