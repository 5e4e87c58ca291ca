#pragma once

#include "live.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <set>

/// Random walks over the commands of an entity.
namespace troupe::test {

/// A number from 0 to n-1.
[[nodiscard]] inline int pick(int n) {
  return *rc::gen::inRange(0, n);
}
/// True once in n times.
[[nodiscard]] inline bool once_in(int n) {
  return pick(n) == 0;
}
template <class T>
[[nodiscard]] T one_of(std::vector<T> const& all) {
  return all.at(static_cast<std::size_t>(pick(static_cast<int>(all.size()))));
}

/// What holds for the obligations of every entity at every step.
template <class Entity>
void watch_obligations(Entity const& e) {
  std::set<std::string> keys;
  for (auto const& o : e.owes()) {
    must(keys.insert(o.key).second, "two obligations with the key " + o.key);
    if (auto const* a = std::get_if<ask>(&o.what)) {
      must(!a->message.id.empty() && !a->message.to.empty(), "an ask without id or addressee");
      must(a->message.from != a->message.to, "an entity asks itself");
    }
  }
}

/// Sends `steps` commands that `make` invents. One in four comes from the past instead: doubled,
/// reordered, stale, as the network would have it. Acknowledgements come in any order, or never.
template <class Entity, class Make, class Watch>
void wander(Entity& e, int steps, Make make, Watch watch) {
  using command = decltype(make());
  std::vector<command> past;
  for (int i = 0; i < steps; ++i) {
    if (once_in(3))
      e.now += duration{std::chrono::minutes{pick(60 * 30)}};
    if (!past.empty() && once_in(4)) {
      (void)e.send(one_of(past));
    } else if (auto const owed = e.owes(); !owed.empty() && once_in(6)) {
      (void)e.send(settle{one_of(owed).key, once_in(3) ? "refused" : ""});
    } else {
      past.push_back(make());
      (void)e.send(past.back());
    }
    watch_obligations(e);
    watch();
  }
  e.check_replay();
}

} // namespace troupe::test
