#pragma once

#include "actors/messages.hpp"

namespace troupe {

/// The receipt that is stored under an Idempotency-Key: it names the entity that the first request
/// led to, which need not be the one that was asked now.
[[nodiscard]] inline receipt stored_receipt(entity_ref const& asked, std::string_view answer) {
  receipt out{asked, 0, 0, {}};
  auto const v = json::parse(answer);
  if (!v || !v->is_object())
    return out;
  auto const& o = v->get_object();
  if (auto const* e = o.if_contains("entity"); e != nullptr && e->is_string())
    (void)parse(std::string_view{e->get_string()}, out.entity);
  if (auto const* n = o.if_contains("version"); n != nullptr && n->is_int64())
    out.version = static_cast<std::uint64_t>(n->get_int64());
  return out;
}

} // namespace troupe
