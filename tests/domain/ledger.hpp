#pragma once

#include "actors/domain/checker.hpp"
#include "tests/domain/ticket_subject.hpp"

namespace troupe::test {

/// A ledger written by hand, fed to the checker; also one that no domain would ever decide.
class ledger {
public:
  explicit ledger(invariant_checker::secret_finder find = {},
                  invariant_checker::order o = invariant_checker::order::causal)
      : checker{std::move(find), o} {}

  template <class Event>
  std::string add(entity_ref const& stream, Event const& e) {
    auto data = json::to(e);
    event_context ctx;
    ctx.version = ++versions_[stream];
    ctx.at = time_point{std::chrono::hours{500'000}};
    ctx.cause = "c";
    auto const p = checker.check(stream, ctx.version,
                                 std::string{to_string(stream.kind)} + "." + Event::type_name, 1,
                                 json::canonical(data), ctx);
    return p.value_or("");
  }

  invariant_checker checker;

private:
  std::map<entity_ref, std::uint64_t> versions_;
};

inline entity_ref ticket_ref(std::string id = "k3-1", std::string tenant = "t1") {
  return {tenant_id{std::move(tenant)}, entity_kind::ticket, std::move(id)};
}

inline ticket::opened make_opened(bool by_hand = true) {
  auto const c = make_open();
  ticket::opened e;
  e.project = c.project;
  e.brief = c.brief;
  e.plan = c.plan;
  e.run = c.run;
  e.item = c.item;
  e.stages = c.stages;
  e.run_active = true;
  e.by_hand = by_hand;
  return e;
}

inline ticket::readiness_changed placed(ticket::status to) {
  ticket::readiness_changed e;
  e.to = to;
  e.run_active = true;
  return e;
}

inline ticket::leased make_leased(std::int64_t token, ticket::status to = ticket::status::claimed) {
  ticket::leased e;
  e.token = token;
  e.agent = agent_id{"tally.dev-ada"};
  e.to = to;
  return e;
}

inline ticket::attempt_started started(std::int64_t token) {
  ticket::attempt_started e;
  e.token = token;
  e.to = ticket::status::in_progress;
  return e;
}

inline ticket::attempt_ended make_ended(std::int64_t token,
                                        ticket::status to = ticket::status::none) {
  ticket::attempt_ended e;
  e.token = token;
  e.to = to;
  return e;
}

inline ticket::evidence_attached make_evidence(std::string head) {
  ticket::evidence_attached e;
  e.proof.base = "base";
  e.proof.head = std::move(head);
  e.next_stage = 1;
  e.to = ticket::status::in_review;
  return e;
}

/// A ticket by hand that waits for its review; work by dev-ada at head1.
inline void to_review(ledger& l) {
  auto const t = ticket_ref();
  REQUIRE(l.add(t, make_opened()).empty());
  REQUIRE(l.add(t, placed(ticket::status::ready)).empty());
  REQUIRE(l.add(t, make_leased(1)).empty());
  REQUIRE(l.add(t, started(1)).empty());
  REQUIRE(l.add(t, make_ended(1)).empty());
  REQUIRE(l.add(t, make_evidence("head1")).empty());
}

} // namespace troupe::test
