#include "actors/shard.hpp"

#include "actors/choke_points.hpp"
#include "protocol/log_about.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe {

namespace {
constexpr int crashes_until_poison = 2;
constexpr std::size_t buffer_limit = 1000; ///< commands, and as many queries, of one entity
constexpr std::size_t blame_limit = 1000;

void refuse(command_ptr const& c, error e) {
  choke::dispatched(*c, e);
  if (auto done = std::exchange(c->done, {}))
    done(std::move(e));
}

/// It ends by itself, so whoever asked may ask again: a final answer would make a sender give up
/// what it owes, and a daemon throw its report away.
error in_quarantine(entity_ref const& ref, time_point until, time_point now) {
  auto const left = std::chrono::ceil<std::chrono::seconds>(until - now).count();
  return fail(errc::unavailable,
              to_string(ref) + " is quarantined after repeated crashes; it is tried again in " +
                  std::to_string(left) + " s; see the log",
              {{"retry_after", std::max<std::int64_t>(1, left)}});
}
} // namespace

shard_actor::shard_actor(caf::actor_config& cfg, runtime const* rt, std::uint64_t epoch)
    : caf::event_based_actor(cfg), rt_(*rt),
      epoch_(std::make_shared<std::atomic<std::uint64_t>>(epoch)),
      random_(static_cast<std::minstd_rand::result_type>(epoch * 7919 + 1)) {
  set_default_handler(caf::drop);
  set_exit_handler([this](caf::exit_msg& m) { quit(m.reason); });
  set_exception_handler([](std::exception_ptr& e) -> caf::error {
    try {
      std::rethrow_exception(e);
    } catch (std::exception const& x) {
      spdlog::error("shard crashed what=\"{}\"", x.what());
    } catch (...) {
      spdlog::error("shard crashed");
    }
    return caf::exit_reason::unhandled_exception;
  });
  set_down_handler([this](caf::down_msg& d) { went_down(d); });
}

void shard_actor::on_exit() {
  for (auto const& [ref, c] : children_) {
    if (c.actor) // nobody else would end it, and the next shard starts another one
      caf::anon_send_exit(c.actor, caf::exit_reason::kill);
    if (c.quarantined && rt_.incidents != nullptr)
      rt_.incidents->quarantined(false);
  }
  children_.clear();
  by_address_.clear();
}

caf::behavior shard_actor::make_behavior() {
  return {
      [this](command_ptr& c) { deliver(std::move(c)); },
      [this](query_ptr& q) { ask(std::move(q)); },
      [this](wake_atom, entity_ref const& ref) {
        if (!stopping_ && !lost_)
          running(ref);
      },
      [this](restart_atom, entity_ref const& ref) {
        auto const it = children_.find(ref);
        if (it != children_.end() && it->second.restarting && !stopping_ && !lost_)
          start(*it);
      },
      [this](retry_atom, entity_ref const& ref) { try_again(ref); },
      [this](idle_notice const& n) {
        auto const it = children_.find(n.entity);
        if (it == children_.end() || !it->second.actor || it->second.closing ||
            (!it->second.pressed && rt_.clock->now() - it->second.used < rt_.idle))
          return;
        it->second.closing = true;
        send(it->second.actor, stop_atom::value);
      },
      [this](sweep_atom) { sweep(); },
      [this](retry_atom) {
        for (auto& [ref, c] : children_) {
          if (c.actor)
            send(c.actor, retry_atom::value);
        }
      },
      [this](stop_atom) {
        stopping_ = true;
        for (auto& [ref, c] : children_) {
          if (c.actor)
            send(c.actor, stop_atom::value);
        }
        if (by_address_.empty())
          quit(caf::exit_reason::user_shutdown);
      },
  };
}

shard_actor::child& shard_actor::running(entity_ref const& ref, bool called) {
  auto& row = *children_.try_emplace(ref).first;
  auto& c = row.second;
  c.used = rt_.clock->now();
  c.pressed = false;
  if (c.quarantined && c.used >= c.until) { // whoever calls first tries whether it goes again
    c.quarantined = false;
    if (rt_.incidents != nullptr)
      rt_.incidents->quarantined(false);
    log_about const about{ref};
    spdlog::info("out of quarantine entity={}", to_string(ref));
  }
  if (!c.actor && !c.restarting && !c.quarantined)
    start(row, called);
  if (!sweeping_) {
    sweeping_ = true;
    delayed_send(this, rt_.idle, sweep_atom::value);
  }
  return c;
}

