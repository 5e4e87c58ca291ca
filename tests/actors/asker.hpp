#pragma once

#include "actors/messages.hpp"

#include <caf/event_based_actor.hpp>

#include <functional>

namespace troupe::test {

/// Hears the answers of a journal, as an entity would. A class, because CAF 0.17.6 dereferences a
/// null pointer when an actor is made of a lambda without arguments.
class asker : public caf::event_based_actor {
public:
  asker(caf::actor_config& cfg, std::function<void(appended const&)> hear)
      : caf::event_based_actor(cfg), hear_(std::move(hear)) {}
  caf::behavior make_behavior() override {
    return {[this](appended_ptr const& a) { hear_(*a); }};
  }

private:
  std::function<void(appended const&)> hear_;
};

} // namespace troupe::test
