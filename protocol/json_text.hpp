#pragma once

#include "protocol/json.hpp"
#include "protocol/shared_value.hpp"
#include "protocol/text_buffer.hpp"

#include <algorithm>

/// Canonical JSON straight from plain structs. It is what `canonical(to(x))` gives, without the
/// value in between: for what is written so often that making and sorting the value counts.
namespace troupe::json {

/// Canonical text in the making. The parts come in the order of the text.
class text_writer {
public:
  /// Sees each text that is not the program's, with the name of its member (empty: it is of a list,
  /// or a name itself). Whether it may stand as it is.
  using looker = bool (*)(std::string_view text, std::string_view name);

  explicit text_writer(looker look) : look_(look) {}

  void open(char bracket);
  void close(char bracket);
  /// What comes next is the value of a member, or of an item. `key`: the name as it is spelled,
  /// with a colon.
  void member(std::string_view name, std::string_view key);
  /// The same with a name that is not the program's.
  void free_member(std::string_view name);
  void item();
  void text(std::string_view what);
  /// The program's.
  void word(std::string_view what) { out_.add_json(what); }
  void number(std::int64_t what) { out_.add(what); }
  void flag(bool what) { out_.add(what ? std::string_view{"true"} : std::string_view{"false"}); }
  void any(value const& what);

  /// Whether every text may stand as it is.
  [[nodiscard]] bool passed() const { return passed_; }
  [[nodiscard]] std::string written() const { return out_.string(); }

private:
  void separate();

  looker look_;
  text_buffer out_;
  std::string_view name_; ///< of the member whose value comes next
  bool first_ = true;     ///< of the object or list
  bool passed_ = true;
};

namespace detail {

/// A type without its name, as in `erased_type`: what goes through members is compiled once.
struct text_type {
  bool (*equal)(void const* a, void const* b);
  void (*put)(text_writer& out, void const* x);
};
struct text_member {
  std::string_view name;
  std::string key;    ///< the name as it is spelled, with a colon
  std::size_t offset; ///< bytes from the start of the struct
  text_type const* type;
};

void put_members(text_writer& out, std::span<text_member const> sorted, void const* x,
                 void const* defaults);
/// The word of an enumerator; empty where none has the value.
[[nodiscard]] std::string_view word_of(std::span<erased_enumerator const> names, std::int64_t x);

template <class T>
void put_text(text_writer& out, T const& x);

template <class T>
struct text_of {
  static bool equal(void const* a, void const* b) {
    return *static_cast<T const*>(a) == *static_cast<T const*>(b);
  }
  static void put(text_writer& out, void const* x) { put_text(out, *static_cast<T const*>(x)); }
  static constexpr text_type type{&equal, &put};
};

[[nodiscard]] std::string key_of(std::string_view name);

template <class T, template <class...> class List, class... Descriptor>
std::array<text_member, sizeof...(Descriptor)> texts_of(List<Descriptor...> /* members */) {
  [[maybe_unused]] T const& x = defaults_of<T>();
  [[maybe_unused]] auto const offset = [&x](void const* member) {
    return static_cast<std::size_t>(static_cast<char const*>(member) -
                                    static_cast<char const*>(static_cast<void const*>(&x)));
  };
  std::array<text_member, sizeof...(Descriptor)> out{
      text_member{Descriptor::name, key_of(Descriptor::name), offset(&(x.*Descriptor::pointer)),
                  &text_of<std::remove_cvref_t<decltype(x.*Descriptor::pointer)>>::type}...};
  std::ranges::sort(out, {}, &text_member::name);
  return out;
}

template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<id<Tag>> = true;
template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;
template <class T>
inline constexpr bool is_shared = false;
template <class T>
inline constexpr bool is_shared<shared_value<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class T>
inline constexpr bool is_map<std::map<std::string, T>> = true;

template <class T>
void put_text(text_writer& out, T const& x) {
  if constexpr (std::is_same_v<T, bool>) {
    out.flag(x);
  } else if constexpr (std::is_integral_v<T>) {
    out.number(static_cast<std::int64_t>(x));
  } else if constexpr (std::is_same_v<T, std::string>) {
    out.text(x);
  } else if constexpr (is_id<T>) {
    out.text(x.value);
  } else if constexpr (std::is_same_v<T, time_point>) {
    out.number(x.time_since_epoch().count());
  } else if constexpr (std::is_same_v<T, duration>) {
    out.number(x.count());
  } else if constexpr (described_enum<T>) {
    out.word(word_of(enumerators_of<T>, static_cast<std::int64_t>(x)));
  } else if constexpr (is_shared<T>) {
    put_text(out, x.get());
  } else if constexpr (is_list<T>) {
    out.open('[');
    for (auto const& each : x) {
      out.item();
      put_text(out, each);
    }
    out.close(']');
  } else if constexpr (is_map<T>) {
    out.open('{');
    for (auto const& [name, each] : x) {
      out.free_member(name);
      put_text(out, each);
    }
    out.close('}');
  } else if constexpr (described_struct<T> && !choice<T>) {
    static auto const members = texts_of<T>(members_of<T>{});
    put_members(out, members, &x, &defaults_of<T>());
  } else {
    out.any(detail::write(x)); // what few events have
  }
}

} // namespace detail

/// The members of the alternative that a variant holds.
template <class Variant>
void put_alternative(text_writer& out, Variant const& v) {
  std::visit([&](auto const& x) { detail::put_text(out, x); }, v);
}

} // namespace troupe::json
