#include "gateway/routes/stream_position.hpp"

namespace troupe {

namespace {

constexpr std::string_view mark = "p1.";
/// Five bits a digit, the sixth says that another digit follows; least significant first.
constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void put(std::string& out, std::uint64_t n) {
  for (; n >= 32; n >>= 5U)
    out += digits[32 + (n & 31U)];
  out += digits[n];
}

std::optional<std::uint64_t> take(std::string_view& text) {
  std::uint64_t n = 0;
  for (unsigned shift = 0; !text.empty() && shift < 60; shift += 5) {
    auto const at = digits.find(text.front());
    if (at == std::string_view::npos)
      return std::nullopt;
    text.remove_prefix(1);
    n |= static_cast<std::uint64_t>(at & 31U) << shift;
    if (at < 32)
      return n;
  }
  return std::nullopt;
}

} // namespace

std::string encode_position(stream_position const& p) {
  std::string out{mark};
  std::uint32_t next = 0;
  for (auto const& [shard, seq] : p) {
    put(out, shard - next);
    put(out, seq);
    next = shard + 1;
  }
  return out;
}

std::optional<stream_position> decode_position(std::string_view text) {
  if (!text.starts_with(mark))
    return std::nullopt;
  text.remove_prefix(mark.size());
  stream_position out;
  std::uint64_t next = 0;
  while (!text.empty()) {
    auto const gap = take(text);
    auto const seq = gap ? take(text) : std::nullopt;
    if (!seq || next + *gap > 0xffff)
      return std::nullopt;
    auto const shard = static_cast<std::uint32_t>(next + *gap);
    out[shard] = *seq;
    next = shard + 1U;
  }
  return out;
}

} // namespace troupe
