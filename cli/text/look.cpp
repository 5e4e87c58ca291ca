#include "cli/text/look.hpp"

#include "cli/text/columns.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace troupe::look {

namespace {

std::string formatted(std::int64_t at_ms, bool local, char const* form) {
  if (at_ms == 0)
    return "-";
  auto const seconds = static_cast<std::time_t>(at_ms / 1000);
  std::tm parts{};
  if ((local ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts)) == nullptr)
    return "-";
  char text[32];
  return {text, std::strftime(text, sizeof text, form, &parts)};
}

std::string two(std::int64_t n) {
  return (n < 10 ? "0" : "") + std::to_string(n);
}

} // namespace

json::value const& at(json::value const& v, std::string_view key) {
  static json::value const nothing;
  if (!v.is_object())
    return nothing;
  auto const* found = v.get_object().if_contains(key);
  return found != nullptr ? *found : nothing;
}

std::string text(json::value const& v, std::string_view key, std::string_view fallback) {
  auto const& found = at(v, key);
  if (!found.is_string())
    return std::string{fallback};
  return columns::printable(std::string_view{found.get_string()});
}

std::string block(json::value const& v, std::string_view key) {
  auto const& found = at(v, key);
  if (!found.is_string())
    return {};
  return columns::printable(std::string_view{found.get_string()}, true);
}

std::int64_t number(json::value const& v, std::string_view key, std::int64_t fallback) {
  boost::system::error_code ec;
  auto const n = at(v, key).to_number<std::int64_t>(ec);
  return ec ? fallback : n;
}

bool flag(json::value const& v, std::string_view key, bool fallback) {
  auto const& found = at(v, key);
  return found.is_bool() ? found.get_bool() : fallback;
}

json::array const& list(json::value const& v, std::string_view key) {
  static json::array const nothing;
  auto const& found = at(v, key);
  return found.is_array() ? found.get_array() : nothing;
}

std::vector<std::string> texts(json::value const& v, std::string_view key) {
  std::vector<std::string> out;
  for (auto const& item : list(v, key)) {
    if (item.is_string())
      out.push_back(columns::printable(std::string_view{item.get_string()}));
  }
  return out;
}

std::string joined(std::vector<std::string> const& parts, std::string_view between) {
  std::string out;
  for (auto const& part : parts) {
    if (!out.empty())
      out += between;
    out += part;
  }
  return out;
}

std::string who(std::string_view principal) {
  auto const colon = principal.find(':');
  if (colon == std::string_view::npos)
    return std::string{principal};
  auto const kind = principal.substr(0, colon);
  auto const name = principal.substr(colon + 1);
  if (kind == "agent") {
    auto const dot = name.find('.');
    return std::string{dot == std::string_view::npos ? name : name.substr(dot + 1)};
  }
  if (kind == "human" || kind == "daemon")
    return std::string{name};
  return std::string{kind} + " " + std::string{name};
}

std::string clock(std::int64_t at_ms, bool local) {
  return formatted(at_ms, local, "%H:%M:%S");
}

std::string date(std::int64_t at_ms, bool local) {
  return formatted(at_ms, local, "%Y-%m-%d %H:%M");
}

std::string offset(std::int64_t ms) {
  auto const s = ms / 1000;
  return two(s / 3600) + ":" + two(s / 60 % 60) + ":" + two(s % 60);
}

std::string span(std::int64_t ms) {
  if (ms < 1000)
    return std::to_string(ms) + " ms";
  auto const s = ms / 1000;
  if (s < 60)
    return std::to_string(s) + " s";
  if (s < 3600)
    return std::to_string(s / 60) + " min" + (s % 60 ? " " + std::to_string(s % 60) + " s" : "");
  return std::to_string(s / 3600) + " h" +
         (s / 60 % 60 ? " " + std::to_string(s / 60 % 60) + " min" : "");
}

std::string money(std::int64_t micros) {
  return money(micros, places_for({micros}));
}

std::string money(std::int64_t micros, int places) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", places, static_cast<double>(micros) / 1e6);
  return text;
}

int places_for(std::initializer_list<std::int64_t> amounts, int at_least) {
  for (auto const micros : amounts) {
    auto const size = micros < 0 ? -micros : micros;
    if (size != 0)
      at_least = std::max(at_least, size < 100 ? 6 : size < 10'000 ? 4 : 2);
  }
  return at_least;
}

std::string count(std::int64_t n, std::string_view one, std::string_view many) {
  auto const plural = many.empty() ? std::string{one} + "s" : std::string{many};
  return std::to_string(n) + " " + (n == 1 ? std::string{one} : plural);
}

std::string short_hash(std::string_view hash) {
  return std::string{hash.substr(0, 10)};
}

} // namespace troupe::look
