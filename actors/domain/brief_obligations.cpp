#include "actors/domain/brief.hpp"
#include "actors/domain/settling.hpp"

namespace troupe::brief {

namespace {

plan_id version_id(state const& s, std::int32_t version) {
  return plan_of(brief_id{s.self.id}, version);
}

obligation ask_for_draft(state const& s) {
  auto const n = std::to_string(s.draft_asks);
  auto const what = s.from.name.empty() ? s.from.kind : s.from.name;
  auto text = "Draft a brief from " + what + ".";
  if (!s.notes.empty())
    text += " Changes asked for: " + s.notes;
  json::object data{{"do", "draft_brief"}, {"brief", s.self.id}, {"round", s.draft_asks}};
  if (!s.notes.empty())
    data.emplace("notes", s.notes);
  auto const key = s.self.id + ".draft" + n;
  return {"ask:" + key, false,
          ask{request_to(agent_for(s.project, s.config, "pm"), s.self, key, s.self.id,
                         std::move(text), std::move(data))}};
}

obligation open_approval(state const& s) {
  auto const id = present_approval(s);
  auto const count = s.content.requirements.size();
  approval::open what;
  what.project = s.project;
  what.subject = principal_of(s.self);
  what.question = "Approve the brief \"" + s.content.title + "\" with " + std::to_string(count) +
                  (count == 1 ? " requirement?" : " requirements?");
  what.content_hash = s.content_hash;
  what.deadline = s.asked_at + s.config.limits.approval;
  what.fallback = approval::choice::reject;
  return telling("open:" + id.value, false, s.self, entity_kind::approval, id.value,
                 approval::command{std::move(what)});
}

obligation make_plan(state const& s) {
  plan::create what;
  what.project = s.project;
  what.brief = brief_id{s.self.id};
  what.version = s.planning_version;
  what.content = s.content;
  what.content_hash = s.content_hash;
  what.config = s.config;
  if (s.active_version > 0) {
    what.previous = s.plan;
    what.failed_key = s.replanning.key;
    what.failure = s.replanning.why;
  }
  auto const id = version_id(s, s.planning_version);
  return telling("plan:" + id.value, false, s.self, entity_kind::plan, id.value,
                 plan::command{std::move(what)});
}

/// The run of the first active version is made; it takes over every later one.
obligation deliver(state const& s) {
  auto const plan = version_id(s, s.active_version);
  bool const taken = s.taken_version > 0;
  auto const key = "deliver:" + plan.value + (taken ? ":" + s.run.value : std::string{});
  if (taken || s.active_version != s.first_active)
    return telling(key, false, s.self, entity_kind::run, s.run.value,
                   run::command{run::adopt{plan, s.active_version, s.plan.items, s.answered_key}});
  return telling(
      key, false, s.self, entity_kind::run, s.run.value,
      run::command{run::create{
          s.project, brief_id{s.self.id}, plan, s.active_version, s.config, s.plan.items, {}}});
}

obligation tell_run(state const& s, std::string key, run::command what) {
  return telling(std::move(key), true, s.self, entity_kind::run, s.run.value, std::move(what));
}

obligation tell_plan(state const& s, std::string const& key, std::int32_t version,
                     plan::command what) {
  auto const id = version_id(s, version);
  return telling(key + ":" + id.value, true, s.self, entity_kind::plan, id.value, std::move(what));
}

void while_open(state const& s, std::vector<obligation>& out) {
  if (s.is == status::drafting)
    out.push_back(ask_for_draft(s));
  if (s.is == status::pending_approval)
    out.push_back(open_approval(s));
  if (s.planning_version > 0 && !s.plan_failed)
    out.push_back(make_plan(s));
  if (s.active_version == 0)
    return;
  if (s.active_version != s.taken_version) // else the stopped run hands it over itself
    out.push_back(deliver(s));
  auto const n = std::to_string(s.holds);
  if (s.is == status::on_hold)
    out.push_back(tell_run(s, "pause:" + n, run::pause{s.why}));
  else if (s.holds > 0)
    out.push_back(tell_run(s, "resume:" + n, run::resume{}));
  for (auto const& r : s.refused)
    out.push_back(tell_run(s, "refused:" + r.ticket.value, run::replan_refused{r.ticket, r.why}));
}

void when_over(state const& s, std::vector<obligation>& out) {
  if (s.approvals > 0 && s.decided != present_approval(s)) {
    auto const id = present_approval(s).value;
    out.push_back(telling("withdraw:" + id, true, s.self, entity_kind::approval, id,
                          approval::command{approval::withdraw{s.why}}));
  }
  if (s.planning_version > 0 && !s.plan_failed)
    out.push_back(tell_plan(s, "cancel", s.planning_version, plan::cancel{s.why}));
  if (s.active_version == 0)
    return;
  if (s.is == status::CANCELLED) {
    out.push_back(tell_plan(s, "cancel", s.active_version, plan::cancel{s.why}));
    out.push_back(tell_run(s, "cancel:" + s.run.value, run::cancel{s.why}));
  } else {
    out.push_back(
        tell_plan(s, "finish", s.active_version, plan::finish{s.is == status::COMPLETED, s.why}));
  }
}

} // namespace

std::vector<obligation> obligations(state const& s) {
  std::vector<obligation> out;
  if (s.is == status::none)
    return out;
  for (auto const& id : s.outdated)
    out.push_back(telling("supersede:" + id.value, true, s.self, entity_kind::approval, id.value,
                          approval::command{approval::supersede{s.content_hash}}));
  for (auto const version : s.older_versions)
    out.push_back(tell_plan(s, "supersede", version, plan::supersede{s.active_version}));
  if (is_terminal(s.is))
    when_over(s, out);
  else
    while_open(s, out);
  return without(s.settled, std::move(out));
}

} // namespace troupe::brief
