#include "actors/domain/ticket_draft.hpp"

namespace troupe::ticket {

namespace {

principal_id holder_of(state const& s) {
  return s.holder.agent.empty() ? system_principal() : principal_of(s.holder.agent);
}

/// Who mends what is sent back; the ticket itself where nobody worked yet.
principal_id author_of(state const& s) {
  for (auto w = s.workers.rbegin(); w != s.workers.rend(); ++w) {
    if (w->author && w->stage == mending_stage(s) && !w->agent.empty())
      return principal_of(w->agent);
  }
  return principal_of(s.self);
}

json::value points(bool approved, std::vector<std::string> const& notes) {
  json::array list;
  for (auto const& n : notes)
    list.emplace_back(n);
  return json::object{{"approved", approved}, {"notes", std::move(list)}};
}

std::string lines(std::string text, std::vector<std::string> const& more) {
  for (auto const& line : more)
    text += (text.empty() ? "- " : "\n- ") + line;
  return text;
}

ending succeeded(link::finished const& r) {
  ending e;
  e.how = attempt_status::SUCCEEDED;
  e.summary = r.summary;
  e.report = &r;
  return e;
}

ending failed(link::finished const& r, attempt_status how, reason why, std::string summary) {
  ending e;
  e.how = how;
  e.why = why;
  e.summary = summary.empty() ? r.summary : std::move(summary);
  e.report = &r;
  return e;
}

/// A report that is about another commit than the ticket is: kept, and the stage tried again.
void about_another_head(drafting& d, link::finished const& r) {
  fail_attempt(d, failed(r, attempt_status::FAILED, reason::invalid_output,
                         "The report is about commit " + r.proof.head + ", not about " +
                             d.now_at().proof.head + "."));
  orphaned e;
  e.token = r.token;
  e.kind = "finished";
  e.proof = r.proof;
  d.add(std::move(e));
}

/// A provider's limit: nobody's fault, and there is a time when it is over.
void park(drafting& d, link::finished const& r) {
  bool const work = d.now_at().is == status::in_progress;
  auto const until = std::min(r.resume_at, d.now + patience);
  auto e = failed(r, attempt_status::parked, reason::rate_limited, {});
  e.counted = d.now_at().counted.uncounted >= max_uncounted;
  e.retry_at = until;
  if (!work || e.counted) {
    fail_attempt(d, std::move(e));
    return;
  }
  end_attempt(d, e);
  wait_began w;
  w.owner = system_principal();
  w.action = "provider limit resets";
  w.deadline = until;
  d.add(std::move(w));
}

/// What is the same at every stage: the attempt did not come to an end of its own. False: it did.
bool broke_off(drafting& d, link::finished const& r) {
  switch (r.how) {
  case link::outcome::timed_out:
    fail_attempt(d, failed(r, attempt_status::TIMED_OUT, r.why, {}));
    return true;
  case link::outcome::stalled:
    fail_attempt(d, failed(r, attempt_status::STALLED, r.why, {}));
    return true;
  case link::outcome::cancelled: {
    auto e = failed(r, attempt_status::CANCELLED, r.why, {});
    e.counted = d.now_at().counted.uncounted >= max_uncounted;
    fail_attempt(d, std::move(e));
    return true;
  }
  case link::outcome::failed: {
    if (r.why == reason::changes_requested || r.why == reason::gate_failed)
      return false;
    if (r.why == reason::rate_limited && r.resume_at > d.now) {
      park(d, r);
      return true;
    }
    auto e = failed(r, attempt_status::FAILED, r.why, {});
    e.permanent = r.why != reason::none && !is_transient(r.why);
    if (r.why == reason::daemon_lost) { // a machine that went away is not the agent's fault
      e.how = attempt_status::LOST;
      e.counted = d.now_at().counted.uncounted >= max_uncounted;
    }
    fail_attempt(d, std::move(e));
    return true;
  }
  case link::outcome::done:
  case link::outcome::changes_requested:
  case link::outcome::conflict:
    return false;
  }
  return false;
}

// ---- work -----------------------------------------------------------------------------------

/// The proof that stands after a work stage: its own where it has commits, else what was there.
evidence proof_after(state const& s, evidence const& now) {
  bool const changed = !now.head.empty() && now.head != now.base;
  return changed || s.proof.head.empty() ? now : s.proof;
}

/// The review that rejected exactly this commit in an earlier round; empty: none.
std::string rejected_by(state const& s, std::string const& head) {
  if (s.round == 0 || head != s.proof.head || s.reviews.empty())
    return {};
  auto const& last = s.reviews.back();
  return last.head == head && !last.approved ? last.stage : std::string{};
}

/// A commit that came back as it was (its gates failed, or it could not be merged) is not reviewed
/// again: who approved it, did.
void keep_approvals(drafting& d) {
  for (;;) {
    auto const& s = d.now_at();
    if (s.is != status::in_review || s.round == 0 ||
        kind_of(s, s.stage_index) != stage_kind::review)
      return;
    auto const at = stage_name(s, s.stage_index);
    auto const last =
        std::find_if(s.reviews.rbegin(), s.reviews.rend(), [&](review_record const& x) {
          return x.stage == at && x.head == s.proof.head;
        });
    if (s.proof.head.empty() || last == s.reviews.rend() || !last->approved)
      return;
    reviewed e;
    e.stage = s.stage_index;
    e.by = system_principal();
    e.approved = true;
    e.notes = {last->by == system_principal() && !last->notes.empty()
                   ? last->notes.front()
                   : "unchanged since " + last->by.value + " approved it"};
    e.head = s.proof.head;
    e.next_stage = s.stage_index + 1;
    if (is_merge(s, e.next_stage) || kind_of(s, e.next_stage) != stage_kind::review)
      e.to = status::in_gates;
    d.add(std::move(e));
  }
}

void finish_work(drafting& d, link::finished const& r) {
  auto const stage = d.now_at().stage_index;
  auto const who = holder_of(d.now_at());
  if (r.how == link::outcome::conflict) {
    fail_attempt(d, failed(r, attempt_status::FAILED, reason::none, {}));
    return;
  }
  if (r.how != link::outcome::done) { // the agent itself says that this cannot stand
    end_attempt(d, failed(r, attempt_status::FAILED, reason::changes_requested,
                          r.summary.empty() && !r.notes.empty() ? r.notes.front() : r.summary));
    d.post(message_kind::verdict, who, {}, lines(r.summary, r.notes), points(false, r.notes),
           r.engine);
    send_back(d, stage_name(d.now_at(), stage));
    return;
  }
  bool const changed = !r.proof.head.empty() && r.proof.head != r.proof.base;
  // A person may do what no commit shows, and says so.
  bool const words = (may_be_words(stage_role(d.now_at(), stage)) ||
                      d.now_at().holder.engine == engine_kind::human) &&
                     !r.summary.empty();
  if (!changed && !words) {
    fail_attempt(d, failed(r, attempt_status::FAILED, reason::invalid_output,
                           "The attempt ended without a commit."));
    return;
  }
  if (auto const by = rejected_by(d.now_at(), r.proof.head); !by.empty() && !words) {
    end_attempt(d, failed(r, attempt_status::FAILED, reason::changes_requested,
                          "The rework has no new commit."));
    send_back(d, by);
    return;
  }
  end_attempt(d, succeeded(r));
  json::object data{{"stage", stage_name(d.now_at(), stage)}};
  if (changed) { // `evidence_attached` has the commits; a conversation travels with every order
    auto proof = r.proof;
    proof.commits.clear();
    data.emplace("evidence", json::to(proof));
  }
  d.post(message_kind::report, who, {}, r.summary, std::move(data), r.engine);
  evidence_attached e;
  e.proof = proof_after(d.now_at(), r.proof);
  e.next_stage = stage + 1;
  e.to =
      !is_merge(d.now_at(), e.next_stage) && kind_of(d.now_at(), e.next_stage) == stage_kind::work
          ? status::ready
          : status::in_review;
  d.add(std::move(e));
  keep_approvals(d);
  pass_on(d);
}

// ---- review ---------------------------------------------------------------------------------

void give_verdict(drafting& d, principal_id const& who, bool approved, std::string const& summary,
                  std::vector<std::string> const& notes, std::string const& engine) {
  auto const stage = d.now_at().stage_index;
  auto text = lines(summary, notes);
  if (text.empty())
    text = approved ? "Approved." : "Changes are requested.";
  d.post(message_kind::verdict, who, author_of(d.now_at()), std::move(text),
         points(approved, notes), engine);
  reviewed e;
  e.stage = stage;
  e.by = who;
  e.approved = approved;
  e.notes = notes;
  if (!approved && notes.empty() && !summary.empty())
    e.notes = {summary};
  e.head = d.now_at().proof.head;
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

void finish_review(drafting& d, link::finished const& r) {
  if (r.how == link::outcome::conflict) {
    fail_attempt(d, failed(r, attempt_status::FAILED, reason::none, {}));
    return;
  }
  if (r.proof.head != d.now_at().proof.head) {
    about_another_head(d, r);
    return;
  }
  auto const who = holder_of(d.now_at());
  end_attempt(d, succeeded(r));
  give_verdict(d, who, r.how == link::outcome::done, r.summary, r.notes, r.engine);
}

// ---- gates ----------------------------------------------------------------------------------

bool complete(stage const& s, std::vector<gate_result> const& results) {
  return std::all_of(s.gates.begin(), s.gates.end(), [&](gate_spec const& g) {
    return std::any_of(results.begin(), results.end(),
                       [&](gate_result const& x) { return x.gate == g.name; });
  });
}

void finish_gates(drafting& d, link::finished const& r) {
  auto const stage = d.now_at().stage_index;
  if (!complete(d.now_at().stages[static_cast<std::size_t>(stage)], r.gates)) {
    fail_attempt(d, failed(r, attempt_status::FAILED, reason::invalid_output,
                           "The report does not answer every gate."));
    return;
  }
  auto const head = d.now_at().proof.head;
  if (std::any_of(r.gates.begin(), r.gates.end(),
                  [&](gate_result const& g) { return g.proof.head != head; })) {
    about_another_head(d, r);
    return;
  }
  bool const passed =
      std::all_of(r.gates.begin(), r.gates.end(), [](gate_result const& g) { return g.passed; });
  auto const who = holder_of(d.now_at());
  end_attempt(d, succeeded(r));
  if (!passed) {
    std::vector<std::string> found;
    json::array bad;
    for (auto const& g : r.gates) {
      if (g.passed)
        continue;
      found.push_back(g.gate + ": " + g.message);
      bad.push_back(json::to(g));
    }
    d.post(message_kind::bug, who, author_of(d.now_at()), lines({}, found),
           json::object{{"head", head}, {"gates", std::move(bad)}}, r.engine);
  }
  gated e;
  e.stage = stage;
  e.passed = passed;
  e.results = r.gates;
  e.head = head;
  e.next_stage = passed ? stage + 1 : stage;
  if (passed && is_merge(d.now_at(), stage + 1))
    e.to = has_commits(d.now_at()) ? status::merging : status::DONE;
  d.add(std::move(e));
  if (!passed)
    send_back(d, stage_name(d.now_at(), stage));
}

// ---- merge ----------------------------------------------------------------------------------

void refuse_merge(drafting& d, link::finished const& r) {
  auto const who = holder_of(d.now_at());
  end_attempt(d, failed(r, attempt_status::FAILED, reason::none, {}));
  auto const& s = d.now_at();
  std::string text = r.summary.empty() ? "The merge is in conflict." : r.summary;
  json::array files;
  for (auto const& f : r.proof.files)
    files.emplace_back(f);
  d.post(message_kind::bug, who, author_of(s), lines(text, r.proof.files),
         json::object{{"head", s.proof.head}, {"conflicts", std::move(files)}}, r.engine);
  merge_refused e;
  e.files = r.proof.files;
  e.why = std::move(text);
  e.round = s.round + 1;
  e.next_stage = mending_stage(s);
  d.add(std::move(e));
  if (d.now_at().round > d.now_at().rounds) {
    sent_back back;
    back.round = d.now_at().round;
    back.stage = "merge";
    back.next_stage = d.now_at().stage_index;
    back.to = status::failed_pending;
    d.add(std::move(back));
  }
}

void finish_merge(drafting& d, link::finished const& r) {
  if (r.how == link::outcome::conflict || r.how == link::outcome::changes_requested) {
    refuse_merge(d, r);
    return;
  }
  auto const& s = d.now_at();
  if (r.merged.empty()) {
    fail_attempt(d, failed(r, attempt_status::FAILED, reason::invalid_output,
                           "The report does not name the merged commit."));
    return;
  }
  if (r.proof.head != s.proof.head || s.gated_head != s.proof.head) {
    about_another_head(d, r);
    return;
  }
  end_attempt(d, succeeded(r));
  merged e;
  e.commit = r.merged;
  e.proof = r.proof;
  d.add(std::move(e));
}

} // namespace

result<events> apply(state const& s, finish const& c, command_context const& ctx) {
  auto const& r = c.report;
  if (auto done = not_in_force(s, r.token, "finished", ctx, r.proof, r.used))
    return std::move(*done);
  drafting d{s, ctx};
  take_lease(d, r.proof.base, r.session);
  // It ended without the answers that it asked for.
  while (d.now_at().is == status::waiting) {
    wait_ended e;
    e.message = d.now_at().waits.empty() ? std::string{} : d.now_at().waits.front().question.id;
    e.to = d.now_at().waits.size() <= 1 ? status::in_progress : status::none;
    d.add(std::move(e));
  }
  if (broke_off(d, r))
    return d.take();
  if (is_merge(s, s.stage_index)) {
    finish_merge(d, r);
    return d.take();
  }
  switch (kind_of(s, s.stage_index)) {
  case stage_kind::work:
    finish_work(d, r);
    break;
  case stage_kind::review:
    finish_review(d, r);
    break;
  case stage_kind::gate:
    finish_gates(d, r);
    break;
  }
  return d.take();
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
  give_verdict(d, ctx.by, c.approved, {}, c.notes, {});
  return d.take();
}

} // namespace troupe::ticket
