#include "actors/domain/settling.hpp"
#include "actors/domain/ticket_draft.hpp"

namespace troupe::ticket {

namespace {

std::string correlation_of(state const& s) {
  return s.brief.empty() ? s.self.id : s.brief.value;
}

/// Who tried the stage last, where it is worth going on with the same.
worker const* last_worker(state const& s, std::int32_t stage) {
  for (auto w = s.workers.rbegin(); w != s.workers.rend(); ++w) {
    if (w->stage == stage)
      return &*w;
  }
  return nullptr;
}

obligation offering(state const& s) {
  offer o;
  auto const index = s.stage_index;
  o.project = s.project;
  o.run = s.run;
  o.ticket = ticket_id{s.self.id};
  o.stage = stage_name(s, index);
  o.kind = kind_of(s, index);
  o.merge = is_merge(s, index);
  o.role = stage_role(s, index);
  o.after_token = s.last_token;
  o.importance = s.item->importance;
  o.repository = s.repository;
  o.files = s.item->files;
  o.not_before = s.retry_at;
  if (o.kind == stage_kind::review) {
    for (auto const& w : s.workers) {
      if (w.author && std::find(o.excluded.begin(), o.excluded.end(), w.agent) == o.excluded.end())
        o.excluded.push_back(w.agent);
    }
  }
  if (o.kind == stage_kind::work) {
    bool const lost = s.holder->stage == index && s.holder->attempt == attempt_status::LOST;
    if (auto const* w = last_worker(s, index); w != nullptr && !lost) {
      o.preferred_agent = w->agent;
      o.preferred_daemon = w->daemon;
    }
  } else if (auto const* w = last_worker(s, mending_stage(s))) {
    o.preferred_daemon = w->daemon; // the workspace is there
  }
  // Offered again after it was taken back (paused, blocked): another offer.
  auto key = "offer:" + std::to_string(s.last_token) + ":" + o.stage;
  if (s.is == status::ready && s.counted.ready > 1)
    key += ":" + std::to_string(s.counted.ready);
  return {std::move(key), false, std::move(o)};
}

link::order order_of(state const& s) {
  auto const& h = *s.holder;
  link::order o;
  bool const merge = is_merge(s, h.stage);
  if (merge)
    o.kind = link::order_kind::merge;
  else if (kind_of(s, h.stage) == stage_kind::review)
    o.kind = link::order_kind::review;
  else if (kind_of(s, h.stage) == stage_kind::gate)
    o.kind = link::order_kind::gates;
  o.ticket = ticket_id{s.self.id};
  o.token = h.token;
  o.attempt = attempt_id(s, h.token);
  o.stage = stage_name(s, h.stage);
  o.role = stage_role(s, h.stage);
  o.agent = h.agent;
  o.project = s.project;
  o.engine = h.engine;
  o.profile = h.profile;
  o.repository = s.repository;
  o.target_branch = s.target_branch;
  o.branch = "agent/" + s.self.id;
  o.round = s.round;
  o.attempt_number = h.attempt_number;
  o.item = s.item;
  o.conversation = s.conversation;
  o.lease = s.lease;
  if (o.kind == link::order_kind::work) {
    auto const* w = last_worker(s, h.stage);
    if (w != nullptr && w->agent == h.agent && w->daemon == h.daemon)
      o.session = w->session;
  } else {
    o.expected_head = s.proof->head;
  }
  if (o.kind == link::order_kind::gates)
    o.gates = s.stages[static_cast<std::size_t>(h.stage)].gates;
  return o;
}

std::string stamp(time_point t) {
  return std::to_string(t.time_since_epoch().count());
}

void while_leased(state const& s, std::vector<obligation>& out) {
  auto const& h = *s.holder;
  auto const token = std::to_string(h.token);
  if (h.engine != engine_kind::human) // a person reads the ticket and reports
    out.push_back({"launch:" + token, false, launch{s.run, h.daemon, order_of(s)}});
  out.push_back({"lease:" + token + ":" + stamp(h.expires), false, alarm{h.expires}});
  for (auto const& m : s.answers) {
    if (h.daemon.empty())
      break;
    out.push_back({"answer:" + m.id, false,
                   notify{h.daemon, link::answer{ticket_id{s.self.id}, h.token, m}}});
  }
}

void while_waiting(state const& s, std::vector<obligation>& out) {
  for (auto const& w : s.waits) {
    out.push_back({"wait:" + w.question.id + ":" + stamp(w.deadline), false, alarm{w.deadline}});
    if (w.question.id.empty())
      continue;
    auto m = w.question;
    m.parts.push_back(data_part(json::object{{"do", "answer"},
                                             {"ticket", s.self.id},
                                             {"asker", m.from.value},
                                             {"item", json::to(s.item)}}));
    m.from = principal_of(s.self); // the answer must come to the ticket, which passes it on
    out.push_back({"ask:" + m.id, false, ask{std::move(m)}});
  }
}

void stop_holder(state const& s, bool acknowledge, std::vector<obligation>& out) {
  auto const& h = *s.holder;
  bool const taken_back = h.is == lease_status::EXPIRED || h.is == lease_status::REVOKED ||
                          h.is == lease_status::LAPSED;
  if (taken_back && !h.daemon.empty())
    out.push_back({"stop:" + std::to_string(h.token), acknowledge,
                   notify{h.daemon, link::stop{ticket_id{s.self.id}, h.token,
                                               s.why.empty() ? "the lease is over" : s.why}}});
}

obligation resolution_request(state const& s) {
  auto const n = std::to_string(s.counted.resolutions_asked);
  auto const rounds = s.round == 0   ? std::string{}
                      : s.round == 1 ? std::string{" after 1 round"}
                                     : " after " + std::to_string(s.round) + " rounds";
  auto const text = "Ticket " + s.self.id + " (" + s.item->title + ") failed" + rounds + ": " +
                    s.why + "\nShall it be retried, replanned or given up?";
  return {"ask:resolve" + n, false,
          ask{request_to(s.resolver, s.self, s.self.id + ".resolve" + n, correlation_of(s), text,
                         json::object{{"do", "resolve_ticket"},
                                      {"ticket", s.self.id},
                                      {"rounds", s.round},
                                      {"why", s.why}})}};
}

run::ticket_ended outcome_of(state const& s) {
  run::ticket_ended c;
  c.ticket = ticket_id{s.self.id};
  c.outcome = s.is == status::DONE     ? run::item_outcome::done
              : s.is == status::FAILED ? run::item_outcome::failed
                                       : run::item_outcome::cancelled;
  c.replan = s.is == status::FAILED && s.replan_wanted;
  c.why = s.is == status::DONE ? std::string{} : s.why;
  c.used = s.used;
  c.commit = s.merged_as;
  return c;
}

obligation ask_for_money(state const& s) {
  budget::reserve c;
  c.id = s.money->id;
  c.scope = s.money->scope;
  c.amount = s.attempt_micros;
  c.path = s.limits;
  c.ticket = ticket_id{s.self.id};
  return telling("reserve:" + c.id, false, s.self, entity_kind::budget, s.money->budget,
                 budget::command{c});
}

/// What is done with is charged or given back; a run that cannot pay stops.
void about_money(state const& s, std::vector<obligation>& out) {
  for (auto const& b : s.bills) {
    out.push_back(telling("bill:" + b.id, true, s.self, entity_kind::budget, b.budget,
                          b.charged ? budget::command{budget::charge{b.id, b.spent, b.scope}}
                                    : budget::command{budget::release{b.id, true}}));
  }
  if (s.money->refused.empty() || s.money->refused.starts_with("ticket:") || s.run.empty() ||
      !s.run_active)
    return;
  run::stop c;
  c.how = run::status::STOPPED_BUDGET;
  c.why = s.money->why;
  out.push_back(telling("overspent:" + s.money->id, true, s.self, entity_kind::run, s.run.value,
                        run::command{std::move(c)}));
}

/// A ticket that is over asks for nothing once its run knows: it sleeps for good. One without a run
/// has each of its last words acknowledged instead.
void when_over(state const& s, std::vector<obligation>& out) {
  bool const reports = !s.run.empty();
  if (reports && is_settled(s.settled, report_key(s)))
    return;
  stop_holder(s, !reports, out);
  for (auto const& d : s.daemons)
    out.push_back({"release:" + d.value, !reports,
                   notify{d, link::release{ticket_id{s.self.id}, name(s.is)}}});
  if (reports)
    out.push_back(telling(report_key(s), true, s.self, entity_kind::run, s.run.value,
                          run::command{outcome_of(s)}));
}

} // namespace

std::string report_key(state const& s) {
  return s.counted.taken_over > 0 ? "report:" + s.run.value : "report";
}

std::vector<obligation> obligations(state const& s) {
  std::vector<obligation> out;
  if (s.is == status::none)
    return out;
  out.reserve(4); // mostly two or three
  about_money(s, out);
  if (!is_open(s)) {
    when_over(s, out);
    return without(s.settled, std::move(out));
  }
  if (wants_money(s))
    out.push_back(ask_for_money(s));
  else if (wants_lease(s))
    out.push_back(offering(s));
  if (is_leased(s))
    while_leased(s, out);
  while_waiting(s, out);
  stop_holder(s, false, out);
  // What waits for a person already is not the chief of staff's to decide.
  if (s.is == status::failed_pending && s.waits.empty() && !s.resolver.empty())
    out.push_back(resolution_request(s));
  return without(s.settled, std::move(out));
}

} // namespace troupe::ticket
