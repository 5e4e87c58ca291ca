#pragma once

#include "protocol/json.hpp"

namespace troupe::json {

/// One member of what `to(x)` writes, without writing the others; null where that has none of this
/// name.
template <class T>
requires described_struct<T>
[[nodiscard]] value member_of(T const& x, std::string_view name) {
  auto const at = [name](T const& of, detail::erased_member const& m) -> void const* {
    return reinterpret_cast<char const*>(&of) + m.offset;
  };
  for (auto const& m : detail::members_table<T>()) {
    if (name != m.name)
      continue;
    auto const* mine = at(x, m);
    return m.type->equal(mine, at(detail::defaults_of<T>(), m)) ? value{} : m.type->write(mine);
  }
  return {};
}

} // namespace troupe::json
