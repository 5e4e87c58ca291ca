#pragma once

#include "tests/sim/caller.hpp"

namespace troupe::sim {

/// Another tenant on the same server, for C8. Its project, its briefs and its idempotency keys have
/// the names that the first tenant's have, and it asks for that one's things by their names.
/// It has no daemons, so its briefs end before there is work.
class neighbours : public caller {
public:
  neighbours(context& c, finder present)
      : caller(c, std::move(present), context::other_tenant(), "human:eve") {}
  void begin();

private:
  void look();
  void act();
  void submit(project_config const& config);
  void take_back();
  void call_foreign();
  void ask_foreign();
  /// Something of the first tenant, under this one's name.
  [[nodiscard]] std::optional<entity_ref> foreign();

  int briefs_ = 0;
};

} // namespace troupe::sim
