#include "actors/domain/ticket_stages.hpp"

namespace troupe::ticket {

namespace {

/// The proof that stands after a work stage: its own where it has commits, else what was there.
evidence proof_after(state const& s, evidence const& now) {
  bool const changed = !now.head.empty() && now.head != now.base;
  return changed || s.proof->head.empty() ? now : *s.proof;
}

/// The review that rejected exactly this commit in an earlier round; empty: none.
std::string rejected_by(state const& s, std::string const& head) {
  if (s.round == 0 || head != s.proof->head || s.reviews.empty())
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
          return x.stage == at && x.head == s.proof->head;
        });
    if (s.proof->head.empty() || last == s.reviews.rend() || !last->approved)
      return;
    reviewed e;
    e.stage = s.stage_index;
    e.by = system_principal();
    e.approved = true;
    e.notes = {last->by == system_principal() && !last->notes.empty()
                   ? last->notes.front()
                   : "unchanged since " + last->by.value + " approved it"};
    e.head = s.proof->head;
    e.next_stage = s.stage_index + 1;
    if (is_merge(s, e.next_stage) || kind_of(s, e.next_stage) != stage_kind::review)
      e.to = status::in_gates;
    d.add(std::move(e));
  }
}

} // namespace

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
                      d.now_at().holder->engine == engine_kind::human) &&
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

} // namespace troupe::ticket
