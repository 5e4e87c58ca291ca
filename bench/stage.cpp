#include "bench/stage.hpp"

#include "actors/domain/kinds.hpp"

namespace troupe::bench {

namespace {

tenant_id const tenant{"default"};
constexpr int capacity_limit = 64; // of one agent, see protocol/process.cpp

/// The template `standard@1`, with as many agents of each role as the load needs.
result<project_config> roomy_config(int slots) {
  auto standard = find_template("standard@1");
  if (!standard)
    return standard.error();
  auto config = standard->config;
  config.repository = "none";
  std::vector<agent_spec> roster;
  for (auto const& a : config.roster) {
    for (int left = slots, n = 1; left > 0; left -= capacity_limit, ++n) {
      auto copy = a;
      if (n > 1)
        copy.name += "-" + std::to_string(n);
      copy.capacity = std::min(left, capacity_limit);
      roster.push_back(std::move(copy));
    }
  }
  config.roster = std::move(roster);
  return config;
}

} // namespace

result<void> stage::open(stores const& s, place const& at, int slots, bool fresh) {
  node_settings settings;
  settings.owner = "bench";
  settings.journal.writers = s.writers;
  settings.engines[engine_kind::rules] = make_rules_thinker();
  auto started = node::start(std::move(settings), at.store, runner_, nullptr);
  if (!started)
    return started.error();
  node_ = std::move(*started);
  runner_.attach(*node_, tenant);
  if (auto r = node_->resume(); !r)
    return r;
  if (fresh) {
    auto config = roomy_config(slots);
    if (!config)
      return config.error();
    auto const made = node_->tell({tenant, entity_kind::project, "bench"},
                                  project::command{project::create{"bench", *config}}, by());
    if (!made)
      return made.error();
  }
  runner_.announce(slots);
  return {};
}

bool stage::close() {
  return node_->stop(std::chrono::seconds{20});
}

ticket::open stage::ticket(int number) {
  ticket::open o;
  o.project = project_id{"bench"};
  o.item.key = std::to_string(number);
  o.item.title = "Ticket " + std::to_string(number);
  o.item.criteria = {"it is done"};
  o.item.role = "dev";
  if (auto const p = shipped_process("standard"))
    o.stages = p->stages;
  o.repository = "none";
  o.target_branch = "main";
  o.run_active = true;
  o.by_hand = true;
  return o;
}

entity_ref stage::ref(int number) {
  return {tenant, entity_kind::ticket, "t" + std::to_string(number)};
}

submit_options stage::by() {
  submit_options o;
  o.by = principal_id{"human:bench"};
  return o;
}

} // namespace troupe::bench
