#include "actors/domain/ticket.hpp"

#include "actors/domain/settling.hpp"
#include "actors/domain/ticket_draft.hpp"

namespace troupe::ticket {

namespace {

template <class T>
bool has(std::vector<T> const& all, T const& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// The change of readiness with what stands now; `to` is found by `drafting` or here.
readiness_changed present(state const& s) {
  readiness_changed e;
  e.run_active = s.run_active;
  e.open_blockers = s.open_blockers;
  e.change = s.run_change;
  return e;
}

/// Where a change of blockers or run moves the ticket; only from and to `blocked` and `ready`.
events place(state const& s, readiness_changed e) {
  bool const free = e.run_active && e.open_blockers.empty();
  if (s.is == status::blocked && free)
    e.to = status::ready;
  else if (s.is == status::ready && !free)
    e.to = status::blocked;
  return {std::move(e)};
}

bool same_ticket(state const& s, open const& c) {
  return s.run == c.run && s.brief == c.brief && s.item->key == c.item.key;
}

/// Another run goes on with the ticket, over or not: one that is over says so again.
events take_over(state const& s, open const& c, command_context const& ctx) {
  drafting d{s, ctx};
  taken_over e;
  e.run = c.run;
  e.limits = c.limits;
  e.attempt_micros = c.attempt_micros;
  d.add(std::move(e));
  if (is_open(d.now_at())) {
    auto placed = present(d.now_at());
    placed.run_active = c.run_active;
    for (auto& p : place(d.now_at(), std::move(placed)))
      d.add(std::move(p));
  }
  return d.take();
}

} // namespace

result<events> apply(state const& s, open const& c, command_context const& ctx) {
  if (s.is != status::none) {
    if (same_ticket(s, c))
      return events{};
    if (!c.continues.empty() && s.run == c.continues && s.brief == c.brief &&
        s.item->key == c.item.key)
      return take_over(s, c, ctx);
    return not_now(s, "Ticket " + s.self.id + " exists and belongs to another run or item.");
  }
  if (c.item.title.empty())
    return fail(errc::invalid_argument, "A ticket needs a title.", {{"field", "item.title"}});
  if (c.stages.empty() || c.stages.front().kind != stage_kind::work)
    return fail(errc::invalid_argument, "A ticket needs a process that begins with a work stage.",
                {{"field", "stages"}});
  opened e;
  e.project = c.project;
  e.brief = c.brief;
  e.plan = c.plan;
  e.run = c.run;
  e.item = c.item;
  for (auto const& b : c.blocked_by) {
    if (b.value != s.self.id && !has(e.blocked_by, b))
      e.blocked_by.push_back(b);
  }
  e.stages = same_process(c.stages);
  e.attempts = std::max(c.attempts, 1);
  e.rounds = std::max(c.rounds, 0);
  e.lease = std::max(c.lease, duration{1000});
  e.repository = c.repository;
  e.target_branch = c.target_branch;
  e.supersedes = c.supersedes;
  e.run_active = c.run_active || c.by_hand;
  e.by_hand = c.by_hand;
  e.resolver = c.resolver;
  e.limits = c.limits;
  e.attempt_micros = c.attempt_micros;
  drafting d{s, ctx};
  d.add(std::move(e));
  auto placed = present(d.now_at());
  placed.to = placed.run_active && placed.open_blockers.empty() ? status::ready : status::blocked;
  d.add(std::move(placed));
  return d.take();
}

result<events> apply(state const& s, run_changed const& c, command_context const&) {
  // Also a change that alters nothing here is kept: the one before may still be under way.
  if (!c.run.empty() && c.run != s.run)
    return events{};
  bool const old = c.change == 0 ? c.active == s.run_active : c.change <= s.run_change;
  if (!is_open(s) || old)
    return events{};
  auto e = present(s);
  e.run_active = c.active;
  e.change = std::max(c.change, s.run_change);
  return place(s, std::move(e));
}

result<events> apply(state const& s, met const& c, command_context const&) {
  if (!is_open(s) || c.blocker.empty() || has(s.met, c.blocker))
    return events{};
  auto e = present(s);
  std::erase(e.open_blockers, c.blocker);
  e.met.push_back(c.blocker);
  return place(s, std::move(e));
}

result<events> apply(state const& s, add_blocker const& c, command_context const&) {
  if (c.blocker.empty() || c.blocker.value == s.self.id)
    return fail(errc::invalid_argument, "A ticket cannot block itself; name another one.",
                {{"field", "blocker"}, {"path", json::array{s.self.id, s.self.id}}});
  if (!is_open(s))
    return not_now(s, "Ticket " + s.self.id + " is over; nothing can block it any more.");
  if (has(s.blocked_by, c.blocker) || has(s.met, c.blocker) || has(s.dropped, c.blocker))
    return events{};
  auto e = present(s);
  e.open_blockers.push_back(c.blocker);
  return place(s, std::move(e));
}

result<events> apply(state const& s, swap_blocker const& c, command_context const&) {
  if (c.old_blocker.empty() || c.new_blocker.value == s.self.id)
    return fail(errc::invalid_argument, "A ticket cannot block itself; name another one.",
                {{"field", "new_blocker"}});
  if (!is_open(s) || has(s.dropped, c.old_blocker))
    return events{};
  auto e = present(s);
  std::erase(e.open_blockers, c.old_blocker);
  e.dropped.push_back(c.old_blocker);
  auto const& wanted = c.new_blocker;
  if (!wanted.empty() && !has(s.met, wanted) && !has(s.dropped, wanted) &&
      !has(e.open_blockers, wanted))
    e.open_blockers.push_back(wanted);
  return place(s, std::move(e));
}

result<events> apply(state const& s, comment const& c, command_context const& ctx) {
  if (c.text.empty() && c.metrics.empty() && c.blockers.empty() && c.next_steps.empty())
    return fail(errc::invalid_argument, "A comment needs a text.", {{"field", "text"}});
  auto const& cause = ctx.cause.empty() ? ctx.id : ctx.cause;
  for (auto const& old : s.comments) {
    if (!cause.empty() && old.cause == cause && old.text == c.text && old.by == ctx.by)
      return events{};
  }
  commented e;
  e.id = s.self.id + ".c" + std::to_string(s.counted.commented + 1);
  e.by = ctx.by;
  e.text = c.text;
  e.reply_to = c.reply_to;
  e.metrics = c.metrics;
  e.blockers = c.blockers;
  e.next_steps = c.next_steps;
  return events{std::move(e)};
}

result<events> apply(state const& s, cancel const& c, command_context const& ctx) {
  if (s.is == status::CANCELLED)
    return events{};
  if (!is_open(s))
    return not_now(s, "Ticket " + s.self.id + " is over; it cannot be cancelled.");
  drafting d{s, ctx};
  cancelled e;
  e.why = c.why;
  d.add(std::move(e));
  return d.take();
}

result<events> apply(state const& s, settle const& c, command_context const&) {
  return events{settle_one<event>(obligations(s), c)};
}

result<events> decide(state const& s, command const& c, command_context const& ctx) {
  if (s.is == status::none && !std::holds_alternative<open>(c))
    return fail(errc::not_found, "There is no ticket " + s.self.id + ".");
  return std::visit([&](auto const& x) { return apply(s, x, ctx); }, c);
}

} // namespace troupe::ticket
