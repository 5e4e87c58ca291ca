#pragma once

#include "actors/supervision.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace troupe {

class clock_port;

/// Which children start again when one went down.
enum class restart_strategy {
  one_for_one,  ///< the one: the children do not depend on one another
  rest_for_one, ///< the one and those that were started after it, which depend on it
  one_for_all,  ///< all: each depends on each
};

/// One child of a supervisor.
struct child_spec {
  std::string name;
  /// Starts an incarnation and makes it known to whoever calls it. What it throws counts as a crash
  /// of the child. Generations count from 1.
  std::function<caf::actor(std::uint64_t generation)> start;
  restart_policy policy{5, std::chrono::seconds{60}};
  /// How long it may take to stop; then it is killed, and after as long again given up.
  duration stop_grace{std::chrono::seconds{5}};
  /// Asks it to stop; empty: an exit message.
  std::function<void(caf::actor const&)> ask_to_stop{};
};

struct supervision_plan {
  restart_strategy strategy = restart_strategy::one_for_one;
  std::vector<child_spec> children; ///< started in this order, stopped in the reverse one
  clock_port const* clock = nullptr;
  /// In [0, 1): the jitter of the backoff. Empty: pseudo-random.
  std::function<double()> random{};
  /// A child went down more often than its policy allows, and stays down: called once for each
  /// such child, by the supervisor's actor; must not block.
  std::function<void(std::string const& name)> escalate{};
};

/// Starts children and starts them again when they go down. It monitors them and is never linked: a
/// crash of a child is a message here. Each start of a child has a generation; what is said of an
/// older one (it went down late, its restart was due) means nothing any more. A child that ends
/// with `user_shutdown` ended on purpose and stays down.
///
/// It takes `ready_atom` (answers true when all were started, the first time), `stop_atom` (stops
/// all children, then itself) and `(kill_atom, name)` (ends a child as a crash would; for tests).
class supervisor : public caf::event_based_actor {
public:
  supervisor(caf::actor_config& cfg, supervision_plan plan);
  caf::behavior make_behavior() override;
  /// Lets go its children and what their specs hold.
  void on_exit() override;

private:
  enum class phase {
    up,
    to_stop,  ///< up, and to be stopped when those after it are down
    stopping, ///< was asked to
    down,
    ended ///< down for good: on purpose, or given up
  };
  struct child {
    child_spec spec;
    restart_budget budget;
    caf::actor actor{};
    std::uint64_t generation = 0;
    phase is = phase::down;
    bool due = true; ///< down, and its backoff is over
  };

  void start(std::size_t i);
  void start_those_due();
  void went_down(caf::down_msg const& down);
  /// `i` is down, and not because we asked.
  void crashed(std::size_t i);
  void ask_others_to_stop(std::size_t crashed);
  void stop_next();
  void stop(std::size_t i);
  void is_down(std::size_t i);
  void quit_if_over();

  supervision_plan plan_;
  std::vector<child> children_;
  /// Which incarnation an address was; several of a child where one is slow to go.
  std::map<caf::actor_addr, std::pair<std::size_t, std::uint64_t>> by_address_;
  std::minstd_rand random_;
  bool over_ = false; ///< stopping for good
};

} // namespace troupe
