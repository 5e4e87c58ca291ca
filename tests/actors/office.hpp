#pragma once

#include "actors/domain/kinds.hpp"
#include "actors/matchmaker.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

using namespace std::chrono_literals;

/// A matchmaker, and words for what may happen around it.
class office {
public:
  explicit office(duration lost_after = 30s) : who(lost_after) {}

  void hire(std::string const& agent, std::string const& role, std::string const& project = "tally",
            std::int32_t capacity = 1, engine_kind engine = engine_kind::daemon,
            std::string profile = {}) {
    agent_spec spec;
    spec.name = agent;
    spec.role = role;
    spec.engine = engine;
    spec.profile = std::move(profile);
    spec.capacity = capacity;
    CHECK(tell(entity_kind::agent, agent,
               agent::event{agent::hired{project_id{project}, spec, agent::status::idle}}));
  }
  void move(std::string const& agent, agent::status to) {
    CHECK(tell(entity_kind::agent, agent, agent::event{agent::moved{to, {}}}));
  }
  void limit(std::string const& project, std::int32_t in_flight) {
    run::created r;
    r.project = project_id{project};
    r.config.limits.in_flight = in_flight;
    (void)tell(entity_kind::run, project + ".r1", run::event{r});
  }
  void host(std::string const& daemon, std::int32_t slots,
            std::vector<link::runner_info> runners = {{"command", "", 9}},
            std::vector<std::string> repositories = {"*"}) {
    who.present(daemon_id{daemon}, true, slots, runners, repositories);
  }
  void leave(std::string const& daemon) { who.present(daemon_id{daemon}, false, 0, {}, {}); }

  static offer wish(std::string const& project = "tally", priority p = priority::normal,
                    std::int64_t after_token = 0) {
    offer o;
    o.after_token = after_token;
    o.project = project_id{project};
    o.role = "dev";
    o.stage = "develop";
    o.importance = p;
    o.repository = "/srv/" + project;
    return o;
  }
  void want(std::string const& ticket, offer o = wish()) {
    o.ticket = ticket_id{ticket};
    who.offered({tenant, entity_kind::ticket, ticket}, "offer:" + ticket, std::move(o));
  }
  /// The ticket took its grant.
  void taken(lease_grant const& g) {
    lease(g.ticket.id, g.to);
    who.withdrawn(g.ticket, g.key);
  }
  [[nodiscard]] bool ended(std::string const& ticket) {
    ticket::attempt_ended e;
    e.token = tokens_[ticket];
    return tell(entity_kind::ticket, ticket, ticket::event{e});
  }
  /// The ticket moves on to a stage of this role within one decision; the agent it gets, or none.
  std::string go_on(std::string const& ticket, std::string const& role, offer o = wish()) {
    o.ticket = ticket_id{ticket};
    o.role = role;
    o.kind = role == "dev" ? stage_kind::work : stage_kind::review;
    next = who.take_now(ref(entity_kind::ticket, ticket), o, now);
    return next ? next->agent.value : std::string{};
  }
  /// That decision is durable: the old attempt's end, if there was one, and the new lease are in
  /// the log. Answers whether the end makes room.
  bool stored(std::string const& ticket) {
    bool const room = tokens_.contains(ticket) && ended(ticket);
    lease(ticket, *next);
    return room;
  }
  /// The tickets that get a lease now, in order; each takes it.
  std::vector<std::string> match() {
    grants = who.match(now);
    std::vector<std::string> out;
    for (auto const& g : grants) {
      out.push_back(g.ticket.id);
      taken(g);
    }
    return out;
  }

  static entity_ref ref(entity_kind kind, std::string id) {
    return {tenant_id{"default"}, kind, std::move(id)};
  }

  matchmaker who;
  tenant_id tenant{"default"}; ///< of whom the next words are
  time_point now{duration{1'750'000'000'000}};
  std::vector<lease_grant> grants;  ///< of the last match
  std::optional<lease_choice> next; ///< of the last `go_on`

private:
  void lease(std::string const& ticket, lease_choice const& to) {
    ticket::leased l;
    l.token = tokens_[ticket] = ++token_;
    l.agent = to.agent;
    l.daemon = to.daemon;
    l.profile = to.profile;
    l.engine = to.engine;
    (void)tell(entity_kind::ticket, ticket, ticket::event{l});
  }
  template <class Event>
  bool tell(entity_kind kind, std::string const& id, Event const& event) {
    auto data = json::to(event);
    data.as_object().erase("type");
    stored_event e;
    e.stream = {tenant, kind, id};
    e.event.type = std::string{to_string(kind)} + "." + std::string{json::name_of(event)};
    e.event.data = json::canonical(data);
    return who.learn(e);
  }
  std::int64_t token_ = 0;
  std::map<std::string, std::int64_t> tokens_; ///< the last of each ticket
};

using names = std::vector<std::string>;

} // namespace troupe::test
