#include "tests/sim/people.hpp"

namespace troupe::sim {

namespace {

constexpr duration second{1000};

/// A meeting that wants a few things, some of them after others.
std::string meeting(chance& luck) {
  static constexpr char const* wishes[] = {
      "parse_duration should accept weeks.",
      "format_duration should print the two largest units.",
      "sum_durations must return undef when one of the texts is no duration.",
      "bin/duration should print the seconds of each argument.",
      "count_words must return 0 for an empty file.",
  };
  std::string out = "Mara: Good morning.\n";
  auto const first = luck.index(std::size(wishes));
  auto const n = 1 + luck.index(3);
  for (std::size_t i = 0; i < n; ++i)
    out += std::string{i % 2 == 0 ? "Jonas: " : "Aisha: "} +
           wishes[(first + i) % std::size(wishes)] + "\n";
  return out + "Mara: Okay, let's do that.\n";
}

plan_item item(std::string key, std::string after) {
  plan_item out;
  out.title = "Tidy part " + key;
  out.text = "Do it.";
  out.role = "dev";
  out.criteria = {"it works"};
  out.files = {"part" + key + ".py"};
  if (!after.empty())
    out.blocked_by = {std::move(after)};
  out.key = std::move(key);
  return out;
}

} // namespace

// ---- what is wanted -------------------------------------------------------------------------

void people::begin(std::vector<daemon_id> const& daemons) {
  auto const which = c_.luck.pick(10);
  config_ = find_template(which < 3 ? "solo" : which < 9 ? "standard" : "company").value().config;
  config_.repository = "tally";
  config_.limits.attempts = 2;
  config_.limits.rounds = 2;
  config_.mode = static_cast<autonomy>(c_.luck.pick(3));
  if (c_.luck.percent(25)) {
    config_.limits.budget_micros = 200;
    config_.limits.run_budget_micros = 60;
    config_.limits.ticket_budget_micros = 30;
    config_.limits.attempt_budget_micros = 5;
  }
  for (auto const& d : daemons)
    request(ref(entity_kind::daemon, d.value), daemon::command{daemon::enroll{"machine"}});
  request(ref(entity_kind::project, "tally"), project::command{project::create{"Tally", config_}});
  wanted_ = c_.o.briefs;
  curious_ = c_.luck.percent(60);
  auto const most = std::chrono::duration_cast<duration>(
      std::chrono::duration<double, std::ratio<3600>>{c_.o.hours / 3});
  for (int i = 0; i < c_.o.briefs; ++i)
    c_.time.after(i == 0 ? 2 * second : c_.luck.between(2 * second, most + 3 * second),
                  [this] { want(); });
  look();
}

void people::want() {
  if (c_.audit.ledger().states().version_of(ref(entity_kind::project, "tally")) == 0) {
    c_.time.after(5 * second, [this] { want(); });
    return;
  }
  --wanted_;
  auto const n = std::to_string(++count_);
  project_id const project{"tally"};
  if (c_.luck.percent(35)) {
    run::create r;
    r.project = project;
    r.config = config_;
    r.by_hand = true;
    r.items = {item("1", {})};
    if (c_.luck.percent(50))
      r.items.push_back(item("2", c_.luck.percent(50) ? "1" : ""));
    request(ref(entity_kind::run, "h" + n), run::command{std::move(r)});
    return;
  }
  brief::source from;
  from.kind = "transcript";
  from.name = "meeting.txt";
  from.text = meeting(c_.luck);
  request(ref(entity_kind::brief, "brief00" + n),
          brief::command{brief::submit{project, std::move(from), config_}});
}

// ---- what they see --------------------------------------------------------------------------

bool people::fresh(entity_ref const& of, std::uint64_t version) {
  auto const [at, first] = seen_.try_emplace(of, version);
  if (!first && at->second == version)
    return false;
  at->second = version;
  return true;
}

void people::think(std::function<void()> what) {
  c_.time.after(c_.sky.calm ? c_.luck.between(second, 5 * second)
                            : c_.luck.skewed(second, std::chrono::minutes{4}),
                std::move(what));
}

void people::look() {
  c_.time.after(10 * second, [this] { look(); });
  constexpr int patience = 60;
  bool const again = ++looks_ % patience == 0; // what had no effect is tried once more
  if (again)
    seen_.clear();
  read_news();
  if (std::exchange(decided_to_, read_to()) != read_to() || again)
    decide();
  if (c_.can(trouble::people) && c_.luck.percent(12))
    interfere();
  auto* s = present_();
  // A question wakes its entity: in the calm it would hide one that nobody else wakes.
  if (s != nullptr && curious_ && !known().empty() && !c_.sky.calm)
    s->query(known()[c_.luck.index(known().size())], {});
}

void people::decide() {
  bool const odd = c_.can(trouble::people);
  for (auto const* a : all<approval_domain>()) {
    if ((a->is != approval::status::pending && a->is != approval::status::escalated) ||
        !fresh(a->self, a->version))
      continue;
    approval::decide_command d;
    d.content_hash = odd && c_.luck.percent(5) ? "old" : a->content_hash;
    if (odd && c_.luck.percent(20))
      d.how = c_.luck.percent(75) ? approval::choice::revise : approval::choice::reject;
    d.notes = d.how == approval::choice::approve ? "" : "be more precise";
    think([this, to = a->self, d] { request(to, approval::command{d}); });
  }
  for (auto const* b : all<brief_domain>()) {
    if (b->is == brief::status::on_hold && fresh(b->self, b->version)) {
      bool const enough = b->plan_failed && ++mended_[b->self] > 2;
      think([this, to = b->self, enough] {
        request(to, enough ? brief::command{brief::cancel{"it cannot be planned"}}
                           : brief::command{brief::resume{}});
      });
    }
    if (b->is == brief::status::expired && fresh(b->self, b->version))
      think([this, to = b->self] { request(to, brief::command{brief::resend{}}); });
  }
  for (auto const* r : all<run_domain>()) {
    if (run::is_stopped(*r) && !r->asking && r->next.empty() && !r->given_up &&
        fresh(r->self, r->version)) {
      auto const* b =
          c_.audit.ledger().states().find<brief_domain>(ref(entity_kind::brief, r->brief.value));
      if (b == nullptr || !is_terminal(b->is))
        think([this, to = r->self] { request(to, run::command{run::carry_on{}}); });
    }
    if (r->is == run::status::paused && fresh(r->self, r->version))
      think([this, to = r->self] { request(to, run::command{run::resume{}}); });
  }
  for (auto const* a : all<agent_domain>())
    if (a->is == agent::status::paused && fresh(a->self, a->version))
      think([this, to = a->self] { request(to, agent::command{agent::resume{}}); });
  for (auto const* t : all<ticket_domain>()) {
    bool const for_person = t->is == ticket::status::failed_pending &&
                            std::any_of(t->waits.begin(), t->waits.end(), [](auto const& w) {
                              return is_human(w.owner) || w.question.id.empty();
                            });
    if (!for_person || !fresh(t->self, t->version))
      continue;
    ticket::resolve r;
    auto const times = ++mended_[t->self];
    r.how = times > 2             ? ticket::resolution::fail
            : c_.luck.percent(60) ? ticket::resolution::retry
                                  : ticket::resolution::replan;
    r.why = "seen to";
    think([this, to = t->self, r] { request(to, ticket::command{r}); });
  }
  for (auto const* b : all<budget_domain>())
    for (auto const& [scope, a] : b->scopes)
      if (a.level == budget::status::exhausted && fresh(b->self, b->version))
        think([this, to = b->self, g = budget::grant{scope, a.parent, 200, {}}] {
          request(to, budget::command{g});
        });
}

void people::interfere() {
  c_.note(happening::interfered);
  auto const tickets = all<ticket_domain>();
  auto const briefs = all<brief_domain>();
  auto const runs = all<run_domain>();
  switch (c_.luck.pick(8)) {
  case 0:
    if (!briefs.empty())
      request(briefs[c_.luck.index(briefs.size())]->self, brief::command{brief::hold{"wait"}});
    return;
  case 1:
    if (!runs.empty())
      request(runs[c_.luck.index(runs.size())]->self,
              c_.luck.percent(15) ? run::command{run::stop{run::status::STOPPED_OPERATOR, "enough"}}
                                  : run::command{run::pause{"wait"}});
    return;
  case 2:
    request(ref(entity_kind::agent, "tally.tech-lead"), agent::command{agent::pause{"ill"}});
    return;
  case 3:
    if (!briefs.empty() && c_.luck.percent(8))
      request(briefs[c_.luck.index(briefs.size())]->self, brief::command{brief::cancel{"enough"}});
    else if (!tickets.empty() && c_.luck.percent(8))
      request(tickets[c_.luck.index(tickets.size())]->self,
              ticket::command{ticket::cancel{"not needed"}});
    return;
  default:
    if (tickets.empty())
      return;
    ticket::comment said;
    said.text = "How far is it?";
    request(tickets[c_.luck.index(tickets.size())]->self, ticket::command{said});
  }
}

} // namespace troupe::sim
