#pragma once

#include "protocol/choice.hpp"
#include "protocol/ids.hpp"
#include "protocol/result.hpp"

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>
#include <boost/describe/members.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

/// JSON <-> plain structs, by description (Boost.Describe) instead of by hand.
///
/// Form: a struct is an object; members equal to their default are left out, so an added member
/// changes no stored byte; enums are their names; ids are strings; times and durations are whole
/// milliseconds; a variant is `{"type": <type_name>, ...members}`. Reading is strict: an unknown
/// member, a wrong type or an unknown name is `invalid_argument` naming the path.
namespace troupe::json {

using boost::json::array;
using boost::json::object;
using boost::json::value;

/// The one spelling of a value: object members sorted by the bytes of their names, no white space,
/// strings with only the escapes that JSON demands (\" \\ \b \f \n \r \t, \u00xx below 0x20),
/// whole numbers in decimal, other numbers as Boost.JSON prints them. See docs/event-encoding.md.
[[nodiscard]] std::string canonical(value const& v);

/// Parses text; `invalid_argument` with the offset. At most 64 levels deep; invalid UTF-8 refused.
[[nodiscard]] result<value> parse(std::string_view text);

template <class T>
concept described_struct =
    std::is_class_v<T> && boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <class T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

/// Made by TROUPE_CHOICE.
template <class T>
concept choice = requires {
  typename T::alternatives;
};
template <class T>
using members_of = boost::describe::describe_members<T, boost::describe::mod_any_access>;

namespace detail {

[[nodiscard]] error wrong(std::string_view path, std::string_view want);
[[nodiscard]] error unknown_member(std::string_view path, std::string_view name);
[[nodiscard]] std::string path_of_member(std::string_view path, std::string_view name);
[[nodiscard]] std::string path_of_item(std::string_view path, std::size_t index);

/// Of described structs, described enums and choices; other types have a specialization. (No
/// constrained ones: GCC 12 gives the members of all but the first internal linkage, so that each
/// file gets its own copy of them.)
template <class T>
struct codec {
  static value write(T const& x);
  static result<void> read(value const& v, T& out, std::string const& path);
  /// Of a choice: reads the alternative called `name` from the members alone.
  static result<void> read_named(std::string_view name, value const& v, T& out,
                                 std::string const& path);
};

template <class T>
value write(T const& x) {
  return codec<T>::write(x);
}
template <class T>
result<void> read(value const& v, T& out, std::string const& path) {
  return codec<T>::read(v, out, path);
}

template <>
struct codec<bool> {
  static value write(bool x) { return x; }
  static result<void> read(value const& v, bool& out, std::string const& path) {
    if (!v.is_bool())
      return wrong(path, "true or false");
    out = v.get_bool();
    return {};
  }
};

template <class T>
struct codec_of_whole_number {
  static value write(T x) { return static_cast<std::int64_t>(x); }
  static result<void> read(value const& v, T& out, std::string const& path) {
    boost::system::error_code ec;
    out = v.to_number<T>(ec);
    if (ec || v.is_double())
      return wrong(path, "a whole number in range");
    return {};
  }
};
template <>
struct codec<std::int32_t> : codec_of_whole_number<std::int32_t> {};
template <>
struct codec<std::int64_t> : codec_of_whole_number<std::int64_t> {};
template <>
struct codec<std::uint64_t> : codec_of_whole_number<std::uint64_t> {};

template <>
struct codec<double> {
  static value write(double x) { return x; }
  static result<void> read(value const& v, double& out, std::string const& path) {
    boost::system::error_code ec;
    out = v.to_number<double>(ec);
    if (ec)
      return wrong(path, "a number");
    return {};
  }
};

template <>
struct codec<std::string> {
  static value write(std::string const& x) { return value(x); }
  static result<void> read(value const& v, std::string& out, std::string const& path) {
    if (!v.is_string())
      return wrong(path, "a string");
    out = std::string{std::string_view{v.get_string()}};
    return {};
  }
};

template <>
struct codec<value> {
  static value write(value const& x) { return x; }
  static result<void> read(value const& v, value& out, std::string const&) {
    out = v;
    return {};
  }
};

template <class Tag>
struct codec<id<Tag>> {
  static value write(id<Tag> const& x) { return value(x.value); }
  static result<void> read(value const& v, id<Tag>& out, std::string const& path) {
    return detail::read(v, out.value, path);
  }
};

template <>
struct codec<time_point> {
  static value write(time_point x) { return x.time_since_epoch().count(); }
  static result<void> read(value const& v, time_point& out, std::string const& path) {
    std::int64_t n = 0;
    if (auto r = detail::read(v, n, path); !r)
      return r;
    out = time_point{duration{n}};
    return {};
  }
};

template <>
struct codec<duration> {
  static value write(duration x) { return x.count(); }
  static result<void> read(value const& v, duration& out, std::string const& path) {
    std::int64_t n = 0;
    if (auto r = detail::read(v, n, path); !r)
      return r;
    out = duration{n};
    return {};
  }
};

/// The address of an entity is one string, `tenant/kind/id`; an empty address an empty string.
template <>
struct codec<entity_ref> {
  static value write(entity_ref const& x) {
    return value(x == entity_ref{} ? std::string{} : to_string(x));
  }
  static result<void> read(value const& v, entity_ref& out, std::string const& path) {
    out = {};
    if (v.is_string() && (v.get_string().empty() || parse(std::string_view{v.get_string()}, out)))
      return {};
    return wrong(path, "an address tenant/kind/id");
  }
};

template <class T>
struct codec<std::vector<T>> {
  static value write(std::vector<T> const& xs) {
    array out;
    out.reserve(xs.size());
    for (auto const& x : xs)
      out.push_back(detail::write(x));
    return out;
  }
  static result<void> read(value const& v, std::vector<T>& out, std::string const& path) {
    if (!v.is_array())
      return wrong(path, "a list");
    out.clear();
    for (auto const& item : v.get_array()) {
      out.emplace_back();
      if (auto r = detail::read(item, out.back(), path_of_item(path, out.size() - 1)); !r)
        return r;
    }
    return {};
  }
};

template <class T>
struct codec<std::map<std::string, T>> {
  static value write(std::map<std::string, T> const& xs) {
    object out;
    for (auto const& [k, x] : xs)
      out.emplace(k, detail::write(x));
    return out;
  }
  static result<void> read(value const& v, std::map<std::string, T>& out, std::string const& path) {
    if (!v.is_object())
      return wrong(path, "an object");
    out.clear();
    for (auto const& member : v.get_object()) {
      std::string key{member.key()};
      if (auto r = detail::read(member.value(), out[key], path_of_member(path, key)); !r)
        return r;
    }
    return {};
  }
};

template <class T>
struct codec<std::optional<T>> {
  static value write(std::optional<T> const& x) { return x ? detail::write(*x) : value(nullptr); }
  static result<void> read(value const& v, std::optional<T>& out, std::string const& path) {
    if (v.is_null()) {
      out.reset();
      return {};
    }
    return detail::read(v, out.emplace(), path);
  }
};

// Not inline, on purpose: an inline function is instantiated in each file that uses it, whatever
// TROUPE_CODEC_ELSEWHERE says.

template <class T>
value codec<T>::write(T const& x) {
  if constexpr (described_enum<T>) {
    return value(boost::describe::enum_to_string(x, ""));
  } else if constexpr (choice<T>) {
    return std::visit(
        [](auto const& alternative) {
          auto out = detail::write(alternative);
          out.as_object().emplace("type", alternative.type_name);
          return out;
        },
        x);
  } else {
    static_assert(described_struct<T>, "TROUPE_FIELDS says what the members are");
    object out;
    [[maybe_unused]] static T const defaults{};
    boost::mp11::mp_for_each<members_of<T>>([&](auto d) {
      auto const& member = x.*d.pointer;
      if (!(member == defaults.*d.pointer))
        out.emplace(d.name, detail::write(member));
    });
    return out;
  }
}

template <described_enum T>
result<void> read_enum(value const& v, T& out, std::string const& path) {
  if (v.is_string() &&
      boost::describe::enum_from_string(std::string{std::string_view{v.get_string()}}.c_str(), out))
    return {};
  std::string names = "one of";
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
      [&](auto d) { names += std::string{" "} + d.name; });
  return wrong(path, names);
}

template <described_struct T>
result<void> read_struct(value const& v, T& out, std::string const& path) {
  if (!v.is_object())
    return wrong(path, "an object");
  out = T{};
  result<void> all{};
  for (auto const& given : v.get_object()) {
    bool known = false;
    boost::mp11::mp_for_each<members_of<T>>([&](auto d) {
      if (known || !all || given.key() != std::string_view{d.name})
        return;
      known = true;
      all = detail::read(given.value(), out.*d.pointer, path_of_member(path, d.name));
    });
    if (!all)
      return all;
    if (!known)
      return unknown_member(path, given.key());
  }
  return all;
}

template <choice T>
result<void> read_choice(value const& v, T& out, std::string const& path) {
  if (!v.is_object() || !v.get_object().contains("type") || !v.get_object().at("type").is_string())
    return wrong(path, "an object with a type");
  auto rest = v.get_object();
  std::string const name{std::string_view{rest.at("type").get_string()}};
  rest.erase("type");
  return codec<T>::read_named(name, value(std::move(rest)), out, path);
}

template <class T>
result<void> codec<T>::read(value const& v, T& out, std::string const& path) {
  if constexpr (described_enum<T>)
    return read_enum(v, out, path);
  else if constexpr (choice<T>)
    return read_choice(v, out, path);
  else
    return read_struct(v, out, path);
}

template <class T>
result<void> codec<T>::read_named([[maybe_unused]] std::string_view name,
                                  [[maybe_unused]] value const& v, [[maybe_unused]] T& out,
                                  [[maybe_unused]] std::string const& path) {
  result<void> all = error{errc::unsupported, "unknown type " + std::string{name}, {}};
  if constexpr (choice<T>) {
    using names = boost::mp11::mp_transform<boost::mp11::mp_identity, typename T::alternatives>;
    boost::mp11::mp_for_each<names>([&](auto one) {
      using alternative = typename decltype(one)::type;
      if (name == alternative::type_name)
        all = detail::read(v, out.template emplace<alternative>(), path);
    });
  }
  return all;
}

} // namespace detail

