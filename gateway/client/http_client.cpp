#include "gateway/client/http_client.hpp"

#include "net/edge_stream.hpp"
#include "protocol/json.hpp"
#include "protocol/trace.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/parse.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

namespace troupe {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::uint64_t largest_answer = 64 * 1024 * 1024;

struct address {
  bool tls = false;
  std::string host;
  std::string port;
  std::string target;
  std::string shown; ///< scheme, host and port
};

result<address> address_of(std::string const& url) {
  auto const parsed = boost::urls::parse_uri(url);
  if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https"))
    return fail(errc::invalid_argument, url + " is no http:// or https:// address");
  address a;
  a.tls = parsed->scheme() == "https";
  a.host = parsed->host_address();
  a.port = parsed->has_port() ? std::string{parsed->port()} : a.tls ? "443" : "80";
  a.target = parsed->encoded_target().empty() ? "/" : std::string{parsed->encoded_target()};
  a.shown = std::string{parsed->scheme()} + "://" + std::string{parsed->host()} + ":" + a.port;
  return a;
}

error explain_tls(address const& a, error_code ec) {
  auto const code = static_cast<unsigned long>(ec.value());
  auto const reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return fail(errc::unavailable, "the certificate of " + a.shown + " is not trusted: " +
                                       ec.message() + "; name its authority in SSL_CERT_FILE");
  if (reason == SSL_R_WRONG_VERSION_NUMBER) // what it sent is no TLS at all
    return fail(errc::unavailable,
                a.shown + " does not speak TLS; if it is a server without, its address is http://" +
                    a.shown.substr(a.shown.find("://") + 3));
  return fail(errc::unavailable, "no TLS connection to " + a.shown + ": " + ec.message());
}

error explain(address const& a, error_code ec) {
  if (ec == asio::error::connection_refused || ec == asio::error::host_not_found)
    return fail(errc::unavailable, "no server at " + a.shown + "; start one with `troupe serve`");
  if (ec == beast::error::timeout)
    return fail(errc::timeout, a.shown + " did not answer in time");
  if (ec == http::error::body_limit)
    return fail(errc::too_large, "the answer of " + a.shown + " is too large");
  if (ec.category() == asio::error::get_ssl_category())
    return explain_tls(a, ec);
  return fail(errc::unavailable, "the connection to " + a.shown + " broke: " + ec.message());
}

/// One connection, plain or TLS. Every step is asynchronous inside, because only then deadlines
/// hold, and is run to its end before the next.
class connection {
public:
  explicit connection(address a) : to_(std::move(a)) {
    if (!to_.tls) // to read the machine's authorities takes longer than most requests
      return;
    tls_.emplace(asio::ssl::context::tls_client);
    tls_->set_default_verify_paths();
    tls_->set_verify_mode(asio::ssl::verify_peer);
  }

  error_code open(milliseconds timeout) {
    error_code ec;
    auto const found = asio::ip::tcp::resolver{io_}.resolve(to_.host, to_.port, ec);
    if (ec)
      return ec;
    if (tls_ && !stream_.use_tls(*tls_, to_.host))
      return asio::error::invalid_argument;
    expire(timeout);
    stream_.async_connect(found, [&](error_code e) { ec = e; });
    run();
    if (!ec && to_.tls) {
      stream_.async_handshake(asio::ssl::stream_base::client, [&](error_code e) { ec = e; });
      run();
    }
    return ec;
  }

  void expire(milliseconds timeout) { stream_.next_layer().expires_after(timeout); }

