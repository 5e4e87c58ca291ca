#pragma once

#include "tests/sim/auditor.hpp"
#include "tests/sim/chance.hpp"
#include "tests/sim/coverage.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/timeline.hpp"

#include <cstdio>

namespace troupe::sim {

/// What goes wrong just now.
struct weather {
  bool calm = false; ///< nothing goes wrong any more
  bool away = false; ///< the store cannot be reached
  bool slow = false; ///< the store is slow
};

/// What every part of a world shares.
struct context {
  context(options const& given, event_store& log)
      : o(given), luck(given.seed * 0x9E3779B97F4A7C15ULL + 1), store(log), audit(log) {}

  options const& o;
  chance luck;
  timeline time;
  weather sky;
  event_store& store;
  auditor audit;
  duration skew{0}; ///< of the server's clock
  coverage happened{};
  std::uint64_t doubtful = 0;
  std::uint64_t fenced = 0;
  std::uint64_t reports = 0;

  [[nodiscard]] bool can(trouble t) const { return !sky.calm && !o.without.contains(t); }
  [[nodiscard]] time_point wall() const {
    return time_point{std::chrono::hours{24 * 20'000}} + time.now() + skew;
  }
  /// `what` is called only where somebody reads it.
  template <class What>
  void trace(What const& what) {
    if (o.trace)
      std::printf("%12.3f %s\n", static_cast<double>(time.now().count()) / 1000, what().c_str());
  }
  void note(happening h) { ++happened[static_cast<std::size_t>(h)]; }
  [[nodiscard]] static tenant_id tenant() { return tenant_id{"default"}; }
  /// Who must have nothing to do with the first one.
  [[nodiscard]] static tenant_id other_tenant() { return tenant_id{"rival"}; }
  /// Something of the first tenant.
  [[nodiscard]] static entity_ref ref(entity_kind kind, std::string id) {
    return {tenant(), kind, std::move(id)};
  }
};

} // namespace troupe::sim
