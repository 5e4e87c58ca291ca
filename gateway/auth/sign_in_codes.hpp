#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Codes that stand for a token for a minute, each once: what an address may carry in place of the
/// token, so that `troupe dashboard` can open a browser that is signed in. In memory only, tokens
/// for as long as their code is good. Bounded: beyond it the oldest code is no longer good.
/// Thread-safe.
class sign_in_codes {
public:
  using time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds good_for{60};
  static constexpr std::size_t most = 256;

  /// A new code of 120 random bits: six groups of four characters with dashes between.
  [[nodiscard]] std::string issue(std::string_view token, time now);
  /// The token, and the code is used up; none for a code that is not known, used or too old.
  [[nodiscard]] std::optional<std::string> take(std::string_view code, time now);
  [[nodiscard]] std::size_t waiting() const;

private:
  struct entry {
    std::string token;
    time ends{};
  };
  void forget_old(time now); ///< under the lock

  mutable std::mutex mutex_;
  std::map<std::string, entry, std::less<>> by_hash_; ///< of the code, as nothing compares secrets
};

} // namespace troupe
