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

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
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

// ---- by description
// ------------------------------------------------------------------------------
//
// What goes through members, enumerators and alternatives is compiled once, over tables: each type
// adds a table, not a loop. (With the loops in templates a quarter of the codecs' build time was
// theirs.)

/// A type without its name.
struct erased_type {
  bool (*equal)(void const* a, void const* b);
  value (*write)(void const* x);
  result<void> (*read)(value const& v, void* out, std::string const& path);
};
template <class T>
struct erased {
  static bool equal(void const* a, void const* b) {
    return *static_cast<T const*>(a) == *static_cast<T const*>(b);
  }
  static value write(void const* x) { return detail::write(*static_cast<T const*>(x)); }
  static result<void> read(value const& v, void* out, std::string const& path) {
    return detail::read(v, *static_cast<T*>(out), path);
  }
  static constexpr erased_type type{&equal, &write, &read};
};

struct erased_member {
  char const* name;
  std::size_t offset; ///< bytes from the start of the struct
  erased_type const* type;
};
struct erased_enumerator {
  char const* name;
  std::int64_t value;
};

[[nodiscard]] value write_members(std::span<erased_member const> members, void const* x,
                                  void const* defaults);
[[nodiscard]] result<void> read_members(std::span<erased_member const> members, value const& v,
                                        void* out, std::string const& path);
/// An empty string where no enumerator has the value.
[[nodiscard]] value write_enum(std::span<erased_enumerator const> names, std::int64_t x);
[[nodiscard]] result<void> read_enum(std::span<erased_enumerator const> names, value const& v,
                                     std::int64_t& out, std::string const& path);
/// The type named in an object, and its other members.
[[nodiscard]] result<std::pair<std::string, value>> split_choice(value const& v,
                                                                 std::string const& path);

template <class T>
T const& defaults_of() {
  static T const value{};
  return value;
}

template <class T, template <class...> class List, class... Descriptor>
std::array<erased_member, sizeof...(Descriptor)> table_of(List<Descriptor...> /* members */) {
  [[maybe_unused]] T const& x = defaults_of<T>();
  [[maybe_unused]] auto const offset = [&x](void const* member) {
    return static_cast<std::size_t>(static_cast<char const*>(member) -
                                    static_cast<char const*>(static_cast<void const*>(&x)));
  };
  return {erased_member{Descriptor::name, offset(&(x.*Descriptor::pointer)),
                        &erased<std::remove_cvref_t<decltype(x.*Descriptor::pointer)>>::type}...};
}
template <class T>
std::span<erased_member const> members_table() {
  static auto const table = table_of<T>(members_of<T>{});
  return table;
}

template <template <class...> class List, class... Descriptor>
constexpr std::array<erased_enumerator, sizeof...(Descriptor)>
enumerators_in(List<Descriptor...> /* enumerators */) {
  return {erased_enumerator{Descriptor::name, static_cast<std::int64_t>(Descriptor::value)}...};
}
template <class T>
inline constexpr auto enumerators_of = enumerators_in(boost::describe::describe_enumerators<T>{});

/// Makes the alternative called `name`, and answers how it is read; null where there is none.
template <class Choice, class... Alternative>
erased_type const* emplace_named(std::variant<Alternative...>* /* to name them */,
                                 std::string_view name, Choice& out, void*& made) {
  erased_type const* type = nullptr;
  [[maybe_unused]] auto const one = [&]<class A>() {
    if (name != A::type_name)
      return false;
    made = &out.template emplace<A>();
    type = &erased<A>::type;
    return true;
  };
  (void)(one.template operator()<Alternative>() || ...);
  return type;
}

// Not inline, on purpose: an inline function is instantiated in each file that uses it, whatever
// TROUPE_CODEC_ELSEWHERE says.

template <class T>
value codec<T>::write(T const& x) {
  if constexpr (described_enum<T>) {
    return write_enum(enumerators_of<T>, static_cast<std::int64_t>(x));
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
    return write_members(members_table<T>(), &x, &defaults_of<T>());
  }
}

template <class T>
result<void> codec<T>::read(value const& v, T& out, std::string const& path) {
  if constexpr (described_enum<T>) {
    auto as_number = static_cast<std::int64_t>(out);
    auto done = read_enum(enumerators_of<T>, v, as_number, path);
    out = static_cast<T>(as_number);
    return done;
  } else if constexpr (choice<T>) {
    auto const parts = split_choice(v, path);
    if (!parts)
      return parts.error();
    return read_named(parts->first, parts->second, out, path);
  } else {
    out = T{};
    return read_members(members_table<T>(), v, &out, path);
  }
}

template <class T>
result<void> codec<T>::read_named([[maybe_unused]] std::string_view name,
                                  [[maybe_unused]] value const& v, [[maybe_unused]] T& out,
                                  [[maybe_unused]] std::string const& path) {
  if constexpr (choice<T>) {
    void* made = nullptr;
    if (auto const* type =
            emplace_named(static_cast<typename T::alternatives*>(nullptr), name, out, made))
      return type->read(v, made, path);
  }
  return error{errc::unsupported, "unknown type " + std::string{name}, {}};
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
