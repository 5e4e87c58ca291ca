// What a release build sees: with NDEBUG a crash point is nothing. Its arguments are not even
// looked up, else this file would not compile.
#undef TROUPE_CRASH_POINTS
#ifndef NDEBUG
#define NDEBUG
#endif
#include "protocol/crash_point.hpp"

namespace troupe::faults {

int crash_points_are_nothing() {
  TROUPE_CRASH_POINT(no_such_number, no_such_name);
  TROUPE_POISON_POINT(no_such_thing);
  return 0;
}

} // namespace troupe::faults
