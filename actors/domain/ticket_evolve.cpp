#include "actors/domain/ticket_draft.hpp"
#include "actors/domain/ticket_purse.hpp"
#include "actors/domain/ticket_rounds.hpp"

namespace troupe::ticket {

namespace {

template <class T>
bool has(std::vector<T> const& all, T const& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

template <class T>
void add_once(std::vector<T>& all, T const& one) {
  if (!has(all, one))
    all.push_back(one);
}

template <class T>
void bound(std::vector<T>& all, std::size_t limit) {
  if (all.size() > limit)
    all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(limit));
}

void move_to(state& s, status to, event_context const& ctx) {
  if (to == status::none)
    return;
  if (to == status::ready && s.is != status::ready)
    ++s.counted.ready;
  if (to == status::failed_pending) {
    s.counted.resolutions_bad = 0;
    ++s.counted.resolutions_asked;
  }
  s.is = to;
  s.changed_at = ctx.at;
}

void enter_stage(state& s, std::int32_t index) {
  if (s.stage_index != index)
    s.counted.tries = 0;
  s.stage_index = index;
}

void add_use(state& s, usage const& used) {
  s.used.input_tokens += used.input_tokens;
  s.used.output_tokens += used.output_tokens;
  s.used.cost_micros += used.cost_micros;
  s.used.wall += used.wall;
}

/// The lease is over.
void end_lease(state& s, lease_status how, attempt_status attempt, std::int64_t spent = 0) {
  if (s.money->token == s.holder->token && s.holder->token != 0)
    pay(s, how, spent);
  auto& h = s.holder.change();
  h.is = how;
  h.attempt = attempt;
  s.waits.clear();
  s.answers.clear();
}

void heed(state& s, event_context const& ctx) {
  if (ctx.cause.empty())
    return;
  if (has(s.seen->heeded, ctx.cause))
    return;
  auto& heeded = s.seen.change().heeded;
  heeded.push_back(ctx.cause);
  bound(heeded, 64);
}

/// What went wrong with an attempt that said nothing about it.
std::string words_for(attempt_ended const& e) {
  return "The attempt is " + name(e.how) +
         (e.why == reason::none ? std::string{} : ", " + name(e.why)) + ".";
}

void on(state& s, opened const& e, event_context const& ctx) {
  s.is = status::backlog;
  s.project = e.project;
  s.brief = e.brief;
  s.plan = e.plan;
  s.run = e.run;
  s.item = e.item;
  s.blocked_by = e.blocked_by;
  s.open_blockers = e.blocked_by;
  s.stages = same_process(e.stages);
  s.attempts = e.attempts;
  s.rounds = e.rounds;
  s.lease = e.lease;
  s.repository = e.repository;
  s.target_branch = e.target_branch;
  s.supersedes = e.supersedes;
  s.run_active = e.run_active;
  s.by_hand = e.by_hand;
  s.resolver = e.resolver;
  s.limits = e.limits;
  s.attempt_micros = e.attempt_micros;
  s.opened_at = s.changed_at = ctx.at;
}

void on(state& s, readiness_changed const& e, event_context const& ctx) {
  s.run_active = e.run_active;
  s.run_change = std::max(s.run_change, e.change);
  s.open_blockers = e.open_blockers;
  for (auto const& b : e.met)
    add_once(s.met, b);
  for (auto const& b : e.dropped) {
    add_once(s.dropped, b);
    std::erase(s.blocked_by, b);
  }
  for (auto const& b : e.open_blockers)
    add_once(s.blocked_by, b);
  move_to(s, e.to, ctx);
}

void on(state& s, leased const& e, event_context const& ctx) {
  s.last_token = e.token;
  holding h;
  h.token = e.token;
  h.is = lease_status::offered;
  h.attempt = attempt_status::created;
  h.stage = e.stage;
  h.agent = e.agent;
  h.daemon = e.daemon;
  h.engine = e.engine;
  h.profile = e.profile;
  h.attempt_number = e.attempt_number;
  h.since = ctx.at;
  h.expires = e.expires;
  s.holder = std::move(h);
  bool const moved = s.seen->tenures.empty() || s.seen->tenures.back().daemon != e.daemon;
  if (moved || !s.seen->said.empty()) {
    auto& seen = s.seen.change();
    seen.said.clear();
    if (moved)
      seen.tenures.push_back({e.token, e.daemon});
    bound(seen.tenures, max_tenures);
  }
  s.retry_at = {};
  if (!e.daemon.empty())
    add_once(s.daemons, e.daemon);
  move_to(s, e.to, ctx);
}

void on(state& s, renewed const& e, event_context const&) {
  s.holder.change().expires = e.expires;
}

void on(state& s, attempt_started const& e, event_context const& ctx) {
  auto& h = s.holder.change();
  h.is = lease_status::held;
  h.attempt = attempt_status::streaming;
  h.base = e.base;
  h.session = e.session;
  s.why.clear();
  move_to(s, e.to, ctx);
}

void remember_worker(state& s) {
  auto const& h = *s.holder;
  if (h.stage < 0 || static_cast<std::size_t>(h.stage) >= s.stages.size() ||
      s.stages[static_cast<std::size_t>(h.stage)].kind != stage_kind::work)
    return;
  worker w{h.stage, h.agent, h.daemon, h.session, false};
  std::erase_if(s.workers, [&](worker const& old) {
    bool const same = old.stage == w.stage && old.agent == w.agent && old.daemon == w.daemon;
    if (same)
      w.author = old.author;
    return same;
  });
  s.workers.push_back(std::move(w));
}

void on(state& s, attempt_ended const& e, event_context const& ctx) {
  auto& h = s.holder.change();
  if (!e.session.empty())
    h.session = e.session;
  h.why = e.why;
  h.summary = e.summary;
  bool const answered = e.lease == lease_status::RELEASED || e.lease == lease_status::DECLINED;
  if (answered && !has(s.seen->reported, e.token))
    s.seen.change().reported.push_back(e.token);
  bool const worked = s.holder->is == lease_status::held;
  end_lease(s, e.lease, e.how, e.used.cost_micros);
  if (worked)
    remember_worker(s);
  if (e.how != attempt_status::SUCCEEDED) {
    ++(e.counted ? s.counted.tries : s.counted.uncounted);
    s.why = e.summary.empty() ? words_for(e) : e.summary;
  }
  s.retry_at = e.retry_at;
  add_use(s, e.used);
  move_to(s, e.to, ctx);
}

void on(state& s, evidence_attached const& e, event_context const& ctx) {
  s.proof = e.proof;
  s.gated_head.clear();
  s.why.clear();
  for (auto& w : s.workers) {
    if (w.stage == s.holder->stage && w.agent == s.holder->agent && w.daemon == s.holder->daemon)
      w.author = true;
  }
  enter_stage(s, e.next_stage);
  move_to(s, e.to, ctx);
}

void on(state& s, reviewed const& e, event_context const& ctx) {
  s.reviews.push_back({stage_name(s, e.stage), e.by, e.approved, e.notes, e.head});
  bound(s.reviews, 40);
  heed(s, ctx);
  if (e.approved) {
    enter_stage(s, e.next_stage);
    s.why.clear();
  } else {
    s.why = "changes are requested";
    if (!e.notes.empty())
      s.why = e.notes.front();
    else if (!s.conversation.empty() && (s.conversation.back()->kind == message_kind::verdict ||
                                         s.conversation.back()->kind == message_kind::bug))
      s.why = text_of(s.conversation.back());
  }
  move_to(s, e.to, ctx);
}

void on(state& s, gated const& e, event_context const& ctx) {
  if (!e.results.empty() || !e.passed)
    s.gate_results = e.results;
  if (e.passed) {
    enter_stage(s, e.next_stage);
    s.gated_head = e.head;
    s.why.clear();
  } else {
    s.why = "no result";
    for (auto const& g : e.results) {
      if (!g.passed) {
        s.why = g.gate + (g.message.empty() ? "" : ": " + g.message);
        break;
      }
    }
  }
  move_to(s, e.to, ctx);
}

void on(state& s, merged const& e, event_context const& ctx) {
  s.merged_as = e.commit;
  s.why.clear();
  move_to(s, e.to, ctx);
}

void on(state& s, merge_refused const& e, event_context const& ctx) {
  s.why = e.why;
  another_round(s, e.round, stage_name(s, s.stage_index), e.next_stage);
  move_to(s, e.to, ctx);
}

void on(state& s, sent_back const& e, event_context const& ctx) {
  another_round(s, e.round, e.stage, e.next_stage);
  move_to(s, e.to, ctx);
}

void on(state& s, wait_began const& e, event_context const& ctx) {
  wait w{e.owner, e.action, e.deadline, {}};
  if (!e.message.empty()) {
    for (auto const& m : s.conversation) {
      if (m->id == e.message)
        w.question = m;
    }
  }
  s.waits.push_back(std::move(w));
  move_to(s, e.to, ctx);
}

void on(state& s, wait_ended const& e, event_context const& ctx) {
  std::erase_if(s.waits, [&](wait const& w) { return w.question.id == e.message; });
  move_to(s, e.to, ctx);
}

void on(state& s, message_posted const& e, event_context const&) {
  envelope const& m = e.message;
  ++s.counted.posted;
  s.conversation.push_back(e.message);
  bound(s.conversation, max_conversation);
  if (!e.key.empty())
    s.seen.change().said.push_back(e.key);
  if (is_leased(s) && !m.reply_to.empty() &&
      std::any_of(s.waits.begin(), s.waits.end(),
                  [&](wait const& w) { return w.question.id == m.reply_to; }))
    s.answers.push_back(m);
  if (m.reply_to.starts_with(s.self.id + ".resolve")) {
    ++s.counted.resolutions_asked;
    ++s.counted.resolutions_bad;
  }
}

void on(state& s, commented const& e, event_context const& ctx) {
  ++s.counted.commented;
  auto& comments = s.comments.change();
  comments.push_back(
      {e.id, ctx.cause, ctx.at, e.by, e.text, e.reply_to, e.metrics, e.blockers, e.next_steps});
  bound(comments, max_comments);
}

void on(state& s, resolved const& e, event_context const& ctx) {
  heed(s, ctx);
  s.waits.clear();
  if (e.how == resolution::retry)
    s.why.clear();
  else if (!e.why.empty())
    s.why = e.why;
  s.replan_wanted = e.how == resolution::replan;
  if (e.how == resolution::retry) {
    s.round = 0;
    s.counted.sent_by = {};
    s.counted.tries = 0;
    s.counted.uncounted = 0;
    s.retry_at = {};
    s.counted.agent_retries += is_human(e.by) ? 0 : 1;
  }
  move_to(s, e.to, ctx);
}

void on(state& s, cancelled const& e, event_context const& ctx) {
  s.why = e.why;
  s.waits.clear();
  if (is_leased(s))
    end_lease(s, s.holder->is == lease_status::held ? lease_status::REVOKED : lease_status::LAPSED,
              attempt_status::CANCELLED);
  move_to(s, e.to, ctx);
}

void on(state& s, orphaned const& e, event_context const&) {
  add_once(s.seen.change().orphans, std::to_string(e.token) + "/" + e.kind);
  add_use(s, e.used);
  pay_late(s, e.token, e.used.cost_micros);
}

void on(state& s, taken_over const& e, event_context const&) {
  if (s.money->token > s.last_token) // of the other run; what a held lease has is paid by it
    empty_purse(s, 0, false);
  s.run = e.run;
  ++s.counted.taken_over;
  s.run_change = 0;
  s.limits = e.limits;
  s.attempt_micros = e.attempt_micros;
}

void on(state& s, funded const& e, event_context const&) {
  auto& money = s.money.change();
  money.granted = e.token == money.token;
  money.refused.clear();
  end_money_wait(s);
}

void on(state& s, funds_refused const& e, event_context const&) {
  auto& money = s.money.change();
  money.refused = e.scope;
  money.why = e.why;
}

void on(state& s, settled const& e, event_context const&) {
  if (e.key.starts_with("bill:")) {
    std::erase_if(s.bills, [&](bill const& b) { return e.key == "bill:" + b.id; });
    return;
  }
  add_once(s.settled, e.key);
}

} // namespace

shared_value<std::vector<stage>> same_process(shared_value<std::vector<stage>> const& stages) {
  static value_pool<std::vector<stage>> known;
  return known.same(stages);
}

void advance(state& s, event const& e, event_context const& ctx) {
  s.version = ctx.version;
  std::visit([&](auto const& x) { on(s, x, ctx); }, e);
  keep_purse(s);
}

state evolve(state s, event const& e, event_context const& ctx) {
  advance(s, e, ctx);
  return s;
}

} // namespace troupe::ticket
