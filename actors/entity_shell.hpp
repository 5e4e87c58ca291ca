#pragma once

#include "actors/domain/kinds.hpp"
#include "actors/entity.hpp"
#include "actors/region.hpp"
#include "actors/send_point.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <deque>
#include <map>

namespace troupe {

/// The one CAF shell in which every event-sourced domain runs.
///
/// command -> decide (pure) -> append -> durable -> evolve -> answer -> obligations. While an
/// append is under way the entity is pending: later commands wait in `queue_`, queries see the last
/// durable state. What the state obliges to is carried out here, and again after every start, until
/// the state no longer asks for it.
template <class Domain>
class entity_shell : public caf::event_based_actor {
public:
  using state_type = typename Domain::state;
  using event_type = typename Domain::event;
  using command_type = typename Domain::command;

  entity_shell(caf::actor_config& cfg, entity_ref self, runtime const* rt, caf::actor shard,
               std::shared_ptr<entity_link> link)
      : caf::event_based_actor(cfg), ref_(std::move(self)), rt_(*rt), shard_(std::move(shard)),
        link_(std::move(link)), state_(Domain::initial(ref_)) {
    set_exception_handler([this](std::exception_ptr& e) -> caf::error {
      try {
        std::rethrow_exception(e);
      } catch (std::exception const& x) {
        spdlog::error("entity crashed entity={} command={} what=\"{}\"", to_string(ref_),
                      link_->command_id, x.what());
      }
      return caf::exit_reason::unhandled_exception;
    });
    set_default_handler(caf::drop);
  }

  caf::behavior make_behavior() override {
    load();
    return {
        [this](command_ptr& c) { admit(std::move(c)); },
        [this](query_ptr& q) { answer(std::move(q)); },
        [this](loaded_ptr const& l) { on_loaded(*l); },
        [this](appended_ptr const& a) { on_appended(*a); },
        [this](obligation_outcome const& o) { on_outcome(o); },
        [this](alarm_atom, std::string const& key, std::uint64_t round) { on_alarm(key, round); },
        [this](retry_atom, std::uint64_t round) {
          if (round == retry_round_)
            send_again(false);
        },
        [this](retry_atom) { send_again(true); },
        [this](passivate_atom) {
          if (idle())
            this->send(shard_, idle_notice{ref_});
        },
        [this](stop_atom) {
          stopping_ = true;
          stop_if_done();
        },
    };
  }

private:
  /// An append under way, with what will be true once it is durable.
  struct pending_append {
    std::uint64_t id = 0;
    command_ptr cause;
    state_type next;
    std::string hash;
    std::string last_event_id;
    std::size_t events = 0;
    std::vector<obligation> obligations;
  };
  /// An obligation that is being carried out.
  struct tracked {
    obligation what;
    std::string cause; ///< event that first asked for it
    bool done = false; ///< taken over; nothing more to do in this wake
    bool held = false; ///< taken over, and the settle waits for quiet ones
    std::string refused;
    int tries = 0;
    std::uint64_t round = 0;
    time_point not_before{};
  };

  // ---- starting ------------------------------------------------------------------------------

  void load() {
    loaded_ = false;
    ++link_->busy;
    rt_.journal->load(ref_, caf::actor_cast<caf::actor>(this));
  }

  void on_loaded(loaded const& l) {
    --link_->busy;
    if (!l.events) {
      if (l.events.error().code == errc::corrupt) {
        broken_ = l.events.error();
      } else {
        load(); // the journal has waited already; a store that is away is asked again
        return;
      }
    } else {
      fold(*l.events);
    }
    loaded_ = true;
    for (auto& q : std::exchange(queries_, {}))
      answer(std::move(q));
    recovering_ = true;
    if (!broken_)
      carry_out(Domain::obligations(state_));
    recovering_ = false;
    pump();
  }

