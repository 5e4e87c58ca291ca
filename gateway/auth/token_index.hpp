#pragma once

#include "actors/ports.hpp"
#include "gateway/auth/principal.hpp"

#include <map>
#include <mutex>
#include <shared_mutex>

namespace troupe {

/// Who a bearer token belongs to, from the ledger's principal events; in memory, by hash. Fed by
/// the board: with the whole log at start, then with every commit.
class token_index : public token_checker {
public:
  explicit token_index(clock_port const& clock) : clock_(clock) {}

  void learn(stored_event const& e);
  /// A credential as its entity stands: the start, and the moment of its issue.
  void learn_state(json::value const& state);
  [[nodiscard]] std::optional<principal_info> check(std::string_view token) override;
  /// Whether any token that may administrate is valid: else the first start makes one.
  [[nodiscard]] bool has_admin() const;

private:
  struct known {
    std::string hash;
    principal_info who;
    time_point expires{};
    bool revoked = false;
  };
  clock_port const& clock_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, known> by_entity_; ///< first 32 hex digits of the hash
};

} // namespace troupe
