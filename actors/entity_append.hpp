#pragma once

#include "actors/lease_desk.hpp"
#include "actors/send_point.hpp"
#include "actors/stream_fold.hpp"
#include "actors/tap/tap.hpp"

namespace troupe {

/// An append of an entity under way, with what will be true once it is durable.
template <class Domain>
struct entity_append {
  std::uint64_t id = 0;
  command_ptr cause;
  stream_fold<Domain> next;
  std::size_t events = 0; ///< that the command led to
  std::vector<obligation> obligations;
  bool took_lease = false;                  ///< of the lease desk
  std::vector<shared_value<envelope>> said; ///< that it makes true, where somebody listens

  /// Makes of a decision what is appended, and applies it to `next`. `c`: what was decided on.
  /// `tracks`: (key) -> whether the obligation with this key is being carried out already.
  template <class Tracks>
  [[nodiscard]] unit make(entity_ref const& self, runtime const& rt, std::uint64_t epoch,
                          clean_decision<Domain> decision, command_message const& c,
                          Tracks const& tracks) {
    events = decision.events.size();
    unit u;
    u.shard = shard_of(self);
    u.epoch = epoch;
    u.tenant = self.tenant;
    if constexpr (Domain::kind == entity_kind::ticket) {
      if (traffic::wants(traffic::category::send))
        listen(decision, c);
    }
    auto w = next.write(self, std::move(decision), c.context, *rt.ids);
    obligations = Domain::obligations(*next.state);
    if constexpr (Domain::kind == entity_kind::ticket)
      took_lease = rt.leases != nullptr && take_lease(self, rt, c.context, tracks, w);
    next.hand_over(w);
    w.wake_at = wake_at();
    u.writes.push_back(std::move(w));
    if (c.inbox) {
      u.inbox = c.inbox;
      u.inbox->answer =
          json::canonical(json::object{{"entity", to_string(self)}, {"version", next.version}});
    }
    return u;
  }

  /// Whether the events that were sent are in the log.
  [[nodiscard]] static bool is_stored(appended const& a) {
    return a.outcome && (a.outcome->status == unit_status::ok ||
                         (a.outcome->status == unit_status::duplicate && !a.outcome->by_inbox));
  }

private:
  /// Questions are asked, and what an agent answers is sent: both pass the send point elsewhere.
  void listen(clean_decision<Domain> const& decision, command_message const& c) {
    bool const sent = c.context.by.value.starts_with("agent:");
    auto const* heard = sent ? message_of(c.command) : nullptr;
    for (auto const& e : decision.events) {
      auto const* posted = std::get_if<ticket::message_posted>(&e);
      if (posted != nullptr && posted->message->kind != message_kind::question &&
          (heard == nullptr || heard->id != posted->message->id))
        said.push_back(posted->message);
    }
  }

  /// Where the decision makes an offer for which there is room, the lease belongs into the same
  /// commit: that saves a round through the dispatcher and a commit at every stage. Whether it did.
  template <class Tracks>
  [[nodiscard]] bool take_lease(entity_ref const& self, runtime const& rt,
                                command_context const& cause, Tracks const& tracks,
                                stream_write& w) {
    auto const is_offer = [](obligation const& o) { return std::holds_alternative<offer>(o.what); };
    auto const made = std::find_if(obligations.begin(), obligations.end(), is_offer);
    if (made == obligations.end() || tracks(made->key))
      return false;
    auto const& wanted = std::get<offer>(made->what);
    auto const given = rt.leases->take_now(self, wanted, cause.now);
    if (!given)
      return false;
    command_context context;
    context.id = grant_id(self, wanted);
    context.by = system_principal();
    context.correlation = cause.correlation;
    context.now = cause.now;
    auto lease = decide_clean<Domain>(*next.state, typename Domain::command{*given}, context);
    if (!lease || lease->events.empty()) {
      rt.leases->give_back(self);
      return false;
    }
    next.write_more(w, std::move(*lease), context, *rt.ids);
    obligations = Domain::obligations(*next.state);
    return true;
  }

  /// When the entity must be awake for what it owes; at the beginning of time: at once.
  [[nodiscard]] std::optional<time_point> wake_at() const {
    std::optional<time_point> at;
    for (auto const& o : obligations) {
      auto const* a = std::get_if<alarm>(&o.what);
      auto const due = a != nullptr ? a->at : time_point{};
      if (!at || due < *at)
        at = due;
    }
    return at;
  }
};

} // namespace troupe
