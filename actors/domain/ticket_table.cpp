#include "actors/domain/ticket.hpp"

namespace troupe::ticket {

namespace {

using enum status;

constexpr transition<status> rows[] = {
    {none, backlog, "opened"},
    {backlog, blocked, "blockers open, or the run is not active"},
    {backlog, ready, "blockers met and the run active"},
    {blocked, ready, "last blocker done, or the run goes on"},
    {ready, blocked, "edge added, or the run paused"},
    {ready, claimed, "lease granted"},
    {claimed, in_progress, "attempt started"},
    {claimed, ready, "lease lost before start"},
    {in_progress, in_review, "evidence attached"},
    {in_progress, ready, "attempt failed, retry allowed; or next work stage"},
    {in_progress, waiting, "question, limit, person"},
    {in_progress, failed_pending, "attempts used"},
    {waiting, in_progress, "answered"},
    {waiting, ready, "attempt over, or the limit is reset"},
    {waiting, failed_pending, "attempts used"},
    {in_review, in_gates, "approved"},
    {in_review, rework, "changes requested"},
    {in_gates, merging, "gates passed"},
    {in_gates, DONE, "nothing to merge"},
    {in_gates, rework, "gate failed"},
    {rework, claimed, "lease granted, same session preferred"},
    {rework, failed_pending, "rounds used"},
    {merging, DONE, "merged"},
    {merging, rework, "conflict"},
    {merging, failed_pending, "only a person can make it possible"},
    {failed_pending, ready, "retried"},
    {failed_pending, merging, "retried, only the merge is left"},
    {failed_pending, FAILED, "replan, or give up"},
    {backlog, CANCELLED, "cancelled"},
    {blocked, CANCELLED, "cancelled"},
    {ready, CANCELLED, "cancelled"},
    {claimed, CANCELLED, "cancelled"},
    {in_progress, CANCELLED, "cancelled"},
    {waiting, CANCELLED, "cancelled"},
    {in_review, CANCELLED, "cancelled"},
    {in_gates, CANCELLED, "cancelled"},
    {merging, CANCELLED, "cancelled"},
    {rework, CANCELLED, "cancelled"},
    {failed_pending, CANCELLED, "cancelled"},
};

using lease_row = transition<lease_status>;
constexpr lease_row lease_rows[] = {
    {lease_status::none, lease_status::offered, "granted"},
    {lease_status::offered, lease_status::held, "taken by its holder"},
    {lease_status::offered, lease_status::DECLINED, "refused by its holder"},
    {lease_status::offered, lease_status::LAPSED, "not taken in time, or taken back"},
    {lease_status::held, lease_status::RELEASED, "attempt reported"},
    {lease_status::held, lease_status::EXPIRED, "not renewed in time"},
    {lease_status::held, lease_status::REVOKED, "taken back"},
};

using attempt_row = transition<attempt_status>;
constexpr attempt_row attempt_rows[] = {
    {attempt_status::none, attempt_status::created, "lease granted"},
    {attempt_status::created, attempt_status::preparing_workspace, "order taken"},
    {attempt_status::preparing_workspace, attempt_status::launching, "worktree ready"},
    {attempt_status::launching, attempt_status::streaming, "command runs"},
    {attempt_status::streaming, attempt_status::collecting_evidence, "command ended"},
    {attempt_status::collecting_evidence, attempt_status::SUCCEEDED, "reported"},
    {attempt_status::parked, attempt_status::launching, "limit reset"},
#define TROUPE_FROM_ANY(TO, CAUSE)                                                                 \
  {attempt_status::created, TO, CAUSE}, {attempt_status::preparing_workspace, TO, CAUSE},          \
      {attempt_status::launching, TO, CAUSE}, {attempt_status::streaming, TO, CAUSE}, {            \
    attempt_status::collecting_evidence, TO, CAUSE                                                 \
  }
    TROUPE_FROM_ANY(attempt_status::FAILED, "failed, with a reason"),
    TROUPE_FROM_ANY(attempt_status::TIMED_OUT, "time is up"),
    TROUPE_FROM_ANY(attempt_status::STALLED, "no output"),
    TROUPE_FROM_ANY(attempt_status::CANCELLED, "cancelled"),
    TROUPE_FROM_ANY(attempt_status::LOST, "lease expired"),
    TROUPE_FROM_ANY(attempt_status::parked, "limit reached"),
#undef TROUPE_FROM_ANY
};

} // namespace

transition_table<status> transitions() {
  return rows;
}
transition_table<lease_status> lease_transitions() {
  return lease_rows;
}
transition_table<attempt_status> attempt_transitions() {
  return attempt_rows;
}

} // namespace troupe::ticket
