#include "demo/chaos.hpp"

#include <algorithm>

namespace troupe::demo {

chaos::chaos(int servers, int daemons, std::uint32_t seed, std::size_t events)
    : random_(seed), early_(std::min(servers / 10, 2)), servers_(plan(servers - early_, events)),
      daemons_(plan(daemons, events)) {}

bool chaos::early_server_is_due() {
  return early_ > 0 && early_-- > 0;
}

chaos::moments chaos::plan(int times, std::size_t events) {
  moments out;
  for (int i = 0; i < times; ++i)
    out.push_back(random_() % events);
  std::sort(out.begin(), out.end());
  return out;
}

bool chaos::due(moments& of, std::size_t seen) {
  if (of.empty() || of.front() > seen)
    return false;
  of.pop_front();
  return true;
}

bool chaos::server_is_due(std::size_t seen) {
  return due(servers_, seen);
}

bool chaos::daemon_is_due(std::size_t seen) {
  return due(daemons_, seen);
}

} // namespace troupe::demo