  template <class Request>
  error_code write(Request& request) {
    error_code ec;
    http::async_write(stream_, request, [&](error_code e, std::size_t) { ec = e; });
    run();
    return ec;
  }
  template <class Parser>
  error_code read(Parser& parser) {
    error_code ec;
    http::async_read(stream_, buffer_, parser, [&](error_code e, std::size_t) { ec = e; });
    run();
    return ec;
  }
  template <class Parser>
  error_code read_header(Parser& parser) {
    error_code ec;
    http::async_read_header(stream_, buffer_, parser, [&](error_code e, std::size_t) { ec = e; });
    run();
    return ec;
  }
  /// Reads what comes next; `stop` is looked at every now and then and ends the wait.
  template <class Parser>
  error_code read_some(Parser& parser, std::atomic<bool> const& stop) {
    std::optional<error_code> ec;
    http::async_read_some(stream_, buffer_, parser, [&](error_code e, std::size_t) { ec = e; });
    io_.restart();
    while (!ec) {
      io_.run_for(milliseconds{100});
      if (stop && !ec)
        stream_.next_layer().cancel();
    }
    return *ec;
  }

private:
  void run() {
    io_.restart();
    io_.run();
  }

  address to_;
  asio::io_context io_{1};
  std::optional<asio::ssl::context> tls_; ///< of https
  edge_stream stream_{io_};
  beast::flat_buffer buffer_;
};

http::request<http::string_body> request_of(std::string const& method, address const& a,
                                            std::map<std::string, std::string> const& headers,
                                            std::string const& body) {
  http::request<http::string_body> r;
  r.version(11);
  r.method_string(method);
  r.target(a.target);
  bool const v6 = a.host.find(':') != std::string::npos;
  r.set(http::field::host, (v6 ? "[" + a.host + "]" : a.host) + ":" + a.port);
  r.set(http::field::user_agent, "troupe");
  for (auto const& [name, value] : headers)
    r.set(name, value);
  r.body() = body;
  r.prepare_payload();
  return r;
}

template <class Fields>
std::map<std::string, std::string> headers_of(Fields const& fields) {
  std::map<std::string, std::string> out;
  for (auto const& f : fields) {
    std::string name{f.name_string()};
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    });
    out[name] = std::string{f.value()};
  }
  return out;
}

/// Cuts a stream of bytes into events (HTML standard, 9.2).
class event_reader {
public:
  template <class F>
  void feed(std::string_view bytes, F const& on_event) {
    pending_ += bytes;
    for (;;) {
      auto const end = pending_.find('\n');
      if (end == std::string::npos)
        return;
      auto line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r')
        line.pop_back();
      if (line.empty()) {
        // Only now: an event that breaks off after its id must come again.
        last_id = id_;
        if (has_data_)
          on_event(stream_event{last_id, event_.empty() ? "message" : event_, data_});
        event_.clear();
        data_.clear();
        has_data_ = false;
        continue;
      }
      auto const colon = line.find(':');
      if (colon == 0)
        continue; // a comment: keep-alive
      auto const field = line.substr(0, colon);
      auto value = colon == std::string::npos ? std::string{} : line.substr(colon + 1);
      if (!value.empty() && value.front() == ' ')
        value.erase(0, 1);
      if (field == "id") {
        id_ = value;
      } else if (field == "event") {
        event_ = value;
      } else if (field == "data") {
        if (has_data_)
          data_ += '\n';
        data_ += value;
        has_data_ = true;
      }
    }
  }
  void begin_anew() {
    pending_.clear();
    id_ = last_id;
    event_.clear();
    data_.clear();
    has_data_ = false;
  }
  std::string last_id;

private:
  std::string pending_;
  std::string id_;
  std::string event_;
  std::string data_;
  bool has_data_ = false;
};

/// Whether an event is the server's last word: there is nothing to come back for.
bool ends_for_good(stream_event const& e) {
  if (e.event != "closed")
    return false;
  auto const v = json::parse(e.data);
  if (!v || !v->is_object())
    return false;
  auto const* again = v->get_object().if_contains("again");
  return again != nullptr && again->is_bool() && !again->get_bool();
}

