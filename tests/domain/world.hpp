#pragma once

#include "actors/domain/checker.hpp"
#include "actors/domain/kinds.hpp"

#include <deque>
#include <memory>
#include <random>

namespace troupe::test {

/// An entity of any kind, live: the state that its events lead to as they happen.
class any_entity {
public:
  virtual ~any_entity() = default;
  struct happened {
    std::string type;
    std::string data;
  };
  /// Decides; the events are applied at once and answered in their stored form.
  [[nodiscard]] virtual result<std::vector<happened>>
  execute(any_command const& c, command_context const& ctx, std::vector<event_context>& at) = 0;
  [[nodiscard]] virtual std::vector<obligation> obligations() const = 0;
  [[nodiscard]] virtual std::string canonical() const = 0;
};

/// One that decides as the running system does: with the redactor before the ledger.
[[nodiscard]] std::unique_ptr<any_entity> make_entity(entity_ref const& ref);

struct world_options {
  std::uint64_t seed = 1;
  int items = 4;
  std::string preset = "standard";
  bool two_tenants = false;
  bool limits = false; ///< of money, in all three scopes
};

/// A whole team in memory: every domain real; the runtime, the agents' heads, the daemons, the
/// people and the clock are played by chance, and what they say may hold a secret. Messages are
/// lost, doubled, delayed and reordered, daemons die, entities restart from their log, people
/// interfere. What the invariant checker says about any event, and whatever differs between live
/// state and replay, ends up in `problems`.
class world {
public:
  explicit world(world_options o);

  /// Random steps with faults.
  void disturb(int steps);
  /// Without faults and with capable agents, until nothing is left to do.
  void calm();
  /// Every entity is replayed and compared; nothing may be left undone.
  void look_back();
  /// Reports that came too late and were paid for all the same.
  [[nodiscard]] int late_costs() const { return late_costs_; }
  /// Reports of a daemon about a lease that another one had.
  [[nodiscard]] int strangers() const { return strangers_; }

  /// Events from which a secret was taken out.
  [[nodiscard]] int redacted() const { return redacted_; }
  /// The invariants that something was held against.
  [[nodiscard]] std::set<int> const& examined() const { return checker_.examined(); }

  [[nodiscard]] std::vector<std::string> const& problems() const { return problems_; }
  [[nodiscard]] std::uint64_t events() const { return checker_.events(); }
  [[nodiscard]] std::string story() const; ///< the last events, for a failed test
  template <class Domain>
  [[nodiscard]] std::vector<typename Domain::state const*> all() const {
    std::vector<typename Domain::state const*> out;
    for (auto const& ref : checker_.states().entities()) {
      if (auto const* s = checker_.states().template find<Domain>(ref))
        out.push_back(s);
    }
    return out;
  }

private:
  struct message {
    entity_ref to;
    any_command what;
    command_context ctx;
    entity_ref from; ///< empty id: nobody waits for the outcome
    std::string key;
    bool keep = false; ///< must arrive (a daemon's spool)
  };
  struct tracked {
    obligation what;
    bool done = false;
    int tries = 0;
  };
  struct stored {
    std::uint64_t version = 0;
    std::string type;
    std::string data;
    event_context ctx;
  };
  struct call { ///< an agent's head is asked
    entity_ref agent;
    envelope message;
  };
  struct attempt { ///< on a daemon
    entity_ref ticket;
    link::order order;
    std::string daemon; ///< its principal
    int phase = 0;
    bool waits = false;
  };
  struct open_offer {
    entity_ref ticket;
    offer what;
  };

  // world.cpp: the runtime
  void send(entity_ref to, any_command c, std::string by, std::string id, entity_ref from = {},
            std::string key = {}, bool keep = false);
  result<std::size_t> execute(entity_ref const& to, any_command const& c, command_context ctx);
  void deliver(std::size_t index);
  [[nodiscard]] bool is_from_stranger(message const& m) const;
  void outcome(entity_ref const& from, std::string const& key, std::optional<error> refused);
  void refresh(entity_ref const& ref);
  void carry_out(entity_ref const& ref, tracked& t);
  bool carry_out_all();
  void restart(entity_ref const& ref);
  void compare(entity_ref const& ref);
  void count_money();
  void tick_due();
  [[nodiscard]] std::optional<time_point> next_alarm() const;

  // world_players.cpp: everybody else
  void step();
  bool calm_step();
  void start_daemon(entity_ref const& ticket, launch const& what);
  void notified(entity_ref const& ticket, link::frame_body const& f);
  void heartbeats();
  bool progress();
  [[nodiscard]] link::finished report(link::order const& o);
  bool think();
  [[nodiscard]] json::value answer(call const& c);
  [[nodiscard]] plan_content make_plan(plan::state const& p);
  [[nodiscard]] std::vector<open_offer> offers() const;
  bool dispatch();
  bool people();
  void interfere();
  void spend();

  /// What somebody says; with faults now and then with a secret in it.
  [[nodiscard]] std::string words(std::string text);
  [[nodiscard]] bool chance(int percent);
  [[nodiscard]] std::size_t pick(std::size_t n);
  [[nodiscard]] entity_ref ref(entity_ref const& like, entity_kind kind, std::string id) const;

  world_options options_;
  std::mt19937_64 random_;
  bool faults_ = true;
  time_point now_{std::chrono::hours{500'000}};
  std::uint64_t count_ = 0; ///< makes ids
  invariant_checker checker_;
  std::map<entity_ref, std::unique_ptr<any_entity>> entities_;
  std::map<entity_ref, std::vector<stored>> log_;
  std::map<entity_ref, std::map<std::string, tracked>> tracked_;
  std::vector<message> messages_;
  std::deque<message> history_; ///< delivered; may come again much later
  std::vector<call> calls_;
  std::vector<attempt> attempts_;
  std::set<std::pair<entity_ref, std::int64_t>> taken_; ///< orders that a daemon knows
  std::map<std::pair<entity_ref, std::int64_t>, std::string> holders_; ///< whose each lease was
  int strangers_ = 0;
  int redacted_ = 0;
  std::deque<std::string> story_;
  std::vector<std::string> problems_;
  int late_costs_ = 0;
};

} // namespace troupe::test
