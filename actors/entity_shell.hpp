#pragma once

#include "actors/choke_points.hpp"
#include "actors/command_trace.hpp"
#include "actors/entity_append.hpp"
#include "actors/entity_memory.hpp"
#include "actors/obligation_runner.hpp"
#include "actors/stored_answer.hpp"
#include "protocol/crash_point.hpp"
#include "protocol/log_about.hpp"
#include "protocol/redact.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <list>

namespace troupe {

/// The one CAF shell in which every event-sourced domain runs.
///
/// command -> decide (pure) -> append -> durable -> evolve -> answer -> obligations. While an
/// append is under way the entity is pending: later commands wait in `queue_`, queries see the last
/// durable state, or wait for the next one where that is durable and others may know of it. What
/// the state obliges to is carried out here, and again after every start, until the state no longer
/// asks for it.
template <class Domain>
class entity_shell : public caf::event_based_actor, private obligation_host<Domain> {
public:
  using command_type = typename Domain::command;
  using memory = entity_memory<Domain>;

  entity_shell(caf::actor_config& cfg, entity_ref self, runtime const* rt, caf::actor shard,
               std::shared_ptr<entity_link> link)
      : caf::event_based_actor(cfg), ref_(std::move(self)), rt_(*rt), shard_(std::move(shard)),
        link_(std::move(link)), memory_(ref_, rt_), work_(*this) {
    set_exception_handler([this](std::exception_ptr& e) -> caf::error {
      log_about const about{conversation(), &ref_};
      try {
        std::rethrow_exception(e);
      } catch (std::exception const& x) {
        spdlog::error("entity crashed entity={} command={} what=\"{}\"", to_string(ref_),
                      link_->command_id, x.what());
        report().why = redact(x.what());
        report().correlation = log_about::id();
      }
      return caf::exit_reason::unhandled_exception;
    });
    set_default_handler(caf::drop);
  }

  caf::behavior make_behavior() override {
    if (link_->called)
      memory_.assume_new();
    else
      load();
    return {
        [this](command_ptr& c) {
          log_about const about{conversation(), &ref_};
          admit(std::move(c));
        },
        [this](query_ptr& q) { answer(std::move(q)); },
        [this](loaded_ptr const& l) {
          log_about const about{conversation(), &ref_};
          on_loaded(*l);
        },
        [this](appended_ptr const& a) {
          log_about const about{conversation(), &ref_};
          on_appended(*a);
        },
        [this](obligation_outcome const& o) {
          log_about const about{conversation(), &ref_};
          work_.on_outcome(o);
          stop_if_done();
        },
        [this](alarm_atom, std::uint64_t call) {
          log_about const about{conversation(), &ref_};
          if (memory_.broken() == nullptr)
            work_.on_call(call);
        },
        [this](caf::atom_value what) { on_signal(what); }, // one: each handler costs every entity
    };
  }

  /// What it leaves behind is told so (see `command_message`) now, and not when the journal lets go
  /// of the last handle on this actor.
  void on_exit() override {
    if (pending_ && (!link_->report || link_->report->command.empty()))
      describe(*pending_->cause);
    queue_.clear();
    pending_.reset();
    for (auto& q : std::exchange(queries_, {}))
      q->done(fail(errc::timeout, to_string(ref_) + " went down before it answered"));
  }

private:
  /// What its log lines are about.
  [[nodiscard]] std::string const& conversation() const { return memory_.now().correlation; }

  void on_signal(caf::atom_value what) {
    log_about const about{conversation(), &ref_};
    if (what == wake_atom::value) {
      if (memory_.load_failed())
        load();
    } else if (what == retry_atom::value) {
      work_.send_again(true);
    } else if (what == passivate_atom::value) {
      if (idle()) {
        memory_.keep_snapshot(rt_.snapshot_after / 5);
        this->send(shard_, idle_notice{ref_});
      }
    } else if (what == stop_atom::value) {
      stopping_ = true;
      stop_if_done();
    }
  }

  // ---- what the runner of obligations sees and does -------------------------------------------

  caf::event_based_actor& actor() override { return *this; }
  [[nodiscard]] entity_ref const& ref() const override { return ref_; }
  [[nodiscard]] runtime const& rt() const override { return rt_; }
  [[nodiscard]] stream_fold<Domain> const& now() const override { return memory_.now(); }

  /// A command of the entity to itself.
  void push_own(command_type what, std::string id) override {
    auto c = std::make_shared<command_message>();
    c->to = ref_;
    c->context.correlation = memory_.now().correlation;
    c->command = std::move(what);
    c->context.id = std::move(id);
    c->context.by = principal_id{"system"};
    c->context.cause = memory_.now().last_event_id;
    push(std::move(c));
  }

  // ---- starting ------------------------------------------------------------------------------

  void load() {
    memory_.forget();
    ask_for(true);
  }

  /// What follows in the stream. A long one comes in parts, so that neither its reader nor the
  /// other actors wait for all of it.
  void ask_for(bool may_skip) {
    ++link_->busy;
    rt_.journal->load(ref_, {memory_.now().version, may_skip, rt_.snapshot_after},
                      caf::actor_cast<caf::actor>(this));
  }

