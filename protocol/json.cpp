#include "protocol/json.hpp"

#include "protocol/json_string.hpp"
#include "protocol/json_text.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace troupe::json {

namespace {

/// The spelling of a character that needs one.
char* escape(char* to, char c) {
  static constexpr char hex[] = "0123456789abcdef";
  auto const as = [&](char letter) {
    *to++ = '\\';
    *to++ = letter;
    return to;
  };
  switch (c) {
  case '"':
  case '\\':
    return as(c);
  case '\b':
    return as('b');
  case '\f':
    return as('f');
  case '\n':
    return as('n');
  case '\r':
    return as('r');
  case '\t':
    return as('t');
  default:
    for (char const each : {'\\', 'u', '0', '0', hex[static_cast<unsigned char>(c) >> 4],
                            hex[static_cast<unsigned char>(c) & 15]})
      *to++ = each;
    return to;
  }
}

/// The last characters of a text, fewer than eight, and letters behind them.
std::uint64_t last_of(char const* from, std::size_t n) {
  constexpr std::uint64_t letters = 0x6161616161616161u;
  std::uint64_t word = letters << (8 * n);
  if (n >= 4) { // two halves, which overlap
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::memcpy(&low, from, 4);
    std::memcpy(&high, from + n - 4, 4);
    return word | low | std::uint64_t{high} << (8 * (n - 4));
  }
  for (auto const i : {std::size_t{0}, n / 2, n - 1}) // of three, two or one
    word |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return word;
}

} // namespace

char* spell(char* to, std::string_view text) {
  auto const* from = text.data();
  auto const* const end = from + text.size();
  while (from != end) {
    auto const n = std::min<std::size_t>(static_cast<std::size_t>(end - from), 8);
    std::uint64_t word = 0;
    if (n == 8)
      std::memcpy(&word, from, 8);
    else
      word = last_of(from, n);
    std::memcpy(to, &word, 8);
    auto const found = to_escape(word);
    if (found == 0) {
      from += n;
      to += n;
    } else {
      auto const plain = std::countr_zero(found) / 8;
      to = escape(to + plain, from[plain]);
      from += plain + 1;
    }
  }
  return to;
}

void put_string(std::string& out, std::string_view text) {
  constexpr std::size_t many = 200;
  std::array<char, most_spelled(many) + 2> part; // NOLINT: written before it is read
  if (text.size() <= many) {
    part[0] = '"';
    auto* const end = spell(part.data() + 1, text);
    *end = '"';
    out.append(part.data(), end + 1);
    return;
  }
  out += '"';
  for (std::size_t at = 0; at < text.size(); at += many)
    out.append(part.data(), spell(part.data(), text.substr(at, many)));
  out += '"';
}

namespace {

template <class Number>
void put_digits(std::string& out, Number n) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr);
}

} // namespace

void put_number(std::string& out, std::int64_t n) {
  put_digits(out, n);
}
void put_number(std::string& out, std::uint64_t n) {
  put_digits(out, n);
}

namespace {

void put(std::string& out, value const& v) {
  switch (v.kind()) {
  case boost::json::kind::object: {
    boost::container::small_vector<boost::json::key_value_pair const*, 24> members;
    for (auto const& m : v.get_object())
      members.push_back(&m);
    std::sort(members.begin(), members.end(),
              [](auto const* a, auto const* b) { return a->key() < b->key(); });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i != 0)
        out += ',';
      put_string(out, members[i]->key());
      out += ':';
      put(out, members[i]->value());
    }
    out += '}';
    break;
  }
  case boost::json::kind::array: {
    out += '[';
    bool first = true;
    for (auto const& item : v.get_array()) {
      if (!first)
        out += ',';
      first = false;
      put(out, item);
    }
    out += ']';
    break;
  }
  case boost::json::kind::string:
    put_string(out, v.get_string());
    break;
  case boost::json::kind::int64:
    put_number(out, v.get_int64());
    break;
  case boost::json::kind::uint64:
    put_number(out, v.get_uint64());
    break;
  default:
    out += boost::json::serialize(v);
  }
}

/// Boost.JSON reads 1e400 as infinity, which has no spelling in JSON.
bool finite(value const& v) {
  if (auto const* members = v.if_object())
    return std::all_of(members->begin(), members->end(),
                       [](auto const& m) { return finite(m.value()); });
  if (auto const* items = v.if_array())
    return std::all_of(items->begin(), items->end(), [](auto const& x) { return finite(x); });
  return !v.is_double() || std::isfinite(v.get_double());
}

} // namespace

std::string canonical(value const& v) {
  std::string out;
  put(out, v);
  return out;
}

result<value> parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 64;
  boost::json::stream_parser parser{{}, options};
  boost::system::error_code ec;
  std::size_t const read = parser.write_some(text.data(), text.size(), ec);
  if (!ec && read < text.size()) {
    auto const rest = text.find_first_not_of(" \t\r\n", read);
    if (rest != std::string_view::npos)
      return fail(errc::invalid_argument,
                  "not valid JSON: extra text at byte " + std::to_string(rest));
  }
  if (!ec)
    parser.finish(ec);
  if (ec)
    return fail(errc::invalid_argument,
                "not valid JSON at byte " + std::to_string(read) + ": " + ec.message());
  auto out = parser.release();
  if (!finite(out))
    return fail(errc::invalid_argument, "not valid JSON: a number is too large");
  return out;
}

