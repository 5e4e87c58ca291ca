#pragma once

#include "protocol/ids.hpp"
#include "protocol/json_string.hpp"

#include <charconv>
#include <string>
#include <string_view>

/// Reading the lines that we have written ourselves: exports and the bodies of records.
namespace troupe {

/// A line that does not have its form.
struct malformed {
  std::string what;
};

/// Reads one line from the left. The data of an event must come back byte for byte, because its
/// hash is over the bytes: so lines are scanned, not parsed into a document and written again.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool starts(std::string_view literal) const { return rest_.starts_with(literal); }
  void expect(std::string_view literal) {
    if (!starts(literal))
      throw malformed{"it must go on with " + std::string{literal}};
    rest_.remove_prefix(literal.size());
  }
  template <class Number>
  Number number(std::string_view name) {
    expect(name);
    Number n{};
    auto const [end, failed] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), n);
    if (failed != std::errc{})
      throw malformed{"a whole number must stand after " + std::string{name}};
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return n;
  }
  std::string text(std::string_view name) {
    expect(name);
    expect("\"");
    std::string out;
    while (true) {
      auto const plain = json::end_of_plain(rest_);
      if (plain == rest_.size())
        throw malformed{"a text has no end"};
      out += rest_.substr(0, plain);
      char const c = rest_[plain];
      rest_.remove_prefix(plain + 1);
      if (c == '"')
        return out;
      if (c == '\\')
        out += escape();
      else
        out += c; // a raw control character: not ours to refuse
    }
  }
  /// The bytes up to a line feed, which is taken too.
  std::string line() {
    auto const end = rest_.find('\n');
    if (end == std::string_view::npos)
      throw malformed{"a line has no end"};
    std::string out{rest_.substr(0, end)};
    rest_.remove_prefix(end + 1);
    return out;
  }
  /// So many lines with their line feeds.
  std::string lines(std::uint64_t many) {
    std::size_t end = 0;
    for (std::uint64_t i = 0; i < many; ++i) {
      auto const feed = rest_.find('\n', end);
      if (feed == std::string_view::npos)
        throw malformed{"a line has no end"};
      end = feed + 1;
    }
    std::string out{rest_.substr(0, end)};
    rest_.remove_prefix(end);
    return out;
  }
  bool truth(std::string_view name) {
    expect(name);
    if (starts("true")) {
      expect("true");
      return true;
    }
    expect("false");
    return false;
  }
  /// The bytes of an object, by its braces.
  std::string object(std::string_view name) {
    expect(name);
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      char const c = rest_[i];
      if (quoted) {
        i += c == '\\' ? 1 : 0;
        quoted = c != '"';
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{') {
        ++depth;
      } else if (c == '}' && --depth == 0) {
        std::string out{rest_.substr(0, i + 1)};
        rest_.remove_prefix(i + 1);
        return out;
      }
      if (depth == 0)
        break;
    }
    throw malformed{"an object must stand after " + std::string{name}};
  }
  entity_kind kind(std::string_view name) {
    entity_kind out{};
    if (!parse(text(name), out))
      throw malformed{"the kind of an entity is unknown"};
    return out;
  }
  std::uint32_t shard(std::string_view name) {
    auto const n = number<std::uint32_t>(name);
    if (n >= shard_count)
      throw malformed{"there is no shard " + std::to_string(n)};
    return n;
  }
  time_point time(std::string_view name) {
    return time_point{duration{number<std::int64_t>(name)}};
  }
  void end() {
    expect("}}");
    if (!rest_.empty())
      throw malformed{"something stands behind its end"};
  }

private:
  char escape() {
    static constexpr std::string_view letters = "\"\\bfnrt";
    static constexpr std::string_view meanings = "\"\\\b\f\n\r\t";
    if (rest_.empty())
      throw malformed{"a text has no end"};
    char const c = rest_.front();
    rest_.remove_prefix(1);
    if (auto const i = letters.find(c); i != std::string_view::npos)
      return meanings[i];
    unsigned n = 0;
    if (c != 'u' || rest_.size() < 4 ||
        std::from_chars(rest_.data(), rest_.data() + 4, n, 16).ptr != rest_.data() + 4 || n >= 0x20)
      throw malformed{"a text has an escape that is not canonical"};
    rest_.remove_prefix(4);
    return static_cast<char>(n);
  }

  std::string_view rest_;
};

} // namespace troupe
