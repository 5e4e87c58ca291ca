#include "actors/domain/ticket_stages.hpp"

namespace troupe::ticket {

namespace {

/// The data part of a bug: which commit was judged, where and how, and what a machine collected
/// about it. Without commits and diff: a conversation travels with every order.
json::value defect(state const& s, std::vector<std::string> const& notes,
                   link::finished const* report) {
  auto out = points(false, notes);
  auto& data = out.as_object();
  data.emplace("head", s.proof->head);
  data.emplace("stage", stage_name(s, s.stage_index));
  if (report == nullptr) // a person's word, who gave no report
    return out;
  data.emplace("attempt", attempt_id(s, report->token));
  auto proof = report->proof;
  proof.commits.clear();
  proof.commits_left_out = 0;
  proof.diff.clear();
  data.emplace("evidence", json::to(proof));
  json::array bad;
  for (auto const& g : report->gates) {
    if (!g.passed)
      bad.push_back(json::to(g));
  }
  if (!bad.empty())
    data.emplace("gates", std::move(bad));
  return out;
}

/// `report`: of the attempt that judged; null where a person did.
void give_verdict(drafting& d, principal_id const& who, bool approved, std::string const& summary,
                  std::vector<std::string> const& notes, link::finished const* report) {
  auto const stage = d.now_at().stage_index;
  bool const bug =
      !approved && d.now_at().stages[static_cast<std::size_t>(stage)].reports == finding::bug;
  auto text = lines(summary, notes);
  if (text.empty())
    text = approved ? "Approved." : "Changes are requested.";
  d.post(bug ? message_kind::bug : message_kind::verdict, who, author_of(d.now_at()),
         std::move(text), bug ? defect(d.now_at(), notes, report) : points(approved, notes),
         report == nullptr ? std::string{} : report->engine);
  reviewed e;
  e.stage = stage;
  e.by = who;
  e.approved = approved;
  e.notes = notes;
  if (!approved && notes.empty() && !summary.empty())
    e.notes = {summary};
  e.head = d.now_at().proof->head;
  e.next_stage = approved ? stage + 1 : stage;
  if (approved &&
      (is_merge(d.now_at(), stage + 1) || kind_of(d.now_at(), stage + 1) != stage_kind::review))
    e.to = status::in_gates;
  d.add(std::move(e));
  if (approved)
    pass_on(d);
  else
    send_back(d, stage_name(d.now_at(), stage));
}

} // namespace

void finish_review(drafting& d, link::finished const& r) {
  if (r.how == link::outcome::conflict) {
    fail_attempt(d, failed(r, attempt_status::FAILED, reason::none, {}));
    return;
  }
  if (r.proof.head != d.now_at().proof->head) {
    about_another_head(d, r);
    return;
  }
  auto const who = holder_of(d.now_at());
  end_attempt(d, succeeded(r));
  give_verdict(d, who, r.how == link::outcome::done, r.summary, r.notes, &r);
}

result<events> apply(state const& s, review const& c, command_context const& ctx) {
  if (is_heeded(s, ctx))
    return events{};
  if (s.is != status::in_review)
    return not_now(s, "Ticket " + s.self.id + " is " + name(s.is) +
                          "; it can be reviewed only while it is in_review.");
  if (auto const who = entity_of(s.self.tenant, ctx.by);
      who && who->kind == entity_kind::agent && is_author(s, agent_id{who->id}))
    return fail(errc::forbidden, ctx.by.value + " worked on this ticket; another one must review.");
  drafting d{s, ctx};
  if (is_leased(s)) {
    ending e;
    e.how = attempt_status::CANCELLED;
    e.lease = lease_status::REVOKED;
    e.summary = "Reviewed by " + ctx.by.value + ".";
    e.counted = false;
    end_attempt(d, e);
  }
  give_verdict(d, ctx.by, c.approved, {}, c.notes, nullptr);
  return d.take();
}

} // namespace troupe::ticket
