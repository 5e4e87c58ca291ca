#include "actors/domain/ticket_draft.hpp"

#include <array>

namespace troupe::ticket {

void drafting::add(event e) {
  event_context ctx;
  ctx.version = s_->version + 1;
  ctx.at = now;
  ctx.cause = cause_;
  advance(*s_, e, ctx);
  out_.push_back(std::move(e));
}

void drafting::post(envelope m, std::string key) {
  if (m.id.empty())
    m.id = s_->self.id + ".m" + std::to_string(s_->counted.posted + 1);
  if (m.from == m.to) // invariant 9: whoever speaks to himself speaks to the ticket
    m.to = principal_of(s_->self);
  if (m.cause.empty())
    m.cause = cause_;
  if (m.correlation.empty())
    m.correlation = correlation_;
  message_posted e;
  e.message = std::move(m);
  e.key = std::move(key);
  add(std::move(e));
}

void drafting::post(message_kind kind, principal_id from, principal_id to, std::string text,
                    json::value data, std::string engine) {
  envelope m;
  m.kind = kind;
  m.from = std::move(from);
  m.to = to.empty() ? principal_of(s_->self) : std::move(to);
  m.engine = std::move(engine);
  if (!text.empty())
    m.parts.push_back(text_part(std::move(text)));
  if (!data.is_null())
    m.parts.push_back(data_part(std::move(data)));
  post(std::move(m));
}

events drafting::take() {
  // Work that falls back to ready while the run rests, or while a new edge is open, must wait.
  if (s_->is == status::ready && !(s_->run_active && s_->open_blockers.empty())) {
    readiness_changed e;
    e.to = status::blocked;
    e.run_active = s_->run_active;
    e.open_blockers = s_->open_blockers;
    e.change = s_->run_change;
    add(std::move(e));
  }
  // Of no plan: nobody could give it up for another one, so a person says what becomes of it.
  if (!out_.empty() && s_->is == status::failed_pending && s_->by_hand && s_->waits.empty()) {
    auto const& id = s_->self.id;
    wait_began w;
    w.owner = principal_id{"role:approver"};
    w.action = "see what it says (`troupe ticket show " + id + "`), then `troupe ticket retry " +
               id + "`, or `troupe ticket cancel " + id + "`";
    w.deadline = now + mending_patience;
    w.to = status::none;
    add(std::move(w));
  }
  out_.after = std::move(s_);
  return std::move(out_);
}

bool is_heeded(state const& s, command_context const& ctx) {
  auto const& cause = ctx.cause.empty() ? ctx.id : ctx.cause;
  return !cause.empty() &&
         std::find(s.seen->heeded.begin(), s.seen->heeded.end(), cause) != s.seen->heeded.end();
}

error not_now(state const& s, std::string sentence) {
  return conflict(std::move(sentence), s.is, transitions());
}

bool is_open(state const& s) {
  return s.is != status::none && !is_terminal(s.is);
}

bool is_leased(state const& s) {
  return s.holder->is == lease_status::offered || s.holder->is == lease_status::held;
}

bool is_merge(state const& s, std::int32_t index) {
  return static_cast<std::size_t>(index) >= s.stages.size();
}

std::string stage_name(state const& s, std::int32_t index) {
  return is_merge(s, index) ? "merge" : s.stages[static_cast<std::size_t>(index)].name;
}

stage_kind kind_of(state const& s, std::int32_t index) {
  return is_merge(s, index) ? stage_kind::gate : s.stages[static_cast<std::size_t>(index)].kind;
}

std::string stage_role(state const& s, std::int32_t index) {
  if (is_merge(s, index))
    return {};
  auto const works = std::count_if(s.stages.begin(), s.stages.end(),
                                   [](stage const& x) { return x.kind == stage_kind::work; });
  if (index == 0 && works == 1 && !s.item->role.empty())
    return s.item->role;
  return s.stages[static_cast<std::size_t>(index)].role;
}

std::string attempt_id(state const& s, std::int64_t token) {
  return s.self.id + ".t" + std::to_string(token);
}

bool has_commits(state const& s) {
  return !s.proof->head.empty() && s.proof->head != s.proof->base;
}

bool wants_lease(state const& s) {
  if (is_leased(s) || !s.run_active)
    return false;
  return s.is == status::ready || s.is == status::rework || s.is == status::in_review ||
         s.is == status::in_gates || s.is == status::merging;
}

bool has_price(state const& s) {
  return !s.limits.empty() && wants_lease(s) && !stage_role(s, s.stage_index).empty();
}

bool wants_money(state const& s) {
  return has_price(s) && !(s.money->token == s.last_token + 1 && s.money->granted);
}

bool may_be_words(std::string_view role) {
  static constexpr std::array<std::string_view, 6> roles{"pm", "chief-of-staff", "tech-lead",
                                                         "qa", "docs",           "security"};
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

std::int32_t mending_stage(state const& s) {
  std::int32_t last = 0;
  std::int32_t coding = -1;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(s.stages.size()); ++i) {
    if (kind_of(s, i) != stage_kind::work)
      continue;
    last = i;
    if (!may_be_words(stage_role(s, i)))
      coding = i;
  }
  return coding < 0 ? last : coding;
}

bool is_author(state const& s, agent_id const& a) {
  return !a.empty() && std::any_of(s.workers.begin(), s.workers.end(),
                                   [&](worker const& w) { return w.author && w.agent == a; });
}

time_point retry_time(state const& s, time_point now, std::int32_t failures) {
  constexpr std::int64_t longest = 300'000;
  std::int64_t const whole =
      std::min(longest, std::int64_t{1000} << std::clamp<std::int32_t>(failures, 0, 9));
  std::uint64_t h = 14695981039346656037u;
  for (char const c : s.self.id + "#" + std::to_string(s.last_token))
    h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return now + duration{whole - whole * static_cast<std::int64_t>(h % 1000) / 2000};
}

bool is_stranger(state const& s, std::int64_t token, principal_id const& by) {
  auto const who = entity_of(s.self.tenant, by);
  if (!who || who->kind != entity_kind::daemon)
    return false;
  auto const of = std::find_if(s.seen->tenures.rbegin(), s.seen->tenures.rend(),
                               [&](tenure const& t) { return t.from <= token; });
  return of == s.seen->tenures.rend() || of->daemon.empty() || of->daemon.value != who->id;
}

std::optional<result<events>> not_in_force(state const& s, std::int64_t token,
                                           std::string const& kind, command_context const& ctx,
                                           evidence const& proof, usage const& used) {
  if (token < 1 || token > s.last_token)
    return fail(errc::invalid_argument, "Ticket " + s.self.id + " never gave a lease with token " +
                                            std::to_string(token) + ".");
  if (is_stranger(s, token, ctx.by))
    return fail(errc::forbidden, "The lease " + std::to_string(token) + " of ticket " + s.self.id +
                                     " was not given to " + ctx.by.value +
                                     "; a daemon reports its own attempts only.");
  if (token == s.last_token && is_leased(s))
    return std::nullopt;
  auto const known = std::to_string(token) + "/" + kind;
  if (std::find(s.seen->reported.begin(), s.seen->reported.end(), token) !=
          s.seen->reported.end() ||
      std::find(s.seen->orphans.begin(), s.seen->orphans.end(), known) != s.seen->orphans.end())
    return events{};
  orphaned e;
  e.token = token;
  e.kind = kind;
  e.proof = proof;
  e.used = used;
  return events{std::move(e)};
}

namespace {

/// What a holder that gives no evidence has committed; of the machines' stages it is others' work.
std::vector<std::string> commits_left(state const& s, ending const& e) {
  if (e.how == attempt_status::SUCCEEDED || kind_of(s, s.holder->stage) != stage_kind::work)
    return {};
  auto const& proof = e.report->proof;
  if (proof.commits.empty() && !proof.head.empty() && proof.head != proof.base)
    return {proof.head};
  return proof.commits;
}

} // namespace

void take_lease(drafting& d, std::string const& base, std::string const& session) {
  auto const& s = d.now_at();
  if (s.holder->is != lease_status::offered)
    return;
  attempt_started e;
  e.token = s.holder->token;
  e.base = base;
  e.session = session;
  e.to = s.is == status::claimed ? status::in_progress : status::none;
  d.add(std::move(e));
}

void end_attempt(drafting& d, ending const& e) {
  auto const& s = d.now_at();
  attempt_ended out;
  out.token = s.holder->token;
  out.how = e.how;
  out.lease = e.lease;
  // What was only granted lapses; what was taken cannot be declined any more.
  if (s.holder->is == lease_status::offered && e.lease != lease_status::DECLINED)
    out.lease = lease_status::LAPSED;
  else if (s.holder->is == lease_status::held && e.lease == lease_status::DECLINED)
    out.lease = lease_status::RELEASED;
  out.why = e.why;
  out.summary = e.summary;
  out.counted = e.counted;
  out.retry_at = e.retry_at;
  out.to = e.to;
  if (e.report) {
    out.session = e.report->session;
    out.engine = e.report->engine;
    out.used = e.report->used;
    out.commits = commits_left(s, e);
  }
  d.add(std::move(out));
}

bool needs_person(reason r) {
  return r == reason::auth || r == reason::quota || r == reason::missing_tool ||
         r == reason::bad_config || r == reason::policy;
}

namespace {

/// What to do about it, for a person.
std::string remedy(state const& s, reason why) {
  auto const& h = *s.holder;
  auto const place = h.daemon.empty() ? std::string{"the server"} : "daemon " + h.daemon.value;
  auto const command =
      h.profile.empty() ? std::string{"the agent's command"} : "profile " + h.profile;
  std::string out;
  if (why == reason::auth)
    out = "sign in for " + command + " on " + place;
  else if (why == reason::quota)
    out = "raise the quota of " + command + " on " + place;
  else if (why == reason::missing_tool)
    out = "install what is missing on " + place;
  else if (why == reason::policy && is_merge(s, h.stage) && !s.why.empty())
    out = s.why; // of the repository: it says what to do, and where
  else if (why == reason::policy)
    out = "allow it on " + place + ", or give the ticket up";
  else if (why == reason::bad_config && s.why.find("has no branch ") != std::string::npos)
    // Nothing of the daemon is wrong: the repository is empty, or its branch has another name.
    out = "make a first commit on its branch " + s.target_branch + " (" + s.repository + ")";
  else
    out = "mend the configuration of " + place +
          " (a run keeps the project's configuration that it began with: what has to change there "
          "needs a new brief)";
  return out + "; then `troupe ticket retry " + s.self.id + "`, or `troupe ticket fail " +
         s.self.id + "`";
}

void wait_for_person(drafting& d, reason why) {
  wait_began w;
  w.owner = principal_id{"role:approver"};
  w.action = remedy(d.now_at(), why);
  w.deadline = d.now + mending_patience;
  w.to = status::none;
  d.add(std::move(w));
}

} // namespace

void fail_attempt(drafting& d, ending e) {
  auto const exhausted = [&] {
    return e.permanent || (e.counted && d.now_at().counted.tries + 1 >= d.now_at().attempts);
  }();
  if (!exhausted && e.counted && e.retry_at == time_point{})
    e.retry_at = retry_time(d.now_at(), d.now, d.now_at().counted.tries);
  auto const is = d.now_at().is;
  if (is == status::claimed || is == status::in_progress || is == status::waiting) {
    // Giving up is a matter of an attempt: what failed before its start counts as one.
    if (exhausted && is == status::claimed)
      take_lease(d, {}, {});
    e.to = exhausted ? status::failed_pending : status::ready;
    end_attempt(d, e);
    if (exhausted && needs_person(e.why))
      wait_for_person(d, e.why);
    return;
  }
  if (is == status::merging && exhausted && needs_person(e.why)) {
    e.to = status::failed_pending; // the work stands as it was approved: only its merge is left
    end_attempt(d, e);
    wait_for_person(d, e.why);
    return;
  }
  auto const at = stage_name(d.now_at(), d.now_at().stage_index);
  end_attempt(d, e);
  if (!exhausted)
    return;
  for (auto const to : {status::rework, status::failed_pending}) {
    sent_back back;
    back.round = d.now_at().round;
    back.stage = at;
    back.next_stage = mending_stage(d.now_at());
    back.to = to;
    d.add(std::move(back));
  }
  if (needs_person(e.why))
    wait_for_person(d, e.why);
}

void lose_attempt(drafting& d, attempt_status how, lease_status lease, reason why,
                  std::string const& summary, time_point retry_at) {
  ending e;
  e.how = how;
  e.lease = lease;
  e.why = why;
  e.summary = summary;
  e.retry_at = retry_at;
  e.counted = d.now_at().counted.uncounted >= max_uncounted;
  fail_attempt(d, std::move(e));
}

void send_back(drafting& d, std::string const& stage) {
  auto const& s = d.now_at();
  auto const found = std::find_if(s.stages.begin(), s.stages.end(),
                                  [&](auto const& x) { return x.name == stage; });
  auto const used = s.counted.sent_by->contains(stage) ? s.counted.sent_by->at(stage) : 0;
  bool const exhausted =
      s.round + 1 > s.rounds ||
      (found != s.stages.end() && (used + 1 > found->rounds || found->failure == on_failure::fail));
  sent_back e;
  e.round = s.round + 1;
  e.stage = stage;
  e.next_stage = mending_stage(s);
  if (s.is == status::in_progress) {
    e.to = exhausted ? status::failed_pending : status::ready;
    d.add(std::move(e));
    return;
  }
  e.to = status::rework;
  d.add(e);
  if (exhausted) {
    e.to = status::failed_pending;
    d.add(std::move(e));
  }
}

void pass_on(drafting& d) {
  if (d.now_at().is == status::in_review &&
      kind_of(d.now_at(), d.now_at().stage_index) != stage_kind::review) {
    reviewed e;
    e.stage = d.now_at().stage_index;
    e.by = system_principal();
    e.approved = true;
    e.head = d.now_at().proof->head;
    e.next_stage = e.stage;
    e.to = status::in_gates;
    d.add(std::move(e));
  }
  auto const& s = d.now_at();
  if (s.is != status::in_gates || (!is_merge(s, s.stage_index) && has_commits(s)))
    return;
  gated e;
  e.stage = s.stage_index;
  e.passed = true;
  e.head = s.proof->head;
  e.next_stage = static_cast<std::int32_t>(s.stages.size());
  e.to = has_commits(s) ? status::merging : status::DONE;
  d.add(std::move(e));
}

} // namespace troupe::ticket
