#pragma once

/// Numbered places at which a test may end the process as a power cut would, armed by the
/// environment: `TROUPE_CRASH_AT=n[:count]` is SIGKILL at the count-th arrival at place n.
/// `TROUPE_POISON=text`: what names itself so throws where it is handled. Both are nothing, not
/// even their names, in a release build (NDEBUG); docs/faults.md has the table.
#if !defined(NDEBUG) && !defined(TROUPE_CRASH_POINTS)
#define TROUPE_CRASH_POINTS
#endif

#ifdef TROUPE_CRASH_POINTS

#include <string_view>

namespace troupe {

void crash_point(int number, char const* name);
void poison_point(std::string_view about);

} // namespace troupe

#define TROUPE_CRASH_POINT(number, name) ::troupe::crash_point(number, name)
#define TROUPE_POISON_POINT(about) ::troupe::poison_point(about)

#else

#define TROUPE_CRASH_POINT(number, name) static_cast<void>(0)
#define TROUPE_POISON_POINT(about) static_cast<void>(0)

#endif