  void fold(std::vector<stored_event> const& events) {
    state_ = Domain::initial(ref_);
    version_ = 0;
    hash_ = std::string{no_hash()};
    for (auto const& e : events) {
      auto const data = json::parse(e.event.data);
      auto const name = std::string_view{e.event.type}.substr(e.event.type.find('.') + 1);
      auto decoded =
          data ? json::from_named<event_type>(name, *data) : result<event_type>{data.error()};
      if (!decoded) {
        broken_ =
            fail(errc::corrupt, "event " + e.event.event_id + " (" + e.event.type + ", version " +
                                    std::to_string(e.version) + ") of " + to_string(ref_) +
                                    " cannot be read: " + decoded.error().message +
                                    "; run `troupe verify`, restore it, or use a newer build");
        spdlog::error("{}", broken_->message);
        return;
      }
      state_ = Domain::evolve(std::move(state_), *decoded, context_of(e));
      version_ = e.version;
      hash_ = e.event.hash;
      last_event_id_ = e.event.event_id;
      if (!e.event.correlation.empty())
        correlation_ = e.event.correlation;
    }
  }

  static event_context context_of(stored_event const& e) {
    return {e.version, e.event.at, principal_id{e.event.principal}, e.event.event_id,
            e.event.cause};
  }

  // ---- commands ------------------------------------------------------------------------------

  void admit(command_ptr c) {
    if (queue_.size() >= rt_.queue_limit || !rt_.journal->accepts()) {
      finish(*c, fail(errc::busy,
                      "too much is waiting at " + to_string(ref_) + "; try again in a moment"));
      return;
    }
    push(std::move(c));
  }

  void push(command_ptr c) {
    ++link_->busy;
    queue_.push_back(std::move(c));
    pump();
  }

  /// A command of the entity to itself.
  void push_own(command_type what, std::string id, std::string cause) {
    auto c = std::make_shared<command_message>();
    c->to = ref_;
    c->context.correlation = correlation_;
    c->command = std::move(what);
    c->context.id = std::move(id);
    c->context.by = principal_id{"system"};
    c->context.cause = std::move(cause);
    push(std::move(c));
  }

  void pump() {
    if (pumping_)
      return;
    pumping_ = true;
    while (loaded_ && !pending_ && !queue_.empty()) {
      auto c = std::move(queue_.front());
      queue_.pop_front();
      --link_->busy;
      process(std::move(c));
    }
    pumping_ = false;
    stop_if_done();
  }

  void process(command_ptr c) {
    link_->command_id = c->context.id;
    if (broken_) {
      finish(*c, *broken_);
      return;
    }
    auto const* what = std::get_if<command_type>(&c->command);
    if (what == nullptr) {
      finish(*c, fail(errc::invalid_argument, "not a command for " + to_string(ref_)));
      return;
    }
    c->context.now = rt_.clock->now();
    auto decision = Domain::decide(state_, *what, c->context);
    if (!decision) {
      finish(*c, decision.error());
      return;
    }
    if (decision->empty()) {
      finish(*c, make_receipt(*c, 0));
      return;
    }
    append(std::move(c), *decision);
  }

  void append(command_ptr c, std::vector<event_type> const& events) {
    pending_append p;
    p.id = ++append_id_;
    p.next = state_;
    p.hash = hash_;
    p.events = events.size();
    unit u;
    u.shard = shard_of(ref_);
    u.epoch = link_->epoch->load();
    u.tenant = ref_.tenant;
    stream_write w;
    w.stream = ref_;
    w.expected_version = version_;
    auto version = version_;
    for (auto const& e : events) {
      ++version;
      new_event n;
      n.event_id = rt_.ids->uuid();
      n.type = std::string{to_string(ref_.kind)} + "." + std::string{json::name_of(e)};
      n.at = c->context.now;
      n.principal = c->context.by.value;
      n.cause = c->context.cause.empty() ? c->context.id : c->context.cause;
      n.correlation = c->context.correlation.empty() ? correlation_ : c->context.correlation;
      auto data = json::to(e);
      data.as_object().erase("type");
      n.data = json::canonical(data);
      n.hash = chain_hash(p.hash, ref_, version, n);
      p.hash = n.hash;
      p.last_event_id = n.event_id;
      p.next = Domain::evolve(std::move(p.next), e,
                              {version, n.at, principal_id{n.principal}, n.event_id, n.cause});
      w.events.push_back(std::move(n));
    }
    p.obligations = Domain::obligations(p.next);
    w.wake_at = wake_at(p.obligations);
    u.writes.push_back(std::move(w));
    if (c->inbox) {
      u.inbox = c->inbox;
      u.inbox->answer =
          json::canonical(json::object{{"entity", to_string(ref_)}, {"version", version}});
    }
    p.cause = std::move(c);
    ++link_->busy;
    auto const id = p.id;
    pending_.emplace(std::move(p));
    rt_.journal->append(std::move(u), id, caf::actor_cast<caf::actor>(this));
  }

