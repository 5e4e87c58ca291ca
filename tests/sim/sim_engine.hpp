#pragma once

#include "actors/ports.hpp"
#include "actors/thinkers.hpp"
#include "tests/sim/context.hpp"

namespace troupe::sim {

/// The heads of the server's own agents: the product's rule engine, called inline, its answers
/// after some virtual time; sometimes a provider is down or says nonsense.
class sim_engine : public engine_port {
public:
  explicit sim_engine(context& c);
  ~sim_engine() override { die(); }
  sim_engine(sim_engine const&) = delete;
  sim_engine& operator=(sim_engine const&) = delete;
  void die() { *alive_ = false; }
  void perform(entity_ref self, agent_spec spec, envelope message,
               std::function<void(result<envelope>)> done) override;

private:
  [[nodiscard]] result<envelope> think(thought_request const& r);

  context& c_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<thinker> rules_;
};

} // namespace troupe::sim
