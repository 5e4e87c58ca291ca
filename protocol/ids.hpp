#pragma once

#include "protocol/quick_hash.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

/// Wall clock time as it is stored: milliseconds since 1970-01-01 UTC.
using time_point = std::chrono::sys_time<std::chrono::milliseconds>;
using duration = std::chrono::milliseconds;

/// A name that cannot be mixed up with a name of another kind.
template <class Tag>
struct id {
  std::string value;

  id() = default;
  explicit id(std::string text) : value(std::move(text)) {}
  [[nodiscard]] bool empty() const { return value.empty(); }
  friend auto operator<=>(id const&, id const&) = default;
  friend bool operator==(id const&, id const&) = default;
};

using tenant_id = id<struct tenant_tag>;
using project_id = id<struct project_tag>;     ///< chosen by its owner, `[a-z0-9-]{1,40}`
using brief_id = id<struct brief_tag>;         ///< 8 base32 characters, e.g. `k3f9q2mx`
using plan_id = id<struct plan_tag>;           ///< `<brief>.p<version>`
using run_id = id<struct run_tag>;             ///< `<brief>.r<n>`
using ticket_id = id<struct ticket_tag>;       ///< `<brief>-<n>`; the branch is `agent/<ticket>`
using agent_id = id<struct agent_tag>;         ///< `<project>.<name>`, e.g. `tally.dev-ada`
using approval_id = id<struct approval_tag>;   ///< `<subject>.a<n>`
using budget_id = id<struct budget_tag>;       ///< `<kind>:<id>` of its scope
using daemon_id = id<struct daemon_tag>;       ///< `d-` and 8 base32 characters, stable
using principal_id = id<struct principal_tag>; ///< `human:ada`, `agent:tally.dev-ada`, `daemon:…`

/// What kinds of entity there are; each is one event-sourced actor type.
enum class entity_kind {
  project = 1,
  brief = 2,
  plan = 3,
  run = 4,
  ticket = 5,
  agent = 6,
  approval = 7,
  budget = 8,
  daemon = 9,
  principal = 10,
};

/// Lower case word of a kind (`ticket`), also the first part of event types.
[[nodiscard]] std::string_view to_string(entity_kind kind);
/// The kind of a word; false if there is none.
[[nodiscard]] bool parse(std::string_view text, entity_kind& kind);

/// Address of an entity: entities are known by name, never by actor handle.
struct entity_ref {
  tenant_id tenant;
  entity_kind kind = entity_kind::ticket;
  std::string id;

  friend auto operator<=>(entity_ref const&, entity_ref const&) = default;
  friend bool operator==(entity_ref const&, entity_ref const&) = default;
};

/// `tenant/kind/id`, for logs and for keys.
[[nodiscard]] std::string to_string(entity_ref const& ref);
/// Reads `tenant/kind/id`; false if it is not one.
[[nodiscard]] bool parse(std::string_view text, entity_ref& ref);

constexpr std::uint32_t shard_count = 256;

/// FNV-1a, 64 bits, over the bytes of the tenant, one zero byte, and the bytes of the shard key,
/// modulo 256. The shard key of an entity is its id. Pinned by test vectors: never std::hash.
[[nodiscard]] std::uint32_t shard_of(entity_ref const& ref);

} // namespace troupe

template <class Tag>
struct std::hash<troupe::id<Tag>> {
  std::size_t operator()(troupe::id<Tag> const& x) const noexcept {
    return troupe::quick_hash(x.value);
  }
};

template <>
struct std::hash<troupe::entity_ref> {
  std::size_t operator()(troupe::entity_ref const& x) const noexcept {
    auto h = troupe::quick_hash(x.id);
    h = h * 1099511628211u ^ static_cast<std::size_t>(x.kind);
    return h * 1099511628211u ^ troupe::quick_hash(x.tenant.value);
  }
};