/// The JSON of `x`, in the form above.
template <class T>
[[nodiscard]] value to(T const& x) {
  return detail::write(x);
}

/// Reads a T. Errors: invalid_argument with the path; unsupported for an unknown variant type.
template <class T>
[[nodiscard]] result<T> from(value const& v) {
  T out{};
  if (auto r = detail::read(v, out, std::string{}); !r)
    return r.error();
  return out;
}

/// Reads the alternative `name` of a variant from an object of its members.
template <class Variant>
[[nodiscard]] result<Variant> from_named(std::string_view name, value const& v) {
  Variant out{};
  if (auto r = detail::codec<Variant>::read_named(name, v, out, std::string{}); !r)
    return r.error();
  return out;
}

/// `type_name` of the alternative that a variant holds.
template <class Variant>
[[nodiscard]] std::string_view name_of(Variant const& v) {
  return std::visit(
      [](auto const& x) -> std::string_view { return std::remove_cvref_t<decltype(x)>::type_name; },
      v);
}

} // namespace troupe::json

/// After a type that many files read and write: its codec is compiled once, in the file (of the
/// same library) that says TROUPE_CODEC_HERE. Both stand outside of every namespace.
#define TROUPE_CODEC_ELSEWHERE(T) extern template struct troupe::json::detail::codec<T>
#define TROUPE_CODEC_HERE(T) template struct troupe::json::detail::codec<T>

/// Inside a struct: describes its members. `TROUPE_FIELDS(name, member, member)`.
#define TROUPE_FIELDS(T, ...)                                                                      \
  BOOST_DESCRIBE_CLASS(T, (), (__VA_ARGS__), (), ())                                               \
  friend bool operator==(T const&, T const&) = default

/// The same for an alternative of a command or event variant, with its stored name.
#define TROUPE_RECORD(T, ...)                                                                      \
  static constexpr char const* type_name = #T;                                                     \
  TROUPE_FIELDS(T, __VA_ARGS__)
