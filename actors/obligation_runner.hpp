#pragma once

#include "actors/dispatch_desk.hpp"
#include "actors/domain/kinds.hpp"
#include "actors/region.hpp"
#include "actors/send_point.hpp"
#include "protocol/crash_point.hpp"

#include <caf/actor_clock.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <functional>
#include <map>

namespace troupe {

/// Carries out what an entity's state obliges to, for the shell: sends, sends again until it is
/// answered, settles what was taken over, and forgets what the state no longer asks for.
template <class Domain>
class obligation_runner {
public:
  using state_type = typename Domain::state;
  using command_type = typename Domain::command;

  /// What it sees of its entity; all of it lives in the shell.
  struct surroundings {
    caf::event_based_actor& self;
    entity_ref const& ref;
    runtime const& rt;
    state_type const& state;
    std::string const& last_event;
    std::string const& correlation;
    /// Gives the entity a command of its own, with this id and the last event as its cause.
    std::function<void(command_type, std::string)> push_own;
  };
  explicit obligation_runner(surroundings s)
      : self_(s.self), ref_(s.ref), rt_(s.rt), state_(s.state), last_event_id_(s.last_event),
        correlation_(s.correlation), push_own_(std::move(s.push_own)) {}

  /// Takes over what the state obliges to now. `recovering`: after a start, so that what is overdue
  /// waits a moment for those who must come back too.
  void carry_out(std::vector<obligation> wanted, bool recovering = false) {
    recovering_ = recovering;
    std::map<std::string, obligation*> by_key;
    for (auto& o : wanted)
      by_key.emplace(o.key, &o);
    for (auto it = tracked_.begin(); it != tracked_.end();) {
      if (by_key.contains(it->first)) {
        ++it;
      } else {
        take_back(it->second.what);
        it = tracked_.erase(it);
      }
    }
    std::vector<std::string> fresh;
    for (auto& [key, o] : by_key) {
      auto const [it, added] = tracked_.try_emplace(key);
      auto& t = it->second;
      auto const* now = std::get_if<alarm>(&o->what);
      auto const* before = added ? nullptr : std::get_if<alarm>(&t.what.what);
      bool const moved = now != nullptr && before != nullptr && now->at != before->at;
      if (!added && !moved)
        continue;
      t.what = std::move(*o);
      t.done = false;
      t.cause = last_event_id_;
      fresh.push_back(key);
    }
    for (auto const& key : fresh) {
      if (auto it = tracked_.find(key); it != tracked_.end())
        carry_out(it->second);
    }
    settle_held();
    plan_retry();
    recovering_ = false;
  }

  /// Whether this is being carried out already.
  [[nodiscard]] bool tracks(std::string const& key) const { return tracked_.contains(key); }

  /// A receiver answered.
  void on_outcome(obligation_outcome const& o) {
    auto const it = tracked_.find(o.key);
    if (it == tracked_.end())
      return;
    if (it->second.answer) {
      on_answer_outcome(it->second, o);
      return;
    }
    if (it->second.done)
      return;
    auto& t = it->second;
    if (o.refused) {
      // Not found may only mean: not yet. An entity that is asked for before it is made comes.
      bool const early = o.refused->code == errc::not_found && t.tries < 10;
      if (may_pass(*o.refused) || early)
        return; // plan_retry is under way
      t.refused = o.refused->message;
      spdlog::warn("obligation refused entity={} key={} why=\"{}\"", to_string(ref_), o.key,
                   t.refused);
    }
    t.done = true;
    t.held = t.what.acknowledge;
    settle_held();
  }

  /// Sends again what was not answered; with `all`, also offers and launches (their taker is new).
  void send_again(bool all) {
    auto const now = rt_.clock->now();
    for (auto& [key, t] : tracked_) {
      bool const volatile_taker = std::holds_alternative<offer>(t.what.what) ||
                                  std::holds_alternative<troupe::launch>(t.what.what);
      if ((!t.done && t.not_before <= now) || (all && volatile_taker))
        carry_out(t);
    }
    plan_retry();
  }

  /// The call that was asked for has come: what is due is done, and the next call asked for.
  void on_call(std::uint64_t call) {
    if (call != call_)
      return;
    called_at_.reset();
    auto const now = self_.clock().now();
    std::vector<std::pair<std::string, std::uint64_t>> due;
    for (auto const& [key, t] : tracked_) {
      if (t.rings && *t.rings <= now)
        due.emplace_back(key, t.round);
    }
    for (auto const& [key, round] : due)
      ring(key, round);
    if (retry_at_ && *retry_at_ <= now) {
      retry_at_.reset();
      send_again(false);
    }
    call_for_next();
  }

