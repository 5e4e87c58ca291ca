#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>

namespace troupe::demo {

/// When the demo kills the server or a daemon, for tests. The moments are counted in events of the
/// story and not in seconds, so that a fast machine and a slow one are killed equally often.
class chaos {
public:
  /// `events`: how many events the story has at least. Of every ten kills of the server one comes
  /// early, right after an answer of it, while the brief is drafted and planned.
  chaos(int servers, int daemons, std::uint32_t seed, std::size_t events);

  [[nodiscard]] bool early_server_is_due();

  /// The clock: `seen` different events were told so far since the chaos began. True once for each
  /// moment that has come.
  [[nodiscard]] bool server_is_due(std::size_t seen);
  [[nodiscard]] bool daemon_is_due(std::size_t seen);

  [[nodiscard]] std::size_t pick(std::size_t n) { return random_() % n; }
  /// How long to wait yet, so that a kill does not always meet the moment after an event.
  [[nodiscard]] int delay_ms() { return static_cast<int>(random_() % 80); }
  [[nodiscard]] int kills() const { return kills_; }
  void count() { ++kills_; }

private:
  using moments = std::deque<std::size_t>;
  [[nodiscard]] moments plan(int times, std::size_t events);
  [[nodiscard]] bool due(moments& of, std::size_t seen);

  std::minstd_rand random_;
  int early_;
  moments servers_;
  moments daemons_;
  int kills_ = 0;
};

} // namespace troupe::demo
