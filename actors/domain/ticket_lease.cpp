#include "actors/domain/ticket_draft.hpp"

namespace troupe::ticket {

namespace {

time_point expiry(state const& s, engine_kind engine, time_point now) {
  // Nobody sends heartbeats for a person.
  return now + (engine == engine_kind::human ? std::max(patience, s.lease) : s.lease);
}

bool is_granted(state const& s, grant const& c) {
  return is_leased(s) && s.last_token == c.after_token + 1 && s.holder->agent == c.agent &&
         s.holder->daemon == c.daemon && stage_name(s, s.holder->stage) == c.stage;
}

/// A question that nobody answered: the attempt goes on and says what it assumed.
void stop_waiting(drafting& d, wait const& w) {
  if (w.question.id.empty()) {
    wait_ended e;
    e.timed_out = true;
    e.to = status::ready;
    d.add(std::move(e));
    return;
  }
  envelope m;
  m.kind = message_kind::answer;
  m.reply_to = w.question.id;
  m.from = system_principal();
  m.to = w.question.from;
  m.parts = {text_part("No answer came in time. Decide yourself and say what you assumed.")};
  d.post(std::move(m));
  wait_ended e;
  e.message = w.question.id;
  e.timed_out = true;
  e.to = d.now_at().waits.size() == 1 ? status::in_progress : status::none;
  d.add(std::move(e));
}

} // namespace

result<events> apply(state const& s, grant const& c, command_context const& ctx) {
  if (is_granted(s, c))
    return events{};
  if (is_leased(s))
    return not_now(s,
                   "Ticket " + s.self.id + " is leased to " +
                       (s.holder->agent.empty() ? s.holder->daemon.value : s.holder->agent.value) +
                       " until the lease ends.");
  if (!wants_lease(s))
    return not_now(s, "Ticket " + s.self.id + " is " + name(s.is) +
                          (s.run_active ? "" : " and its run rests") + "; it offers no work now.");
  if (c.stage != stage_name(s, s.stage_index) || c.after_token != s.last_token)
    return not_now(s, "The offer is stale: stage " + stage_name(s, s.stage_index) +
                          " after token " + std::to_string(s.last_token) + " is offered now.");
  if (kind_of(s, s.stage_index) == stage_kind::review && is_author(s, c.agent))
    return fail(errc::forbidden, "Agent " + c.agent.value +
                                     " worked on this ticket and may not review it; give it to "
                                     "another one.");
  if (wants_money(s))
    return not_now(s, "Ticket " + s.self.id + " has no money reserved for stage " +
                          stage_name(s, s.stage_index) + ".");
  leased e;
  e.token = s.last_token + 1;
  e.stage = s.stage_index;
  e.agent = c.agent;
  e.daemon = c.daemon;
  e.engine = c.engine;
  e.profile = c.profile;
  e.expires = expiry(s, c.engine, ctx.now);
  e.attempt_number = s.counted.tries + 1;
  e.to = s.is == status::ready || s.is == status::rework ? status::claimed : status::none;
  return events{std::move(e)};
}

result<events> apply(state const& s, decline const& c, command_context const& ctx) {
  if (auto done = not_in_force(s, c.token, "declined", ctx))
    return std::move(*done);
  drafting d{s, ctx};
  auto const text = c.message.empty() ? "The order was declined." : c.message;
  if (c.why == reason::none || is_transient(c.why)) {
    lose_attempt(d, attempt_status::FAILED, lease_status::DECLINED, c.why, text,
                 retry_time(s, ctx.now, std::min(s.counted.uncounted, 5)));
  } else {
    ending e;
    e.lease = lease_status::DECLINED;
    e.why = c.why;
    e.summary = text;
    fail_attempt(d, std::move(e));
  }
  return d.take();
}

result<events> apply(state const& s, start const& c, command_context const& ctx) {
  if (auto done = not_in_force(s, c.token, "started", ctx))
    return std::move(*done);
  drafting d{s, ctx};
  take_lease(d, c.base, c.session);
  return d.take();
}

result<events> apply(state const& s, renew const& c, command_context const& ctx) {
  if (c.token != s.last_token || !is_leased(s) || is_stranger(s, c.token, ctx.by))
    return fail(
        errc::fenced,
        "The lease " + std::to_string(c.token) + " of ticket " + s.self.id +
            " is over or another daemon's; stop the attempt and keep its work on the branch.",
        {{"state", name(s.is)}, {"token", s.last_token}});
  auto const expires = expiry(s, s.holder->engine, ctx.now);
  // One event for several heartbeats: only what moves the end by half a lease is worth storing.
  if (expires < s.holder->expires + s.lease / 2)
    return events{};
  renewed e;
  e.token = c.token;
  e.expires = expires;
  return events{e};
}

result<events> apply(state const& s, lose const& c, command_context const& ctx) {
  if (c.token != s.last_token || !is_leased(s))
    return events{};
  drafting d{s, ctx};
  lose_attempt(d, attempt_status::LOST, lease_status::REVOKED, reason::daemon_lost,
               c.why.empty() ? "The holder of the lease is gone." : c.why, {});
  return d.take();
}

result<events> apply(state const& s, tick const&, command_context const& ctx) {
  drafting d{s, ctx};
  if (is_leased(s) && s.holder->expires <= ctx.now) {
    lose_attempt(d, attempt_status::LOST, lease_status::EXPIRED, reason::daemon_lost,
                 "The lease was not renewed in time.", {});
    return d.take();
  }
  for (auto const& w : s.waits) {
    if (w.deadline > ctx.now)
      continue;
    if (s.is == status::failed_pending) {
      resolve_as(d, resolution::fail, "Nobody mended it in time: " + s.why, system_principal());
      return d.take();
    }
    if (w.question.id.empty() && s.is != status::waiting) { // for money
      cancelled e;
      e.why = "Nobody granted money in time: " + s.money->why;
      d.add(std::move(e));
      return d.take();
    }
    stop_waiting(d, w);
  }
  return d.take();
}

} // namespace troupe::ticket