// ---- text without a value ---------------------------------------------------------------------

void text_writer::open(char bracket) {
  out_.add(bracket);
  first_ = true;
}

void text_writer::close(char bracket) {
  out_.add(bracket);
  first_ = false;
}

void text_writer::separate() {
  if (!first_)
    out_.add(',');
  first_ = false;
}

void text_writer::member(std::string_view name, std::string_view key) {
  separate();
  out_.add(key);
  name_ = name;
}

void text_writer::free_member(std::string_view name) {
  passed_ = passed_ && look_(name, {});
  separate();
  out_.add_json(name);
  out_.add(':');
  name_ = name;
}

void text_writer::item() {
  separate();
  name_ = {};
}

void text_writer::text(std::string_view what) {
  passed_ = passed_ && look_(what, name_);
  out_.add_json(what);
}

void text_writer::any(value const& what) {
  if (what.is_string()) {
    text(what.get_string());
  } else if (what.is_object()) {
    std::vector<boost::json::key_value_pair const*> members;
    for (auto const& m : what.get_object())
      members.push_back(&m);
    std::ranges::sort(members, {}, [](auto const* m) { return std::string_view{m->key()}; });
    open('{');
    for (auto const* m : members) {
      free_member(m->key());
      any(m->value());
    }
    close('}');
  } else if (what.is_array()) {
    open('[');
    for (auto const& each : what.get_array()) {
      item();
      any(each);
    }
    close(']');
  } else {
    out_.add(canonical(what)); // a number, or one of three words
  }
}

namespace detail {

std::string key_of(std::string_view name) {
  std::string out;
  put_string(out, name);
  out += ':';
  return out;
}

void put_members(text_writer& out, std::span<text_member const> sorted, void const* x,
                 void const* defaults) {
  out.open('{');
  for (auto const& m : sorted) {
    auto const* const member = static_cast<char const*>(x) + m.offset;
    if (m.type->equal(member, static_cast<char const*>(defaults) + m.offset))
      continue;
    out.member(m.name, m.key);
    m.type->put(out, member);
  }
  out.close('}');
}

std::string_view word_of(std::span<erased_enumerator const> names, std::int64_t x) {
  auto const known = std::ranges::find(names, x, &erased_enumerator::value);
  return known == names.end() ? std::string_view{} : std::string_view{known->name};
}

error wrong(std::string_view path, std::string_view want) {
  return fail(errc::invalid_argument,
              (path.empty() ? std::string{"the value"} : std::string{path}) + " must be " +
                  std::string{want},
              {{"field", path}});
}

std::string path_of_member(std::string_view path, std::string_view name) {
  std::string full{path};
  if (!full.empty())
    full += '.';
  full += name;
  return full;
}

std::string path_of_item(std::string_view path, std::size_t index) {
  return std::string{path} + "[" + std::to_string(index) + "]";
}

error unknown_member(std::string_view path, std::string_view name) {
  auto const full = path_of_member(path, name);
  return fail(errc::invalid_argument, "unknown field " + full, {{"field", full}});
}

value write_members(std::span<erased_member const> members, void const* x, void const* defaults) {
  object out;
  for (auto const& m : members) {
    auto const* const member = static_cast<char const*>(x) + m.offset;
    if (!m.type->equal(member, static_cast<char const*>(defaults) + m.offset))
      out.emplace(m.name, m.type->write(member));
  }
  return out;
}

result<void> read_members(std::span<erased_member const> members, value const& v, void* out,
                          std::string const& path) {
  if (!v.is_object())
    return wrong(path, "an object");
  for (auto const& given : v.get_object()) {
    auto const known = std::find_if(members.begin(), members.end(), [&given](auto const& m) {
      return given.key() == std::string_view{m.name};
    });
    if (known == members.end())
      return unknown_member(path, given.key());
    if (auto r = known->type->read(given.value(), static_cast<char*>(out) + known->offset,
                                   path_of_member(path, known->name));
        !r)
      return r;
  }
  return {};
}

value write_enum(std::span<erased_enumerator const> names, std::int64_t x) {
  return value(word_of(names, x));
}

result<void> read_enum(std::span<erased_enumerator const> names, value const& v, std::int64_t& out,
                       std::string const& path) {
  if (v.is_string())
    for (auto const& e : names)
      if (v.get_string() == std::string_view{e.name}) {
        out = e.value;
        return {};
      }
  std::string all = "one of";
  for (auto const& e : names) {
    all += ' ';
    all += e.name;
  }
  return wrong(path, all);
}

result<std::pair<std::string, value>> split_choice(value const& v, std::string const& path) {
  auto const* const type = v.is_object() ? v.get_object().if_contains("type") : nullptr;
  if (type == nullptr || !type->is_string())
    return wrong(path, "an object with a type");
  std::string name{std::string_view{type->get_string()}};
  auto rest = v.get_object();
  rest.erase("type");
  return std::pair{std::move(name), value(std::move(rest))};
}

} // namespace detail

} // namespace troupe::json