  void on_loaded(loaded const& l) {
    --link_->busy;
    TROUPE_CRASH_POINT(13, "entity: read, before it is folded");
    auto const next = memory_.take(l);
    if (!next) {
      refuse_waiting(next.error()); // until somebody asks again, or for a while
      link_->reading.reset();
      this->delayed_send(this, rt_.load_retry, wake_atom::value);
      return;
    }
    if (*next != memory::wanted::nothing) {
      ask_for(false);
      return;
    }
    link_->reading.reset();
    answer_waiting();
    if (memory_.broken() == nullptr)
      work_.carry_out(Domain::obligations(*memory_.now().state), true);
    memory_.keep_snapshot(rt_.snapshot_after);
    pump();
  }

  /// The store cannot be read: nothing was decided yet, so who waits outside is told at once.
  void refuse_waiting(error const& why) {
    auto const told = fail(errc::unavailable, "the store does not answer: " + why.message);
    for (auto& q : std::exchange(queries_, {}))
      q->done(told);
    std::list<command_ptr> kept;
    for (auto& c : std::exchange(queue_, {})) {
      if (c->asked) {
        --link_->busy;
        finish(*c, told);
      } else {
        kept.push_back(std::move(c));
      }
    }
    queue_ = std::move(kept);
  }

  // ---- commands ------------------------------------------------------------------------------

  void admit(command_ptr c) {
    auto const why = c->asked ? rt_.journal->away() : std::nullopt;
    if (queue_.size() >= rt_.queue_limit || !rt_.journal->accepts()) {
      finish(*c, fail(errc::busy,
                      "too much is waiting at " + to_string(ref_) + "; try again in a moment"));
      pump();
    } else if (why) {
      finish(*c, fail(errc::unavailable, "the store does not answer: " + why->message));
      pump();
    } else {
      push(std::move(c));
    }
  }

  void push(command_ptr c) {
    ++link_->busy;
    queue_.push_back(std::move(c));
    if (memory_.load_failed())
      load();
    pump();
  }

  void pump() {
    if (pumping_)
      return;
    pumping_ = true;
    while (memory_.begun() && !pending_ && !queue_.empty()) {
      auto c = std::move(queue_.front());
      queue_.pop_front();
      --link_->busy;
      try {
        process(c);
      } catch (...) { // it goes on to the exception handler, where the command is gone
        describe(*c);
        throw;
      }
    }
    pumping_ = false;
    // Nothing has shown that it is new, and what it owes must not wait for somebody who calls
    // again.
    if (memory_.assumed() && !pending_ && queue_.empty())
      load();
    stop_if_done();
  }

  void process(command_ptr const& c) {
    log_about const about{c->context.correlation};
    choke::dispatching(*c, [this]() -> agent_id const& { return worker_of(*memory_.now().state); });
    command_scope const traced{*c};
    if (c->traced)
      c->traced->decided_on();
    link_->command_id = c->context.id;
    poison_key(*c, link_->poison);
    link_->report.reset();
    if (auto const* why = memory_.broken()) {
      finish(*c, *why);
      return;
    }
    auto const* what = std::get_if<command_type>(&c->command);
    if (what == nullptr) {
      finish(*c, fail(errc::invalid_argument, "not a command for " + to_string(ref_)));
      return;
    }
    TROUPE_CRASH_POINT(7, "entity: before the decision");
    TROUPE_POISON_POINT(c->inbox ? std::string_view{c->inbox->key} : std::string_view{});
    c->context.now = rt_.clock->now();
    auto decision = decide_clean<Domain>(*memory_.now().state, *what, c->context);
    bool const is_new = decision && !decision->events.empty();
    if (memory_.assumed() && !is_new) { // there may be a past
      ++link_->busy;
      queue_.push_front(c);
      load();
      return;
    }
    if (!decision) {
      finish(*c, decision.error());
      return;
    }
    if (!is_new) {
      finish(*c, make_receipt(*c, 0));
      return;
    }
    append(c, std::move(*decision));
  }

  /// What goes down with this entity, for those who look into it. An entity that ends for another
  /// reason pays nothing for it.
  void describe(command_message const& c) {
    auto const* what = std::get_if<command_type>(&c.command);
    if (what == nullptr)
      return;
    report().command = std::string{to_string(ref_.kind)} + "." + std::string{json::name_of(*what)};
    auto members = json::to(*what);
    redact_json(members);
    // Of a token only the hash is in a command; that is nobody's business either.
    if (auto* o = members.if_object())
      o->erase("secret_hash");
    report().body = json::canonical(members);
  }

  crash_report& report() {
    if (!link_->report)
      link_->report = std::make_unique<crash_report>();
    return *link_->report;
  }

