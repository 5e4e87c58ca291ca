#pragma once

#include "persistence/event_store.hpp"

#include <catch2/catch.hpp>

#include <string>

/// Stores that are refused when they are opened.
namespace troupe::test {

inline error refusal(result<store_factory> const& opened) {
  REQUIRE(opened.has_error());
  return opened.error();
}

/// The message says what is wrong, and what to do.
inline void is_damaged(result<store_factory> const& opened, std::string const& what) {
  auto const e = refusal(opened);
  INFO(e.message);
  CHECK(e.code == errc::corrupt);
  CHECK(e.message.find(what) == 0);
  CHECK(e.message.find("restore ") != std::string::npos);
}

} // namespace troupe::test
