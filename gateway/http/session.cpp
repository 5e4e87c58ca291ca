#include "gateway/http/session.hpp"

#include "gateway/http/redaction.hpp"
#include "gateway/http/reply_slot.hpp"
#include "gateway/http/request_point.hpp"
#include "gateway/http/target.hpp"
#include "gateway/http/text.hpp"
#include "protocol/log_about.hpp"
#include "protocol/trace.hpp"

#include <boost/beast/websocket/rfc6455.hpp>
#include <spdlog/spdlog.h>

namespace troupe {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

constexpr std::size_t slice_bytes = 256 * 1024;
constexpr auto linger_deadline = std::chrono::seconds{2};
constexpr std::size_t linger_bytes = 64 * 1024 * 1024;

bool loopback(asio::ip::address const& a) {
  if (a.is_v6() && a.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, a.to_v6()).is_loopback();
  return a.is_loopback();
}

/// The answer to bytes that are no HTTP request; empty: the client is gone, nobody listens.
std::optional<response> answer_to(boost::system::error_code const& ec) {
  if (ec.category() != http::make_error_code(http::error::bad_method).category() ||
      ec == http::error::end_of_stream || ec == http::error::partial_message)
    return std::nullopt;
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow)
    return problem(fail(errc::too_large, "the request's address and header are too long together; "
                                         "shorten a name or filter in the address"),
                   "/", 431);
  if (ec == http::error::bad_version)
    return problem(fail(errc::unsupported, "this server speaks HTTP/1.1 and HTTP/1.0"), "/", 505);
  return problem(fail(errc::invalid_argument, "this is not an HTTP request: " + ec.message()), "/");
}

/// The span of a request, in the caller's trace where it sent one; what comes of the request
/// belongs to it. A trace that is not sampled is named all the same, for the log.
tracing::span trace_of(admitted& a) {
  tracing::span out;
  if (!tracing::on())
    return out;
  auto const name = a.to->method + " " + a.to->pattern;
  if (a.req.headers.get("traceparent") == a.req.trace)
    out = tracing::span::child(name, tracing::span_kind::server, tracing::parse(a.req.trace));
  else
    out = tracing::span::root(name, tracing::span_kind::server, trace_id(a.req));
  out.set("http.request.method", a.req.method);
  out.set("http.route", a.to->pattern);
  if (out)
    a.req.trace = out.place().traceparent();
  else if (a.req.trace.size() == 55)
    a.req.trace.replace(53, 2, "00");
  return out;
}

} // namespace

session::session(session_host& host, asio::ip::tcp::socket socket)
    : host_(host), stream_(std::move(socket)) {
  boost::system::error_code ignored;
  stream_.next_layer().socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
}

std::shared_ptr<wake_up> session::make_wake_up() {
  return std::make_shared<wake_up>(host_.io, stream_.get_executor());
}

void session::during(std::function<void()> stop, std::function<void()> abort) {
  on_stop_ = std::move(stop);
  on_abort_ = std::move(abort);
  if (stopping_ && on_stop_)
    on_stop_();
  if (aborted_ && on_abort_)
    on_abort_();
}

void session::begin_stop() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    self->stopping_ = true;
    if (self->idle_)
      self->stream_.next_layer().close();
    if (self->on_stop_)
      self->on_stop_();
  });
}

void session::abort() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    self->aborted_ = true;
    self->stream_.next_layer().close();
    if (self->on_abort_)
      self->on_abort_();
  });
}

asio::awaitable<void> session::run() {
  try {
    co_await serve_all();
  } catch (std::exception const& e) {
    spdlog::error("gateway: session ended by a bug error={}", e.what());
  }
  during({}, {});
  stream_.next_layer().close();
}

asio::awaitable<void> session::turn_away() {
  // Over TLS the answer would cost a handshake, which is what there is too much of.
  if (!host_.tls) {
    co_await refuse(problem(fail(errc::unavailable, "too many connections; try again later"), "/"),
                    framing{}, false);
  }
  stream_.next_layer().close();
}

