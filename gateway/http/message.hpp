#pragma once

#include "gateway/auth/principal.hpp"
#include "protocol/result.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// Header fields in the order they came; names compare without regard to ASCII case.
class header_map {
public:
  void add(std::string name, std::string value) {
    items_.emplace_back(std::move(name), std::move(value));
  }
  /// Replaces every field of that name.
  void set(std::string_view name, std::string value);
  /// The first field of that name, or empty.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return count(name) != 0; }
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }

private:
  std::vector<std::pair<std::string, std::string>> items_;
};

/// Decoded query parameters; a name may come several times.
class query_map {
public:
  void add(std::string name, std::string value) {
    items_.emplace_back(std::move(name), std::move(value));
  }
  /// The first value of that name.
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }

private:
  std::vector<std::pair<std::string, std::string>> items_;
};

/// One request that passed every check of the edge: route found, principal allowed, body whole.
struct request {
  std::string method;
  std::string path;                          ///< decoded and normalised
  std::map<std::string, std::string> params; ///< of the route's pattern, decoded
  query_map query;
  header_map headers;
  std::string body;
  boost::json::value json; ///< the body of a JSON route; null if there was none
  principal_info principal;
  std::string idempotency_key; ///< header `Idempotency-Key`; empty if none
  std::string trace;           ///< W3C `traceparent`, the caller's or a new one
  bool loopback = false;       ///< the peer is on this machine
  std::string peer;            ///< its address; empty if it is not known
};

/// The trace id of a request, 32 hex digits: what its log lines can be found by.
[[nodiscard]] std::string trace_id(request const& r);

struct response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  header_map headers;
};

/// Answers a request. From any thread, once: later calls are ignored. An answer that does not come
/// until the route's deadline becomes 504; what it would have said is lost.
using reply = std::function<void(response)>;
/// Runs on an I/O thread: it starts the work and returns; it never waits.
using handler = std::function<void(request const&, reply)>;

[[nodiscard]] response json_response(int status, boost::json::value const& body);
/// An answer without a body.
[[nodiscard]] response empty_response(int status = 204);

/// The problem of a refusal (RFC 9457), `application/problem+json`: `type`, `title`, `status`,
/// `detail`, `instance` and the members of `error.details`. Adds `Retry-After` to busy and
/// unavailable, `WWW-Authenticate` to unauthorized.
[[nodiscard]] response problem(error const& e, std::string_view instance);
/// The same with a status that says more than the code, e.g. 405, 422, 431.
[[nodiscard]] response problem(error const& e, std::string_view instance, int status);

/// HTTP status of a refusal.
[[nodiscard]] int status_of(errc code);
/// Reason phrase of a status; `Unknown` for one that the edge does not use.
[[nodiscard]] std::string_view reason_phrase(int status);

/// A stream of server-sent events to one client. Every member may be called from any thread.
/// The answer's head goes out with the first event, at `open`, or with the first keep-alive.
class event_stream {
public:
  virtual ~event_stream() = default;
  /// Queues one event; `id` and `event` may be empty. False: the stream is closed, or this event
  /// found the queue full. Such a reader gets what is queued, then `event: closed` with `again`, so
  /// that it can come back with the last id that it saw.
  virtual bool send(std::string id, std::string event, std::string data) = 0;
  /// For a source that keeps what it has until it can be written: whenever nothing waits any more,
  /// `next` is asked on an I/O thread, and answers events (see `format_event`) or nothing; then it
  /// is asked again after `wake`. It is let go when the stream ends.
  virtual void pull(std::function<std::string()> next) = 0;
  virtual void wake() = 0;
  /// Sends the head now.
  virtual void open() = 0;
  /// Answers with a plain response in place of a stream; only before the first event.
  virtual void reject(response) = 0;
  /// Ends the stream after what is queued, with `event: closed`, data
  /// `{"reason":…,"again":…}`; `again` tells the client to come back with `Last-Event-ID`.
  virtual void close(std::string reason, bool again) = 0;
  /// Called once, with the reason, when the stream ends for whatever cause; at once if it has.
  virtual void on_close(std::function<void(std::string_view reason)>) = 0;
  [[nodiscard]] virtual bool closed() const = 0;
  /// Header `Last-Event-ID`; empty if the client starts afresh.
  [[nodiscard]] virtual std::string const& last_event_id() const = 0;
};
using stream_handler = std::function<void(request const&, std::shared_ptr<event_stream>)>;

/// One WebSocket connection, text frames only. `send` and `close` may be called from any thread;
/// the callbacks are set inside the handler and run on an I/O thread, one at a time.
class web_socket {
public:
  virtual ~web_socket() = default;
  /// Queues one text message. False: closed, or so much is queued that the connection ends (1013)
  /// once that is sent.
  virtual bool send(std::string text) = 0;
  /// For a source that keeps what it has until it can be written: whenever nothing waits any more,
  /// `next` is asked on an I/O thread, and answers a message or nothing; then it is asked again
  /// after `wake`. It is let go when the connection ends.
  virtual void pull(std::function<std::optional<std::string>()> next) = 0;
  virtual void wake() = 0;
  /// Sends what is queued, then the close frame. Reasons are cut at 123 bytes.
  virtual void close(std::uint16_t code, std::string reason) = 0;
  virtual void on_text(std::function<void(std::string text)>) = 0;
  /// Sent, made of code and reason, before the edge itself closes: for a binary frame, a message
  /// that is too large, a bug, or because the server stops.
  virtual void last_word(std::function<std::string(std::uint16_t code, std::string_view reason)>) {}
  /// Called once; 1006 if the connection broke without a close frame.
  virtual void on_close(std::function<void(std::uint16_t code, std::string_view reason)>) = 0;
  [[nodiscard]] virtual bool closed() const = 0;
};
using socket_handler = std::function<void(request const&, std::shared_ptr<web_socket>)>;

} // namespace troupe
