#pragma once

#include "protocol/json.hpp"
#include "protocol/shared_value.hpp"

#include <boost/mp11/list.hpp>

namespace troupe::json {

namespace detail {

template <class T>
struct shape_writer;

template <class T>
void put_shape(std::string& out) {
  shape_writer<T>::put(out);
}

template <class T>
struct shape_writer {
  static void put(std::string& out) {
    if constexpr (std::is_same_v<T, bool>) {
      out += "bool";
    } else if constexpr (std::is_integral_v<T>) {
      out += (std::is_signed_v<T> ? "int" : "uint") + std::to_string(8 * sizeof(T));
    } else if constexpr (std::is_same_v<T, double>) {
      out += "double";
    } else if constexpr (described_enum<T>) {
      out += '<';
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
          [&](auto d) { out += std::string{d.name} + ","; });
      out += '>';
    } else if constexpr (choice<T>) {
      using names = boost::mp11::mp_transform<boost::mp11::mp_identity, typename T::alternatives>;
      out += '(';
      boost::mp11::mp_for_each<names>([&](auto one) {
        using alternative = typename decltype(one)::type;
        out += std::string{alternative::type_name} + ":";
        put_shape<alternative>(out);
        out += '|';
      });
      out += ')';
    } else {
      static_assert(described_struct<T>, "TROUPE_FIELDS says what the members are");
      static T const defaults{};
      out += '{';
      boost::mp11::mp_for_each<members_of<T>>([&](auto d) {
        using member = std::remove_cvref_t<decltype(defaults.*d.pointer)>;
        out += std::string{d.name} + ":";
        put_shape<member>(out);
        out += "=" + canonical(detail::write(defaults.*d.pointer)) + ";";
      });
      out += '}';
    }
  }
};
template <>
struct shape_writer<std::string> {
  static void put(std::string& out) { out += "text"; }
};
template <>
struct shape_writer<value> {
  static void put(std::string& out) { out += "any"; }
};
template <>
struct shape_writer<time_point> {
  static void put(std::string& out) { out += "time"; }
};
template <>
struct shape_writer<duration> {
  static void put(std::string& out) { out += "span"; }
};
template <>
struct shape_writer<entity_ref> {
  static void put(std::string& out) { out += "address"; }
};
template <class Tag>
struct shape_writer<id<Tag>> {
  static void put(std::string& out) { out += "id"; }
};
template <class T>
struct shape_writer<std::vector<T>> {
  static void put(std::string& out) {
    out += '[';
    put_shape<T>(out);
    out += ']';
  }
};
template <class T>
struct shape_writer<std::map<std::string, T>> {
  static void put(std::string& out) {
    out += "map[";
    put_shape<T>(out);
    out += ']';
  }
};
template <class T>
struct shape_writer<shared_value<T>> : shape_writer<T> {};
template <class T>
struct shape_writer<std::optional<T>> {
  static void put(std::string& out) {
    out += '?';
    put_shape<T>(out);
  }
};

} // namespace detail

/// What the JSON of a T can be: members with their types and defaults (a member that has its
/// default is left out of the JSON, so another default is another meaning), names of enumerators
/// and of alternatives. The same text means that what was written then is read now.
template <class T>
[[nodiscard]] std::string shape() {
  std::string out;
  detail::put_shape<T>(out);
  return out;
}

} // namespace troupe::json
