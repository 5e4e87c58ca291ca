#include "tests/sim/coverage.hpp"

#include <iterator>

namespace troupe::sim {

char const* to_string(happening h) {
  static constexpr char const* names[] = {"crash",
                                          "takeover",
                                          "stall",
                                          "dispatcher down",
                                          "shard down",
                                          "store away",
                                          "store slow",
                                          "clock forward",
                                          "clock back",
                                          "append failed",
                                          "append not sent",
                                          "append arrived late",
                                          "answer lost",
                                          "answer late",
                                          "read failed",
                                          "read late",
                                          "frame lost",
                                          "frame doubled",
                                          "frame reordered",
                                          "heartbeat missed",
                                          "link cut",
                                          "daemon killed",
                                          "engine down",
                                          "engine's nonsense",
                                          "attempt declined",
                                          "attempt failed",
                                          "request sent twice",
                                          "request sent again",
                                          "interfered",
                                          "foreign command",
                                          "foreign question",
                                          "append fenced",
                                          "answered duplicate"};
  static_assert(std::size(names) == happenings);
  return names[static_cast<std::size_t>(h)];
}

} // namespace troupe::sim
