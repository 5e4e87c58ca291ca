#pragma once

#include "persistence/export_format.hpp"

#include <array>

/// What the writer and the reader of exports must agree on.
namespace troupe::export_words {

inline constexpr std::string_view header = R"({"format":"troupe-export","shards":256,"version":1})";
inline constexpr std::array<std::string_view, 4> class_words = {"pure", "idempotent", "probeable",
                                                                "guarded"};

inline void count(export_stats& s, export_record const& record) {
  std::array<std::uint64_t*, 5> const counters = {&s.events, &s.shards, &s.wakes, &s.effects,
                                                  &s.answers};
  ++*counters.at(record.index());
}

} // namespace troupe::export_words
