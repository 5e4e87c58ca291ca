#include "gateway/http/outbox.hpp"
#include "gateway/http/session.hpp"
#include "net/web_stream.hpp"
#include "protocol/log_about.hpp"

#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <spdlog/spdlog.h>

namespace troupe {

namespace websocket = boost::beast::websocket;

namespace {

constexpr std::uint16_t code_going_away = 1001;
constexpr std::uint16_t code_unsupported = 1003;
constexpr std::uint16_t code_lost = 1006;
constexpr std::uint16_t code_too_big = 1009;
constexpr std::uint16_t code_internal = 1011;
constexpr std::uint16_t code_try_later = 1013;
constexpr auto too_slow = "reads too slowly"; // with that code
/// How long a peer may take to answer our close frame.
constexpr auto close_deadline = std::chrono::seconds{3};
constexpr std::size_t most_reason_bytes = 123; // RFC 6455, 5.5: a control frame holds 125

class socket_link final : public web_socket,
                          public slow_reader,
                          public std::enable_shared_from_this<socket_link> {
public:
  socket_link(session_host const& host, std::shared_ptr<wake_up> writer)
      : writer_(std::move(writer)), budget_(host.waiting),
        box_(host.settings.stream_queue_items, host.settings.stream_queue_bytes, budget_) {}
  /// Begins to be one of those whose bytes count.
  void enter() { box_.belongs_to(weak_from_this()); }

  bool send(std::string text) override {
    bool sent = true;
    {
      std::lock_guard lock{mutex_};
      if (closed_)
        return false;
      if (!box_.push(std::move(text))) {
        // What is queued still goes out: a peer far behind comes back further on each time.
        end(lock, code_try_later, too_slow);
        sent = false;
      }
    }
    if (!sent) {
      announce();
      return false;
    }
    writer_->notify();
    budget_->relieve();
    return !closed();
  }
  void pull(std::function<std::optional<std::string>()> next) override {
    {
      std::lock_guard lock{mutex_};
      if (closed_)
        return;
      source_ = std::make_shared<source>(std::move(next));
    }
    writer_->notify();
  }
  void wake() override { writer_->notify(); }
  void close(std::uint16_t code, std::string reason) override {
    {
      std::lock_guard lock{mutex_};
      if (closed_)
        return;
      end(lock, code, std::move(reason));
    }
    announce();
  }
  void on_text(std::function<void(std::string)> f) override {
    std::lock_guard lock{mutex_};
    text_ = std::make_shared<std::function<void(std::string)>>(std::move(f));
  }
  void last_word(std::function<std::string(std::uint16_t, std::string_view)> f) override {
    std::lock_guard lock{mutex_};
    last_word_ = std::move(f);
  }
  /// Ends it for what is no business of the owner: what the peer did, or this server.
  void refuse(std::uint16_t code, std::string reason) {
    {
      std::lock_guard lock{mutex_};
      if (closed_)
        return;
      if (last_word_)
        box_.push_last(last_word_(code, reason));
      end(lock, code, std::move(reason));
    }
    announce();
  }
  void on_close(std::function<void(std::uint16_t, std::string_view)> f) override {
    {
      std::lock_guard lock{mutex_};
      if (!closed_) {
        callback_ = std::move(f);
        return;
      }
    }
    f(code_, reason_);
  }
  [[nodiscard]] bool closed() const override {
    std::lock_guard lock{mutex_};
    return closed_;
  }

  /// What is queued is not sent, so the peer is told to come back, also where it was not.
  void shed() override {
    {
      std::lock_guard lock{mutex_};
      if (!box_.drop())
        return;
      shed_ = true;
      if (!closed_)
        end(lock, code_try_later, too_slow);
    }
    announce();
  }

  /// The connection is over; nothing can be sent any more.
  void lost(std::uint16_t code, std::string reason) {
    {
      std::lock_guard lock{mutex_};
      gone_ = true;
      box_.clear();
      if (!closed_)
        end(lock, code, std::move(reason));
    }
    announce();
  }
  /// A message came. Those after our own close are dropped: nobody listens.
  void received(std::string message) {
    std::shared_ptr<std::function<void(std::string)>> f;
    {
      std::lock_guard lock{mutex_};
      if (closed_)
        return;
      f = text_;
    }
    if (!f || !*f)
      return;
    try {
      (*f)(std::move(message));
    } catch (std::exception const& e) {
      spdlog::error("gateway: on_text failed error={}", e.what());
      refuse(code_internal, "internal error");
    }
  }

  struct step {
    std::optional<std::string> text;
    bool close = false;
    bool gone = false;
    std::uint16_t code = 0;
    std::string reason;
  };
  step take() {
    step out;
    if (auto const next = idle_source())
      out.text = (*next)(); // without the lock: it may send and close
    if (out.text)
      return out;
    std::lock_guard lock{mutex_};
    out.gone = gone_;
    if (!box_.empty())
      out.text = box_.pop();
    else if (closed_) {
      out.close = true;
      out.code = shed_ ? code_try_later : code_;
      out.reason = shed_ ? too_slow : reason_;
    }
    return out;
  }
  void fire() {
    std::function<void(std::uint16_t, std::string_view)> f;
    std::shared_ptr<source> let_go;
    {
      std::lock_guard lock{mutex_};
      if (!closed_)
        return;
      f = std::exchange(callback_, nullptr);
      let_go = std::exchange(source_, nullptr);
    }
    if (!f)
      return;
    try {
      f(code_, reason_);
    } catch (std::exception const& e) {
      spdlog::error("gateway: on_close of a socket failed error={}", e.what());
    }
  }

private:
  using source = std::function<std::optional<std::string>()>;
  [[nodiscard]] std::shared_ptr<source> idle_source() const {
    std::lock_guard lock{mutex_};
    return closed_ || !box_.empty() ? nullptr : source_;
  }
  void end(std::lock_guard<std::mutex> const&, std::uint16_t code, std::string reason) {
    closed_ = true;
    code_ = code;
    reason_ = reason.substr(0, most_reason_bytes);
  }
  void announce() {
    writer_->notify();
    writer_->run([weak = weak_from_this()] {
      if (auto self = weak.lock())
        self->fire();
    });
  }

  std::shared_ptr<wake_up> writer_;
  std::shared_ptr<stream_budget> const budget_;
  mutable std::mutex mutex_;
  outbox box_;
  std::shared_ptr<std::function<void(std::string)>> text_;
  std::shared_ptr<source> source_;
  std::function<std::string(std::uint16_t, std::string_view)> last_word_;
  std::function<void(std::uint16_t, std::string_view)> callback_;
  std::uint16_t code_ = 0;
  std::string reason_;
  bool closed_ = false;
  bool shed_ = false;
  bool gone_ = false;
};

/// Cuts the connection if what it guards takes too long: Beast's own timeouts watch only reads.
class cutter {
public:
  cutter(edge_stream& stream, std::shared_ptr<session> owner)
      : timer_(stream.get_executor()), owner_(std::move(owner)) {}
  ~cutter() { disarm(); }
  cutter(cutter const&) = delete;
  cutter& operator=(cutter const&) = delete;

