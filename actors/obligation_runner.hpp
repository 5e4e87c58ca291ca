#pragma once

#include "actors/alarm_clock.hpp"
#include "actors/choke_points.hpp"
#include "actors/command_trace.hpp"
#include "actors/dispatch_desk.hpp"
#include "actors/domain/kinds.hpp"
#include "actors/effect_book.hpp"
#include "actors/region.hpp"
#include "actors/send_point.hpp"
#include "actors/stream_fold.hpp"
#include "protocol/crash_point.hpp"

#include <caf/actor_clock.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <functional>
#include <map>

namespace troupe {

/// What the runner of obligations sees of its entity, and does with it.
template <class Domain>
class obligation_host {
public:
  virtual caf::event_based_actor& actor() = 0;
  [[nodiscard]] virtual entity_ref const& ref() const = 0;
  [[nodiscard]] virtual runtime const& rt() const = 0;
  /// As far as it is durable.
  [[nodiscard]] virtual stream_fold<Domain> const& now() const = 0;
  /// Gives the entity a command of its own, with this id and the last event as its cause.
  virtual void push_own(typename Domain::command what, std::string id) = 0;

protected:
  ~obligation_host() = default;
};

/// Carries out what an entity's state obliges to, for the shell: sends, sends again until it is
/// answered, settles what was taken over, and forgets what the state no longer asks for.
template <class Domain>
class obligation_runner {
public:
  using command_type = typename Domain::command;

  explicit obligation_runner(obligation_host<Domain>& host) : host_(host) {}

  /// Takes over what the state obliges to now. `recovering`: after a start, so that what is overdue
  /// waits a moment for those who must come back too.
  void carry_out(std::vector<obligation> const& wanted, bool recovering = false) {
    recovering_ = recovering;
    std::map<std::string_view, obligation const*> by_key;
    for (auto const& o : wanted)
      by_key.emplace(o.key, &o);
    for (auto it = tracked_.begin(); it != tracked_.end();) {
      if (by_key.contains(it->first)) {
        ++it;
      } else {
        take_back(it->first, it->second);
        it = tracked_.erase(it);
      }
    }
    std::vector<obligation const*> fresh;
    for (auto const& [key, o] : by_key) {
      auto const [it, added] = tracked_.try_emplace(o->key);
      auto& t = it->second;
      auto const* now = std::get_if<alarm>(&o->what);
      bool const moved = !added && now != nullptr && t.is == sort::alarm && now->at != t.at;
      if (!added && !moved)
        continue;
      note(t, *o);
      fresh.push_back(o);
    }
    for (auto const* o : fresh) {
      if (auto it = tracked_.find(o->key); it != tracked_.end())
        carry_out(it->second, *o);
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
      t.refused = std::make_unique<std::string>(o.refused->message);
      spdlog::warn("obligation refused entity={} key={} why=\"{}\"", to_string(host_.ref()), o.key,
                   *t.refused);
    }
    t.done = true;
    t.open.end();
    t.held = t.acknowledge;
    settle_held();
  }

  /// Sends again what was not answered; with `all`, also offers and launches (their taker is new).
  void send_again(bool all) {
    auto const now = host_.rt().clock->now();
    for (auto const& o : Domain::obligations(*host_.now().state)) {
      auto const it = tracked_.find(o.key);
      if (it == tracked_.end())
        continue;
      auto& t = it->second;
      bool const volatile_taker = t.is == sort::offer || t.is == sort::launch;
      if ((!t.done && t.not_before <= now) || (all && volatile_taker))
        carry_out(t, o);
    }
    settle_held();
    plan_retry();
  }

  /// The call that was asked for has come: what is due is done, and the next call asked for.
  void on_call(std::uint64_t call) {
    if (call != call_)
      return;
    called_at_.reset();
    auto const now = host_.actor().clock().now();
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
      auto const is = kv.second.is;
      return kv.second.done && (is == sort::tell || is == sort::notify);
    });
  }

