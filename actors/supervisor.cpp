#include "actors/supervisor.hpp"

#include "actors/ports.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe {

namespace {
using start_due = caf::atom_constant<caf::atom("start_due")>;
using grace_over = caf::atom_constant<caf::atom("grace_over")>;
using given_up = caf::atom_constant<caf::atom("given_up")>;
} // namespace

supervisor::supervisor(caf::actor_config& cfg, supervision_plan plan)
    : caf::event_based_actor(cfg), plan_(std::move(plan)) {
  set_default_handler(caf::drop);
  set_down_handler([this](caf::down_msg& d) { went_down(d); });
  for (auto& spec : std::exchange(plan_.children, {})) {
    restart_budget budget{spec.policy};
    children_.push_back({std::move(spec), budget});
  }
  if (!plan_.random)
    plan_.random = [this] {
      return static_cast<double>(random_() - random_.min()) /
             (static_cast<double>(random_.max() - random_.min()) + 1);
    };
}

caf::behavior supervisor::make_behavior() {
  start_those_due();
  return {
      [this](start_due, std::size_t i, std::uint64_t generation) {
        auto& c = children_[i];
        if (over_ || c.is != phase::down || c.generation != generation)
          return; // it was started since, with the others
        c.due = true;
        start_those_due();
      },
      [this](grace_over, std::size_t i, std::uint64_t generation) {
        auto& c = children_[i];
        if (c.is != phase::stopping || c.generation != generation)
          return;
        spdlog::warn("does not stop, is killed child={} generation={}", c.spec.name, generation);
        send_exit(c.actor, caf::exit_reason::kill);
        delayed_send(this, c.spec.stop_grace, given_up::value, i, generation);
      },
      [this](given_up, std::size_t i, std::uint64_t generation) {
        auto& c = children_[i];
        if (c.is != phase::stopping || c.generation != generation)
          return;
        // A handler that does not return cannot be ended. It is not waited for.
        spdlog::error("cannot be killed, is left behind child={} generation={}", c.spec.name,
                      generation);
        is_down(i);
      },
      [](ready_atom) { return true; }, // heard after the start of this actor, and so of the others
      [this](kill_atom, std::string const& name) {
        for (auto const& c : children_)
          if (c.spec.name == name && c.actor)
            send_exit(c.actor, caf::exit_reason::kill);
      },
      [this](stop_atom) {
        over_ = true;
        for (auto& c : children_)
          if (c.is == phase::up)
            c.is = phase::to_stop;
        stop_next();
        quit_if_over();
      },
  };
}

void supervisor::on_exit() {
  children_.clear();
  by_address_.clear();
  plan_ = {};
}

void supervisor::start(std::size_t i) {
  auto& c = children_[i];
  ++c.generation;
  c.due = false;
  try {
    c.actor = c.spec.start(c.generation);
  } catch (std::exception const& x) {
    spdlog::error("cannot be started child={} generation={} what=\"{}\"", c.spec.name, c.generation,
                  x.what());
    crashed(i);
    return;
  }
  c.is = phase::up;
  by_address_.emplace(c.actor.address(), std::pair{i, c.generation});
  monitor(c.actor);
}

/// Those that go together start together, in order, once each of them is down and the backoff of
/// the one that crashed is over.
void supervisor::start_those_due() {
  if (plan_.strategy != restart_strategy::one_for_one &&
      std::any_of(children_.begin(), children_.end(), [](child const& c) {
        return c.is == phase::to_stop || c.is == phase::stopping || (c.is == phase::down && !c.due);
      }))
    return;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if (children_[i].is != phase::down || !children_[i].due)
      continue;
    start(i);
    if (plan_.strategy != restart_strategy::one_for_one && children_[i].is != phase::up)
      return; // those after it wait for it
  }
}

void supervisor::went_down(caf::down_msg const& down) {
  auto const found = by_address_.find(down.source);
  if (found == by_address_.end())
    return;
  auto const [i, generation] = found->second;
  by_address_.erase(found);
  auto& c = children_[i];
  if (c.generation != generation || c.is == phase::down || c.is == phase::ended)
    return; // it was left behind, and another one has its place
  bool const asked = c.is == phase::stopping;
  if (!asked && !over_ && down.reason != caf::exit_reason::user_shutdown) {
    spdlog::error("crashed child={} generation={} reason=\"{}\"", c.spec.name, generation,
                  system().render(down.reason));
    crashed(i);
    return;
  }
  if (!asked && !over_) {
    c.actor = nullptr;
    c.is = phase::ended;
    stop_next(); // it may have been the one that others wait for
    start_those_due();
    return;
  }
  is_down(i);
}

void supervisor::crashed(std::size_t i) {
  auto& c = children_[i];
  c.actor = nullptr;
  duration delay{0};
  if (c.budget.may_restart(plan_.clock->now(), plan_.random(), delay)) {
    c.is = phase::down;
    c.due = false;
    delayed_send(this, delay, start_due::value, i, c.generation);
    ask_others_to_stop(i);
    return;
  }
  c.is = phase::ended;
  spdlog::critical(
      "crashes again and again, is given up child={} crashes={} seconds={}", c.spec.name,
      c.budget.policy().limit + 1,
      std::chrono::duration_cast<std::chrono::seconds>(c.budget.policy().window).count());
  if (plan_.escalate)
    plan_.escalate(c.spec.name);
}

void supervisor::ask_others_to_stop(std::size_t i) {
  if (plan_.strategy == restart_strategy::one_for_one)
    return;
  auto const first = plan_.strategy == restart_strategy::one_for_all ? 0 : i + 1;
  for (auto j = first; j < children_.size(); ++j)
    if (children_[j].is == phase::up)
      children_[j].is = phase::to_stop;
  stop_next();
}

/// The reverse of the order of starting, one after the other; those that do not depend on one
/// another all at once.
void supervisor::stop_next() {
  for (auto i = children_.size(); i-- > 0;) {
    if (children_[i].is == phase::to_stop)
      stop(i);
    if (plan_.strategy != restart_strategy::one_for_one && children_[i].is == phase::stopping)
      return;
  }
}

void supervisor::stop(std::size_t i) {
  auto& c = children_[i];
  c.is = phase::stopping;
  if (c.spec.ask_to_stop)
    c.spec.ask_to_stop(c.actor);
  else
    send_exit(c.actor, caf::exit_reason::user_shutdown);
  delayed_send(this, c.spec.stop_grace, grace_over::value, i, c.generation);
}

void supervisor::is_down(std::size_t i) {
  auto& c = children_[i];
  c.actor = nullptr;
  c.is = over_ ? phase::ended : phase::down;
  c.due = true;
  stop_next();
  if (over_)
    quit_if_over();
  else
    start_those_due();
}

void supervisor::quit_if_over() {
  bool const all_down = std::none_of(children_.begin(), children_.end(), [](child const& c) {
    return c.is == phase::up || c.is == phase::to_stop || c.is == phase::stopping;
  });
  if (all_down)
    quit(caf::exit_reason::user_shutdown);
}

} // namespace troupe
