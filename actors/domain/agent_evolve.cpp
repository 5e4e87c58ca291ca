#include "actors/domain/agent.hpp"
#include "actors/domain/settling.hpp"

namespace troupe::agent {

namespace {

constexpr transition<status> rows[] = {
    {status::none, status::idle, "hired"},
    {status::pending_approval, status::idle, "approved"},
    {status::idle, status::working, "a message"},
    {status::working, status::idle, "nothing left to do"},
    {status::working, status::waiting, "asked"},
    {status::waiting, status::working, "answered"},
    {status::idle, status::paused, "paused"},
    {status::working, status::paused, "paused"},
    {status::paused, status::idle, "resumed"},
    {status::working, status::crashed, "its engine failed"},
    {status::crashed, status::idle, "supervisor, within its restart intensity"},
    {status::crashed, status::quarantined, "breaker open"},
    {status::quarantined, status::idle, "resumed"},
    {status::pending_approval, status::RETIRED, "retired"},
    {status::idle, status::RETIRED, "retired"},
    {status::working, status::RETIRED, "retired"},
    {status::waiting, status::RETIRED, "retired"},
    {status::paused, status::RETIRED, "retired"},
    {status::crashed, status::RETIRED, "retired"},
    {status::quarantined, status::RETIRED, "retired"},
};

/// Who is told: people and services read the answer in the ledger.
bool hears(state const& s, principal_id const& asker) {
  auto const e = entity_of(s.self.tenant, asker);
  return e && (e->kind == entity_kind::brief || e->kind == entity_kind::plan ||
               e->kind == entity_kind::ticket || e->kind == entity_kind::agent);
}

template <class T>
void remember(std::vector<T>& all, T one) {
  if (all.size() >= memory)
    all.erase(all.begin());
  all.push_back(std::move(one));
}

struct fold {
  state& s;
  event_context const& ctx;

  void operator()(hired const& e) const {
    if (s.is == status::none)
      s.hired_at = ctx.at;
    s.project = e.project;
    s.spec = e.spec;
  }
  void operator()(received const& e) const {
    if (wants_answer(e.message.kind))
      s.inbox.push_back(e.message);
    else
      remember(s.closed, e.message.id);
  }
  void operator()(replied const& e) const {
    std::erase_if(s.inbox, [&](envelope const& m) { return m.id == e.message.reply_to; });
    remember(s.closed, e.message.reply_to);
    s.answered += 1;
    if (hears(s, e.message.to))
      s.outbox.push_back(e.message);
  }
  void operator()(moved const& e) const {
    s.why = e.to == status::idle || e.to == status::working ? "" : e.why;
  }
  void operator()(settled const& e) const {
    // The only thing that is acknowledged is an answer.
    std::erase_if(s.outbox, [&](envelope const& m) { return "answer:" + m.id == e.key; });
  }
};

obligation answer(state const& s, envelope const& m) {
  auto const asker = entity_of(s.self.tenant, m.to).value_or(s.self);
  any_command what = agent::command{receive{m}};
  if (asker.kind == entity_kind::brief)
    what = brief::command{hear{m}};
  else if (asker.kind == entity_kind::plan)
    what = plan::command{hear{m}};
  else if (asker.kind == entity_kind::ticket)
    what = ticket::command{hear{m}};
  return {"answer:" + m.id, true, tell{asker, std::move(what)}};
}

} // namespace

transition_table<status> transitions() {
  return rows;
}

state evolve(state s, event const& e, event_context const& ctx) {
  std::visit(fold{s, ctx}, e);
  if (auto const to = target_of<status>(e); to != status::none)
    s.is = to;
  s.version = ctx.version;
  return s;
}

std::vector<obligation> obligations(state const& s) {
  std::vector<obligation> out;
  bool const performs = s.is == status::idle || s.is == status::working || s.is == status::waiting;
  if (performs) {
    for (auto const& m : s.inbox)
      out.push_back({"perform:" + m.id, false, ask{m}});
  }
  if (s.spec.engine == engine_kind::human) {
    for (auto const& m : s.inbox) {
      if (m.deadline != time_point{})
        out.push_back({"overdue:" + m.id, false, alarm{m.deadline}});
    }
  }
  for (auto const& m : s.outbox)
    out.push_back(answer(s, m));
  return out;
}

} // namespace troupe::agent