private:
  using moment = caf::actor_clock::time_point;

  /// The alternatives of a deed, in their order.
  enum class sort : std::uint8_t { tell, ask, offer, launch, notify, alarm };
  static_assert(static_cast<std::size_t>(sort::alarm) + 1 == effect_kinds); // each is one of those

  /// An obligation that is being carried out. What it asks for is worked out of the state again
  /// where it is needed again: many wait here for days.
  struct tracked {
    sort is = sort::tell;
    bool acknowledge = false;
    bool done = false; ///< taken over; nothing more to do in this wake
    bool held = false; ///< taken over, and the settle waits for quiet ones
    int tries = 0;
    std::uint64_t round = 0;
    time_point not_before{};
    time_point at{};             ///< of an alarm
    std::int64_t token = 0;      ///< of a launch
    std::optional<moment> rings; ///< an alarm: when
    choke::effect_ptr watched;   ///< of a launch
    effect_book::entry open;     ///< until it is taken over, or no longer wanted
    std::string cause;           ///< event that first asked for it
    std::unique_ptr<std::string> refused;
    /// What an engine has answered; written once, before the outcome of its delivery comes.
    std::shared_ptr<std::optional<command_type>> answer;
  };

  /// It is wanted from here on, or otherwise than before.
  void note(tracked& t, obligation const& o) {
    t.is = static_cast<sort>(o.what.index());
    t.acknowledge = o.acknowledge;
    t.done = false;
    t.cause = host_.now().last_event_id;
    if (auto* effects = host_.rt().effects; effects != nullptr) {
      // Only an agent asks an engine; what others ask is a message to an agent.
      bool const message = t.is == sort::ask && Domain::kind != entity_kind::agent;
      t.open = effects->begin(message ? effect_kind::message : static_cast<effect_kind>(t.is));
    }
    if (auto const* a = std::get_if<alarm>(&o.what))
      t.at = a->at;
    if (auto const* l = std::get_if<troupe::launch>(&o.what))
      t.token = l->what.token;
  }

  /// What must be undone when the state no longer asks for it.
  void take_back(std::string const& key, tracked const& t) {
    if (t.is == sort::offer && host_.rt().dispatcher != nullptr)
      host_.rt().dispatcher->offer({host_.ref(), key, std::nullopt});
    if (t.is == sort::launch) { // only a ticket launches, and only its own attempts
      host_.rt().runner->forget(ticket_id{host_.ref().id}, t.token);
      choke::end_effect(t.watched);
    }
  }

  /// An alarm is due.
  void ring(std::string const& key, std::uint64_t round) {
    auto const it = tracked_.find(key);
    if (it == tracked_.end() || it->second.round != round)
      return;
    it->second.rings.reset();
    host_.push_own(command_type{tick{}},
                   host_.now().last_event_id + "/tick/" + std::to_string(round));
    // Still wanted after the tick: the clock was early, or the append failed. Look again later.
    if (auto again = tracked_.find(key); again != tracked_.end() && again->second.round == round) {
      begin(again->second);
      set_alarm(again->second);
    }
  }

  /// One call at a time is asked for, the earliest: most alarms are forgotten long before they
  /// ring.
  void call_at(moment when) {
    if (called_at_ && *called_at_ <= when)
      return;
    called_at_ = when;
    if (auto* alarms = host_.rt().alarms; alarms != nullptr) {
      alarms->call(host_.actor().address(), when, ++call_);
      return;
    }
    host_.actor().delayed_send(&host_.actor(),
                               std::max(when - host_.actor().clock().now(), moment::duration{0}),
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

  void set_alarm(tracked& t) {
    t.done = true;
    auto delay = t.at - host_.rt().clock->now();
    if (delay < duration{0})
      delay = recovering_ ? host_.rt().grace : (t.tries > 1 ? host_.rt().resend : duration{0});
    t.rings = host_.actor().clock().now() + delay;
    call_at(*t.rings);
  }

  void begin(tracked& t) {
    ++t.tries;
    t.round = ++round_;
    t.not_before = host_.rt().clock->now() + host_.rt().resend * std::min(t.tries, 12);
  }

  void carry_out(tracked& t, obligation const& o) {
    begin(t);
    std::visit(overloaded{
                   [&](tell const& x) {
                     if (auto const* m = message_of(x.command))
                       send_message(t, o.key, *m);
                     else
                       send_tell(t, o.key, x, host_.now().correlation);
                   },
                   [&](ask const& x) { send_ask(t, o.key, x); },
                   [&](offer const& x) {
                     t.done = true;
                     if (host_.rt().dispatcher != nullptr)
                       host_.rt().dispatcher->offer({host_.ref(), o.key, x});
                   },
                   [&](troupe::launch const& x) {
                     t.done = true;
                     t.watched = choke::begin_effect(host_.ref(), "order",
                                                     "daemon:", x.daemon.value, {}, x.what.agent);
                     host_.rt().runner->launch(x);
                   },
                   [&](notify const& x) {
                     host_.rt().runner->notify(
                         x, [me = host_.actor().address(), key = o.key, round = t.round,
                             watched = choke::begin_effect(host_.ref(), json::name_of(x.what),
                                                           "daemon:", x.daemon.value, {},
                                                           worker_of(*host_.now().state))] {
                           choke::end_effect(watched);
                           if (auto a = caf::actor_cast<caf::actor>(me))
                             caf::anon_send(a, obligation_outcome{key, round, std::nullopt});
                         });
                   },
                   [&](alarm const&) { set_alarm(t); },
               },
               o.what);
  }

  void send_tell(tracked const& t, std::string const& key, tell const& x,
                 std::string const& conversation) {
    auto c = std::make_shared<command_message>();
    c->to = x.to;
    c->command = x.command;
    c->context.id = t.cause + "/" + key;
    c->context.by = principal_id{std::string{to_string(host_.ref().kind)} + ":" + host_.ref().id};
    c->context.cause = t.cause;
    c->context.correlation = conversation;
    c->done = [me = host_.actor().address(), key, round = t.round](command_result const& o) {
      if (auto a = caf::actor_cast<caf::actor>(me))
        caf::anon_send(
            a, obligation_outcome{key, round, o ? std::nullopt : std::optional<error>{o.error()}});
    };
    TROUPE_CRASH_POINT(11, "obligation: before a message is sent");
    host_.rt().where->deliver(std::move(c));
  }

  /// Gives an engine's answer to the agent by its name, and tells this actor how that ended. Used
  /// on the engine's threads, too.
  auto answer_deliverer(std::string conversation) {
    return [where = host_.rt().where, ref = host_.ref(), me = host_.actor().address(),
            conversation = std::move(conversation), trace = tracing::within::here()](
               std::optional<command_type> const& answer, std::string const& asked,
               std::string const& key, std::uint64_t round) {
      auto c = std::make_shared<command_message>();
      c->to = ref;
      c->command = *answer;
      c->context.by = principal_id{"agent:" + ref.id};
      c->context.id = asked + "/answer";
      c->context.correlation = conversation;
      c->context.cause = asked;
      c->done = [me, key, round](command_result const& o) {
        if (auto a = caf::actor_cast<caf::actor>(me))
          caf::anon_send(a, obligation_outcome{key, round,
                                               o ? std::nullopt : std::optional<error>{o.error()}});
      };
      tracing::within const traced{trace};
      where->deliver(std::move(c));
    };
  }

  void send_ask(tracked& t, std::string const& key, ask const& x) {
    if constexpr (Domain::kind == entity_kind::agent) {
      t.done = true;
      if (t.answer) { // thought up already, but not taken
        answer_deliverer(x.message.correlation)(*t.answer, x.message.id, key, t.round);
        return;
      }
      // The agent thinks; its answer comes back as a command through the shard, also where this
      // actor went down meanwhile.
      t.answer = std::make_shared<std::optional<command_type>>();
      host_.rt().engine->perform(
          host_.ref(), host_.now().state->spec, x.message,
          [deliver = answer_deliverer(x.message.correlation), answer = t.answer, id = x.message.id,
           key, round = t.round,
           watched = choke::begin_effect(host_.ref(), "think",
                                         "engine:", name(host_.now().state->spec.engine),
                                         x.message.correlation)](result<envelope> r) {
            choke::end_effect(watched, r ? std::nullopt : std::optional{r.error().code});
            if (r)
              *answer = agent::reply{std::move(*r)};
            else
              *answer = agent::give_up{id, reason::invalid_output, r.error().message};
            deliver(*answer, id, key, round);
          });
    } else {
      send_message(t, key, x.message);
    }
  }

  /// By the send point. What is refused there will never pass, so nobody waits for it.
  void send_message(tracked& t, std::string const& key, envelope const& m) {
    auto const where = send_point(host_.ref().tenant, m, worker_of(*host_.now().state));
    if (!where) {
      spdlog::warn("message refused entity={} message={} why=\"{}\"", to_string(host_.ref()), m.id,
                   where.error().message);
      t.refused = std::make_unique<std::string>(where.error().message);
      t.done = true;
      t.open.end();
      t.held = t.acknowledge;
      return;
    }
    std::optional<tracing::within> traced;
    if (tracing::on())
      traced.emplace(trace_message(m, std::nullopt));
    // Who passes it on may be in several conversations.
    send_tell(t, key, *where, m.correlation.empty() ? host_.now().correlation : m.correlation);
  }

  /// An agent that was full, or a store that was away, does not make an answer unsaid. One that was
  /// taken ends its obligation.
  void on_answer_outcome(tracked& t, obligation_outcome const& o) {
    if (!o.refused || o.round != t.round)
      return;
    if (!may_pass(*o.refused)) {
      t.open.end();
      spdlog::warn("answer refused entity={} key={} why=\"{}\"", to_string(host_.ref()), o.key,
                   o.refused->message);
      return;
    }
    t.done = false;
    t.not_before = host_.rt().clock->now() + host_.rt().resend;
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
      bool const quiet = !t.acknowledge && (t.is == sort::tell || t.is == sort::notify);
      if (quiet && !t.done)
        return;
    }
    std::vector<std::pair<std::string, std::string>> ready;
    for (auto& [key, t] : tracked_) {
      if (std::exchange(t.held, false))
        ready.emplace_back(key, t.refused ? *t.refused : std::string{});
    }
    for (auto& [key, refused] : ready) {
      TROUPE_CRASH_POINT(12, "obligation: before it is settled");
      host_.push_own(command_type{settle{key, refused}},
                     host_.now().last_event_id + "/settle/" + key);
    }
  }

  void plan_retry() {
    bool const open = std::any_of(tracked_.begin(), tracked_.end(),
                                  [](auto const& kv) { return !kv.second.done; });
    if (!open) {
      retry_at_.reset();
      return;
    }
    retry_at_ = host_.actor().clock().now() + host_.rt().resend;
    call_at(*retry_at_);
  }

  obligation_host<Domain>& host_;
  bool recovering_ = false;
  std::map<std::string, tracked> tracked_;
  std::uint64_t round_ = 0;
  std::optional<moment> retry_at_;
  std::optional<moment> called_at_; ///< when the call that was asked for comes
  std::uint64_t call_ = 0;          ///< its number; earlier ones say nothing
};

} // namespace troupe