  /// Everything is forgotten: the state is about to be read again.
  void clear() {
    tracked_.clear();
    retry_at_.reset();
  }

  /// Whether nothing is under way and nobody must be able to come back to this actor.
  [[nodiscard]] bool idle() const {
    return std::all_of(tracked_.begin(), tracked_.end(), [](auto const& kv) {
      return kv.second.done && !std::holds_alternative<alarm>(kv.second.what.what) &&
             !std::holds_alternative<ask>(kv.second.what.what) &&
             !std::holds_alternative<offer>(kv.second.what.what) &&
             !std::holds_alternative<troupe::launch>(kv.second.what.what);
    });
  }

private:
  using moment = caf::actor_clock::time_point;

  /// An obligation that is being carried out.
  struct tracked {
    obligation what;
    std::optional<moment> rings; ///< an alarm: when
    std::string cause;           ///< event that first asked for it
    bool done = false;           ///< taken over; nothing more to do in this wake
    bool held = false;           ///< taken over, and the settle waits for quiet ones
    std::string refused;
    /// What an engine has answered; written once, before the outcome of its delivery comes.
    std::shared_ptr<std::optional<command_type>> answer;
    int tries = 0;
    std::uint64_t round = 0;
    time_point not_before{};
  };

  /// What must be undone when the state no longer asks for it.
  void take_back(obligation const& o) {
    std::visit(
        overloaded{
            [&](offer const&) {
              if (rt_.dispatcher != nullptr)
                rt_.dispatcher->offer({ref_, o.key, std::nullopt});
            },
            [&](troupe::launch const& l) { rt_.runner->forget(l.what.ticket, l.what.token); },
            [](auto const&) {},
        },
        o.what);
  }

  /// An alarm is due.
  void ring(std::string const& key, std::uint64_t round) {
    auto const it = tracked_.find(key);
    if (it == tracked_.end() || it->second.round != round)
      return;
    it->second.rings.reset();
    push_own_(command_type{tick{}}, last_event_id_ + "/tick/" + std::to_string(round));
    // Still wanted after the tick: the clock was early, or the append failed. Look again later.
    if (auto again = tracked_.find(key); again != tracked_.end() && again->second.round == round)
      carry_out(again->second);
  }

  /// One call at a time is asked for, the earliest: most alarms are forgotten long before they
  /// ring, and each message to a later time costs a wake-up of the thread that keeps it.
  void call_at(moment when) {
    if (called_at_ && *called_at_ <= when)
      return;
    called_at_ = when;
    self_.delayed_send(&self_, std::max(when - self_.clock().now(), moment::duration{0}),
                       alarm_atom::value, ++call_);
  }

  void call_for_next() {
    if (retry_at_)
      call_at(*retry_at_);
    for (auto const& [key, t] : tracked_) {
      if (t.rings)
        call_at(*t.rings);
    }
  }

  void carry_out(tracked& t) {
    ++t.tries;
    t.round = ++round_;
    t.not_before = rt_.clock->now() + rt_.resend * std::min(t.tries, 12);
    std::visit(overloaded{
                   [&](tell const& x) { send_tell(t, x); },
                   [&](ask const& x) { send_ask(t, x); },
                   [&](offer const& x) {
                     t.done = true;
                     if (rt_.dispatcher != nullptr)
                       rt_.dispatcher->offer({ref_, t.what.key, x});
                   },
                   [&](troupe::launch const& x) {
                     t.done = true;
                     rt_.runner->launch(x);
                   },
                   [&](notify const& x) {
                     rt_.runner->notify(
                         x, [me = self_.address(), key = t.what.key, round = t.round] {
                           if (auto a = caf::actor_cast<caf::actor>(me))
                             caf::anon_send(a, obligation_outcome{key, round, std::nullopt});
                         });
                   },
                   [&](alarm const& x) {
                     t.done = true;
                     auto delay = x.at - rt_.clock->now();
                     if (delay < duration{0})
                       delay = recovering_ ? rt_.grace : (t.tries > 1 ? rt_.resend : duration{0});
                     t.rings = self_.clock().now() + delay;
                     call_at(*t.rings);
                   },
               },
               t.what.what);
  }

  void send_tell(tracked& t, tell const& x) {
    auto c = std::make_shared<command_message>();
    c->to = x.to;
    c->command = x.command;
    c->context.id = t.cause + "/" + t.what.key;
    c->context.by = principal_id{std::string{to_string(ref_.kind)} + ":" + ref_.id};
    c->context.cause = t.cause;
    c->context.correlation = correlation_;
    c->done = [me = self_.address(), key = t.what.key, round = t.round](command_result const& o) {
      if (auto a = caf::actor_cast<caf::actor>(me))
        caf::anon_send(
            a, obligation_outcome{key, round, o ? std::nullopt : std::optional<error>{o.error()}});
    };
    TROUPE_CRASH_POINT(11, "obligation: before a message is sent");
    rt_.where->deliver(std::move(c));
  }

