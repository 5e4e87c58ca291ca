#pragma once

#include "protocol/json.hpp"

/// What an object may hold, for whoever sent a field that it does not have.
namespace troupe {

namespace detail {

template <class T>
struct inside {
  using type = T;
};
template <class T>
struct inside<std::vector<T>> : inside<T> {};
template <class T>
struct inside<std::optional<T>> : inside<T> {};

/// Names of the members of the object at `path` (`requirements[0].cites[1]`) in a T; empty where
/// the path leads to no object of known members.
template <class T>
std::string fields_at(std::string_view path) {
  std::string out;
  if constexpr (json::described_struct<T>) {
    auto const end = path.find('.');
    auto const head = path.substr(0, end);
    auto const name = head.substr(0, head.find('['));
    boost::mp11::mp_for_each<json::members_of<T>>([&](auto d) {
      using member = std::remove_cvref_t<decltype(std::declval<T&>().*d.pointer)>;
      if (path.empty())
        out += (out.empty() ? "" : ", ") + std::string{d.name};
      else if (name == d.name)
        out = fields_at<typename inside<member>::type>(
            end == std::string_view::npos ? std::string_view{} : path.substr(end + 1));
    });
  }
  return out;
}

} // namespace detail

/// The refusal of an unknown field, with the fields that there are; others as they are.
template <class T>
[[nodiscard]] error with_known_fields(error e) {
  constexpr std::string_view begins = "unknown field ";
  if (!e.message.starts_with(begins) || e.message.find(';') != std::string::npos)
    return e;
  auto const path = std::string_view{e.message}.substr(begins.size());
  auto const dot = path.rfind('.');
  auto const known = detail::fields_at<T>(dot == std::string_view::npos ? std::string_view{}
                                                                        : path.substr(0, dot));
  if (!known.empty())
    e.message += "; known are " + known;
  return e;
}

} // namespace troupe
