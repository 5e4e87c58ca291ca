#pragma once

#include "actors/domain/approval.hpp"
#include "actors/domain/budget.hpp"
#include "actors/domain/ticket.hpp"
#include "persistence/event_store.hpp"
#include "protocol/bucket_counts.hpp"

#include <array>
#include <map>
#include <set>
#include <unordered_map>

namespace troupe {

/// What attempts have used.
struct work_use {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cost_micros = 0;
  duration wall{0};
};

/// What the team has done according to the ledger, and how its tickets stand now.
struct work_totals {
  /// By role and engine. A role is that of the stage that was worked; `machine`: a stage without
  /// one (gates, merge); `unknown`: told after the ticket's end.
  using worker_key = std::pair<std::string, engine_kind>;
  std::map<worker_key, work_use> used;
  std::map<std::pair<std::string, ticket::attempt_status>, std::uint64_t> attempts;
  std::map<ticket::status, std::int64_t> tickets; ///< now, those that are not over
  std::map<ticket::status, bucket_reading> took;  ///< ms from opening to each kind of end
  bucket_reading rounds;                          ///< times sent back, of tickets that are over
  std::uint64_t reworks = 0;                      ///< times that a ticket was sent back
  std::uint64_t approved = 0;                     ///< reviews
  std::uint64_t changes_requested = 0;
  std::map<gate_kind, std::uint64_t> gates_passed;
  std::map<gate_kind, std::uint64_t> gates_violated;
  std::int64_t last_hour_micros = 0;              ///< spent in the sixty minutes before the reading
  std::map<budget::status, std::int64_t> budgets; ///< by level of the outermost scope
  std::int64_t granted_micros = 0;                ///< to the outermost scopes
  std::int64_t reserved_micros = 0;
  std::int64_t spent_micros = 0; ///< charged to them
  std::int64_t approvals = 0;    ///< that wait for a person
  time_point oldest_approval{};  ///< zero: none waits
};

/// Counts the team's work from the ledger's events, each with the state that it led to: the numbers
/// are the ledger's and the same after a restart. In memory: about 150 bytes for each ticket that
/// is not over, and for each budget. Not thread-safe.
class work_meter {
public:
  work_meter();

  /// Takes an event and the state after it.
  void take(stored_event const& e, ticket::state const& after);
  void take(stored_event const& e, budget::state const& after);
  void take(stored_event const& e, approval::state const& after);

  [[nodiscard]] work_totals read(time_point now) const;

private:
  struct open_ticket {
    ticket::status is = ticket::status::none;
    std::int32_t rounds = 0;
    usage used; ///< so far
  };
  struct account {
    budget::status level = budget::status::none;
    std::int64_t granted = 0;
    std::int64_t reserved = 0;
    std::int64_t spent = 0;
  };
  struct minute {
    std::int64_t at = 0; ///< since 1970
    std::int64_t micros = 0;
  };

  void spend(std::string const& role, engine_kind engine, usage const& used, time_point at);
  void end_attempt(ticket::state const& after, usage const& used, time_point at);
  void gated(ticket::state const& after, ticket::gated const& answer);
  [[nodiscard]] std::string known_role(std::string const& role);

  std::unordered_map<entity_ref, open_ticket> open_;
  std::unordered_map<entity_ref, account> accounts_;
  std::unordered_map<entity_ref, time_point> waiting_; ///< approvals
  std::set<std::string> roles_;
  std::map<ticket::status, bucket_counts> took_;
  bucket_counts rounds_;
  std::array<minute, 60> burnt_{};
  work_totals sums_; ///< without what is read from the members above
};

} // namespace troupe
