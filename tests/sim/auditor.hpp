#pragma once

#include "actors/domain/checker.hpp"
#include "actors/domain/kinds.hpp"
#include "actors/messages.hpp"
#include "protocol/daemon_link.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace troupe::sim {

/// Sees everything that a world's store commits and everything that its people and daemons are
/// told, and holds one against the other. The numbers are those of the history checkers:
/// C1 acknowledged exactly once, C2 contiguous versions and seqs and epochs that never fall, C3 no
/// effect twice, C4 what is served is what replay gives, C5 no effect under a lease that is not in
/// the ledger, C6 everything ends, C7 nothing that is owed is forgotten, C8 no tenant sees or moves
/// what another one has, C9 answers never go back, C10 who has nothing to do goes.
class auditor {
public:
  explicit auditor(event_store& store);

  /// The database has stored a unit: reads on in the shard's feed.
  void committed(unit const& u);

  /// A request of a person or a program, however often it is sent.
  [[nodiscard]] std::uint64_t asks();
  void sent(std::uint64_t request, std::string const& command_id, tenant_id const& of);
  /// The last word about it.
  void answered(std::uint64_t request, command_result const& r);
  /// Nobody has heard the last word, and nobody will.
  void given_up(std::uint64_t request);
  [[nodiscard]] std::uint64_t open_requests() const { return open_; }

  /// An answer leaves the server: what it says must be stored.
  void told(std::string const& command_id, command_result const& r);
  /// A state leaves the server. `incarnation`: which one, as each may only go on.
  void served(int incarnation, entity_ref const& of, result<json::value> const& state);
  /// Readers inside the server are told of events: these must be the ledger's, at their places.
  void shown(std::vector<stored_event> const& events);
  /// The last event of each shard that a reader knows.
  void placed(std::map<std::uint32_t, std::uint64_t> const& heads);
  /// A list of a tenant's entities leaves the server.
  void listed(tenant_id const& tenant, entity_kind kind, std::vector<json::value> const& states);
  /// How many actors a server at rest has, and how many it may have.
  void rests(std::size_t actors, std::size_t most);
  /// An order leaves the server.
  void ordered(entity_ref const& ticket, std::int64_t token, daemon_id const& daemon);
  /// A daemon begins with an attempt.
  void begun(entity_ref const& ticket, std::int64_t token, daemon_id const& daemon);
  /// A report of a daemon reaches the server as this command.
  void reported(std::string const& command_id, std::int64_t token);
  /// A daemon has taken a numbered frame; the server says that it was (`delivered`).
  void taken(daemon_id const& daemon, link::frame_body const& what);
  void delivered(daemon_id const& daemon, link::frame_body const& what);

  [[nodiscard]] invariant_checker const& ledger() const { return checker_; }
  /// Compares a state that was built another way.
  void compare(char const* whose, entity_ref const& of, json::value const& state);
  /// The world is at rest, and no more is to come.
  void finish();

  void problem(std::string what);
  [[nodiscard]] std::vector<std::string> const& problems() const { return problems_; }
  [[nodiscard]] std::string hash() const;
  [[nodiscard]] std::uint64_t events() const { return checker_.events(); }
  [[nodiscard]] std::uint64_t commits() const { return commits_; }
  [[nodiscard]] std::uint64_t requests() const { return requests_.size(); }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  /// Hears of every stored event; for the trace.
  std::function<void(stored_event const&)> on_event;

private:
  struct request {
    std::vector<std::string> ids; ///< of the commands that it was sent as
    bool over = false;
    bool unknown = false; ///< the last word was never heard
    std::optional<errc> refused;
    std::uint64_t events = 0; ///< that the answer spoke of
  };
  struct head {
    std::uint64_t seq = 0;
    std::uint64_t epoch = 0;
    std::string incarnation; ///< part of the event ids: which server made it
  };
  void take(stored_event const& e);
  void take_ticket(stored_event const& e);
  void take_tenant(stored_event const& e);
  /// C7: the ledger must know when a stream has to be woken for what its state owes.
  void take_debts(entity_ref const& of);
  [[nodiscard]] std::uint64_t units_of(std::string const& command_id) const;

  event_store& store_;
  invariant_checker checker_;
  std::map<std::uint32_t, head> heads_;
  std::map<entity_ref, std::string> hashes_; ///< of the last event of a stream
  std::map<std::string, std::uint64_t> units_by_cause_;
  std::map<std::uint64_t, request> requests_;
  std::unordered_map<std::string, tenant_id> tenants_; ///< by id of a request's command or an event
  std::uint64_t open_ = 0;
  std::uint64_t refused_ = 0;
  std::map<std::pair<int, entity_ref>, std::uint64_t> served_;
  std::map<std::pair<entity_ref, std::int64_t>, daemon_id> begun_;
  std::map<std::pair<entity_ref, std::int64_t>, daemon_id> leased_;
  std::map<daemon_id, std::set<std::string>> taken_;
  std::map<std::string, std::int64_t> reported_; ///< token by command
  std::set<std::tuple<entity_ref, std::int64_t, std::string>> said_;
  std::vector<std::string> problems_;
  std::uint64_t commits_ = 0;
  std::uint64_t hash_ = 14695981039346656037ULL;
};

} // namespace troupe::sim
