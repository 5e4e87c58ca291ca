#pragma once

#include "actors/messages.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>

namespace troupe {

/// Where everybody finds the dispatcher, whichever incarnation of it runs; what must be told again
/// to a new one is kept here. Thread-safe.
class dispatch_desk {
public:
  /// Where the plan of a leased ticket is looked up; none: there is no such ticket. It is asked
  /// from within `open`.
  using plan_source = std::function<std::optional<ticket_plan>(entity_ref const&)>;

  explicit dispatch_desk(plan_source plans) : plans_(std::move(plans)) {}

  /// To the present one. While there is none nothing is kept: entities offer again when asked to.
  void offer(offer_message m);
  void presence(daemon_presence p);
  /// Events, in the order of the log; those of no concern are left out.
  void committed(committed_ptr const& batch);
  /// An event of the log, before there is a dispatcher.
  void was(stored_event const& e);
  /// A new incarnation: it hears first of the agents, limits, leases and daemons that there are,
  /// then what comes.
  void open(caf::actor fresh);
  void close();

private:
  void note(stored_event const& e);
  bool keep(stored_event const& e);
  [[nodiscard]] std::vector<entity_ref> leased_tickets();

  plan_source const plans_;
  std::mutex mutex_;
  caf::actor present_;
  std::map<daemon_id, daemon_presence> daemons_;
  /// The newest event of each kind that still says something, in the order of `n`; only what a
  /// dispatcher reads of it.
  struct known {
    std::uint64_t n = 0;
    stored_event event;
  };
  std::map<std::pair<entity_ref, std::string>, known> known_; ///< agents and limits, by type
  std::unordered_map<entity_ref, known> leases_;              ///< that are held, by ticket
  std::uint64_t last_ = 0;
};

} // namespace troupe
