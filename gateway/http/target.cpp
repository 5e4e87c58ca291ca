#include "gateway/http/target.hpp"

#include "gateway/http/text.hpp"

namespace troupe {

namespace {

constexpr std::size_t max_target_bytes = 8 * 1024;
constexpr std::size_t max_parameters = 100;

result<void> read_path(std::string_view raw, request_target& out) {
  while (!raw.empty()) {
    auto const slash = raw.find('/');
    auto decoded = percent_decode(raw.substr(0, slash), false);
    raw.remove_prefix(slash == std::string_view::npos ? raw.size() : slash + 1);
    if (!decoded)
      return decoded.error();
    for (char const c : *decoded) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        return fail(errc::invalid_argument, "the path holds a control character");
    }
    // Compared after decoding: %2e%2e climbs as well as `..` does.
    if (decoded->empty() || *decoded == ".")
      continue;
    if (*decoded == "..") {
      if (out.segments.empty())
        return fail(errc::invalid_argument, "the path leaves the root");
      out.segments.pop_back();
      continue;
    }
    out.segments.push_back(std::move(*decoded));
  }
  for (auto const& segment : out.segments)
    out.path += '/' + segment;
  if (out.path.empty())
    out.path.push_back('/'); // assigning it makes GCC 12 warn of what cannot be
  return {};
}

result<void> read_query(std::string_view raw, query_map& out) {
  while (!raw.empty()) {
    auto const end = raw.find('&');
    auto const item = raw.substr(0, end);
    raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 1);
    if (item.empty())
      continue;
    if (out.size() == max_parameters)
      return fail(errc::invalid_argument, "more than 100 query parameters");
    auto const equals = item.find('=');
    auto name = percent_decode(item.substr(0, equals), true);
    if (!name)
      return name.error();
    auto value = percent_decode(
        equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1), true);
    if (!value)
      return value.error();
    out.add(std::move(*name), std::move(*value));
  }
  return {};
}

} // namespace

result<request_target> parse_target(std::string_view target) {
  if (target.size() > max_target_bytes)
    return fail(errc::invalid_argument, "the address is longer than 8192 bytes");
  if (auto const scheme = target.find("://");
      scheme != std::string_view::npos && scheme < target.find_first_of("/?")) {
    target.remove_prefix(scheme + 3);
    auto const path = target.find_first_of("/?");
    target.remove_prefix(path == std::string_view::npos ? target.size() : path);
  } else if (target == "*") {
    target = {};
  } else if (target.empty() || target.front() != '/') {
    return fail(errc::invalid_argument, "the address must begin with /");
  }
  target = target.substr(0, target.find('#'));
  auto const mark = target.find('?');
  request_target out;
  if (auto r = read_path(target.substr(0, mark), out); !r)
    return r.error();
  if (mark != std::string_view::npos) {
    if (auto r = read_query(target.substr(mark + 1), out.query); !r)
      return r.error();
  }
  return out;
}

} // namespace troupe
