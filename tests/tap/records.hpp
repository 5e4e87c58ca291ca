#pragma once

#include "actors/tap/filter.hpp"

namespace troupe::test {

/// A message between two agents, as the send point would note it.
inline traffic::header a_message(std::string_view tenant = "acme",
                                 std::string_view kind = "question") {
  traffic::header h{traffic::category::send, traffic::direction::out};
  h.set(traffic::field::tenant, tenant);
  h.set(traffic::field::kind, kind);
  h.between("agent:tally.pm", "agent:tally.dev-ada");
  h.within("k3f9q2mx");
  h.how = traffic::outcome::ok;
  return h;
}

/// Looks like a token. In pieces, so that no scanner finds it in this file.
inline std::string const canary = [] {
  std::string s = "ghp_";
  s.append("a1B2c3D4e5F6g7H8i9J0").append("k1L2m3N4o5P6q7R8");
  return s;
}();

} // namespace troupe::test