  void append(command_ptr c, clean_decision<Domain> decision) {
    auto p = std::make_unique<entity_append<Domain>>(
        entity_append<Domain>{++append_id_, nullptr, memory_.now(), 0, {}, false});
    auto u = p->make(ref_, rt_, link_->epoch->load(), std::move(decision), *c,
                     [this](auto const& key) { return work_.tracks(key); });
    bool const asked = c->asked;
    if (c->traced)
      c->traced->appended();
    p->cause = std::move(c);
    ++link_->busy;
    pending_ = std::move(p);
    rt_.journal->append(std::move(u),
                        {append_id_, caf::actor_cast<caf::actor>(this), asked,
                         std::shared_ptr<std::atomic<std::uint64_t>>{link_, &link_->stored}});
  }

  void on_appended(appended const& a) {
    if (!pending_ || pending_->id != a.id)
      return;
    --link_->busy;
    auto const was_pending = std::exchange(pending_, nullptr);
    auto& p = *was_pending;
    command_scope const traced{*p.cause};
    if (p.cause->traced)
      p.cause->traced->stored(p.events, ref_, p.is_stored(a));
    if (p.took_lease && !p.is_stored(a))
      rt_.leases->give_back(ref_);
    if (!a.outcome) {
      finish(*p.cause, a.outcome.error());
      answer_waiting();
      pump();
      return;
    }
    auto const& r = *a.outcome;
    switch (r.status) {
    case unit_status::duplicate:
      if (r.by_inbox) {
        finish(*p.cause, stored_receipt(ref_, r.stored_answer)); // maybe another entity's
        break;
      }
      [[fallthrough]]; // our own events, sent again after an unknown outcome
    case unit_status::ok:
      memory_.advance(std::move(p.next), p.cause->context.correlation);
      for (auto const& m : p.said)
        said(ref_, m);
      TROUPE_CRASH_POINT(8, "entity: durable, not answered");
      finish(*p.cause, make_receipt(*p.cause, p.events));
      TROUPE_CRASH_POINT(9, "entity: answered, before its obligations");
      work_.carry_out(p.obligations);
      TROUPE_CRASH_POINT(10, "entity: after its obligations");
      memory_.keep_snapshot(rt_.snapshot_after);
      break;
    case unit_status::conflict:
      if (r.by_inbox) {
        finish(*p.cause, fail(errc::conflict,
                              "this Idempotency-Key was used for another request; use a new one",
                              {{"idempotency_key", true}}));
        break;
      }
      // It was taken for new and is not. Else: a single owner cannot conflict with itself, memory
      // and log differ, so believe the log.
      if (!memory_.assumed() && memory_.contradicted()) {
        work_.clear();
        finish(*p.cause, *memory_.broken());
        break;
      }
      ++link_->busy;
      queue_.push_front(std::move(p.cause));
      work_.clear();
      load();
      return;
    case unit_status::fenced:
      link_->fenced = true;
      finish(*p.cause, shard_is_gone());
      for (auto& c : std::exchange(queue_, {}))
        finish(*c, shard_is_gone());
      quit(caf::exit_reason::kill);
      return;
    }
    answer_waiting();
    pump();
  }

  command_result make_receipt(command_message const& c, std::size_t events) const {
    receipt r{ref_, memory_.now().version, events, {}};
    if (c.want_state)
      r.state = json::to(*memory_.now().state);
    return r;
  }

  static void finish(command_message& c, command_result o) {
    choke::dispatched(c, o);
    if (c.traced)
      c.traced->ended(o ? std::nullopt : std::optional<error>{o.error()});
    if (auto done = std::exchange(c.done, {}))
      done(std::move(o));
  }

  void answer_waiting() {
    for (auto& q : std::exchange(queries_, {}))
      answer(std::move(q));
  }

  void answer(query_ptr q) {
    if (memory_.assumed() && !pending_)
      load();
    bool const behind = pending_ && link_->stored.load() >= pending_->id;
    if (!memory_.known() || behind) {
      if (memory_.load_failed())
        load();
      if (queries_.size() < rt_.query_limit)
        queries_.push_back(std::move(q));
      else
        q->done(fail(errc::busy, "too many ask for " + to_string(ref_) + " while it is being " +
                                     (behind ? "written" : "read") + "; try again in a moment"));
      return;
    }
    if (auto const* why = memory_.broken())
      q->done(*why);
    else if (memory_.now().version == 0)
      q->done(fail(errc::not_found,
                   "there is no " + std::string{to_string(ref_.kind)} + " " + ref_.id));
    else
      q->done(json::to(*memory_.now().state));
  }

  // ---- going ---------------------------------------------------------------------------------

  [[nodiscard]] bool idle() const {
    return memory_.known() && !pending_ && queue_.empty() && work_.idle();
  }

  void stop_if_done() {
    if (stopping_ && !pending_ && queue_.empty())
      quit(caf::exit_reason::user_shutdown);
  }

  entity_ref ref_;
  runtime const& rt_;
  caf::actor shard_;
  std::shared_ptr<entity_link> link_;
  memory memory_;
  bool stopping_ = false;
  bool pumping_ = false;
  std::list<command_ptr> queue_;
  std::vector<query_ptr> queries_;
  std::unique_ptr<entity_append<Domain>> pending_;
  std::uint64_t append_id_ = 0;
  obligation_runner<Domain> work_;
};

} // namespace troupe
