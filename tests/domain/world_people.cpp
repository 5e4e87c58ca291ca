#include "tests/domain/world.hpp"

/// The part of the world that is not the system: people, broken programs, and chance.
namespace troupe::test {

// ---- people ---------------------------------------------------------------------------------

/// What a sensible person does; true if there was something.
bool world::people() {
  auto const human = [&](entity_ref const& to, any_command c) {
    send(to, std::move(c), "human:ada", "req" + std::to_string(++count_));
  };
  for (auto const* a : all<approval_domain>()) {
    if (a->is != approval::status::pending && a->is != approval::status::escalated)
      continue;
    approval::decide_command c;
    c.content_hash = a->content_hash;
    c.notes = words("seen");
    if (faults_ && chance(25))
      c.how = chance(70) ? approval::choice::revise : approval::choice::reject;
    if (faults_ && chance(10))
      c.content_hash = "old";
    human(a->self, approval::command{c});
    return true;
  }
  for (auto const* b : all<brief_domain>()) {
    if (b->is == brief::status::on_hold) {
      human(b->self, b->plan_failed && chance(50) ? any_command{brief::command{brief::cancel{"x"}}}
                                                  : any_command{brief::command{brief::resume{}}});
      return true;
    }
    if (b->is == brief::status::expired) {
      human(b->self, brief::command{brief::resend{}});
      return true;
    }
  }
  for (auto const* b : all<budget_domain>()) {
    for (auto const& [id, h] : b->holds) { // of broken programs; nobody else would
      if (faults_ || h.is != budget::hold_status::reserved || !id.starts_with("h"))
        continue;
      human(b->self, budget::command{budget::release{id}});
      return true;
    }
    for (auto const& [scope, a] : b->scopes) {
      if (a.level != budget::status::exhausted || (faults_ && chance(50)))
        continue;
      human(b->self, budget::command{budget::grant{
                         scope, a.parent, static_cast<std::int64_t>(20 + pick(200)), {}}});
      return true;
    }
  }
  for (auto const* r : all<run_domain>()) {
    bool const goes_on = r->asking || !r->next.empty();
    if (run::is_stopped(*r) && !goes_on) {
      auto const* b =
          checker_.states().find<brief_domain>(ref(r->self, entity_kind::brief, r->brief.value));
      if (is_terminal(b->is))
        continue;
      human(r->self, run::command{run::carry_on{}});
      return true;
    }
    if (r->is == run::status::paused) {
      human(r->self, run::command{run::resume{}});
      return true;
    }
  }
  for (auto const* a : all<agent_domain>()) {
    if (a->is == agent::status::paused) {
      human(a->self, agent::command{agent::resume{}});
      return true;
    }
  }
  return false;
}

void world::spend() {
  for (auto const* b : all<budget_domain>()) {
    auto const n = std::to_string(pick(40));
    auto const scope = chance(30) ? "run:r" + std::to_string(pick(3)) : b->scopes.begin()->first;
    budget::command const c[] = {
        budget::grant{scope, chance(80) ? b->scopes.begin()->first : "",
                      static_cast<std::int64_t>(pick(500)), "g" + n},
        budget::reserve{"h" + n, scope, static_cast<std::int64_t>(pick(400))},
        budget::charge{"h" + n, static_cast<std::int64_t>(pick(450))}, budget::release{"h" + n}};
    send(b->self, c[pick(4)], "system", "money" + std::to_string(++count_));
  }
}

/// What people and broken programs do at random, allowed or not.
void world::interfere() {
  auto const by = chance(70) ? "human:ada" : "agent:tally.dev-ada";
  auto const id = "odd" + std::to_string(++count_);
  auto const briefs = all<brief_domain>();
  auto const& b = *briefs[pick(briefs.size())];
  auto const tickets = all<ticket_domain>();
  auto const runs = all<run_domain>();
  switch (pick(8)) {
  case 0:
    send(b.self,
         chance(50) ? brief::command{brief::hold{words("wait")}} : brief::command{brief::resume{}},
         "human:ada", id);
    return;
  case 1:
    if (!runs.empty())
      send(runs[pick(runs.size())]->self,
           chance(10)   ? run::command{run::stop{run::status::STOPPED_OPERATOR, "enough"}}
           : chance(50) ? run::command{run::pause{words("wait")}}
                        : run::command{run::resume{}},
           "human:ada", id);
    return;
  case 2:
    send(ref(b.self, entity_kind::agent, "tally.tech-lead"),
         chance(40) ? agent::command{agent::pause{words("ill")}} : agent::command{agent::resume{}},
         "human:ada", id);
    return;
  case 3:
    if (chance(4))
      send(b.self, brief::command{brief::cancel{words("enough")}}, "human:ada", id);
    return;
  default:
    break;
  }
  if (tickets.empty())
    return;
  auto const& t = *tickets[pick(tickets.size())];
  auto const token = static_cast<std::int64_t>(pick(static_cast<std::size_t>(t.last_token) + 2));
  link::finished bogus;
  bogus.token = token;
  bogus.proof.base = "base";
  bogus.proof.head = t.proof->head;
  bogus.merged = chance(50) ? "m" : "";
  ticket::comment comment;
  comment.text = words("hm");
  ticket::say say;
  say.token = token;
  say.key = "k" + std::to_string(pick(3));
  say.to = agent_id{"tally.pm"};
  say.text = words("what now");
  ticket::resolve resolve;
  resolve.how = static_cast<ticket::resolution>(pick(3));
  envelope stray;
  stray.id = "stray" + std::to_string(pick(5));
  stray.from = principal_id{"agent:tally.pm"};
  stray.to = principal_of(t.self);
  stray.parts = {text_part(words("by the way"))};
  stray.reply_to = t.self.id + ".m" + std::to_string(pick(6));
  ticket::command const all_of[] = {
      ticket::finish{bogus},
      comment,
      say,
      resolve,
      ticket::review{chance(50), {words("see above")}},
      hear{stray},
      ticket::lose{token, words("gone")},
      ticket::decline{token, reason::auth, words("no")},
      ticket::start{token, "b", "s"},
      ticket::renew{token},
      settle{"offer:0:develop", {}},
      ticket::grant{"develop", token, agent_id{"tally.dev-ada"}, daemon_id{"d-9"},
                    engine_kind::daemon, ""},
      tick{},
  };
  auto const which = pick(std::size(all_of));
  bool const report = which == 0 || which == 2 || which == 7 || which == 8 || which == 9;
  send(t.self, all_of[which], report && chance(60) ? "daemon:d-" + std::to_string(pick(4)) : by,
       id);
  if (chance(1))
    send(t.self, ticket::command{ticket::cancel{"not needed"}}, "human:ada", id);
}

// ---- chance ---------------------------------------------------------------------------------

void world::step() {
  switch (pick(20)) {
  case 0:
  case 1:
    carry_out_all();
    return;
  case 2:
  case 3:
    dispatch();
    return;
  case 4:
  case 5:
  case 6:
    progress();
    return;
  case 7:
  case 8:
    think();
    return;
  case 9:
    people();
    return;
  case 10:
    if (chance(40))
      interfere();
    return;
  case 11:
    heartbeats();
    return;
  case 12: {
    auto const alarm = next_alarm();
    now_ += alarm && *alarm > now_ && chance(10) ? *alarm - now_
                                                 : duration{static_cast<int>(pick(20'000))};
    tick_due();
    return;
  }
  case 13: {
    auto at = entities_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(pick(entities_.size())));
    restart(at->first);
    return;
  }
  case 14:
    if (!history_.empty() && chance(30)) {
      auto old = history_[pick(history_.size())];
      old.from = {};
      messages_.push_back(std::move(old));
    }
    if (!attempts_.empty() && chance(5)) // its daemon dies
      attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(pick(attempts_.size())));
    if (chance(20))
      spend();
    return;
  default:
    break;
  }
  if (messages_.empty())
    return;
  auto const at = pick(messages_.size());
  if (!messages_[at].keep && chance(6)) {
    messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(at));
    return;
  }
  if (chance(6))
    messages_.push_back(messages_[at]);
  deliver(at);
}

void world::disturb(int steps) {
  faults_ = true;
  for (int i = 0; i < steps && problems_.empty(); ++i)
    step();
}

bool world::calm_step() {
  if (!messages_.empty()) {
    deliver(pick(messages_.size()));
    return true;
  }
  if (carry_out_all() || think() || people() || dispatch() || progress())
    return true;
  auto const alarm = next_alarm();
  bool const alive = !attempts_.empty() || !offers().empty();
  bool const open = std::any_of(tracked_.begin(), tracked_.end(),
                                [](auto const& kv) { return !kv.second.empty(); });
  if (!alarm || !(alive || open))
    return false;
  now_ = std::max(now_, *alarm);
  tick_due();
  return true;
}

void world::calm() {
  faults_ = false;
  constexpr int limit = 60'000;
  for (int i = 0; problems_.empty() && calm_step(); ++i) {
    if (i == limit) {
      problems_.push_back("the world does not come to rest");
      return;
    }
  }
  for (auto const* b : all<brief_domain>()) {
    if (!is_terminal(b->is))
      problems_.push_back(to_string(b->self) + " is stuck in " + name(b->is));
  }
  for (auto const* r : all<run_domain>()) {
    if (!is_terminal(r->is))
      problems_.push_back(to_string(r->self) + " is stuck in " + name(r->is));
  }
  for (auto const* t : all<ticket_domain>()) {
    if (!is_terminal(t->is))
      problems_.push_back(to_string(t->self) + " is stuck in " + name(t->is));
  }
  for (auto const* a : all<agent_domain>()) {
    if (!a->inbox.empty() || !a->outbox.empty())
      problems_.push_back(to_string(a->self) + " has messages left");
  }
}

} // namespace troupe::test