  /// Gives an engine's answer to the agent by its name, and tells this actor how that ended. Used
  /// on the engine's threads, too.
  auto answer_deliverer() {
    return [where = rt_.where, ref = ref_, me = self_.address()](
               std::optional<command_type> const& answer, std::string const& asked,
               std::string const& key, std::uint64_t round) {
      auto c = std::make_shared<command_message>();
      c->to = ref;
      c->command = *answer;
      c->context.by = principal_id{"agent:" + ref.id};
      c->context.id = asked + "/answer";
      c->context.cause = asked;
      c->done = [me, key, round](command_result const& o) {
        if (auto a = caf::actor_cast<caf::actor>(me))
          caf::anon_send(a, obligation_outcome{key, round,
                                               o ? std::nullopt : std::optional<error>{o.error()}});
      };
      where->deliver(std::move(c));
    };
  }

  void send_ask(tracked& t, ask const& x) {
    if constexpr (Domain::kind == entity_kind::agent) {
      t.done = true;
      if (t.answer) { // thought up already, but not taken
        answer_deliverer()(*t.answer, x.message.id, t.what.key, t.round);
        return;
      }
      // The agent thinks; its answer comes back as a command through the shard, also where this
      // actor went down meanwhile.
      t.answer = std::make_shared<std::optional<command_type>>();
      rt_.engine->perform(
          ref_, state_.spec, x.message,
          [deliver = answer_deliverer(), answer = t.answer, id = x.message.id, key = t.what.key,
           round = t.round](result<envelope> r) {
            if (r)
              *answer = agent::reply{std::move(*r)};
            else
              *answer = agent::give_up{id, reason::invalid_output, r.error().message};
            deliver(*answer, id, key, round);
          });
    } else {
      auto where = send_point(rt_, ref_.tenant, x.message);
      if (!where) {
        t.done = true;
        spdlog::warn("message refused entity={} message={} why=\"{}\"", to_string(ref_),
                     x.message.id, where.error().message);
        return;
      }
      send_tell(t, *where);
    }
  }

  /// An agent that was full, or a store that was away, does not make an answer unsaid. One that was
  /// taken ends its obligation.
  void on_answer_outcome(tracked& t, obligation_outcome const& o) {
    if (!o.refused || o.round != t.round)
      return;
    if (!may_pass(*o.refused)) {
      spdlog::warn("answer refused entity={} key={} why=\"{}\"", to_string(ref_), o.key,
                   o.refused->message);
      return;
    }
    t.done = false;
    t.not_before = rt_.clock->now() + rt_.resend;
    plan_retry();
  }

  static bool may_pass(error const& e) {
    return e.code == errc::busy || e.code == errc::unavailable || e.code == errc::timeout ||
           e.code == errc::fenced;
  }

  /// Settles what was taken over, but only when the quiet obligations have been carried out too:
  /// a settle may be the last event, after which nothing would remember them.
  void settle_held() {
    for (auto const& [key, t] : tracked_) {
      bool const quiet = !t.what.acknowledge && (std::holds_alternative<tell>(t.what.what) ||
                                                 std::holds_alternative<notify>(t.what.what));
      if (quiet && !t.done)
        return;
    }
    std::vector<std::pair<std::string, std::string>> ready;
    for (auto& [key, t] : tracked_) {
      if (std::exchange(t.held, false))
        ready.emplace_back(key, t.refused);
    }
    for (auto& [key, refused] : ready) {
      TROUPE_CRASH_POINT(12, "obligation: before it is settled");
      push_own_(command_type{settle{key, refused}}, last_event_id_ + "/settle/" + key);
    }
  }

  void plan_retry() {
    bool const open = std::any_of(tracked_.begin(), tracked_.end(),
                                  [](auto const& kv) { return !kv.second.done; });
    if (!open) {
      retry_at_.reset();
      return;
    }
    retry_at_ = self_.clock().now() + rt_.resend;
    call_at(*retry_at_);
  }

  caf::event_based_actor& self_;
  entity_ref const& ref_;
  runtime const& rt_;
  state_type const& state_;
  std::string const& last_event_id_;
  std::string const& correlation_;
  std::function<void(command_type, std::string)> push_own_;
  bool recovering_ = false;
  std::map<std::string, tracked> tracked_;
  std::uint64_t round_ = 0;
  std::optional<moment> retry_at_;
  std::optional<moment> called_at_; ///< when the call that was asked for comes
  std::uint64_t call_ = 0;          ///< its number; earlier ones say nothing
};

} // namespace troupe
