#pragma once

#include "persistence/event_store.hpp"

#include <catch2/catch.hpp>

#include <string>

/// Stores that are refused when they are opened, and rows when they are read.
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

/// A call on a stream of shard 7 says that the row that ends with seq 5 is damaged.
template <class Answer>
void tells_damage(Answer const& answer, entity_ref const& stream) {
  REQUIRE(answer.has_error());
  auto const& e = answer.error();
  CHECK(e.code == errc::corrupt);
  CHECK(e.message.find("shard 7") != std::string::npos);
  CHECK(e.message.find("seq 5 (" + to_string(stream)) != std::string::npos);
}

} // namespace troupe::test