  void arm(std::chrono::milliseconds after) {
    timer_.expires_after(after);
    timer_.async_wait([owner = owner_](boost::system::error_code ec) {
      if (!ec)
        owner->stream().next_layer().close();
    });
  }
  void disarm() { timer_.cancel(); }

private:
  asio::steady_timer timer_;
  std::shared_ptr<session> owner_;
};

asio::awaitable<void> write_messages(std::shared_ptr<session> self, std::shared_ptr<web_stream> ws,
                                     std::shared_ptr<socket_link> link,
                                     std::shared_ptr<wake_up> waiter) {
  cutter guard{self->stream(), self};
  boost::system::error_code failed;
  while (!failed) {
    auto next = link->take();
    if (next.gone)
      co_return;
    if (next.text) {
      guard.arm(self->host().settings.write_deadline);
      failed = co_await ws->write(*next.text);
    } else if (next.close) {
      guard.arm(close_deadline);
      failed = co_await ws->close(next.code, next.reason);
      if (!failed)
        co_return; // the reader sees the end, too
    } else {
      bool const notified = co_await waiter->wait(std::chrono::hours{1});
      (void)notified;
    }
    guard.disarm();
  }
  link->lost(code_lost, "the connection broke");
  self->stream().next_layer().close(); // ends the reader
}

/// Close code and reason as the owner is told them, of a read that failed.
std::pair<std::uint16_t, std::string> end_of(boost::system::error_code const& ec,
                                             web_stream const& ws) {
  if (ec == websocket::error::closed) {
    auto why = ws.closed();
    return {why.code, std::move(why.reason)};
  }
  if (ec == websocket::error::bad_frame_payload)
    return {static_cast<std::uint16_t>(websocket::close_code::bad_payload),
            "the message is not UTF-8"};
  if (ec.category() == websocket::make_error_code(websocket::error::closed).category())
    return {static_cast<std::uint16_t>(websocket::close_code::protocol_error), ec.message()};
  if (ec == beast::error::timeout)
    return {code_lost, "no answer to a ping"};
  return {code_lost, "the connection broke"};
}

} // namespace

asio::awaitable<void> session::serve_socket(admitted& a, request_parser& parser, framing f) {
  if (!websocket::is_upgrade(parser.get())) {
    auto no =
        problem(fail(errc::invalid_argument, "this address takes a WebSocket"), a.req.path, 426);
    no.headers.set("Upgrade", "websocket");
    co_await refuse(no, f, false);
    co_return;
  }
  permit place{host_.streams, host_.settings.max_streams};
  auto refused = std::move(a.refused);
  if (!refused && !place.held())
    refused = problem(fail(errc::busy, "too many streams at once; try again later"), a.req.path);
  if (refused && !a.to->refuse_upgraded) {
    co_await refuse(*refused, f, false);
    co_return;
  }
  if (refused)
    host_.seen->answered(asked_.to, asked_.method, refused->status,
                         request_counts::clock::now() - asked_.since);
  else
    host_.seen->stream_began(a.to);
  auto const& s = host_.settings;
  auto& tcp = stream_.next_layer();
  tcp.expires_never(); // from here on the WebSocket's own timeouts and the cutter
  if (s.stream_socket_buffer_bytes > 0) {
    boost::system::error_code ignored;
    tcp.socket().set_option(asio::socket_base::send_buffer_size{s.stream_socket_buffer_bytes},
                            ignored);
  }
  auto ws = std::make_shared<web_stream>(
      stream_, web_limits{s.header_deadline, s.socket_idle_deadline, s.socket_message_bytes});
  if (auto const failed = co_await ws->accept(parser.get()))
    co_return; // Beast has answered what it refuses
  log_asked(refused ? refused->status : 101);
  auto waiter = make_wake_up();
  auto link = std::make_shared<socket_link>(host_, waiter);
  link->enter();
  during([link] { link->refuse(code_going_away, "the server is stopping"); },
         [link] { link->lost(code_lost, "the server stopped"); });
  {
    auto const correlation = trace_id(a.req);
    log_about const about{correlation};
    try {
      auto const* own = std::get_if<socket_handler>(&a.to->handle);
      if (refused)
        a.to->refuse_upgraded(*refused, link);
      else
        (own != nullptr ? *own : a.to->upgraded)(a.req, link);
    } catch (std::exception const& e) {
      spdlog::error("gateway: socket handler failed path={} error={}", a.req.path, e.what());
      link->refuse(code_internal, "internal error");
    }
  }
  asio::co_spawn(stream_.get_executor(), write_messages(shared_from_this(), ws, link, waiter),
                 asio::detached);

  for (;;) {
    std::string message;
    auto const ec = co_await ws->read(message);
    if (ec == websocket::error::message_too_big) {
      link->refuse(code_too_big, "the message is too large");
      continue; // until the peer has read that, or took too long for it
    }
    if (ec) {
      auto why = end_of(ec, *ws);
      link->lost(why.first, std::move(why.second));
      break;
    }
    if (ws->got_binary())
      link->refuse(code_unsupported, "text frames only");
    else
      link->received(std::move(message));
  }
  link->fire();
  during({}, {});
  if (!aborted_)
    co_await linger();
}

} // namespace troupe
