#include "actors/real_ports.hpp"

#include "protocol/hex.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace troupe {

time_point system_clock_port::now() const {
  return std::chrono::floor<duration>(std::chrono::system_clock::now());
}

namespace {

/// Random bytes, fetched for many names at once: asking OpenSSL costs more than making the name.
template <std::size_t N>
std::array<unsigned char, N> random_bytes() {
  thread_local std::array<unsigned char, 512 * 8> pool{};
  thread_local std::size_t used = pool.size();
  if (used + N > pool.size()) {
    if (RAND_bytes(pool.data(), static_cast<int>(pool.size())) != 1)
      throw std::runtime_error("no random numbers can be had from OpenSSL");
    used = 0;
  }
  std::array<unsigned char, N> out{};
  std::copy_n(pool.begin() + static_cast<std::ptrdiff_t>(used), N, out.begin());
  used += N;
  return out;
}

} // namespace

random_id_port::random_id_port() : tail_(random_bytes<8>()) {}

std::string random_id_port::uuid() {
  std::array<unsigned char, 16> b{};
  std::ranges::copy(tail_, b.begin() + 8); // time and counter stand before it
  std::int64_t ms = 0;
  std::uint32_t counter = 0;
  {
    std::lock_guard lock{mutex_};
    ms = std::chrono::duration_cast<duration>(std::chrono::system_clock::now().time_since_epoch())
             .count();
    if (ms <= last_ms_) { // same millisecond, or the clock went back: go on from the last name
      ms = last_ms_;
      if (++counter_ > 0xFFF) {
        counter_ = 0;
        ++ms;
      }
    } else {
      counter_ = 0;
    }
    last_ms_ = ms;
    counter = counter_;
  }
  for (std::size_t i = 0; i < 6; ++i)
    b[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(ms) >> (40 - 8 * i));
  b[6] = static_cast<unsigned char>(0x70U | (counter >> 8U));
  b[7] = static_cast<unsigned char>(counter & 0xFFU);
  b[8] = static_cast<unsigned char>(0x80U | (b[8] & 0x3FU));
  return uuid_of({reinterpret_cast<char const*>(b.data()), b.size()});
}

void random_id_port::go_on_after(std::string_view uuid) {
  if (uuid.size() != 36 || uuid[8] != '-' || uuid[14] != '7')
    return;
  auto const digits = std::string{uuid.substr(0, 8)} + std::string{uuid.substr(9, 4)};
  std::int64_t ms = 0;
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + 12, ms, 16);
  if (failed != std::errc{} || end != digits.data() + 12)
    return;
  std::lock_guard lock{mutex_};
  if (ms >= last_ms_) {
    last_ms_ = ms + 1; // whatever its counter was
    counter_ = 0;
  }
}

std::string random_id_port::short_id() {
  static constexpr char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string out;
  for (auto const x : random_bytes<8>())
    out += letters[x & 31U];
  return out;
}

} // namespace troupe
