#pragma once

#include "persistence/event_store.hpp"

namespace troupe {

/// What goes wrong with one call.
enum class fault {
  none,
  before, ///< nothing is done, and the answer is an error
  unsent, ///< nothing is done, and the error says so: see `is_not_stored`
  after,  ///< it is done, and the answer is an error all the same: the outcome is unknown
  late,   ///< it is done at once, and answered late
};

/// When which call goes wrong. Shared by the handles that were made with it; called from their
/// threads.
struct fault_plan {
  /// Asked at every call with its name (`append`, `read_stream`, …) and its number among the calls
  /// of that name on this handle, from 1.
  std::function<fault(std::string_view call, std::uint64_t n)> choose;
  errc code = errc::unavailable;      ///< of the errors
  duration late_by{20};               ///< of the late answers
  std::function<void(duration)> wait; ///< instead of sleeping, if set
  /// If set, appends put something off, and this is how it is settled.
  std::function<result<bool>()> settle;
};

/// A store that fails by plan and is `inner` otherwise: the three ways in which a database can
/// fail a caller.
[[nodiscard]] std::unique_ptr<event_store> make_faulty(std::unique_ptr<event_store> inner,
                                                       fault_plan plan);

/// The same for every handle of a factory.
[[nodiscard]] store_factory make_faulty(store_factory inner, fault_plan plan);

} // namespace troupe
