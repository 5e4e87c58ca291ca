#include "actors/domain/brief.hpp"

namespace troupe::brief {

namespace {

constexpr transition<status> rows[] = {
    {status::none, status::drafting, "submitted"},
    {status::drafting, status::pending_approval, "draft ready"},
    {status::drafting, status::REJECTED, "policy"},
    {status::pending_approval, status::approved, "approved"},
    {status::pending_approval, status::revision_requested, "changes asked for"},
    {status::pending_approval, status::REJECTED, "rejected"},
    {status::pending_approval, status::expired, "deadline"},
    {status::revision_requested, status::drafting, "drafted again"},
    {status::expired, status::pending_approval, "sent again"},
    {status::expired, status::REJECTED, "rejected"},
    {status::approved, status::planning, "planning"},
    {status::planning, status::in_delivery, "plan approved"},
    {status::planning, status::on_hold, "plan failed, budget, human"},
    {status::in_delivery, status::on_hold, "pause, budget, human"},
    {status::in_delivery, status::planning, "replan"},
    {status::in_delivery, status::COMPLETED, "every ticket of the active plan done"},
    {status::in_delivery, status::FAILED, "replans exhausted"},
    {status::on_hold, status::in_delivery, "resumed"},
    {status::on_hold, status::FAILED, "replans exhausted"},
    {status::drafting, status::CANCELLED, "cancelled"},
    {status::pending_approval, status::CANCELLED, "cancelled"},
    {status::revision_requested, status::CANCELLED, "cancelled"},
    {status::expired, status::CANCELLED, "cancelled"},
    {status::approved, status::CANCELLED, "cancelled"},
    {status::planning, status::CANCELLED, "cancelled"},
    {status::in_delivery, status::CANCELLED, "cancelled"},
    {status::on_hold, status::CANCELLED, "cancelled"},
};

void remember(std::vector<ticket_id>& known, ticket_id const& t) {
  if (!t.empty() && std::find(known.begin(), known.end(), t) == known.end())
    known.push_back(t);
}

void leave_queue(state& s, ticket_id const& t) {
  std::erase_if(s.queue, [&](wanted_replan const& w) { return w.ticket == t; });
}

/// An approval that nobody decided, about a draft that is no more.
void outdate_approval(state& s) {
  if (s.approvals > 0 && s.decided != present_approval(s))
    s.outdated.push_back(present_approval(s));
}

struct fold {
  state& s;
  event_context const& ctx;

  void operator()(submitted const& e) const {
    s.project = e.project;
    s.from = e.from;
    s.config = e.config;
    s.submitted_at = ctx.at;
    s.draft_asks = 1;
  }
  void operator()(drafted const& e) const {
    outdate_approval(s);
    s.content = e.content;
    s.content_hash = e.content_hash;
    s.drafted_by = e.by;
    s.engine = e.engine;
    s.round = e.round;
    s.bad_drafts = 0;
    s.approvals += 1;
    s.asked_at = ctx.at;
  }
  void operator()(draft_refused const& e) const {
    s.why = e.why;
    s.bad_drafts += 1;
    s.draft_asks += 1;
  }
  void operator()(approval_recorded const& e) const {
    s.decided = e.approval;
    s.decided_by = e.by;
    s.notes = e.notes;
  }
  void operator()(redraft_began const&) const { s.draft_asks += 1; }
  void operator()(resent const&) const {
    s.approvals += 1;
    s.asked_at = ctx.at;
  }
  void operator()(planning_began const& e) const {
    // The same version again: it was on hold while its plan was being made.
    if (e.version != s.planning_version && !e.failed.empty())
      s.replans += 1;
    s.planning_version = e.version;
    s.last_version = std::max(s.last_version, e.version);
    s.replanning = {e.failed, e.failed_key, e.why};
    s.plan_failed = false;
    remember(s.replanned, e.failed);
    leave_queue(s, e.failed);
  }
  void operator()(delivery_began const& e) const {
    if (s.active_version > 0)
      s.older_versions.push_back(s.active_version);
    else
      s.first_active = e.version;
    s.plan = e.content;
    s.answered_key = s.replanning.key;
    s.active_version = e.version;
    s.run = e.run;
    s.planning_version = 0;
    s.replanning = {};
    std::erase_if(s.queue, [&](wanted_replan const& w) {
      return std::any_of(e.content.items.begin(), e.content.items.end(),
                         [&](plan_item const& i) { return i.supersedes == w.key; });
    });
  }
  void operator()(replan_queued const& e) const {
    remember(s.replanned, e.ticket);
    s.queue.push_back({e.ticket, e.key, e.why});
  }
  void operator()(replan_refused const& e) const {
    remember(s.replanned, e.ticket);
    leave_queue(s, e.ticket);
    if (e.ticket == s.replanning.ticket) {
      s.planning_version = 0;
      s.replanning = {};
    }
    s.refused.push_back({e.ticket, {}, e.why});
    s.why = e.why;
  }
  void operator()(held const& e) const {
    s.why = e.why;
    s.plan_failed = e.plan_failed;
    if (!e.plan_failed)
      s.holds += 1;
  }
  void operator()(resumed const&) const {}
  void operator()(run_replaced const& e) const {
    s.run = e.run;
    s.taken_version = e.plan_version;
  }
  void operator()(ended const& e) const { s.why = e.why; }
  void operator()(settled const& e) const { s.settled.push_back(e.key); }
};

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

} // namespace troupe::brief
