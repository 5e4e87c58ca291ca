#pragma once

#include "actors/roster.hpp"
#include "persistence/event_store.hpp"
#include "protocol/obligation.hpp"

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace troupe {

/// Which agent works a ticket, and where.
struct lease_choice {
  agent_id agent;
  engine_kind engine = engine_kind::daemon;
  daemon_id daemon;    ///< empty: a person, who works where he is
  std::string profile; ///< runner profile of the daemon
};

/// A lease to be given.
struct lease_grant {
  entity_ref ticket;
  std::string key; ///< of the offer
  offer what;
  lease_choice to;
};

/// What a ticket is to write.
struct ticket_plan {
  project_id project;
  std::vector<std::string> files;
  std::vector<bool> work; ///< of each stage: whether it writes
};
/// Of a ticket's state, as the API answers it; none where it is no ticket's.
[[nodiscard]] std::optional<ticket_plan> plan_of(json::value const& ticket);

/// What there is to give, and who waits for it.
struct dispatch_load {
  std::size_t offers = 0;    ///< tickets that wait for a lease
  std::int64_t slots = 0;    ///< of the daemons that are there
  std::int64_t occupied = 0; ///< of these
};

/// The policy of the dispatcher: who gets which ready ticket. Pure: events, offers and the time
/// come in, grants come out.
///
/// Order: priority, then the project with the least in flight, then the oldest offer.
/// Limits: per project (`limits.in_flight`), per agent (`capacity`), per daemon and runner (slots).
/// Two tickets whose planned write sets overlap are not worked at the same time.
class matchmaker {
public:
  /// `lost_after`: a grant that was not answered for so long no longer counts.
  explicit matchmaker(duration lost_after) : lost_after_(lost_after) {}

  /// A ticket wants a lease. The same key again keeps its place.
  void offered(entity_ref const& ticket, std::string key, offer what);
  void withdrawn(entity_ref const& ticket, std::string const& key);
  /// What a daemon has to give, or that it went away.
  void present(daemon_id const& daemon, bool up, std::int32_t slots,
               std::vector<link::runner_info> const& runners,
               std::vector<std::string> const& repositories);
  /// Of a ticket that was leased before our start: told before its lease, which does not say it.
  void planned(entity_ref const& ticket, ticket_plan what);
  /// Takes an event of the log (agents, runs, leases). True: there may be a match now.
  [[nodiscard]] bool learn(stored_event const& e);
  /// Counts the grants that another one gave, and that were not answered: its events are told
  /// again, and what is under way is in none of them.
  void take_grants(matchmaker const& before);
  /// The ticket did not take its grant. `later`: only not now. True: the offer was dropped.
  [[nodiscard]] bool refused(entity_ref const& ticket, std::string const& key, bool later);

  /// For a ticket that wants its next lease within the decision that ends the one before: what it
  /// would be given if it offered now. Counts as held at once; what the ticket held until now is
  /// free. None: somebody else comes first or nobody has room, so it offers like everybody. A
  /// ticket that is under way goes before its own project's waiting tickets, as what was begun is
  /// to end.
  [[nodiscard]] std::optional<lease_choice> take_now(entity_ref const& ticket, offer const& what,
                                                     time_point now);
  /// That decision did not become durable: what the ticket held before counts again.
  void give_back(entity_ref const& ticket);

  /// The leases to give now; each counts as held until it is answered.
  [[nodiscard]] std::vector<lease_grant> match(time_point now);
  /// When the next offer that must wait may be matched; none: nothing waits for the time. As of
  /// the last `match`.
  [[nodiscard]] std::optional<time_point> next() const;
  [[nodiscard]] dispatch_load load() const;

private:
  /// Two tenants may well have projects of one name.
  using place = std::pair<tenant_id, project_id>;
  /// What an offer needs beside itself: role, whether it is new work, repository. Where one of a
  /// project finds nobody, no other with the same need does, exclusions apart.
  using need = std::tuple<std::string, bool, std::string>;
  /// Where an offer is looked for.
  enum class standing {
    aside,  ///< its ticket holds a lease, or a grant is on its way
    line,   ///< may be given at any moment
    coming, ///< not before its time, or not before the next `match`
  };
  struct waiting {
    std::string key;
    offer what;
    std::uint64_t since = 0;
    standing at = standing::aside;
  };
  using offers = std::map<entity_ref, waiting>;
  /// Those that may be given, the oldest first.
  using line = std::map<std::uint64_t, offers::const_iterator>;
  using lines = std::map<place, std::map<need, line>>;
  struct host {
    bool up = false;
    std::int32_t slots = 0;
    std::map<std::string, std::int32_t> profiles; ///< slots by runner profile
    std::set<std::string> repositories;
  };
  /// A lease that is held, or a grant that was sent and not yet answered.
  struct holding {
    std::int64_t token = 0;    ///< 0: not answered yet
    std::int64_t expected = 0; ///< the token that the grant will have
    project_id project;
    agent_id agent;
    daemon_id daemon;
    std::string profile;
    std::vector<std::string> files;
    bool work = false;
    time_point granted{}; ///< when the grant was sent
  };
  /// How many leases lie on each daemon, runner and project (on each agent: `roster`): kept with
  /// `held_`, because a count over all leases for each candidate would make matching quadratic.
  struct usage_counts {
    std::map<daemon_id, std::int32_t> daemons;
    std::map<std::pair<daemon_id, std::string>, std::int32_t> profiles;
    std::map<place, std::int32_t> projects;
    std::map<std::pair<place, std::string>, std::int32_t> files; ///< being written
    void count(tenant_id const& of, holding const& h, std::int32_t change);
  };

  [[nodiscard]] bool learn_agent(stored_event const& e);
  [[nodiscard]] bool learn_ticket(stored_event const& e);
  [[nodiscard]] holding held_before(entity_ref const& ticket, ticket::leased const& lease);
  [[nodiscard]] std::optional<lease_choice> choose(tenant_id const& of, offer const& o) const;
  [[nodiscard]] std::optional<daemon_id> choose_daemon(offer const& o,
                                                       std::string const& profile) const;
  [[nodiscard]] bool overlaps(tenant_id const& of, offer const& o) const;
  [[nodiscard]] bool is_full(tenant_id const& of, offer const& o) const;
  enum class outcome { given, not_this_one, nobody };
  [[nodiscard]] outcome give(entity_ref const& ticket, waiting const& w, time_point now,
                             std::vector<lease_grant>& out);
  void match_alike(lines& alike, time_point now, std::vector<lease_grant>& out);
  [[nodiscard]] static need need_of(offer const& o);
  void let_in(time_point now);
  void line_up(offers::iterator at);
  void step_aside(offers::iterator at);
  void forget_lost(time_point now);
  void hold(entity_ref const& ticket, holding h);
  void forget_offer(offers::iterator at);
  [[nodiscard]] bool comes_first(tenant_id const& of, offer const& what, bool under_way) const;
  [[nodiscard]] static holding holding_of(offer const& what, lease_choice const& to,
                                          time_point now);
  bool let_go(entity_ref const& ticket);

  duration lost_after_;
  offers offers_;
  /// Those of them that may be given; a place that has become empty goes with the next `match`.
  std::map<priority, lines, std::greater<>> lines_;
  /// Those that must wait for their time, and those that have come since the last `match`, which
  /// moves them on.
  std::map<std::pair<time_point, std::uint64_t>, offers::iterator> coming_;
  /// How many of them there are: `take_now` asks for every ticket that moves.
  std::map<priority, std::map<place, std::int32_t>> waiting_;
  roster roster_;
  std::map<daemon_id, host> hosts_;
  std::unordered_map<entity_ref, holding> held_;
  std::unordered_map<entity_ref, holding>
      before_;                              ///< what `take_now` replaced, until that is durable
  std::map<entity_ref, ticket_plan> plans_; ///< until the lease from before our start is told
  usage_counts used_;
  /// No grant that was sent before is still without an answer; none: all have one.
  std::optional<time_point> unanswered_since_;
  std::map<place, std::int32_t> limits_;
  std::uint64_t next_since_ = 0;
};

} // namespace troupe
