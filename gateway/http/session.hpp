#pragma once

#include "gateway/http/admission.hpp"
#include "gateway/http/beast.hpp"
#include "gateway/http/request_counts.hpp"
#include "gateway/http/stream_budget.hpp"
#include "gateway/http/wake_up.hpp"
#include "gateway/http/wire.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <unordered_map>

namespace troupe {

class session;

/// What the sessions of one server share. Outlives them: the server drains its threads first.
struct session_host {
  server_settings settings;
  router routes;
  std::shared_ptr<token_checker> tokens;
  std::optional<asio::ssl::context> tls;
  bool loopback_bind = true;
  /// Shared with replies and streams, which other threads may hold after the server's end.
  std::shared_ptr<asio::io_context> io;

  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::size_t> streams{0};
  std::shared_ptr<stream_budget> waiting; ///< also of streams that are held after the server's end
  std::optional<request_counts> seen;     ///< set before the first session

  std::mutex mutex;
  std::condition_variable drained;
  std::unordered_map<session*, std::weak_ptr<session>> sessions;
};

/// Takes one of a bounded number of places; gives it back at its end.
class permit {
public:
  permit(std::atomic<std::size_t>& used, std::size_t limit)
      : used_(used), held_(used.fetch_add(1) < limit) {
    if (!held_)
      used_.fetch_sub(1);
  }
  ~permit() {
    if (held_)
      used_.fetch_sub(1);
  }
  permit(permit const&) = delete;
  permit& operator=(permit const&) = delete;

  [[nodiscard]] bool held() const { return held_; }

private:
  std::atomic<std::size_t>& used_;
  bool held_;
};

/// One connection: reads requests one after another and answers each before it reads the next.
/// Everything runs on the strand of its socket.
class session : public std::enable_shared_from_this<session> {
public:
  using request_parser = beast::http::request_parser<beast::http::string_body>;

  session(session_host& host, asio::ip::tcp::socket socket);

  /// Serves until the connection ends. Never throws.
  asio::awaitable<void> run();
  /// Answers 503 and closes: there are too many connections.
  asio::awaitable<void> turn_away();

  /// From any thread: ends an idle connection, tells a stream to end, lets a request finish.
  void begin_stop();
  /// From any thread: cuts the connection.
  void abort();

  // For the two kinds of streams, which live in files of their own.

  [[nodiscard]] session_host& host() { return host_; }
  [[nodiscard]] edge_stream& stream() { return stream_; }
  asio::awaitable<bool> write_bytes(std::string bytes);

private:
  asio::awaitable<void> serve_all();
  /// True: read the next request of this connection.
  asio::awaitable<bool> serve_one(bool first);
  asio::awaitable<bool> serve(request_parser& parser);
  asio::awaitable<bool> read_body(request_parser& parser, admitted& a, framing& f, bool& refused);
  asio::awaitable<bool> serve_request(admitted& a, framing f);
  asio::awaitable<void> serve_events(admitted& a, framing f);                         // sse.cpp
  asio::awaitable<void> serve_socket(admitted& a, request_parser& parser, framing f); // ws/
  asio::awaitable<bool> write(response const& r, framing const& f, bool head_only);
  /// Answers and ends, although the client may still be sending.
  asio::awaitable<void> refuse(response const& r, framing f, bool head_only);
  asio::awaitable<void> linger();
  [[nodiscard]] request_head head_of(request_parser const& parser) const;
  /// What a line of the log says of it, before anything is known to be right.
  void name_asked(request_head const& head);
  /// At `debug`: the line of the request being answered, or of the stream that begins.
  void log_asked(int status) const;
  [[nodiscard]] std::shared_ptr<wake_up> make_wake_up();
  /// What `begin_stop` and `abort` do to the work under way.
  void during(std::function<void()> stop, std::function<void()> abort);

  session_host& host_;
  edge_stream stream_;
  beast::flat_buffer buffer_;
  std::function<void()> on_stop_;
  std::function<void()> on_abort_;
  /// What is being answered, for `write` to count and to log it.
  struct asked {
    route const* to = nullptr; ///< null: nothing is there, or not known yet
    std::string method;
    request_counts::clock::time_point since = request_counts::clock::now();
    std::string path; ///< for the log; empty: it has no line
    std::string correlation;
  };
  asked asked_;
  bool idle_ = false;
  bool stopping_ = false;
  bool aborted_ = false;
};

} // namespace troupe
