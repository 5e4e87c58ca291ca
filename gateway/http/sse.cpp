#include "gateway/http/outbox.hpp"
#include "gateway/http/session.hpp"
#include "protocol/log_about.hpp"

#include <boost/json/serialize.hpp>
#include <spdlog/spdlog.h>

namespace troupe {

namespace {

constexpr std::size_t batch_bytes = 128 * 1024;
constexpr std::size_t most_unasked_bytes = 64 * 1024;
constexpr auto too_slow = "slow_reader";

std::string last_word(std::string const& reason, bool again) {
  return format_event({}, "closed",
                      boost::json::serialize(boost::json::object{
                          {"type", "closed"}, {"reason", reason}, {"again", again}}));
}

class sse_stream final : public event_stream,
                         public slow_reader,
                         public std::enable_shared_from_this<sse_stream> {
public:
  sse_stream(session_host const& host, std::shared_ptr<wake_up> writer, std::string last_id)
      : writer_(std::move(writer)), budget_(host.waiting),
        box_(host.settings.stream_queue_items, host.settings.stream_queue_bytes, budget_),
        last_id_(std::move(last_id)) {}
  /// Begins to be one of those whose bytes count.
  void enter() { box_.belongs_to(weak_from_this()); }

  bool send(std::string id, std::string event, std::string data) override {
    auto frame = format_event(id, event, data);
    bool sent = true;
    {
      std::lock_guard lock{mutex_};
      if (closed_)
        return false;
      if (!box_.push(std::move(frame))) {
        // What is queued still goes out: a client far behind comes back further on each time.
        end(lock, too_slow, last_word(too_slow, true));
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
  void pull(std::function<std::string()> next) override {
    {
      std::lock_guard lock{mutex_};
      if (closed_)
        return;
      source_ = std::make_shared<std::function<std::string()>>(std::move(next));
    }
    writer_->notify();
  }
  void wake() override { writer_->notify(); }
  void open() override {
    {
      std::lock_guard lock{mutex_};
      open_ = true;
    }
    writer_->notify();
  }
  void reject(response r) override {
    {
      std::lock_guard lock{mutex_};
      if (closed_)
        return;
      if (open_ || !box_.empty())
        end(lock, "rejected", last_word("rejected", false));
      else {
        rejection_ = std::move(r);
        end(lock, "rejected", {});
      }
    }
    announce();
  }
  void close(std::string reason, bool again) override {
    {
      std::lock_guard lock{mutex_};
      if (closed_)
        return;
      end(lock, reason, last_word(reason, again));
    }
    announce();
  }
  void on_close(std::function<void(std::string_view)> f) override {
    {
      std::lock_guard lock{mutex_};
      if (!closed_) {
        callback_ = std::move(f);
        return;
      }
    }
    f(reason_);
  }
  [[nodiscard]] bool closed() const override {
    std::lock_guard lock{mutex_};
    return closed_;
  }
  [[nodiscard]] std::string const& last_event_id() const override { return last_id_; }

  /// What is queued does not go out, so the client is told to come back, also where it was not.
  void shed() override {
    {
      std::lock_guard lock{mutex_};
      if (!box_.drop())
        return;
      if (closed_)
        box_.push_last(last_word(too_slow, true));
      else
        end(lock, too_slow, last_word(too_slow, true));
    }
    announce();
  }

  /// The connection is gone; what is queued cannot be sent.
  void lost(std::string reason) {
    {
      std::lock_guard lock{mutex_};
      lost_ = true;
      box_.clear();
      if (!closed_)
        end(lock, std::move(reason), {});
    }
    announce();
  }

  struct batch {
    std::string bytes;
    std::optional<response> rejection;
    bool open = false;
    bool more = false; ///< there is another batch
    bool over = false; ///< nothing will follow
    bool lost = false;
  };
  batch take() {
    batch out;
    out.bytes = ask_source();
    bool const asked = !out.bytes.empty();
    std::lock_guard lock{mutex_};
    while (!box_.empty() && out.bytes.size() < batch_bytes)
      out.bytes += box_.pop();
    out.open = open_ = open_ || !out.bytes.empty();
    out.more = !box_.empty() || (asked && !closed_);
    out.over = closed_ && box_.empty();
    out.lost = lost_;
    out.rejection = std::exchange(rejection_, std::nullopt);
    return out;
  }
  /// Tells the owner, once.
  void fire() {
    std::function<void(std::string_view)> f;
    std::shared_ptr<std::function<std::string()>> let_go;
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
      f(reason_);
    } catch (std::exception const& e) {
      spdlog::error("gateway: on_close of a stream failed error={}", e.what());
    }
  }

private:
  /// Without the lock: the source may send and close.
  std::string ask_source() {
    std::shared_ptr<std::function<std::string()>> source;
    {
      std::lock_guard lock{mutex_};
      if (closed_ || !box_.empty())
        return {};
      source = source_;
    }
    return source ? (*source)() : std::string{};
  }
  void end(std::lock_guard<std::mutex> const&, std::string reason, std::string frame) {
    closed_ = true;
    reason_ = std::move(reason); // written once, before closed_ is seen by anybody else
    if (!frame.empty())
      box_.push_last(std::move(frame));
  }
  /// The owner is told on the strand: `send` may be called where the callback would deadlock.
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
  std::string const last_id_;
  std::string reason_;
  std::function<void(std::string_view)> callback_;
  std::shared_ptr<std::function<std::string()>> source_;
  std::optional<response> rejection_;
  bool open_ = false;
  bool closed_ = false;
  bool lost_ = false;
};

/// Sees that the client goes away, even while there is nothing to write.
asio::awaitable<void> watch(std::shared_ptr<session> self, std::shared_ptr<sse_stream> out) {
  std::array<char, 512> bytes{};
  for (std::size_t total = 0; total < most_unasked_bytes;) {
    auto [ec, n] = co_await self->stream().async_read_some(asio::buffer(bytes), checked);
    if (ec)
      break;
    total += n;
  }
  out->lost("client_left");
  self->stream().next_layer().close();
}

response stream_head() {
  response head;
  head.content_type = "text/event-stream";
  head.headers.set("X-Accel-Buffering", "no");
  return head;
}

} // namespace

asio::awaitable<void> session::serve_events(admitted& a, framing f) {
  permit place{host_.streams, host_.settings.max_streams};
  if (!place.held()) {
    co_await refuse(
        problem(fail(errc::busy, "too many streams at once; try again later"), a.req.path), f,
        false);
    co_return;
  }
  host_.seen->stream_began(a.to);
  auto const& s = host_.settings;
  auto& tcp = stream_.next_layer();
  if (s.stream_socket_buffer_bytes > 0) {
    boost::system::error_code ignored;
    tcp.socket().set_option(asio::socket_base::send_buffer_size{s.stream_socket_buffer_bytes},
                            ignored);
  }
  auto waiter = make_wake_up();
  auto out =
      std::make_shared<sse_stream>(host_, waiter, std::string{a.req.headers.get("Last-Event-ID")});
  out->enter();
  during([out] { out->close("server_stopping", true); }, [out] { out->lost("server_stopping"); });
  {
    auto const correlation = trace_id(a.req);
    log_about const about{correlation};
    try {
      std::get<stream_handler>(a.to->handle)(a.req, out);
    } catch (std::exception const& e) {
      spdlog::error("gateway: stream handler failed path={} error={}", a.req.path, e.what());
      out->reject(
          problem(fail(errc::internal, "an internal error; see the server's log"), a.req.path));
    }
  }
  // The read has no deadline, each write has its own; Beast keeps the two apart only while the
  // other one is pending, so the read must begin before the first write.
  tcp.expires_never();
  asio::co_spawn(stream_.get_executor(), watch(shared_from_this(), out), asio::detached);
  co_await asio::post(stream_.get_executor(), asio::use_awaitable);

  f.keep_alive = false;
  f.chunked = true;
  auto const framed = [&f](std::string bytes) {
    return f.http10 ? std::move(bytes) : format_chunk(bytes);
  };
  bool begun = false;
  bool beat = false;
  for (;;) {
    auto batch = out->take();
    if (batch.lost)
      break;
    if (batch.rejection && !begun) {
      framing plain = f;
      plain.chunked = false;
      bool const sent = co_await write(*batch.rejection, plain, false);
      (void)sent;
      break;
    }
    std::string bytes;
    if (!begun && (batch.open || beat)) {
      log_asked(200);
      bytes = format_head(stream_head(), f) + framed("retry: 1000\n\n");
      begun = true;
    }
    if (!batch.bytes.empty())
      bytes += framed(std::move(batch.bytes));
    else if (beat)
      bytes += framed(": keep-alive\n\n");
    if (batch.over && begun && !f.http10)
      bytes += format_chunk({});
    if (!bytes.empty()) {
      bool const sent = co_await write_bytes(std::move(bytes));
      if (!sent)
        break;
    }
    beat = false;
    if (batch.over)
      break;
    if (batch.more)
      continue;
    bool const notified = co_await waiter->wait(s.keep_alive_interval);
    beat = !notified;
  }
  out->lost("client_left");
  out->fire();
  during({}, {});
}

} // namespace troupe
