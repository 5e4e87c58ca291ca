#include "tests/gateway/edge_lab.hpp"

#include "protocol/json.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace troupe::test {

boost::json::object raw_answer::json() const {
  auto v = troupe::json::parse(body);
  return v && v->is_object() ? v->as_object() : boost::json::object{};
}

raw_connection::raw_connection(std::uint16_t port, int receive_buffer_bytes)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer_bytes > 0)
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("cannot connect to the test's own server");
}

raw_connection::~raw_connection() {
  close();
}

void raw_connection::close() {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

void raw_connection::shutdown_write() {
  ::shutdown(fd_, SHUT_WR);
}

bool raw_connection::send(std::string_view bytes) {
  auto const until = std::chrono::steady_clock::now() + patience;
  while (!bytes.empty() && std::chrono::steady_clock::now() < until) {
    auto const n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      return false;
    pollfd p{fd_, POLLOUT, 0};
    ::poll(&p, 1, 1000);
  }
  return bytes.empty();
}

bool raw_connection::fill() {
  pollfd p{fd_, POLLIN, 0};
  if (fd_ < 0 || ::poll(&p, 1, static_cast<int>(std::chrono::milliseconds{patience}.count())) <= 0)
    throw std::runtime_error("nothing came in time");
  char bytes[65536];
  auto const n = ::recv(fd_, bytes, sizeof bytes, 0);
  if (n <= 0)
    return false;
  in_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

bool raw_connection::read_until(std::string_view text) {
  while (in_.find(text) == std::string::npos) {
    if (!fill())
      return false;
  }
  return true;
}

bool raw_connection::read_to_end() {
  try {
    while (fill()) {
    }
    return true;
  } catch (std::runtime_error const&) {
    return false;
  }
}

std::string raw_connection::take(std::size_t n) {
  while (in_.size() < n && fill()) {
  }
  auto out = in_.substr(0, n);
  in_.erase(0, n);
  return out;
}

raw_answer raw_connection::answer(bool head_only) {
  raw_answer out;
  if (!read_until("\r\n\r\n"))
    return out;
  auto head = take(in_.find("\r\n\r\n") + 4);
  out.status = std::atoi(head.substr(9, 3).c_str());
  for (auto at = head.find("\r\n") + 2; at + 2 < head.size();) {
    auto const end = head.find("\r\n", at);
    auto const colon = head.find(": ", at);
    out.headers.add(head.substr(at, colon - at), head.substr(colon + 2, end - colon - 2));
    at = end + 2;
  }
  if (head_only || out.status == 204 || out.status == 101 || out.status == 100)
    return out;
  if (out.headers.has("Content-Length")) {
    out.body = take(std::stoul(std::string{out.headers.get("Content-Length")}));
  } else if (out.headers.get("Transfer-Encoding") == "chunked") {
    for (;;) {
      read_until("\r\n");
      auto const line = take(in_.find("\r\n") + 2);
      auto const size = std::stoul(line, nullptr, 16);
      out.body += take(size);
      take(2);
      if (size == 0)
        break;
    }
  } else {
    read_to_end();
    out.body = take(in_.size());
  }
  return out;
}

raw_socket::raw_socket(std::uint16_t port, std::string const& path, std::string const& token,
                       std::string const& more_headers)
    : connection_(port) {
  connection_.send("GET " + path +
                   " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                   (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + more_headers +
                   "\r\n");
  handshake_ = connection_.answer();
}

bool raw_socket::send(unsigned opcode, std::string_view payload, bool final, bool masked) {
  std::string out;
  out += static_cast<char>((final ? 0x80u : 0u) | opcode);
  unsigned const mask_bit = masked ? 0x80u : 0u;
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | payload.size());
  } else {
    int const bytes = payload.size() < 65536 ? 2 : 8;
    out += static_cast<char>(mask_bit | (bytes == 2 ? 126u : 127u));
    for (int i = bytes; i-- > 0;)
      out += static_cast<char>((payload.size() >> (8 * i)) & 0xff);
  }
  static constexpr unsigned char mask[4] = {1, 2, 3, 4};
  if (masked)
    out.append(reinterpret_cast<char const*>(mask), 4);
  for (std::size_t i = 0; i < payload.size(); ++i)
    out += masked ? static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % 4])
                  : payload[i];
  return connection_.send(out);
}

unsigned raw_socket::frame::close_code() const {
  if (opcode != 8 || payload.size() < 2)
    return 0;
  return static_cast<unsigned>(static_cast<unsigned char>(payload[0])) * 256u +
         static_cast<unsigned char>(payload[1]);
}

