#pragma once

#include "protocol/json.hpp"

#include <string>
#include <string_view>

/// Reading a row of the board, which is a state as JSON without the members that have their default
/// value: cheaper than the whole state where a page of a list wants little of each.
namespace troupe::rows {

/// The member; null where there is none.
[[nodiscard]] inline json::value const& member(json::value const& of, std::string_view name) {
  static json::value const nothing;
  auto const* v = of.is_object() ? of.get_object().if_contains(name) : nullptr;
  return v != nullptr ? *v : nothing;
}
[[nodiscard]] inline std::string word(json::value const& of, std::string_view name) {
  auto const& v = member(of, name);
  return v.is_string() ? std::string{std::string_view{v.get_string()}} : std::string{};
}
[[nodiscard]] inline bool flag(json::value const& of, std::string_view name) {
  auto const& v = member(of, name);
  return v.is_bool() && v.get_bool();
}
[[nodiscard]] inline std::int64_t number(json::value const& of, std::string_view name,
                                         std::int64_t fallback = 0) {
  boost::system::error_code ec;
  auto const n = member(of, name).to_number<std::int64_t>(ec);
  return ec ? fallback : n;
}
/// The elements; none where it is no list.
[[nodiscard]] inline json::array const& list(json::value const& of, std::string_view name) {
  static json::array const none;
  auto const& v = member(of, name);
  return v.is_array() ? v.get_array() : none;
}
/// The id of the entity whose state this is: the end of `tenant/kind/id`.
[[nodiscard]] inline std::string id_of(json::value const& of) {
  auto const self = word(of, "self");
  return self.substr(self.rfind('/') + 1);
}
/// States that end an entity are in capitals.
[[nodiscard]] inline bool is_over(std::string const& status) {
  return status.empty() || (status.front() >= 'A' && status.front() <= 'Z');
}

} // namespace troupe::rows
