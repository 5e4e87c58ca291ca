#include "demo/answers.hpp"

#include <fstream>
#include <sstream>

namespace troupe::demo {

std::string text_at(json::value const& v, std::string_view path) {
  auto const* at = &v;
  while (!path.empty()) {
    auto const dot = path.find('.');
    auto const name = path.substr(0, dot);
    if (!at->is_object() || !at->get_object().contains(name))
      return {};
    at = &at->get_object().at(name);
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  if (at->is_string())
    return std::string{std::string_view{at->get_string()}};
  return at->is_null() ? std::string{} : json::canonical(*at);
}

json::array items_of(json::value const& page) {
  if (page.is_object() && page.get_object().contains("items"))
    return page.get_object().at("items").as_array();
  return {};
}

std::string read_text(std::filesystem::path const& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

} // namespace troupe::demo
