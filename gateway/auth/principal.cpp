#include "gateway/auth/principal.hpp"

#include <array>
#include <utility>

namespace troupe {

namespace {
constexpr std::array<std::pair<role, std::string_view>, 8> role_words = {{
    {role::none, "none"},
    {role::viewer, "viewer"},
    {role::developer, "developer"},
    {role::approver, "approver"},
    {role::admin, "admin"},
    {role::daemon, "daemon"},
    {role::observe, "observe"},
    {role::observe_contents, "observe_contents"},
}};
} // namespace

std::string_view to_string(role r) {
  for (auto const& [value, word] : role_words) {
    if (value == r)
      return word;
  }
  return "unknown";
}

std::optional<role> parse_role(std::string_view word) {
  for (auto const& [value, known] : role_words) {
    if (known == word)
      return value;
  }
  return std::nullopt;
}

bool covers(principal_info const& p, role wanted) {
  auto const has = [&p](role r) { return p.roles.count(r) != 0; };
  switch (wanted) {
  case role::none:
    return true;
  case role::viewer:
    return has(role::viewer) || has(role::developer) || has(role::approver) || has(role::admin);
  case role::developer:
  case role::approver:
  case role::admin:
  case role::observe_contents:
    return has(wanted) || has(role::admin);
  case role::observe:
    return has(role::observe) || has(role::observe_contents) || has(role::admin);
  case role::daemon:
    return has(role::daemon);
  }
  return false;
}

} // namespace troupe
