#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace troupe {

/// A hash of short texts, for tables in memory: a multiplication for eight characters, where
/// std::hash takes as long for five. Another program may give another number, so it is never
/// stored.
[[nodiscard]] inline std::size_t quick_hash(std::string_view text) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u;
  auto const mixed = [](std::uint64_t a, std::uint64_t b) {
    __extension__ using wide = unsigned __int128;
    auto const product = wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  auto const read = [](char const* from, std::size_t n) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, n);
    return word;
  };
  auto const* at = text.data();
  auto left = text.size();
  std::uint64_t h = left * odd;
  if (left >= 8) {
    for (; left > 8; left -= 8, at += 8)
      h = mixed(h ^ read(at, 8), odd);
    h ^= read(text.data() + text.size() - 8, 8); // may overlap
    return mixed(mixed(h, odd), odd);
  }
  if (left >= 4)
    h ^= read(at, 4) | read(at + left - 4, 4) << 32;
  else if (left > 0)
    h ^= read(at, 1) | read(at + left / 2, 1) << 8 | read(at + left - 1, 1) << 16;
  return mixed(mixed(h, odd), odd);
}

} // namespace troupe
