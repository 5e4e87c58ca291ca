#include "bench/stage.hpp"

#include "actors/domain/kinds.hpp"

#include <condition_variable>
#include <mutex>
#include <set>

namespace troupe::bench {

namespace {

tenant_id const tenant{"default"};
constexpr int capacity_limit = 64; // of one agent, see protocol/process.cpp

/// The template `standard@1`, with as many agents of each role that works as the load needs.
result<project_config> roomy_config(int slots) {
  auto standard = find_template("standard@1");
  if (!standard)
    return standard.error();
  auto config = standard->config;
  config.repository = "none";
  std::set<std::string> works;
  for (auto const& s : config.process.stages)
    works.insert(s.role);
  std::vector<agent_spec> roster;
  for (auto const& a : config.roster) {
    for (int left = works.contains(a.role) ? slots : 1, n = 1; left > 0;
         left -= capacity_limit, ++n) {
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

std::string const& answer() {
  static std::string const text = [] {
    std::string out;
    while (out.size() < 200)
      out += "The work is done, its checks pass and nothing else was touched. ";
    out.resize(200);
    return out;
  }();
  return text;
}

result<void> stage::open(store_factory const& store, int slots, bool fresh, runner_port* by_whom) {
  node_settings settings;
  settings.owner = "bench";
  settings.admission.slowdown = slowdown_;
  settings.engines[engine_kind::rules] = make_rules_thinker();
  auto started = node::start(std::move(settings), store, by_whom == nullptr ? instant_ : *by_whom);
  if (!started)
    return started.error();
  node_ = std::move(*started);
  instant_.attach(*node_, tenant);
  if (!fresh)
    return {};
  if (auto r = resume(slots); !r)
    return r;
  auto config = roomy_config(slots);
  if (!config)
    return config.error();
  auto const made = node_->tell({tenant, entity_kind::project, "bench"},
                                project::command{project::create{"bench", *config}}, by());
  return made ? result<void>{} : result<void>{made.error()};
}

result<void> stage::resume(int slots) {
  if (auto r = node_->resume(); !r)
    return r;
  instant_.announce(slots);
  return {};
}

bool stage::close() {
  return node_->stop(std::chrono::seconds{20});
}

ticket::open stage::ticket(int number) {
  static auto const standard = shipped_process("standard");
  ticket::open o;
  o.project = project_id{"bench"};
  o.item.key = std::to_string(number);
  o.item.title = "Ticket " + std::to_string(number);
  o.item.criteria = {"it is done"};
  o.item.role = "dev";
  if (standard)
    o.stages = standard->stages;
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

result<void> open_blocked(stage& on, int from, int to) {
  std::mutex mutex;
  std::condition_variable changed;
  int answered = 0;
  std::string refused;
  constexpr int at_once = 1000; // what the server has under way is bounded
  for (int i = from; i < to; ++i) {
    {
      std::unique_lock lock{mutex};
      changed.wait(lock, [&] { return i - from - answered < at_once; });
    }
    auto o = stage::ticket(i);
    o.blocked_by = {ticket_id{"never"}};
    on.at().submit(stage::ref(i), ticket::command{std::move(o)}, stage::by(),
                   [&](command_result const& r) {
                     std::lock_guard lock{mutex};
                     ++answered;
                     if (!r)
                       refused = r.error().message;
                     changed.notify_one();
                   });
  }
  std::unique_lock lock{mutex};
  changed.wait(lock, [&] { return answered == to - from; }); // each is answered exactly once
  if (!refused.empty())
    return fail(errc::internal, "a ticket was refused: " + refused);
  lock.unlock();
  on.at().view().settle();
  return {};
}

} // namespace troupe::bench
