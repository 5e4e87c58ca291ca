#include "gateway/auth/sign_in_codes.hpp"

#include "gateway/auth/token.hpp"

#include <algorithm>

namespace troupe {

void sign_in_codes::forget_old(time now) {
  std::erase_if(by_hash_, [&](auto const& e) { return e.second.ends <= now; });
  if (by_hash_.size() < most)
    return;
  by_hash_.erase(
      std::min_element(by_hash_.begin(), by_hash_.end(),
                       [](auto const& a, auto const& b) { return a.second.ends < b.second.ends; }));
}

std::string sign_in_codes::issue(std::string_view token, time now) {
  // In groups as of a code that is typed: a text without them would pass for a secret, which the
  // redactor takes out of the body that brings it back.
  auto code = new_enrolment_code() + '-' + new_enrolment_code() + '-' + new_enrolment_code();
  std::lock_guard const lock{mutex_};
  forget_old(now);
  by_hash_.insert_or_assign(hash_token(code), entry{std::string{token}, now + good_for});
  return code;
}

std::optional<std::string> sign_in_codes::take(std::string_view code, time now) {
  std::lock_guard const lock{mutex_};
  auto const at = by_hash_.find(hash_token(code));
  if (at == by_hash_.end())
    return std::nullopt;
  auto const found = std::move(at->second);
  by_hash_.erase(at);
  if (found.ends <= now)
    return std::nullopt;
  return found.token;
}

std::size_t sign_in_codes::waiting() const {
  std::lock_guard const lock{mutex_};
  return by_hash_.size();
}

} // namespace troupe
