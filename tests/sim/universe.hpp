#pragma once

#include "tests/sim/neighbours.hpp"
#include "tests/sim/people.hpp"
#include "tests/sim/sim_daemon.hpp"

namespace troupe::sim {

/// A whole world: database, servers, daemons, people, and what goes wrong between them.
class universe {
public:
  explicit universe(options const& o);
  ~universe();
  universe(universe const&) = delete;
  universe& operator=(universe const&) = delete;

  [[nodiscard]] outcome run();

private:
  void plan_troubles();
  void happen(trouble t);
  void boot(duration after);
  void crash(char const* why);
  void kill_part();
  /// The server that people and daemons find; null while none is up.
  [[nodiscard]] sim_server* present() const;
  void step();
  void pass_time(bool busy);
  void bury();
  void calm_down();
  /// A server that is at rest has nobody up who has nothing to do.
  void check_rest();
  /// Whoever owes something was woken, once what went wrong last is mended.
  void check_woken();
  void watch();
  void ask_all();
  void end();

  static constexpr duration patience = std::chrono::hours{12}; ///< C6: all ends within it

  std::unique_ptr<event_store> store_;
  context c_;
  database db_;
  people people_;
  neighbours neighbours_;
  std::vector<std::unique_ptr<sim_daemon>> daemons_;
  std::vector<std::unique_ptr<sim_server>> servers_; ///< the last one is the newest
  sim_server* up_ = nullptr;
  int incarnations_ = 0;
  std::uint64_t boots_ = 0; ///< a boot that was overtaken by another one does nothing
  std::uint64_t steps_ = 0;
  std::uint64_t crash_in_ = 0; ///< steps; 0: none is planned
  int scheduled_ = 0;
  duration calm_since_{0};
  std::optional<std::uint64_t> rested_at_; ///< requests and commits when it came to rest
  std::size_t unanswered_ = 0;
  bool over_ = false;
};

} // namespace troupe::sim
