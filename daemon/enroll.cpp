#include "daemon/beast.hpp"
#include "daemon/git.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>

namespace troupe::local {

namespace http = beast::http;

result<server_address> parse_server(std::string_view url) {
  server_address out;
  auto const wrong = [&] {
    return fail(errc::invalid_argument,
                "the server's address must look like https://host:port, not " + one_line(url, 200));
  };
  auto const scheme = url.substr(0, url.find("://"));
  if (scheme == "https" || scheme == "wss")
    out.tls = true;
  else if (scheme != "http" && scheme != "ws")
    return wrong();
  url.remove_prefix(scheme.size() + 3);
  auto const slash = url.find('/');
  auto authority = url.substr(0, slash);
  if (slash != std::string_view::npos)
    out.base = std::string{url.substr(slash)};
  while (out.base.ends_with('/'))
    out.base.pop_back();
  if (authority.empty() || authority.find('@') != std::string_view::npos)
    return wrong();
  out.port = out.tls ? "443" : "80";
  auto const colon = authority.rfind(':');
  auto const bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    out.port = std::string{authority.substr(colon + 1)};
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  out.host = std::string{authority};
  if (out.host.empty() || out.port.empty() || out.port.size() > 5 ||
      !std::all_of(out.port.begin(), out.port.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return wrong();
  return out;
}

asio::ssl::context tls_context(std::filesystem::path const& ca_file) {
  asio::ssl::context context{asio::ssl::context::tls_client};
  context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 |
                      asio::ssl::context::default_workarounds);
  context.set_default_verify_paths();
  if (!ca_file.empty())
    context.load_verify_file(ca_file.string());
  context.set_verify_mode(asio::ssl::verify_peer);
  return context;
}

namespace {

struct http_answer {
  boost::system::error_code ec;
  int status = 0;
  std::string body;
};

asio::awaitable<void> exchange(edge_stream& stream, http::request<http::string_body>& request,
                               http_answer& out) {
  auto [write_ec, written] = co_await http::async_write(stream, request, checked);
  if (write_ec) {
    out.ec = write_ec;
    co_return;
  }
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  auto [read_ec, read] = co_await http::async_read(stream, buffer, response, checked);
  out.ec = read_ec;
  out.status = static_cast<int>(response.result_int());
  out.body = std::move(response.body());
}

asio::awaitable<void> post_json(server_address where, std::string target, std::string body,
                                asio::ssl::context& tls, http_answer& out) {
  auto const executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver{executor};
  auto [resolve_ec, found] = co_await resolver.async_resolve(where.host, where.port, checked);
  if (resolve_ec) {
    out.ec = resolve_ec;
    co_return;
  }
  http::request<http::string_body> request{http::verb::post, target, 11};
  request.set(http::field::host, where.host);
  request.set(http::field::user_agent, "troupe-daemon");
  request.set(http::field::content_type, "application/json");
  request.keep_alive(false);
  request.body() = std::move(body);
  request.prepare_payload();
  edge_stream stream{executor};
  if (where.tls && !stream.use_tls(tls, where.host)) {
    out.ec = make_error_code(boost::system::errc::invalid_argument);
    co_return;
  }
  stream.next_layer().expires_after(std::chrono::seconds{20});
  auto [connect_ec] = co_await stream.async_connect(found, checked);
  if (connect_ec) {
    out.ec = connect_ec;
    co_return;
  }
  if (where.tls) {
    auto [tls_ec] = co_await stream.async_handshake(asio::ssl::stream_base::client, checked);
    if (tls_ec) {
      out.ec = tls_ec;
      co_return;
    }
  }
  co_await exchange(stream, request, out);
}

/// The sentence of a problem+json answer.
std::string problem_in(std::string const& body) {
  auto const value = json::parse(body);
  if (!value || !value->is_object())
    return {};
  for (auto const* name : {"detail", "title", "message"})
    if (auto const* v = value->get_object().if_contains(name); v != nullptr && v->is_string())
      return one_line(std::string_view{v->get_string()}, 300);
  return {};
}

} // namespace

result<identity> enroll(std::string const& server, std::string const& code, std::string const& name,
                        std::vector<link::runner_info> const& runners,
                        std::filesystem::path const& ca_file) {
  auto where = parse_server(server);
  if (!where)
    return where.error();
  json::object body{{"code", code}, {"name", name}, {"runners", json::to(runners)}};
  http_answer answer;
  try {
    asio::io_context io;
    auto tls = tls_context(ca_file);
    asio::co_spawn(io,
                   post_json(*where, where->base + "/api/daemons/enroll",
                             json::canonical(std::move(body)), tls, answer),
                   asio::detached);
    io.run();
  } catch (boost::system::system_error const& e) {
    return fail(errc::invalid_argument,
                "cannot use " + ca_file.string() + ": " + e.code().message());
  }
  if (answer.ec)
    return fail(errc::unavailable, "no answer from " + server + ": " + answer.ec.message());
  if (answer.status < 200 || answer.status > 299) {
    auto said = problem_in(answer.body);
    auto const kind =
        answer.status == 401 || answer.status == 403 || answer.status == 404 || answer.status == 410
            ? errc::unauthorized
        : answer.status == 429 ? errc::busy
        : answer.status >= 500 ? errc::unavailable
                               : errc::invalid_argument;
    return fail(kind, said.empty() ? "the server answered " + std::to_string(answer.status)
                                   : std::move(said));
  }
  auto value = json::parse(answer.body);
  identity out;
  out.server = server;
  out.name = name;
  if (value && value->is_object()) {
    auto const& o = value->get_object();
    if (auto const* d = o.if_contains("daemon"); d != nullptr && d->is_string())
      out.daemon = daemon_id{std::string{std::string_view{d->get_string()}}};
    if (auto const* t = o.if_contains("token"); t != nullptr && t->is_string())
      out.token = std::string{std::string_view{t->get_string()}};
  }
  if (out.daemon.empty() || out.token.empty())
    return fail(errc::unavailable, "the server's answer has no identity in it");
  return out;
}

} // namespace troupe::local
