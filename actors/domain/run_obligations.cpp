#include "actors/domain/budget.hpp"
#include "actors/domain/run.hpp"
#include "actors/domain/settling.hpp"

namespace troupe::run {

namespace {

item_state const* item_of(state const& s, std::string const& key) {
  for (auto const& i : s.items) {
    if (i.item.key == key)
      return &i;
  }
  return nullptr;
}

obligation to_ticket(std::string key, bool acknowledge, state const& s, ticket_id const& to,
                     ticket::command c) {
  return telling(std::move(key), acknowledge, s.self, entity_kind::ticket, to.value, std::move(c));
}

obligation to_brief(std::string key, state const& s, brief::command c) {
  return telling(std::move(key), true, s.self, entity_kind::brief, s.brief.value, std::move(c));
}

ticket::open opening(state const& s, item_state const& i) {
  ticket::open c;
  c.project = s.project;
  c.brief = s.brief;
  c.plan = i.plan;
  c.run = run_id{s.self.id};
  c.item = i.item;
  if (with_role(s.config, c.item.role) == nullptr)
    c.item.role.clear(); // nobody has it: the process says who works
  for (auto const& key : i.item.blocked_by) {
    auto const* blocker = item_of(s, key);
    if (blocker != nullptr && blocker->outcome != item_outcome::done)
      c.blocked_by.push_back(blocker->ticket);
  }
  c.stages = s.config.process.stages;
  c.attempts = s.config.limits.attempts;
  c.rounds = s.config.limits.rounds;
  c.lease = s.config.limits.lease;
  c.repository = s.config.repository;
  c.target_branch = s.config.target_branch;
  if (!i.item.supersedes.empty())
    c.supersedes = ticket_of(s, i.item.supersedes);
  c.run_active = is_active(s);
  c.by_hand = s.by_hand;
  c.continues = s.continues;
  c.limits = budget::limits_of(s.config.limits, s.project, c.run, i.ticket);
  if (!c.limits.empty())
    c.attempt_micros = budget::attempt_amount(s.config.limits);
  c.resolver = agent_for(s.project, s.config, "chief-of-staff");
  return c;
}

void while_open(state const& s, std::vector<obligation>& out) {
  for (auto const& i : s.items) {
    if (i.outcome != item_outcome::open)
      continue;
    if (!i.opened) {
      out.push_back(
          to_ticket("open:" + i.item.key, true, s, i.ticket, ticket::command{opening(s, i)}));
      continue;
    }
    for (auto const& key : i.item.blocked_by) {
      auto const* blocker = item_of(s, key);
      if (blocker != nullptr && blocker->outcome == item_outcome::done)
        out.push_back(to_ticket("met:" + i.ticket.value + ":" + blocker->ticket.value, false, s,
                                i.ticket, ticket::command{ticket::met{blocker->ticket}}));
    }
  }
  for (auto const& r : s.rewires) {
    auto const item = std::find_if(s.items.begin(), s.items.end(), [&](item_state const& i) {
      return i.ticket == r.ticket && i.outcome == item_outcome::open && i.opened;
    });
    if (item == s.items.end())
      continue;
    auto key = "swap:" + r.ticket.value + ":" + r.old_blocker.value + ":" + r.new_blocker.value;
    if (r.old_blocker.empty())
      out.push_back(to_ticket(std::move(key), true, s, r.ticket,
                              ticket::command{ticket::add_blocker{r.new_blocker}}));
    else
      out.push_back(to_ticket(std::move(key), true, s, r.ticket,
                              ticket::command{ticket::swap_blocker{r.old_blocker, r.new_blocker}}));
  }
}

/// Tickets hear of pauses only where there was one.
void tell_activity(state const& s, bool active, std::vector<obligation>& out) {
  if (s.change == 0)
    return;
  ticket::run_changed c;
  c.active = active;
  c.change = s.change;
  c.run = run_id{s.self.id};
  for (auto const& i : s.items) {
    if (i.outcome == item_outcome::open && i.opened)
      out.push_back(to_ticket((active ? "resume:" : "pause:") + i.ticket.value + ":" +
                                  std::to_string(s.change),
                              false, s, i.ticket, ticket::command{c}));
  }
}

void cancel_tickets(state const& s, bool replaced_only, std::vector<obligation>& out) {
  for (auto const& i : s.items) {
    if (i.over || (i.outcome != item_outcome::replaced && replaced_only))
      continue;
    out.push_back(
        to_ticket("cancel:" + i.ticket.value, false, s, i.ticket,
                  ticket::command{ticket::cancel{i.outcome == item_outcome::replaced
                                                     ? "version " + std::to_string(s.plan_version) +
                                                           " of the plan goes on without it"
                                                     : "run " + s.self.id + " is " + name(s.is)}}));
  }
}

void ask_replans(state const& s, std::vector<obligation>& out) {
  for (auto const& i : s.items) {
    if (i.outcome != item_outcome::failed || !i.replan)
      continue;
    brief::replan c;
    c.run = run_id{s.self.id};
    c.ticket = i.ticket;
    c.key = i.item.key;
    c.why = i.why;
    out.push_back(to_brief("replan:" + i.ticket.value, s, brief::command{std::move(c)}));
  }
}

void report(state const& s, std::vector<obligation>& out) {
  if (!s.forked_from.empty() || s.brief.empty())
    return;
  if (s.is == status::COMPLETED || s.is == status::FAILED || s.is == status::CANCELLED) {
    brief::run_ended c;
    c.run = run_id{s.self.id};
    c.completed = s.is == status::COMPLETED;
    c.cancelled = s.is == status::CANCELLED;
    c.why = s.why;
    out.push_back(to_brief("report", s, brief::command{std::move(c)}));
  } else { // stopped: a person decides how to go on
    out.push_back(to_brief("hold", s, brief::command{brief::hold{name(s.is) + ": " + s.why}}));
  }
}

obligation ask_to_continue(state const& s) {
  auto const id = present_approval(s).value;
  approval::open c;
  c.project = s.project;
  c.subject = principal_of(s.self);
  c.question = s.question;
  c.content_hash = s.content_hash;
  c.deadline = s.asked_at + s.config.limits.approval;
  return telling("ask:" + id, true, s.self, entity_kind::approval, id,
                 approval::command{std::move(c)});
}

run::create continuation(state const& s) {
  create c;
  c.project = s.project;
  c.brief = s.brief;
  c.plan = s.plan;
  c.plan_version = s.plan_version;
  c.config = s.config;
  c.forked_from = s.forked_from;
  c.by_hand = s.by_hand;
  c.continues = run_id{s.self.id};
  c.tickets = ticket_prefix(s);
  c.edges = s.rewires;
  for (auto const& i : s.items) {
    c.items.push_back(i.item);
    c.fates.push_back({i.item.key, i.outcome, i.plan, i.replan, i.why, i.commit});
  }
  return c;
}

/// The brief first: the new run reports to it.
void hand_over(state const& s, std::vector<obligation>& out) {
  bool const to_brief_first = s.forked_from.empty() && !s.brief.empty();
  if (to_brief_first)
    out.push_back(
        to_brief("continue:" + s.next.value, s,
                 brief::command{brief::run_continues{run_id{s.self.id}, s.next, s.plan_version}}));
  if (to_brief_first && !is_settled(s.settled, "continue:" + s.next.value))
    return;
  out.push_back(telling("create:" + s.next.value, true, s.self, entity_kind::run, s.next.value,
                        run::command{continuation(s)}));
  // A replan that was refused before the brief knew of the next run.
  for (auto const& i : s.items) {
    if (i.outcome == item_outcome::failed && !i.replan)
      out.push_back(telling("dropped:" + i.ticket.value, true, s.self, entity_kind::run,
                            s.next.value, run::command{replan_refused{i.ticket, i.why}}));
  }
}

/// Stopped: its tickets rest until another run takes them over.
void when_stopped(state const& s, std::vector<obligation>& out) {
  cancel_tickets(s, !s.given_up, out);
  if (s.given_up)
    return;
  if (s.asking)
    out.push_back(ask_to_continue(s));
  if (s.next.empty()) {
    tell_activity(s, false, out);
    report(s, out);
  } else {
    hand_over(s, out);
  }
}

} // namespace

std::vector<obligation> obligations(state const& s) {
  std::vector<obligation> out;
  if (s.is == status::none || s.is == status::draft || s.is == status::queued)
    return out;
  if (is_terminal(s.is)) {
    if (is_stopped(s)) {
      when_stopped(s, out);
    } else {
      cancel_tickets(s, false, out);
      report(s, out);
    }
    return without(s.settled, std::move(out));
  }
  while_open(s, out);
  cancel_tickets(s, true, out);
  tell_activity(s, is_active(s), out);
  ask_replans(s, out);
  return without(s.settled, std::move(out));
}

} // namespace troupe::run
