#include "gateway/http/message.hpp"

#include "gateway/http/text.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace troupe {

void header_map::set(std::string_view name, std::string value) {
  items_.erase(std::remove_if(items_.begin(), items_.end(),
                              [name](auto const& item) { return same_word(item.first, name); }),
               items_.end());
  items_.emplace_back(std::string{name}, std::move(value));
}

std::string_view header_map::get(std::string_view name) const {
  for (auto const& [key, value] : items_) {
    if (same_word(key, name))
      return value;
  }
  return {};
}

std::size_t header_map::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(items_.begin(), items_.end(),
                    [name](auto const& item) { return same_word(item.first, name); }));
}

std::optional<std::string> query_map::get(std::string_view name) const {
  for (auto const& [key, value] : items_) {
    if (key == name)
      return value;
  }
  return std::nullopt;
}

std::vector<std::string> query_map::all(std::string_view name) const {
  std::vector<std::string> out;
  for (auto const& [key, value] : items_) {
    if (key == name)
      out.push_back(value);
  }
  return out;
}

response json_response(int status, boost::json::value const& body) {
  response out;
  out.status = status;
  out.body = boost::json::serialize(body);
  out.body += '\n';
  return out;
}

response empty_response(int status) {
  response out;
  out.status = status;
  out.content_type.clear();
  return out;
}

std::string trace_id(request const& r) {
  // 00-<trace id>-<parent id>-<flags>
  return r.trace.size() == 55 ? r.trace.substr(3, 32) : std::string{};
}

} // namespace troupe