void shard_actor::start(std::pair<entity_ref const, child>& row, bool called) {
  auto& [ref, c] = row;
  make_room();
  c.restarting = false;
  c.closing = false;
  c.link = std::make_shared<entity_link>();
  c.link->epoch = epoch_;
  auto kept = c.take_kept();
  c.link->called = called && kept.queries.empty();
  if (rt_.crowd != nullptr) {
    c.link->live = rt_.crowd->enter();
    if (!c.link->called)
      c.link->reading = rt_.crowd->begin_reading();
  }
  c.actor = spawn_entity(system(), ref, rt_, caf::actor_cast<caf::actor>(this), c.link);
  monitor(c.actor);
  by_address_.emplace(c.actor.address(), &row);
  for (auto& m : kept.commands)
    send(c.actor, std::move(m));
  for (auto& q : kept.queries)
    send(c.actor, std::move(q));
}

bool shard_actor::is_poison(command_message const& m) const {
  if (blamed_.empty())
    return false;
  std::string key;
  poison_key(m, key);
  if (key.empty())
    key = m.context.id;
  auto const it = blamed_.find({m.to, std::move(key)});
  return it != blamed_.end() && it->second >= crashes_until_poison;
}

/// Counts a crash. Bounded: a command that nobody sent again for a thousand other crashes is no
/// longer a danger.
int shard_actor::blame(entity_ref const& ref, std::string const& poison) {
  auto const [it, fresh] = blamed_.try_emplace({ref, poison}, 0);
  int const crashes = ++it->second;
  if (fresh) {
    blamed_order_.push_back(it->first);
    if (blamed_order_.size() > blame_limit) {
      blamed_.erase(blamed_order_.front());
      blamed_order_.pop_front();
    }
  }
  return crashes;
}

/// Another owner has the shard: whatever waits is refused, and nothing starts again with an epoch
/// that the store does not take. Entities that run find out by themselves.
void shard_actor::lose() {
  lost_ = true;
  for (auto& [ref, c] : children_) {
    auto const kept = c.take_kept();
    for (auto& m : kept.commands)
      refuse(m, shard_is_gone());
    for (auto& q : kept.queries)
      q->done(shard_is_gone());
  }
}

void shard_actor::deliver(command_ptr m) {
  if (stopping_) {
    refuse(m, fail(errc::unavailable, "the server is stopping; try again"));
    return;
  }
  if (lost_) {
    refuse(m, shard_is_gone());
    return;
  }
  if (is_poison(*m)) {
    refuse(m, fail(errc::internal, "this command was put aside after it crashed " +
                                       to_string(m->to) + " twice; see `troupe dead-letters`"));
    return;
  }
  auto& c = running(m->to, true);
  if (c.quarantined) {
    refuse(m, in_quarantine(m->to, c.until, c.used));
  } else if (!c.actor || c.closing) {
    auto& commands = c.kept().commands;
    if (commands.size() >= buffer_limit)
      refuse(m, fail(errc::busy, to_string(m->to) + " is being started; try again"));
    else
      commands.push_back(std::move(m));
  } else {
    send(c.actor, std::move(m));
  }
}

void shard_actor::ask(query_ptr q) {
  if (stopping_) {
    q->done(fail(errc::unavailable, "the server is stopping; try again"));
    return;
  }
  if (lost_) {
    q->done(shard_is_gone());
    return;
  }
  auto& c = running(q->to);
  if (c.quarantined) {
    q->done(in_quarantine(q->to, c.until, c.used));
  } else if (!c.actor || c.closing) {
    auto& queries = c.kept().queries;
    if (queries.size() >= buffer_limit)
      q->done(fail(errc::busy, to_string(q->to) + " is being started; try again"));
    else
      queries.push_back(std::move(q));
  } else {
    send(c.actor, std::move(q));
  }
}

