#include "actors/domain/plan.hpp"
#include "actors/domain/settling.hpp"

namespace troupe::plan {

namespace {

constexpr transition<status> rows[] = {
    {status::none, status::drafting, "created"},
    {status::drafting, status::proposed, "proposed"},
    {status::drafting, status::FAILED, "rounds used"},
    {status::proposed, status::invalid, "cycle, limits, missing criteria"},
    {status::proposed, status::under_critique, "critique"},
    {status::invalid, status::proposed, "revised"},
    {status::invalid, status::FAILED, "rounds used"},
    {status::under_critique, status::proposed, "findings"},
    {status::under_critique, status::ready, "critique done"},
    {status::ready, status::pending_approval, "a person decides"},
    {status::ready, status::active, "the project's autonomy allows"},
    {status::pending_approval, status::active, "approved"},
    {status::pending_approval, status::revision_requested, "changes asked for"},
    {status::pending_approval, status::REJECTED, "rejected"},
    {status::revision_requested, status::proposed, "revised"},
    {status::revision_requested, status::FAILED, "rounds used"},
    {status::active, status::SUPERSEDED, "next version active"},
    {status::active, status::COMPLETED, "delivered"},
    {status::active, status::FAILED, "run failed"},
    {status::drafting, status::CANCELLED, "cancelled"},
    {status::proposed, status::CANCELLED, "cancelled"},
    {status::invalid, status::CANCELLED, "cancelled"},
    {status::under_critique, status::CANCELLED, "cancelled"},
    {status::ready, status::CANCELLED, "cancelled"},
    {status::pending_approval, status::CANCELLED, "cancelled"},
    {status::revision_requested, status::CANCELLED, "cancelled"},
    {status::active, status::CANCELLED, "cancelled"},
};

struct fold {
  state& s;
  event_context const& ctx;

