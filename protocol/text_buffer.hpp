#pragma once

#include "protocol/json_string.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

/// Text in the making. The first kilobytes are of the object itself, so that most events' texts
/// cost no memory from the heap, and every addition is a copy in place, which a std::string's are
/// not.
class text_buffer {
public:
  text_buffer() = default;
  text_buffer(text_buffer const&) = delete;
  text_buffer& operator=(text_buffer const&) = delete;

  void add(char c) {
    *room(1) = c;
    ++size_;
  }
  void add(std::string_view text) {
    if (text.empty())
      return;
    std::memcpy(room(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void add(std::int64_t n) { add_number(n); }
  void add(std::uint64_t n) { add_number(n); }
  /// A string in JSON's canonical spelling.
  void add_json(std::string_view text) {
    constexpr std::size_t many = 128; // the room for each may be six times as much
    add('"');
    for (std::size_t at = 0; at < text.size(); at += many) {
      auto const part = text.substr(at, many);
      auto* const to = room(json::most_spelled(part.size()));
      size_ += static_cast<std::size_t>(json::spell(to, part) - to);
    }
    add('"');
  }

  [[nodiscard]] std::string_view view() const { return {data_, size_}; }
  [[nodiscard]] std::string string() const { return std::string{view()}; }

private:
  template <class Number>
  void add_number(Number n) {
    constexpr std::size_t most = 20;
    auto* const at = room(most);
    size_ += static_cast<std::size_t>(std::to_chars(at, at + most, n).ptr - at);
  }

  /// Where the next `n` characters go.
  char* room(std::size_t n) {
    if (n > capacity_ - size_)
      grow(n);
    return data_ + size_;
  }
  void grow(std::size_t n) {
    auto const wanted = std::max(2 * capacity_, size_ + n);
    std::unique_ptr<char[]> more{new char[wanted]}; // not set to zero, other than make_unique's
    std::memcpy(more.get(), data_, size_);
    far_ = std::move(more);
    data_ = far_.get();
    capacity_ = wanted;
  }

  std::array<char, 2048> near_; // NOLINT: written before it is read
  std::unique_ptr<char[]> far_;
  char* data_ = near_.data();
  std::size_t size_ = 0;
  std::size_t capacity_ = near_.size();
};

} // namespace troupe
