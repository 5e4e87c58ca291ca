#include "gateway/http/json_body.hpp"

#include "protocol/json.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace troupe {

namespace {

/// Notes the members of every open object and stops at the first that comes twice.
struct duplicate_finder {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  std::vector<std::unordered_set<std::string>> open;
  std::string key;
  std::string twice;
  bool found = false;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_key_part(string_view part, std::size_t, error_code&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(string_view part, std::size_t, error_code& ec) {
    key.append(part.data(), part.size());
    if (!open.back().insert(key).second) {
      found = true;
      twice = key;
      ec = boost::json::error::exception;
      return false;
    }
    key.clear();
    return true;
  }
  bool on_string_part(string_view, std::size_t, error_code&) { return true; }
  bool on_string(string_view, std::size_t, error_code&) { return true; }
  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, string_view, error_code&) { return true; }
  bool on_uint64(std::uint64_t, string_view, error_code&) { return true; }
  bool on_double(double, string_view, error_code&) { return true; }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }
};

} // namespace

result<boost::json::value> parse_json_body(std::string_view body) {
  auto parsed = json::parse(body);
  if (!parsed)
    return parsed;
  boost::json::parse_options options;
  options.max_depth = 64;
  boost::json::basic_parser<duplicate_finder> finder{options};
  boost::json::error_code ec;
  finder.write_some(false, body.data(), body.size(), ec);
  if (finder.handler().found)
    return fail(errc::invalid_argument,
                "field " + finder.handler().twice + " is given twice in one object",
                {{"field", finder.handler().twice}});
  return parsed;
}

} // namespace troupe
