#include "gateway/http/wire.hpp"

#include <array>
#include <ctime>

namespace troupe {

namespace {

/// RFC 9110, 5.6.7; strftime would follow the locale.
std::string http_date() {
  static constexpr std::array<char const*, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
  static constexpr std::array<char const*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::time_t const now = std::time(nullptr);
  std::tm t{};
  gmtime_r(&now, &t);
  auto const two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::string{days.at(static_cast<std::size_t>(t.tm_wday))} + ", " + two(t.tm_mday) + " " +
         months.at(static_cast<std::size_t>(t.tm_mon)) + " " + std::to_string(1900 + t.tm_year) +
         " " + two(t.tm_hour) + ":" + two(t.tm_min) + ":" + two(t.tm_sec) + " GMT";
}

bool token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

bool safe_field(std::string_view name, std::string_view value) {
  for (char const c : name) {
    if (!token_char(c))
      return false;
  }
  for (char const c : value) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return !name.empty();
}

void put(std::string& out, std::string_view name, std::string_view value) {
  if (!safe_field(name, value))
    return;
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

/// Field of one line: no line break, no NUL (HTML standard, 9.2.6).
std::string one_line(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c != '\n' && c != '\r' && c != '\0')
      out += c;
  }
  return out;
}

} // namespace

std::string format_head(response const& r, framing const& f) {
  std::string out = "HTTP/1.1 " + std::to_string(r.status) + ' ';
  out += reason_phrase(r.status);
  out += "\r\n";
  put(out, "Date", http_date());
  if (!r.content_type.empty())
    put(out, "Content-Type", r.content_type);
  bool const bodiless = r.status == 204 || r.status == 304 || r.status < 200;
  if (f.chunked && !f.http10)
    put(out, "Transfer-Encoding", "chunked");
  else if (!f.chunked && !bodiless)
    put(out, "Content-Length", std::to_string(r.body.size()));
  if (!f.keep_alive)
    put(out, "Connection", "close");
  else if (f.http10)
    put(out, "Connection", "keep-alive");
  for (auto const& [name, value] : r.headers)
    put(out, name, value);
  auto const unless_set = [&](std::string_view name, std::string_view value) {
    if (!r.headers.has(name))
      put(out, name, value);
  };
  unless_set("Cache-Control", "no-store");
  unless_set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  unless_set("Cross-Origin-Resource-Policy", "same-origin");
  unless_set("Referrer-Policy", "no-referrer");
  unless_set("X-Content-Type-Options", "nosniff");
  unless_set("X-Frame-Options", "DENY");
  if (f.tls)
    unless_set("Strict-Transport-Security", "max-age=31536000");
  out += "\r\n";
  return out;
}

std::string format_event(std::string_view id, std::string_view event, std::string_view data) {
  std::string out;
  out.reserve(id.size() + event.size() + data.size() + 32);
  if (!id.empty())
    out += "id: " + one_line(id) + '\n';
  if (!event.empty())
    out += "event: " + one_line(event) + '\n';
  for (;;) {
    auto const end = data.find_first_of("\r\n");
    out += "data: ";
    out += data.substr(0, end);
    out += '\n';
    if (end == std::string_view::npos)
      break;
    data.remove_prefix(end + (data.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  out += '\n';
  return out;
}

std::string format_chunk(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string size;
  for (auto n = bytes.size(); n != 0; n /= 16)
    size.insert(size.begin(), digits[n % 16]);
  std::string out = size.empty() ? "0" : size;
  out += "\r\n";
  out += bytes;
  out += "\r\n";
  return out;
}

} // namespace troupe