  static std::optional<time_point> wake_at(std::vector<obligation> const& all) {
    std::optional<time_point> at;
    for (auto const& o : all) {
      auto const* a = std::get_if<alarm>(&o.what);
      auto const due = a != nullptr ? a->at : time_point{};
      if (!at || due < *at)
        at = due;
    }
    return at;
  }

  void on_appended(appended const& a) {
    if (!pending_ || pending_->id != a.id)
      return;
    --link_->busy;
    auto p = std::move(*pending_);
    pending_.reset();
    if (!a.outcome) {
      finish(*p.cause, a.outcome.error());
      pump();
      return;
    }
    auto const& r = *a.outcome;
    switch (r.status) {
    case unit_status::duplicate:
      if (r.by_inbox) {
        finish(*p.cause, make_receipt(*p.cause, 0));
        break;
      }
      [[fallthrough]]; // our own events, sent again after an unknown outcome
    case unit_status::ok:
      state_ = std::move(p.next);
      version_ += p.events;
      hash_ = std::move(p.hash);
      last_event_id_ = std::move(p.last_event_id);
      if (correlation_.empty())
        correlation_ = p.cause->context.correlation;
      finish(*p.cause, make_receipt(*p.cause, p.events));
      carry_out(std::move(p.obligations));
      break;
    case unit_status::conflict:
      if (r.by_inbox) {
        finish(*p.cause, fail(errc::conflict,
                              "this Idempotency-Key was used for another request; use a new one",
                              {{"idempotency_key", true}}));
        break;
      }
      // A single owner cannot conflict with itself: memory and log differ, so believe the log.
      spdlog::error("append conflict entity={} version={}", to_string(ref_), version_);
      ++link_->busy;
      queue_.push_front(std::move(p.cause));
      tracked_.clear();
      load();
      return;
    case unit_status::fenced:
      finish(*p.cause, fail(errc::unavailable, "this shard has moved; try again"));
      quit(caf::exit_reason::kill);
      return;
    }
    pump();
  }

  command_result make_receipt(command_message const& c, std::size_t events) const {
    receipt r{ref_, version_, events, {}};
    if (c.want_state)
      r.state = json::to(state_);
    return r;
  }

  static void finish(command_message& c, command_result o) {
    if (auto done = std::exchange(c.done, {}))
      done(std::move(o));
  }

  void answer(query_ptr q) {
    if (!loaded_) {
      queries_.push_back(std::move(q));
      return;
    }
    if (broken_)
      q->done(*broken_);
    else if (version_ == 0)
      q->done(fail(errc::not_found,
                   "there is no " + std::string{to_string(ref_.kind)} + " " + ref_.id));
    else
      q->done(json::to(state_));
  }

  // ---- obligations ---------------------------------------------------------------------------

  void carry_out(std::vector<obligation> wanted) {
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
  }

  /// What must be undone when the state no longer asks for it.
  void take_back(obligation const& o) {
    std::visit(
        overloaded{
            [&](offer const&) {
              caf::anon_send(rt_.dispatcher, offer_message{ref_, o.key, std::nullopt});
            },
            [&](troupe::launch const& l) { rt_.runner->forget(l.what.ticket, l.what.token); },
            [](auto const&) {},
        },
        o.what);
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
                     caf::anon_send(rt_.dispatcher, offer_message{ref_, t.what.key, x});
                   },
                   [&](troupe::launch const& x) {
                     t.done = true;
                     rt_.runner->launch(x);
                   },
                   [&](notify const& x) {
                     rt_.runner->notify(
                         x, [me = this->address(), key = t.what.key, round = t.round] {
                           if (auto a = caf::actor_cast<caf::actor>(me))
                             caf::anon_send(a, obligation_outcome{key, round, std::nullopt});
                         });
                   },
                   [&](alarm const& x) {
                     t.done = true;
                     auto delay = x.at - rt_.clock->now();
                     if (delay < duration{0})
                       delay = recovering_ ? rt_.grace : (t.tries > 1 ? rt_.resend : duration{0});
                     this->delayed_send(this, delay, alarm_atom::value, t.what.key, t.round);
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
    c->done = [me = this->address(), key = t.what.key, round = t.round](command_result const& o) {
      if (auto a = caf::actor_cast<caf::actor>(me))
        caf::anon_send(
            a, obligation_outcome{key, round, o ? std::nullopt : std::optional<error>{o.error()}});
    };
    rt_.where->deliver(std::move(c));
  }