raw_socket::frame raw_socket::read() {
  frame out;
  auto const head = connection_.take(2);
  if (head.size() < 2)
    return out;
  out.opcode = static_cast<unsigned char>(head[0]) & 15u;
  std::size_t size = static_cast<unsigned char>(head[1]) & 127u;
  if (size > 125) {
    auto const more = connection_.take(size == 126 ? 2 : 8);
    size = 0;
    for (char const c : more)
      size = size * 256 + static_cast<unsigned char>(c);
  }
  out.payload = connection_.take(size);
  return out;
}

raw_socket::frame raw_socket::read_message() {
  for (;;) {
    auto f = read();
    if (f.opcode != 9 && f.opcode != 10)
      return f;
  }
}

std::string fixed_tokens::add(std::string name, std::set<role> roles) {
  auto token = new_token();
  by_hash_[hash_token(token)] = {principal_id{std::move(name)}, tenant_id{"default"},
                                 std::move(roles)};
  return token;
}

std::optional<principal_info> fixed_tokens::check(std::string_view token) {
  auto const found = by_hash_.find(hash_token(token));
  if (found == by_hash_.end())
    return std::nullopt;
  return found->second;
}

bool eventually(std::function<bool()> const& so) {
  auto const until = std::chrono::steady_clock::now() + patience;
  while (!so()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::yield();
  }
  return true;
}

namespace {
route row(std::string method, std::string pattern, role needs, std::size_t limit, route_kind kind) {
  route r;
  r.method = std::move(method);
  r.pattern = std::move(pattern);
  r.needs = needs;
  r.body_limit = limit;
  r.kind = kind;
  return r;
}
} // namespace

void edge_lab::json(std::string method, std::string pattern, handler h, role needs,
                    std::size_t limit) {
  auto r = row(std::move(method), std::move(pattern), needs, limit, route_kind::json);
  r.handle = std::move(h);
  routes.add(std::move(r));
}
void edge_lab::raw(std::string method, std::string pattern, handler h, std::size_t limit) {
  auto r = row(std::move(method), std::move(pattern), role::none, limit, route_kind::raw);
  r.handle = std::move(h);
  routes.add(std::move(r));
}
void edge_lab::sse(std::string pattern, stream_handler h, role needs) {
  auto r = row("GET", std::move(pattern), needs, 0, route_kind::sse);
  r.handle = std::move(h);
  routes.add(std::move(r));
}
void edge_lab::socket(std::string pattern, socket_handler h, role needs) {
  auto r = row("GET", std::move(pattern), needs, 0, route_kind::websocket);
  r.handle = std::move(h);
  routes.add(std::move(r));
}

void edge_lab::start() {
  json("GET", "/hello", [](request const&, reply const& answer) {
    answer(json_response(200, {{"hello", "world"}}));
  });
  json("POST", "/echo", [](request const& r, reply const& answer) {
    answer(json_response(200, {{"json", r.json}, {"bytes", r.body.size()}}));
  });
  raw("POST", "/raw", [](request const& r, reply const& answer) {
    answer(json_response(200, {{"bytes", r.body.size()}}));
  });
  server.emplace(settings, routes, tokens);
  if (auto r = server->start(); !r)
    throw std::runtime_error(r.error().message);
}

raw_answer edge_lab::ask(std::string const& request_bytes) {
  raw_connection c{port()};
  c.send(request_bytes);
  return c.answer(request_bytes.substr(0, 4) == "HEAD");
}

std::string edge_lab::get(std::string const& target, std::string const& headers) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

std::string edge_lab::post(std::string const& target, std::string const& body,
                           std::string const& headers, std::string const& type) {
  return "POST " + target +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         (type.empty() ? "" : "Content-Type: " + type + "\r\n") + headers + "\r\n" + body;
}

certificate_files::certificate_files() {
  auto pattern = (std::filesystem::temp_directory_path() / "troupe-tls-XXXXXX").string();
  folder = ::mkdtemp(pattern.data());
  certificate = folder + "/certificate.pem";
  key = folder + "/key.pem";
  auto* pkey = EVP_EC_gen("P-256");
  auto* x = X509_new();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -60);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, pkey);
  auto* name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<unsigned char const*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(x, name);
  for (auto const& [id, text] : {std::pair{NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1"},
                                 std::pair{NID_basic_constraints, "critical,CA:TRUE"}}) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, text);
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(x, pkey, EVP_sha256());
  auto* out = std::fopen(certificate.c_str(), "w");
  PEM_write_X509(out, x);
  std::fclose(out);
  out = std::fopen(key.c_str(), "w");
  PEM_write_PrivateKey(out, pkey, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
  X509_free(x);
  EVP_PKEY_free(pkey);
}

certificate_files::~certificate_files() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

} // namespace troupe::test
