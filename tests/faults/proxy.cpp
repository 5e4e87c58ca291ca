#include "tests/faults/proxy.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <string_view>

namespace troupe::faults {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto checked = asio::as_tuple(asio::use_awaitable);

/// The end of every complete answer of PostgreSQL: ReadyForQuery, sent after the commit.
bool ends_with_ready(std::string_view reply) {
  constexpr std::string_view ready{"Z\0\0\0\5", 5};
  return reply.size() > ready.size() && reply.substr(reply.size() - 6, 5) == ready;
}

/// The name under which a message of the client's prepares a statement that says `text`; empty: it
/// does not. A request is sent when the one before is answered, so that a piece begins with one.
std::string prepares(std::string_view piece, std::string const& text) {
  constexpr std::size_t header = 5; // the message's letter and its length
  if (piece.size() <= header || piece.front() != 'P' || piece.find(text) == std::string_view::npos)
    return {};
  auto const rest = piece.substr(header);
  return std::string{rest.substr(0, rest.find('\0'))};
}

/// Whether a message executes a prepared statement: Bind, with a portal without a name.
bool executes(std::string_view piece, std::string const& name) {
  constexpr std::size_t before_name = 6;
  return !name.empty() && piece.size() > before_name + name.size() && piece.front() == 'B' &&
         piece.substr(before_name, name.size()) == name && piece[before_name + name.size()] == '\0';
}

} // namespace

struct proxy::engine {
  /// One connection and its continuation.
  struct wire {
    explicit wire(asio::io_context& io) : here(io), there(io) {}
    /// Shut down, too: a program that was started meanwhile may have inherited the descriptor.
    void close() {
      boost::system::error_code ec;
      for (auto* end : {&here, &there}) {
        end->shutdown(tcp::socket::shutdown_both, ec);
        end->close(ec);
      }
    }
    tcp::socket here;              ///< to the one who connected
    tcp::socket there;             ///< to where it wanted
    std::set<std::string> commits; ///< names of the prepared statements that store a batch
    bool eating = false;
    std::string swallowed;
  };

  engine(proxy& p, int to)
      : owner(p), target(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(to)),
        acceptor(io, tcp::endpoint{asio::ip::address_v4::loopback(), 0}) {}

  asio::awaitable<void> accept() {
    for (;;) {
      auto w = std::make_shared<wire>(io);
      auto [ec] = co_await acceptor.async_accept(w->here, checked);
      if (ec)
        co_return;
      if (owner.cut_) {
        w->close();
        continue;
      }
      asio::co_spawn(io, open(std::move(w)), asio::detached);
    }
  }

  asio::awaitable<void> open(std::shared_ptr<wire> w) {
    auto [ec] = co_await w->there.async_connect(target, checked);
    if (ec || owner.cut_) {
      w->close();
      co_return;
    }
    wires.insert(w);
    w->here.set_option(tcp::no_delay{true});
    w->there.set_option(tcp::no_delay{true});
    asio::co_spawn(io, pump(w, w->there, w->here, false), asio::detached);
    co_await pump(w, w->here, w->there, true);
  }

  /// Passes on what `from` says; `forth`: from who connected.
  asio::awaitable<void> pump(std::shared_ptr<wire> w, tcp::socket& from, tcp::socket& to,
                             bool forth) {
    auto const buffer = std::make_unique<std::array<char, 65536>>();
    for (;;) {
      auto [ec, n] = co_await from.async_read_some(asio::buffer(*buffer), checked);
      if (ec)
        break;
      std::string_view const piece{buffer->data(), n};
      if (auto const ms = owner.delay_ms_.load(); ms > 0) {
        asio::steady_timer timer{io, std::chrono::milliseconds{ms}};
        co_await timer.async_wait(checked);
      }
      if (auto const some = owner.per_mille_.load();
          some > 0 && std::uniform_int_distribution<int>{1, 1000}(random) <= some) {
        ++owner.broken_;
        break;
      }
      if (auto name = forth ? prepares(piece, "troupe.append") : std::string{}; !name.empty())
        w->commits.insert(std::move(name));
      if (forth && hungry > 0 &&
          std::any_of(w->commits.begin(), w->commits.end(),
                      [&](std::string const& name) { return executes(piece, name); })) {
        --hungry;
        w->eating = true;
        w->swallowed.clear();
      }
      if (!forth && w->eating) {
        w->swallowed += piece;
        if (ends_with_ready(w->swallowed)) {
          ++owner.eaten_;
          break;
        }
        continue;
      }
      if (!forth && owner.mute_)
        continue;
      auto [failed, written] = co_await asio::async_write(to, asio::buffer(piece), checked);
      if (failed)
        break;
    }
    w->close();
    wires.erase(w);
  }

  proxy& owner;
  asio::io_context io{1};
  tcp::endpoint target;
  tcp::acceptor acceptor;
  std::set<std::shared_ptr<wire>> wires;
  std::mt19937 random{std::random_device{}()};
  int hungry = 0;
};

proxy::proxy(int to_port) : engine_(std::make_unique<engine>(*this, to_port)) {
  port_ = engine_->acceptor.local_endpoint().port();
  asio::co_spawn(engine_->io, engine_->accept(), asio::detached);
  thread_ = std::thread{[this] { engine_->io.run(); }};
}

proxy::~proxy() {
  engine_->io.stop();
  thread_.join();
}

void proxy::eat_reply(int times) {
  asio::post(engine_->io, [this, times] { engine_->hungry = times; });
}

void proxy::cut() {
  cut_ = true;
  asio::post(engine_->io, [this] {
    for (auto const& w : engine_->wires)
      w->close();
  });
}

void proxy::pass() {
  asio::post(engine_->io, [this] { engine_->hungry = 0; });
  delay_ms_ = 0;
  per_mille_ = 0;
  mute_ = false;
  cut_ = false;
}

} // namespace troupe::faults