  void operator()(created const& e) const {
    s.project = e.project;
    s.brief = e.brief;
    s.number = e.version;
    s.wanted = e.content;
    s.wanted_hash = e.content_hash;
    s.config = e.config;
    s.previous = e.previous;
    s.failed_key = e.failed_key;
    s.failure = e.failure;
    s.draft_asks = 1;
  }
  void operator()(proposed const& e) const {
    s.content = e.content;
    s.content_hash = e.content_hash;
    s.by = e.by;
    s.engine = e.engine;
    s.round = e.round;
    s.problems.clear();
    s.path.clear();
    s.unjudged = true;
    // A question that may be open is about the content before this one.
    s.draft_asks += 1;
  }
  void operator()(invalidated const& e) const {
    s.problems = {e.why};
    s.path = e.path;
    s.bad_rounds += 1;
    if (!s.unjudged)
      s.draft_asks += 1;
    s.unjudged = false;
  }
  void operator()(critique_began const&) const {
    s.unjudged = false;
    s.findings.clear();
    s.bad_rounds = 0;
    s.bad_critiques = 0;
    s.critique_asks += 1;
    s.notes.clear();
  }
  void operator()(critiqued const& e) const {
    s.critic = e.by;
    s.findings = e.findings;
    if (e.to == status::under_critique) {
      s.bad_critiques += 1;
      s.critique_asks += 1;
    } else if (e.to == status::proposed) {
      s.sent_back += 1;
    }
  }
  void operator()(approval_asked const&) const {
    s.approvals += 1;
    s.asked_at = ctx.at;
  }
  void operator()(approval_recorded const& e) const {
    s.decided = e.approval;
    s.decided_by = e.by;
    s.notes = e.notes;
    s.why = e.notes;
    // A person's wish opens a new series of rounds: they are bounded by that person.
    s.sent_back = 0;
  }
  void operator()(edit_began const&) const {
    if (s.decided != present_approval(s))
      s.outdated.push_back(present_approval(s));
    s.sent_back = 0;
  }
  void operator()(activated const&) const {}
  void operator()(ended const& e) const { s.why = e.why; }
  void operator()(settled const& e) const { s.settled.push_back(e.key); }
};

obligation ask_for_plan(state const& s) {
  auto const id = s.self.id + ".draft" + std::to_string(s.draft_asks);
  json::object data{{"do", "draft_plan"}, {"plan", s.self.id}, {"round", s.draft_asks}};
  std::string text = "Make a plan for \"" + s.wanted.title + "\".";
  if (!s.failure.empty())
    text += " Item " + s.failed_key + " of the version before failed: " + s.failure;
  std::string notes = s.notes;
  for (auto const& one : s.findings)
    notes += (notes.empty() ? "" : "\n") + one;
  if (!notes.empty()) {
    text += "\n" + notes;
    data.emplace("notes", notes);
  }
  if (!s.problems.empty()) {
    json::array problems;
    for (auto const& one : s.problems) {
      text += "\nThe last proposal cannot work: " + one;
      problems.emplace_back(one);
    }
    data.emplace("problems", std::move(problems));
  }
  return {"ask:" + id, false,
          ask{request_to(agent_for(s.project, s.config, "tech-lead"), s.self, id, s.brief.value,
                         std::move(text), std::move(data))}};
}

obligation ask_for_critique(state const& s) {
  auto const id = s.self.id + ".critique" + std::to_string(s.critique_asks);
  auto const count = s.content.items.size();
  return {
      "ask:" + id, false,
      ask{request_to(
          agent_for(s.project, s.config, "qa"), s.self, id, s.brief.value,
          "Criticise version " + std::to_string(s.number) + " of the plan for \"" + s.wanted.title +
              "\" with " + std::to_string(count) + (count == 1 ? " item." : " items."),
          json::object{{"do", "critique_plan"}, {"plan", s.self.id}, {"round", s.critique_asks}})}};
}

obligation open_approval(state const& s) {
  auto const id = present_approval(s);
  auto const count = s.content.items.size();
  approval::open what;
  what.project = s.project;
  what.subject = principal_of(s.self);
  what.question = "Approve version " + std::to_string(s.number) + " of the plan for \"" +
                  s.wanted.title + "\" with " + std::to_string(count) +
                  (count == 1 ? " ticket?" : " tickets?");
  what.content_hash = s.content_hash;
  what.deadline = s.asked_at + s.config.limits.approval;
  what.fallback = approval::choice::reject;
  return telling("open:" + id.value, false, s.self, entity_kind::approval, id.value,
                 approval::command{std::move(what)});
}

/// A question to people is open that nobody decided and nothing replaced.
bool asks_people(state const& s) {
  auto const id = present_approval(s);
  return s.approvals > 0 && s.decided != id &&
         std::find(s.outdated.begin(), s.outdated.end(), id) == s.outdated.end();
}

obligation tell_brief(state const& s, std::string key, brief::command what) {
  return telling(std::move(key), true, s.self, entity_kind::brief, s.brief.value, std::move(what));
}

} // namespace

transition_table<status> transitions() {
  return rows;
}

state evolve(state s, event const& e, event_context const& ctx) {
  std::visit(fold{s, ctx}, e);
  if (auto const to = target_of<status>(e); to != status::none)
    s.is = to;
  s.was_active = s.was_active || s.is == status::active;
  s.version = ctx.version;
  return s;
}

std::vector<obligation> obligations(state const& s) {
  std::vector<obligation> out;
  plan_id const self{s.self.id};
  for (auto const& id : s.outdated)
    out.push_back(telling("supersede:" + id.value, true, s.self, entity_kind::approval, id.value,
                          approval::command{approval::supersede{s.content_hash}}));
  switch (s.is) {
  case status::none:
  case status::ready:
  case status::SUPERSEDED:
  case status::COMPLETED:
    break;
  case status::drafting:
  case status::proposed:
  case status::invalid:
  case status::revision_requested:
    out.push_back(ask_for_plan(s));
    break;
  case status::under_critique:
    out.push_back(ask_for_critique(s));
    break;
  case status::pending_approval:
    out.push_back(open_approval(s));
    break;
  case status::active:
    out.push_back(tell_brief(s, "active", brief::plan_active{self, s.number, s.content}));
    break;
  case status::FAILED:
  case status::REJECTED:
  case status::CANCELLED:
    if (!s.was_active)
      out.push_back(tell_brief(s, "failed", brief::plan_failed{self, s.number, s.why}));
    if (s.is == status::CANCELLED && asks_people(s)) {
      auto const id = present_approval(s).value;
      out.push_back(telling("withdraw:" + id, true, s.self, entity_kind::approval, id,
                            approval::command{approval::withdraw{s.why}}));
    }
    break;
  }
  return without(s.settled, std::move(out));
}

} // namespace troupe::plan
