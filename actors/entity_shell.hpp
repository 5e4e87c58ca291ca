#pragma once

#include "actors/entity.hpp"
#include "actors/lease_desk.hpp"
#include "actors/obligation_runner.hpp"
#include "actors/snapshots.hpp"
#include "actors/stored_answer.hpp"
#include "actors/stream_fold.hpp"
#include "protocol/crash_point.hpp"
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
/// durable state. What the state obliges to is carried out here, and again after every start, until
/// the state no longer asks for it.
template <class Domain>
class entity_shell : public caf::event_based_actor, private obligation_host<Domain> {
public:
  using command_type = typename Domain::command;

  entity_shell(caf::actor_config& cfg, entity_ref self, runtime const* rt, caf::actor shard,
               std::shared_ptr<entity_link> link)
      : caf::event_based_actor(cfg), ref_(std::move(self)), rt_(*rt), shard_(std::move(shard)),
        link_(std::move(link)), now_(ref_), work_(*this) {
    set_exception_handler([this](std::exception_ptr& e) -> caf::error {
      try {
        std::rethrow_exception(e);
      } catch (std::exception const& x) {
        spdlog::error("entity crashed entity={} command={} what=\"{}\"", to_string(ref_),
                      link_->command_id, x.what());
        report().why = redact(x.what());
      }
      return caf::exit_reason::unhandled_exception;
    });
    set_default_handler(caf::drop);
  }

