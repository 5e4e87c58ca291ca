#pragma once

#include "actors/instant_runner.hpp"
#include "bench/measures.hpp"

namespace troupe::bench {

/// What the engine answers at each stage: 200 bytes, the same text as bench/peers has.
[[nodiscard]] std::string const& answer();

/// A node with one project whose agents have room for `slots` tickets at once.
class stage {
public:
  /// `slowdown`: see admission_settings; 0: whatever comes is taken.
  explicit stage(int slowdown = 0) : instant_(answer(), daemon_id{}), slowdown_(slowdown) {}
  /// `fresh`: makes the project; otherwise it is there from an earlier start on the same store.
  /// `by`: who does the work; null: the engine that answers at once.
  [[nodiscard]] result<void> open(store_factory const& store, int slots, bool fresh = true,
                                  runner_port* by = nullptr);
  [[nodiscard]] bool close();

  [[nodiscard]] node& at() { return *node_; }
  [[nodiscard]] instant_runner& engine() { return instant_; }
  /// Sets the entities to work that have something to do. `open` with `fresh` has done so.
  [[nodiscard]] result<void> resume(int slots);
  /// A ticket of the project, ready to be worked.
  [[nodiscard]] static ticket::open ticket(int number);
  [[nodiscard]] static entity_ref ref(int number);
  [[nodiscard]] static submit_options by();

private:
  instant_runner instant_;
  int const slowdown_;
  std::unique_ptr<node> node_;
};

/// Opens tickets `from` to `to` that wait for one that never comes: each is live and has nothing to
/// do. Waits until all are stored and shown.
[[nodiscard]] result<void> open_blocked(stage& on, int from, int to);

} // namespace troupe::bench