asio::awaitable<void> session::serve_all() {
  if (host_.tls) {
    stream_.use_tls(*host_.tls);
    stream_.next_layer().expires_after(host_.settings.header_deadline);
    auto [ec] = co_await stream_.async_handshake(asio::ssl::stream_base::server, checked);
    if (ec)
      co_return;
  }
  bool more = co_await serve_one(true);
  while (more)
    more = co_await serve_one(false);
  if (aborted_)
    co_return;
  if (stream_.secure()) {
    stream_.next_layer().expires_after(linger_deadline);
    auto [ec] = co_await stream_.async_shutdown(checked);
    (void)ec;
  } else {
    boost::system::error_code ignored;
    stream_.next_layer().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
}

asio::awaitable<bool> session::serve_one(bool first) {
  auto& tcp = stream_.next_layer();
  if (buffer_.size() == 0) {
    if (stopping_)
      co_return false;
    tcp.expires_after(first ? host_.settings.header_deadline : host_.settings.idle_deadline);
    idle_ = true;
    auto [ec, n] = co_await stream_.async_read_some(buffer_.prepare(4096), checked);
    idle_ = false;
    if (ec)
      co_return false;
    buffer_.commit(n);
  }
  // RFC 9112, 2.2: empty lines before a request line are skipped.
  while (buffer_.size() > 0) {
    char const c = *static_cast<char const*>(buffer_.cdata().data());
    if (c != '\r' && c != '\n')
      break;
    buffer_.consume(1);
  }
  if (buffer_.size() == 0)
    co_return true;

  asked_ = {};
  request_parser parser;
  parser.header_limit(static_cast<std::uint32_t>(host_.settings.header_bytes));
  parser.body_limit(boost::none); // the route's limit is known after the head
  tcp.expires_after(host_.settings.header_deadline);
  auto [ec, n] = co_await http::async_read_header(stream_, buffer_, parser, checked);
  (void)n;
  if (ec) {
    if (auto no = answer_to(ec))
      co_await refuse(*no, framing{}, false);
    co_return false;
  }
  bool const more = co_await serve(parser);
  during({}, {});
  co_return more && !stopping_ && !aborted_;
}

request_head session::head_of(request_parser const& parser) const {
  auto const& message = parser.get();
  request_head head;
  head.method = std::string{message.method_string()};
  head.target = std::string{message.target()};
  head.version = static_cast<int>(message.version());
  for (auto const& field : message)
    head.headers.add(std::string{field.name_string()}, std::string{field.value()});
  boost::system::error_code ec;
  auto const peer = stream_.next_layer().socket().remote_endpoint(ec);
  head.loopback_peer = !ec && loopback(peer.address());
  if (!ec)
    head.peer = peer.address().to_string();
  head.loopback_bind = host_.loopback_bind;
  head.tls = stream_.secure();
  auto const length = parser.content_length();
  head.has_body = parser.chunked() || (length && *length > 0);
  if (length)
    head.content_length = *length;
  return head;
}

// A false alarm of GCC 12 about how Asio allocates this coroutine's frame: its operator new and
// operator delete belong together, but only one of them is inlined here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
asio::awaitable<bool> session::serve(request_parser& parser) {
  auto head = head_of(parser);
  framing f;
  f.keep_alive = parser.keep_alive() && !stopping_;
  f.http10 = head.version < 11;
  f.tls = stream_.secure();
  asked_ = {};
  asked_.method = head.method;
  if (spdlog::should_log(spdlog::level::debug))
    name_asked(head);
  bool const head_only = head.method == "HEAD";
  bool const has_body = head.has_body;
  bool const continues = same_word(head.headers.get("Expect"), "100-continue");

  std::optional<response> no;
  // Without a known end, what follows could be taken for another request.
  if (head.headers.has("Transfer-Encoding") && !parser.chunked())
    no = problem(fail(errc::unsupported, "only chunked transfer encoding is supported"), "/", 501);
  else if (head.headers.has("Expect") && !continues)
    no = problem(fail(errc::unsupported, "unknown expectation"), "/", 417);
  if (no) {
    co_await refuse(*no, f, head_only);
    co_return false;
  }

  auto decision =
      admit(std::move(head), host_.routes, host_.settings, host_.tokens.get(), &asked_.to);
  if (auto const* refused = std::get_if<response>(&decision)) {
    if (has_body) {
      co_await refuse(*refused, f, head_only);
      co_return false;
    }
    bool const sent = co_await write(*refused, f, head_only);
    co_return sent&& f.keep_alive;
  }
  auto& a = std::get<admitted>(decision);
  asked_.correlation = trace_id(a.req);
  if (has_body && continues && !f.http10) {
    bool const sent = co_await write_bytes("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent)
      co_return false;
  }
  bool refused = false;
  bool const whole = co_await read_body(parser, a, f, refused);
  if (!whole)
    co_return refused&& f.keep_alive;

  switch (a.to->kind) {
  case route_kind::sse:
  case route_kind::websocket: {
    bool const upgrades = a.to->upgraded && websocket::is_upgrade(parser.get());
    if (a.refused && !upgrades) {
      co_await refuse(*a.refused, f, head_only);
      co_return false;
    }
    std::optional<request_point> seen; // of what is let in
    if (!a.refused)
      seen.emplace(a);
    if (a.to->kind == route_kind::sse && !upgrades)
      co_await serve_events(a, f);
    else
      co_await serve_socket(a, parser, f);
    if (seen)
      seen->ended();
    co_return false;
  }
  case route_kind::json:
  case route_kind::raw:
    break;
  }
  bool const more = co_await serve_request(a, f);
  co_return more;
}
#pragma GCC diagnostic pop

asio::awaitable<bool> session::read_body(request_parser& parser, admitted& a, framing& f,
                                         bool& refused) {
  bool const head_only = a.req.method == "HEAD";
  if (!parser.is_done()) {
    parser.body_limit(a.to->body_limit); // counts what a chunked body never announced
    stream_.next_layer().expires_after(host_.settings.body_deadline);
    auto [ec, n] = co_await http::async_read(stream_, buffer_, parser, checked);
    (void)n;
    if (ec) {
      auto no = answer_to(ec);
      if (ec == http::error::body_limit)
        no = problem(body_too_large(*a.to), a.req.path);
      if (no)
        co_await refuse(*no, f, head_only);
      f.keep_alive = false;
      co_return false;
    }
  }
  if (auto taken = take_body(a, std::move(parser.get().body())); !taken) {
    refused = co_await write(problem(taken.error(), a.req.path), f, head_only);
    co_return false;
  }
  co_return true;
}

asio::awaitable<bool> session::serve_request(admitted& a, framing f) {
  bool const head_only = a.req.method == "HEAD";
  request_point const seen{a};
  std::optional<permit> place;
  if (!a.to->unlimited)
    place.emplace(host_.in_flight, host_.settings.max_in_flight);
  if (place && !place->held()) {
    seen.answered(429);
    bool const sent = co_await write(
        problem(fail(errc::busy, "too many requests at once; try again later"), a.req.path), f,
        head_only);
    co_return sent&& f.keep_alive;
  }
  auto traced = trace_of(a);
  auto slot = std::make_shared<reply_slot>(make_wake_up());
  during({}, [slot] { slot->give_up(); });
  auto const correlation = trace_id(a.req);
  {
    log_about const about{correlation};
    auto const answer_with = telling_redacted(reply_into(slot, a.req.path), a.redacted);
    try {
      std::get<handler>(a.to->handle)(a.req, answer_with);
    } catch (std::exception const& e) {
      spdlog::error("gateway: handler failed method={} path={} error={}", a.req.method, a.req.path,
                    e.what());
      answer_with(
          problem(fail(errc::internal, "an internal error; see the server's log"), a.req.path));
    }
  }
  auto const deadline =
      a.to->reply_deadline.count() > 0 ? a.to->reply_deadline : host_.settings.reply_deadline;
  auto answer = co_await slot->wait(deadline);
  place.reset();
  if (aborted_)
    co_return false;
  if (!answer) {
    log_about const about{correlation};
    spdlog::warn("gateway: no answer in time method={} path={}", a.req.method, a.req.path);
    answer = problem(fail(errc::timeout, "no answer within " + std::to_string(deadline.count()) +
                                             " ms; the request may still take effect"),
                     a.req.path);
  }
  seen.answered(answer->status);
  f.keep_alive = f.keep_alive && !stopping_;
  bool const sent = co_await write(*answer, f, head_only);
  traced.set("http.response.status_code", std::int64_t{answer->status});
  if (answer->status >= 500)
    traced.fail(std::to_string(answer->status));
  traced.end();
  co_return sent&& f.keep_alive;
}

void session::name_asked(request_head const& head) {
  auto const target = parse_target(head.target);
  asked_.path = target ? target->path : "/";
  request named; // what is refused at the door becomes none
  named.trace = trace_of(head.headers);
  asked_.correlation = trace_id(named);
}

void session::log_asked(int status) const {
  if (asked_.path.empty())
    return;
  log_about const about{asked_.correlation};
  spdlog::debug("request method={} path={} status={}", asked_.method, asked_.path, status);
}

asio::awaitable<bool> session::write(response const& r, framing const& f, bool head_only) {
  log_asked(r.status);
  auto bytes = format_head(r, f);
  // Head and small bodies leave in one packet; large ones in slices, each with its deadline.
  bool const bodiless = head_only || r.status == 204 || r.status == 304;
  std::size_t at = bodiless ? r.body.size() : std::min(r.body.size(), slice_bytes);
  if (!bodiless)
    bytes.append(r.body, 0, at);
  bool sent = co_await write_bytes(std::move(bytes));
  while (sent && at < r.body.size()) {
    auto slice = r.body.substr(at, slice_bytes);
    at += slice.size();
    sent = co_await write_bytes(std::move(slice));
  }
  host_.seen->answered(asked_.to, asked_.method, r.status,
                       request_counts::clock::now() - asked_.since);
  co_return sent;
}

asio::awaitable<bool> session::write_bytes(std::string bytes) {
  stream_.next_layer().expires_after(host_.settings.write_deadline);
  auto [ec, n] = co_await asio::async_write(stream_, asio::buffer(bytes), checked);
  (void)n;
  co_return !ec;
}

asio::awaitable<void> session::refuse(response const& r, framing f, bool head_only) {
  f.keep_alive = false;
  bool const sent = co_await write(r, f, head_only);
  if (sent)
    co_await linger();
}

asio::awaitable<void> session::linger() {
  // Closing with unread bytes resets the connection, and the client would lose our answer.
  if (!stream_.secure()) {
    boost::system::error_code ignored;
    stream_.next_layer().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  stream_.next_layer().expires_after(linger_deadline);
  buffer_.clear();
  idle_ = true; // a stop need not wait for a client that is only talking
  for (std::size_t total = 0; total < linger_bytes && !stopping_;) {
    auto [ec, n] = co_await stream_.async_read_some(buffer_.prepare(64 * 1024), checked);
    if (ec)
      break;
    total += n;
  }
  idle_ = false;
}

} // namespace troupe
