#pragma once

#include "tests/support/postgres_server.hpp"

#include <catch2/catch.hpp>

/// Begins a case that needs PostgreSQL: skipped where it is not installed, else `f` is the fixture.
#define TROUPE_NEEDS_POSTGRES(fixture_type)                                                        \
  if (!::troupe::test::postgres_server::installed()) {                                             \
    WARN("skipped: PostgreSQL is not installed");                                                  \
    return;                                                                                        \
  }                                                                                                \
  fixture_type f
