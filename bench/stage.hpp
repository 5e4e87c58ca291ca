#pragma once

#include "actors/instant_runner.hpp"
#include "bench/measures.hpp"

namespace troupe::bench {

/// A node with one project whose agents have room for `slots` tickets at once.
class stage {
public:
  /// `fresh`: makes the project; otherwise it is there from an earlier start on the same store.
  [[nodiscard]] result<void> open(stores const& s, place const& at, int slots, bool fresh = true);
  [[nodiscard]] bool close();

  [[nodiscard]] node& at() { return *node_; }
  /// A ticket of the project, ready to be worked.
  [[nodiscard]] static ticket::open ticket(int number);
  [[nodiscard]] static entity_ref ref(int number);
  [[nodiscard]] static submit_options by();

private:
  instant_runner runner_;
  std::unique_ptr<node> node_;
};

} // namespace troupe::bench