  caf::behavior make_behavior() override {
    if (link_->called)
      loaded_ = assumed_ = true;
    else
      load();
    return {
        [this](command_ptr& c) { admit(std::move(c)); },
        [this](query_ptr& q) { answer(std::move(q)); },
        [this](loaded_ptr const& l) { on_loaded(*l); },
        [this](appended_ptr const& a) { on_appended(*a); },
        [this](obligation_outcome const& o) {
          work_.on_outcome(o);
          stop_if_done();
        },
        [this](alarm_atom, std::uint64_t call) {
          if (!broken_)
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
  void on_signal(caf::atom_value what) {
    if (what == wake_atom::value) {
      if (load_failed_)
        load();
    } else if (what == retry_atom::value) {
      work_.send_again(true);
    } else if (what == passivate_atom::value) {
      if (idle()) {
        keep_snapshot(rt_.snapshot_after / 5);
        this->send(shard_, idle_notice{ref_});
      }
    } else if (what == stop_atom::value) {
      stopping_ = true;
      stop_if_done();
    }
  }

  /// An append under way, with what will be true once it is durable.
  struct pending_append {
    std::uint64_t id = 0;
    command_ptr cause;
    stream_fold<Domain> next;
    std::size_t events = 0;
    std::vector<obligation> obligations;
    bool took_lease = false; ///< of the lease desk
  };

  // ---- what the runner of obligations sees and does -------------------------------------------

  caf::event_based_actor& actor() override { return *this; }
  [[nodiscard]] entity_ref const& ref() const override { return ref_; }
  [[nodiscard]] runtime const& rt() const override { return rt_; }
  [[nodiscard]] stream_fold<Domain> const& now() const override { return now_; }

  /// A command of the entity to itself.
  void push_own(command_type what, std::string id) override {
    auto c = std::make_shared<command_message>();
    c->to = ref_;
    c->context.correlation = now_.correlation;
    c->command = std::move(what);
    c->context.id = std::move(id);
    c->context.by = principal_id{"system"};
    c->context.cause = now_.last_event_id;
    push(std::move(c));
  }

  // ---- starting ------------------------------------------------------------------------------

  void load() {
    loaded_ = assumed_ = false;
    load_failed_ = false;
    now_ = stream_fold<Domain>{ref_};
    snapshot_at_ = 0;
    ask_for(true);
  }

  /// What follows in the stream. A long one comes in parts, so that neither its reader nor the
  /// other actors wait for all of it.
  void ask_for(bool may_skip) {
    ++link_->busy;
    rt_.journal->load(ref_, {now_.version, may_skip, rt_.snapshot_after},
                      caf::actor_cast<caf::actor>(this));
  }

  void on_loaded(loaded const& l) {
    --link_->busy;
    TROUPE_CRASH_POINT(13, "entity: read, before it is folded");
    if (!l.events) {
      if (l.events.error().code == errc::corrupt) {
        broken_ = std::make_unique<error>(l.events.error());
      } else {
        refuse_waiting(l.events.error());
        load_failed_ = true; // until somebody asks again, or for a while
        link_->reading.reset();
        this->delayed_send(this, rt_.load_retry, wake_atom::value);
        return;
      }
    } else if (!take(l)) {
      return;
    }
    loaded_ = true;
    link_->reading.reset();
    for (auto& q : std::exchange(queries_, {}))
      answer(std::move(q));
    if (!broken_)
      work_.carry_out(Domain::obligations(*now_.state), true);
    keep_snapshot(rt_.snapshot_after);
    pump();
  }

  /// Whether the entity is what its stream says; else more of it was asked for.
  bool take(loaded const& l) {
    std::span<stored_event const> events{*l.events};
    if (l.from) {
      if (auto const ok = restore(now_, *l.from, events.front()); !ok) {
        spdlog::warn("{}: it is ignored, and the whole stream is read", ok.error().message);
        ask_for(false);
        return false;
      }
      snapshot_at_ = now_.version;
      events = events.subspan(1);
    }
    if (auto const ok = now_.take(ref_, events); !ok) {
      broken_ = std::make_unique<error>(ok.error());
      spdlog::error("{}", broken_->message);
    } else if (l.more) {
      ask_for(false);
      return false;
    }
    return true;
  }

  /// Has the durable state stored where more than `most` events follow the last snapshot. What it
  /// costs is paid on a reader's thread.
  void keep_snapshot(std::uint64_t most) {
    if (broken_ || now_.version <= rt_.snapshot_after || now_.version - snapshot_at_ <= most)
      return;
    snapshot_at_ = now_.version;
    rt_.journal->keep([ref = ref_, fold = std::make_shared<stream_fold<Domain> const>(now_)] {
      return make_snapshot(ref, *fold);
    });
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
    if (load_failed_)
      load();
    pump();
  }

  void pump() {
    if (pumping_)
      return;
    pumping_ = true;
    while (loaded_ && !pending_ && !queue_.empty()) {
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
    if (assumed_ && !pending_ && queue_.empty()) // nothing has shown it, and what it owes must not
      load();                                    // wait for somebody who calls again
    stop_if_done();
  }

  void process(command_ptr const& c) {
    link_->command_id = c->context.id;
    poison_key(*c, link_->poison);
    link_->report.reset();
    if (broken_) {
      finish(*c, *broken_);
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
    auto decision = decide_clean<Domain>(*now_.state, *what, c->context);
    if (assumed_ && (!decision || decision->events.empty())) { // nothing new: there may be a past
      ++link_->busy;
      queue_.push_front(c);
      load();
      return;
    }
    if (!decision) {
      finish(*c, decision.error());
      return;
    }
    if (decision->events.empty()) {
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
    auto pending = std::make_unique<pending_append>(
        pending_append{++append_id_, nullptr, now_, decision.events.size(), {}, false});
    auto& p = *pending;
    unit u;
    u.shard = shard_of(ref_);
    u.epoch = link_->epoch->load();
    u.tenant = ref_.tenant;
    auto w = p.next.write(ref_, std::move(decision), c->context, *rt_.ids);
    p.obligations = Domain::obligations(*p.next.state);
    if constexpr (Domain::kind == entity_kind::ticket)
      p.took_lease = take_lease(p, w, c->context);
    p.next.hand_over(w);
    w.wake_at = wake_at(p.obligations);
    u.writes.push_back(std::move(w));
    if (c->inbox) {
      u.inbox = c->inbox;
      u.inbox->answer =
          json::canonical(json::object{{"entity", to_string(ref_)}, {"version", p.next.version}});
    }
    bool const asked = c->asked;
    p.cause = std::move(c);
    ++link_->busy;
    pending_ = std::move(pending);
    rt_.journal->append(std::move(u), p.id, caf::actor_cast<caf::actor>(this), asked);
  }

  /// Where the decision makes an offer for which there is room, the lease belongs into the same
  /// commit: that saves a round through the dispatcher and a commit at every stage. Whether it did.
  bool take_lease(pending_append& p, stream_write& w, command_context const& cause) {
    auto const is_offer = [](obligation const& o) { return std::holds_alternative<offer>(o.what); };
    auto const made = std::find_if(p.obligations.begin(), p.obligations.end(), is_offer);
    if (rt_.leases == nullptr || made == p.obligations.end() || work_.tracks(made->key))
      return false;
    auto const& wanted = std::get<offer>(made->what);
    auto const given = rt_.leases->take_now(ref_, wanted, cause.now);
    if (!given)
      return false;
    command_context context;
    context.id = grant_id(ref_, wanted);
    context.by = system_principal();
    context.correlation = cause.correlation;
    context.now = cause.now;
    auto lease = decide_clean<Domain>(*p.next.state, command_type{*given}, context);
    if (!lease || lease->events.empty()) {
      rt_.leases->give_back(ref_);
      return false;
    }
    auto more = p.next.write(ref_, std::move(*lease), context, *rt_.ids);
    std::move(more.events.begin(), more.events.end(), std::back_inserter(w.events));
    p.obligations = Domain::obligations(*p.next.state);
    return true;
  }

  /// Whether the events that were sent are in the log.
  static bool is_stored(appended const& a) {
    return a.outcome && (a.outcome->status == unit_status::ok ||
                         (a.outcome->status == unit_status::duplicate && !a.outcome->by_inbox));
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
    auto const was_pending = std::exchange(pending_, nullptr);
    auto& p = *was_pending;
    if (p.took_lease && !is_stored(a))
      rt_.leases->give_back(ref_);
    if (!a.outcome) {
      finish(*p.cause, a.outcome.error());
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
      now_ = std::move(p.next);
      assumed_ = false;
      if (now_.correlation.empty())
        now_.correlation = p.cause->context.correlation;
      TROUPE_CRASH_POINT(8, "entity: durable, not answered");
      finish(*p.cause, make_receipt(*p.cause, p.events));
      TROUPE_CRASH_POINT(9, "entity: answered, before its obligations");
      work_.carry_out(p.obligations);
      TROUPE_CRASH_POINT(10, "entity: after its obligations");
      keep_snapshot(rt_.snapshot_after);
      for (auto& q : std::exchange(queries_, {}))
        answer(std::move(q));
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
      if (!assumed_) {
        spdlog::error("append conflict entity={} version={}", to_string(ref_), now_.version);
        if (contradicts_itself()) {
          work_.clear();
          finish(*p.cause, *broken_);
          break;
        }
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
    pump();
  }

  /// Whether the store refuses to continue what it answers when it is read, again and again: what
  /// it says of the stream and the stream's events differ. Reading it once more is of no use.
  bool contradicts_itself() {
    constexpr int proof = 3;
    conflicts_ = conflict_at_ == now_.version ? conflicts_ + 1 : 1;
    conflict_at_ = now_.version;
    if (conflicts_ < proof)
      return false;
    broken_ = std::make_unique<error>(
        fail(errc::corrupt, "the events of " + to_string(ref_) + " end with version " +
                                std::to_string(now_.version) +
                                ", and the store says that there is another one; run "
                                "`troupe verify`, and restore the ledger"));
    spdlog::error("{}", broken_->message);
    return true;
  }

  command_result make_receipt(command_message const& c, std::size_t events) const {
    receipt r{ref_, now_.version, events, {}};
    if (c.want_state)
      r.state = json::to(*now_.state);
    return r;
  }

  static void finish(command_message& c, command_result o) {
    if (auto done = std::exchange(c.done, {}))
      done(std::move(o));
  }

  void answer(query_ptr q) {
    if (assumed_ && !pending_)
      load();
    if (!loaded_ || assumed_) {
      if (load_failed_)
        load();
      if (queries_.size() < rt_.query_limit)
        queries_.push_back(std::move(q));
      else
        q->done(fail(errc::busy, "too many ask for " + to_string(ref_) +
                                     " while it is being read; try again in a moment"));
      return;
    }
    if (broken_)
      q->done(*broken_);
    else if (now_.version == 0)
      q->done(fail(errc::not_found,
                   "there is no " + std::string{to_string(ref_.kind)} + " " + ref_.id));
    else
      q->done(json::to(*now_.state));
  }

  // ---- going ---------------------------------------------------------------------------------

  [[nodiscard]] bool idle() const {
    return loaded_ && !assumed_ && !pending_ && queue_.empty() && work_.idle();
  }

  void stop_if_done() {
    if (stopping_ && !pending_ && queue_.empty())
      quit(caf::exit_reason::user_shutdown);
  }

  entity_ref ref_;
  runtime const& rt_;
  caf::actor shard_;
  std::shared_ptr<entity_link> link_;
  stream_fold<Domain> now_;       ///< as far as it is durable
  std::uint64_t snapshot_at_ = 0; ///< version of the newest snapshot that is known of
  std::unique_ptr<error> broken_; ///< null: it is what its stream says
  bool loaded_ = false;
  bool assumed_ = false;     ///< taken for new and not read; an append shows whether it is
  bool load_failed_ = false; ///< the store could not be read, and is not being asked just now
  bool stopping_ = false;
  bool pumping_ = false;
  std::list<command_ptr> queue_;
  std::vector<query_ptr> queries_;
  std::unique_ptr<pending_append> pending_;
  std::uint64_t append_id_ = 0;
  std::uint64_t conflict_at_ = 0; ///< version at which the last append conflicted
  int conflicts_ = 0;             ///< there, one after the other
  obligation_runner<Domain> work_;
};

} // namespace troupe