  void send_ask(tracked& t, ask const& x) {
    if constexpr (Domain::kind == entity_kind::agent) {
      // The agent thinks; its answer comes back as a command through the shard.
      t.done = true;
      rt_.engine->perform(ref_, state_.spec, x.message,
                          [where = rt_.where, ref = ref_, asked = x.message](result<envelope> r) {
                            auto c = std::make_shared<command_message>();
                            c->to = ref;
                            c->context.by = principal_id{"agent:" + ref.id};
                            c->context.id = asked.id + "/answer";
                            c->context.cause = asked.id;
                            if (r)
                              c->command = agent::command{agent::reply{std::move(*r)}};
                            else
                              c->command = agent::command{agent::give_up{
                                  asked.id, reason::invalid_output, r.error().message}};
                            where->deliver(std::move(c));
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

  static bool may_pass(error const& e) {
    return e.code == errc::busy || e.code == errc::unavailable || e.code == errc::timeout ||
           e.code == errc::fenced;
  }

  void on_outcome(obligation_outcome const& o) {
    auto const it = tracked_.find(o.key);
    if (it == tracked_.end() || it->second.done)
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
    stop_if_done();
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
    for (auto& [key, refused] : ready)
      push_own(command_type{settle{key, refused}}, last_event_id_ + "/settle/" + key,
               last_event_id_);
  }

  void plan_retry() {
    bool const open = std::any_of(tracked_.begin(), tracked_.end(),
                                  [](auto const& kv) { return !kv.second.done; });
    if (!open)
      return;
    this->delayed_send(this, rt_.resend, retry_atom::value, ++retry_round_);
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

  void on_alarm(std::string const& key, std::uint64_t round) {
    auto const it = tracked_.find(key);
    if (it == tracked_.end() || it->second.round != round || broken_)
      return;
    push_own(command_type{tick{}}, last_event_id_ + "/tick/" + std::to_string(round),
             last_event_id_);
    // Still wanted after the tick: the clock was early, or the append failed. Look again later.
    if (auto again = tracked_.find(key); again != tracked_.end() && again->second.round == round)
      carry_out(again->second);
  }

  // ---- going ---------------------------------------------------------------------------------

  [[nodiscard]] bool idle() const {
    return loaded_ && !pending_ && queue_.empty() &&
           std::all_of(tracked_.begin(), tracked_.end(), [](auto const& kv) {
             return kv.second.done && !std::holds_alternative<alarm>(kv.second.what.what) &&
                    !std::holds_alternative<ask>(kv.second.what.what) &&
                    !std::holds_alternative<offer>(kv.second.what.what) &&
                    !std::holds_alternative<troupe::launch>(kv.second.what.what);
           });
  }

  void stop_if_done() {
    if (stopping_ && !pending_ && queue_.empty())
      quit(caf::exit_reason::user_shutdown);
  }

  entity_ref ref_;
  runtime const& rt_;
  caf::actor shard_;
  std::shared_ptr<entity_link> link_;
  state_type state_;
  std::uint64_t version_ = 0;
  std::string hash_;
  std::string last_event_id_;
  std::string correlation_; ///< the brief that all of this belongs to
  std::optional<error> broken_;
  bool loaded_ = false;
  bool recovering_ = false;
  bool stopping_ = false;
  bool pumping_ = false;
  std::deque<command_ptr> queue_;
  std::vector<query_ptr> queries_;
  std::optional<pending_append> pending_;
  std::map<std::string, tracked> tracked_;
  std::uint64_t append_id_ = 0;
  std::uint64_t round_ = 0;
  std::uint64_t retry_round_ = 0;
};

} // namespace troupe
