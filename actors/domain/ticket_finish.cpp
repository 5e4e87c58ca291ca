#include "actors/domain/ticket_stages.hpp"

namespace troupe::ticket {

principal_id holder_of(state const& s) {
  return s.holder->agent.empty() ? system_principal() : principal_of(s.holder->agent);
}

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

ending failed(link::finished const& r, attempt_status how, reason why, std::string const& summary) {
  ending e;
  e.how = how;
  e.why = why;
  e.summary = summary.empty() ? r.summary : summary;
  e.report = &r;
  return e;
}

void about_another_head(drafting& d, link::finished const& r) {
  fail_attempt(d, failed(r, attempt_status::FAILED, reason::invalid_output,
                         "The report is about commit " + r.proof.head + ", not about " +
                             d.now_at().proof->head + "."));
  orphaned e;
  e.token = r.token;
  e.kind = "finished";
  e.proof = r.proof;
  d.add(std::move(e));
}

namespace {

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

} // namespace troupe::ticket