bool is_temporary(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

error refused(int status, std::string const& body) {
  auto const v = json::parse(body);
  std::string detail = "the server refused with " + std::to_string(status);
  if (v && v->is_object())
    if (auto const* d = v->get_object().if_contains("detail"); d != nullptr && d->is_string())
      detail = std::string{std::string_view{d->get_string()}};
  return fail(status == 401   ? errc::unauthorized
              : status == 403 ? errc::forbidden
              : status == 404 ? errc::not_found
              : status >= 500 ? errc::internal
                              : errc::invalid_argument,
              detail, v && v->is_object() ? v->get_object() : json::object{});
}

} // namespace

result<client_response> http_request(std::string const& method, std::string const& url,
                                     std::map<std::string, std::string> const& headers,
                                     std::string const& body, milliseconds timeout) {
  auto const a = address_of(url);
  if (!a)
    return a.error();
  connection c{*a};
  if (auto const ec = c.open(timeout))
    return explain(*a, ec);
  auto request = request_of(method, *a, headers, body);
  request.set(http::field::connection, "close");
  // What this is done for goes on there in the same trace.
  if (auto const here = tracing::within::here(); here.known() && !headers.contains("traceparent"))
    request.set("traceparent", here.traceparent());
  auto const unsent = c.write(request);
  // A refusal may come before the whole body was taken; then the answer is what counts.
  http::response_parser<http::string_body> parser;
  parser.body_limit(largest_answer);
  if (method == "HEAD")
    parser.skip(true);
  if (auto const ec = c.read(parser))
    return explain(*a, unsent ? unsent : ec);
  auto& r = parser.get();
  return client_response{static_cast<int>(r.result_int()), headers_of(r), std::move(r.body())};
}

result<void> stream_events(std::string const& url,
                           std::map<std::string, std::string> const& headers,
                           std::function<void(stream_event const&)> const& on_event,
                           std::atomic<bool> const& stop, link_listener const& on_link) {
  constexpr milliseconds slice{250}; ///< how long a read waits before `stop` is looked at
  constexpr milliseconds longest_pause{5000};
  auto const a = address_of(url);
  if (!a)
    return a.error();
  event_reader events;
  bool over = false;
  bool linked = false;
  std::string told;
  auto const link = [&](bool up, std::string const& why = {}) {
    bool const news = why != std::exchange(told, why) && !why.empty();
    if ((std::exchange(linked, up) != up || news) && on_link)
      on_link(up, why);
  };
  auto const take = [&](stream_event const& e) {
    over = over || ends_for_good(e);
    on_event(e);
  };
  milliseconds pause{100};
  while (!stop && !over) {
    connection c{*a};
    events.begin_anew();
    std::string refusal;
    if (!c.open(milliseconds{5000})) {
      auto request = request_of("GET", *a, headers, {});
      request.set(http::field::accept, "text/event-stream");
      if (!events.last_id.empty())
        request.set("Last-Event-ID", events.last_id);
      http::response_parser<http::string_body> parser;
      parser.body_limit(boost::none);
      if (!c.write(request) && !c.read_header(parser)) {
        auto const status = static_cast<int>(parser.get().result_int());
        if (status != 200) {
          (void)c.read(parser);
          auto why = refused(status, parser.get().body());
          if (!is_temporary(status))
            return why;
          refusal = std::move(why.message);
        } else {
          pause = milliseconds{100};
          link(true);
          // A keep-alive comment comes every 15 s; without any byte for 45 s the server is gone.
          while (!stop && !over && !parser.is_done()) {
            c.expire(milliseconds{45'000});
            auto const ec = c.read_some(parser, stop);
            auto& text = parser.get().body();
            events.feed(text, take);
            text.clear();
            if (ec)
              break;
          }
        }
      }
    }
    if (!stop && !over)
      link(false, refusal);
    for (milliseconds waited{0}; waited < pause && !stop && !over; waited += slice)
      std::this_thread::sleep_for(std::min(slice, pause));
    pause = std::min(pause * 2, longest_pause);
  }
  return {};
}

} // namespace troupe
