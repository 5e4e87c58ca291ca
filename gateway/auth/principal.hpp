#pragma once

#include "protocol/ids.hpp"

#include <optional>
#include <set>
#include <string_view>

namespace troupe {

/// What a caller may do. `none` as the demand of a route means: no token needed.
enum class role { none, viewer, developer, approver, admin, daemon, observe, observe_contents };

[[nodiscard]] std::string_view to_string(role r);
/// The role of a word (`developer`); empty if there is none.
[[nodiscard]] std::optional<role> parse_role(std::string_view word);

/// Who sent a request, as far as its token says.
struct principal_info {
  principal_id id;
  tenant_id tenant;
  std::set<role> roles;

  [[nodiscard]] bool known() const { return !id.empty(); }
};

/// Whether the roles of `p` cover `wanted`: admin covers every human role, developer and approver
/// cover viewer, observe_contents covers observe and no other does. Nobody but a daemon is a
/// daemon: an admin's token must not be able to report work.
[[nodiscard]] bool covers(principal_info const& p, role wanted);

/// Finds the principal of a bearer token. Called on I/O threads: it must answer from memory and
/// must not block. Implementations compare `hash_token` of the token, never the token itself.
class token_checker {
public:
  virtual ~token_checker() = default;
  [[nodiscard]] virtual std::optional<principal_info> check(std::string_view token) = 0;
};

} // namespace troupe