void shard_actor::went_down(caf::down_msg const& down) {
  auto const found = by_address_.find(down.source);
  if (found == by_address_.end())
    return;
  auto& row = *found->second;
  by_address_.erase(found);
  auto const ref = row.first; // the row may go
  auto& c = row.second;
  c.actor = nullptr;
  c.link->live.reset();
  c.link->reading.reset();
  if (stopping_) {
    if (by_address_.empty())
      quit(caf::exit_reason::user_shutdown);
    return;
  }
  if (c.link->fenced || lost_) {
    if (!lost_) {
      log_about const about{ref};
      spdlog::error("shard lost: its epoch {} is no longer the newest entity={}", epoch_->load(),
                    to_string(ref));
      lose();
    }
    children_.erase(ref);
    return;
  }
  if (down.reason == caf::exit_reason::user_shutdown) { // let go, on purpose
    if (c.waiting)
      start(row);
    else
      children_.erase(ref);
    return;
  }
  auto const& blamed = c.link->command_id;
  int const crashes = blame(ref, c.link->poison.empty() ? blamed : c.link->poison);
  choke::crashed(ref, blamed, crashes == crashes_until_poison);
  if (rt_.incidents != nullptr)
    rt_.incidents->crashed();
  if (crashes == crashes_until_poison) {
    auto const report = c.link->report ? *c.link->report : crash_report{};
    log_about const about{report.correlation, &ref};
    spdlog::error("dead letter entity={} command={} kind={} crashes={}; see `troupe dead-letters`",
                  to_string(ref), blamed, report.command, crashes);
    if (rt_.incidents != nullptr)
      rt_.incidents->put_aside(
          {ref, blamed, report.command, report.body, report.why, rt_.clock->now()});
  }
  duration delay{0};
  double const random = static_cast<double>(random_()) / static_cast<double>(random_.max());
  if (!c.budget)
    c.budget = std::make_unique<restart_budget>(restart_policy{});
  if (c.budget->may_restart(rt_.clock->now(), random, delay)) {
    if (rt_.incidents != nullptr)
      rt_.incidents->restarted(ref);
    c.restarting = true;
    c.closing = false;
    delayed_send(this, delay, restart_atom::value, ref);
    return;
  }
  quarantine(ref, c);
}

/// The others of the shard go on; this one stays down for as long as its crashes are remembered.
void shard_actor::quarantine(entity_ref const& ref, child& c) {
  c.quarantined = true;
  auto const now = rt_.clock->now();
  auto const window = c.budget->policy().window;
  c.until = now + window;
  if (rt_.incidents != nullptr)
    rt_.incidents->quarantined(true);
  auto const none = std::string{};
  log_about const about{c.link->report ? c.link->report->correlation : none, &ref};
  spdlog::error("quarantined entity={} command={} minutes={}", to_string(ref), c.link->command_id,
                std::chrono::duration_cast<std::chrono::minutes>(window).count());
  auto const kept = c.take_kept();
  for (auto& m : kept.commands)
    refuse(m, in_quarantine(ref, c.until, now));
  for (auto& q : kept.queries)
    q->done(in_quarantine(ref, c.until, now));
  delayed_send(this, window, retry_atom::value, ref);
}

/// Only its state knows what it owes, and that it has an alarm: nobody else would call for it.
void shard_actor::try_again(entity_ref const& ref) {
  auto const it = children_.find(ref);
  if (it == children_.end() || !it->second.quarantined || stopping_ || lost_)
    return;
  auto const left = it->second.until - rt_.clock->now();
  if (left > duration{0})
    delayed_send(this, left, retry_atom::value, ref);
  else
    running(ref);
}

/// Where the node has too many in memory, those of this shard that were not called for the longest
/// time are asked to go. An eighth at once, so that it is seldom looked for them.
void shard_actor::make_room() {
  if (rt_.crowd == nullptr || !rt_.crowd->full() || (until_room_ > 0 && --until_room_ > 0))
    return;
  std::vector<child*> oldest;
  for (auto& [ref, c] : children_) {
    if (c.actor && !c.closing && !c.pressed)
      oldest.push_back(&c);
  }
  auto const some = oldest.size() / 8 + 1;
  until_room_ = some;
  if (some < oldest.size()) {
    std::nth_element(oldest.begin(), oldest.begin() + static_cast<std::ptrdiff_t>(some),
                     oldest.end(),
                     [](child const* a, child const* b) { return a->used < b->used; });
    oldest.resize(some);
  }
  for (auto* c : oldest) {
    c->pressed = true;
    send(c->actor, passivate_atom::value);
  }
}

void shard_actor::sweep() {
  sweeping_ = false;
  auto const now = rt_.clock->now();
  for (auto& [ref, c] : children_) {
    c.used = std::min(c.used, now); // the clock was set back: idle counts from here on
    if (c.actor && !c.closing && now - c.used >= rt_.idle)
      send(c.actor, passivate_atom::value);
  }
  // A shard without entities sweeps no more: nothing ticks in an idle server.
  if (!children_.empty() && !stopping_) {
    sweeping_ = true;
    delayed_send(this, rt_.idle, sweep_atom::value);
  }
}

} // namespace troupe
