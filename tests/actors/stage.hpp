#pragma once

#include "actors/domain/kinds.hpp"
#include "actors/journal.hpp"
#include "actors/region.hpp"
#include "actors/send_point.hpp"
#include "actors/snapshots.hpp"
#include "persistence/memory/memory_store.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <deque>
#include <map>

/// A region in which nothing moves unless the test says so: messages by `run`, time by `pass`,
/// durability by `commit`.
namespace troupe::test {

class still_clock : public clock_port {
public:
  [[nodiscard]] time_point now() const override { return now_; }
  void pass(duration d) { now_ += d; }

private:
  time_point now_{duration{1'750'000'000'000}};
};

class counted_ids : public id_port {
public:
  [[nodiscard]] std::string uuid() override { return named(++count_); }
  [[nodiscard]] std::string short_id() override { return "id" + std::to_string(++count_); }

private:
  static std::string named(int n) {
    auto digits = std::to_string(n);
    return "01900000-0000-7000-8000-" + std::string(12 - digits.size(), '0') + digits;
  }
  int count_ = 0;
};

/// Appends wait until the test commits them.
class manual_journal : public journal_port {
public:
  explicit manual_journal(event_store& store) : store_(store) {}
  struct waiting {
    unit what;
    append_caller caller;
  };
  std::deque<waiting> queue;
  int loads = 0;
  bool full = false;
  std::optional<error> gone;               ///< the store is away
  std::vector<std::function<void()>> held; ///< loads that wait, while `hold_loads`
  bool hold_loads = false;
  std::vector<std::function<snapshot()>> snapshots; ///< not stored yet

  void append(unit what, append_caller caller) override {
    queue.push_back({std::move(what), std::move(caller)});
  }
  void load(entity_ref stream, stream_part what, caf::actor reply_to) override {
    ++loads;
    auto answer = [this, what, stream = std::move(stream), reply_to = std::move(reply_to)] {
      caf::anon_send(reply_to, std::make_shared<loaded>(gone ? loaded{*gone}
                                                             : read_part(store_, stream, what)));
    };
    if (hold_loads)
      held.push_back(std::move(answer));
    else
      answer();
  }
  void keep(std::function<snapshot()> make) override { snapshots.push_back(std::move(make)); }
  /// Stores the snapshots that wait; how many.
  std::size_t store_snapshots() {
    auto const all = std::exchange(snapshots, {});
    for (auto const& make : all)
      (void)store_.save_snapshot(make());
    return all.size();
  }
  /// Answers the loads that wait; those that are asked for meanwhile wait again.
  void give_loads() {
    for (auto const& answer : std::exchange(held, {}))
      answer();
  }
  [[nodiscard]] bool accepts() const override { return !full; }
  [[nodiscard]] std::optional<error> away() const override { return gone; }
  void find_inbox(tenant_id t, std::string source, std::string key,
                  std::function<void(result<std::optional<inbox_entry>>)> done) override {
    done(store_.find_inbox(t, source, key));
  }
  /// Makes the first waiting append durable and answers it.
  void commit() { store()(); }
  /// Makes the first waiting append durable; what it gives answers it.
  [[nodiscard]] std::function<void()> store() {
    auto w = std::move(queue.front());
    queue.pop_front();
    auto r = store_.append(std::span{&w.what, 1});
    if (r && r->front().status == unit_status::ok)
      w.caller.stored->store(w.caller.id);
    auto answer = std::make_shared<appended>(appended{
        w.caller.id, r ? result<unit_result>{r->front()} : result<unit_result>{r.error()}});
    return [to = w.caller.reply_to, answer] { caf::anon_send(to, answer); };
  }

private:
  event_store& store_;
};

class silent_runner : public runner_port {
public:
  std::vector<troupe::launch> launched;
  void launch(troupe::launch const& l) override { launched.push_back(l); }
  void forget(ticket_id const&, std::int64_t) override {}
  void notify(troupe::notify const&, std::function<void()> done) override { done(); }
};

class silent_engine : public engine_port {
public:
  std::vector<envelope> asked;
  void perform(entity_ref, agent_spec, envelope m, std::function<void(result<envelope>)>) override {
    asked.push_back(std::move(m));
  }
};

struct still_config : caf::actor_system_config {
  still_config() { set("scheduler.policy", caf::atom("testing")); }
};

class still_stage {
public:
  still_stage() : store((*open_memory_store()())), log(*store) {
    rt.clock = &clock;
    rt.ids = &ids;
    rt.journal = &log;
    rt.runner = &runner;
    rt.engine = &engine;
    rt.resend = std::chrono::seconds{5};
    rt.idle = std::chrono::seconds{120};
    where = std::make_unique<region>(system, rt);
    where->start(*store->claim_all("test"));
    run();
  }
  ~still_stage() {
    log.queue.clear();
    log.held.clear();
    log.hold_loads = true;
    for (auto const& a : spawned)
      caf::anon_send_exit(a, caf::exit_reason::kill);
    where->kill_all();
    run();
  }

  void run() { scheduler.run(); }
  void pass(duration d) {
    clock.pass(d);
    scheduler.advance_time(d);
    run();
  }
  /// Commits all that waits, and what comes of it, until nothing waits.
  void settle() {
    run();
    while (!log.queue.empty()) {
      log.commit();
      run();
    }
  }
  [[nodiscard]] static entity_ref ref(entity_kind kind, std::string id) {
    return {tenant_id{"default"}, kind, std::move(id)};
  }
  /// Sends a command; the answer lands in the returned box.
  std::shared_ptr<std::optional<command_result>>
  send(entity_ref to, any_command c, std::string id = "c1",
       std::optional<inbox_entry> inbox = std::nullopt) {
    auto box = std::make_shared<std::optional<command_result>>();
    auto m = std::make_shared<command_message>();
    m->to = std::move(to);
    m->command = std::move(c);
    m->context.id = std::move(id);
    m->context.by = principal_id{"human:ada"};
    m->inbox = std::move(inbox);
    m->done = [box](command_result r) { *box = std::move(r); };
    where->deliver(std::move(m));
    return box;
  }
  std::optional<result<json::value>> look(entity_ref of) { return *begin_look(std::move(of)); }
  /// The same where the answer may come later.
  std::shared_ptr<std::optional<result<json::value>>> begin_look(entity_ref of) {
    auto box = std::make_shared<std::optional<result<json::value>>>();
    where->query(std::make_shared<query_message>(
        query_message{std::move(of), [box](result<json::value> r) { *box = std::move(r); }}));
    run();
    return box;
  }

  still_clock clock;
  counted_ids ids;
  std::unique_ptr<event_store> store;
  manual_journal log;
  silent_runner runner;
  silent_engine engine;
  runtime rt;
  still_config config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  std::unique_ptr<region> where;
  std::vector<caf::actor> spawned;
};

inline any_command token_issue(std::string who = "human:bob") {
  principal::issue c;
  c.who = principal_id{std::move(who)};
  c.label = "laptop";
  c.secret_hash = std::string(64, 'a');
  c.roles = {principal::role::viewer};
  return principal::command{std::move(c)};
}

} // namespace troupe::test
