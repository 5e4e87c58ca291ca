#include "tests/sim/neighbours.hpp"

namespace troupe::sim {

namespace {
constexpr duration second{1000};
}

void neighbours::begin() {
  auto config = find_template("standard").value().config;
  config.repository = "tally";
  request(ref(entity_kind::project, "tally"), project::command{project::create{"Tally", config}});
  c_.time.after(5 * second, [this] { look(); });
}

void neighbours::look() {
  read_news();
  if (c_.sky.calm)
    take_back();
  else
    act();
  c_.time.after(c_.sky.calm ? 60 * second : c_.luck.between(10 * second, 90 * second),
                [this] { look(); });
}

void neighbours::act() {
  auto const* p =
      c_.audit.ledger().states().find<project_domain>(ref(entity_kind::project, "tally"));
  switch (c_.luck.pick(5)) {
  case 0:
  case 1:
    if (p == nullptr || briefs_ == 2)
      return;
    submit(p->config);
    return;
  case 2:
    if (c_.luck.percent(30))
      take_back();
    return;
  case 3:
    call_foreign();
    return;
  default:
    ask_foreign();
  }
}

void neighbours::submit(project_config const& config) {
  brief::source from;
  from.kind = "transcript";
  from.name = "meeting.txt";
  from.text = "Eve: count_words must return 0 for an empty file.\nMara: Okay, let's do that.\n";
  request(ref(entity_kind::brief, "brief00" + std::to_string(++briefs_)),
          brief::command{brief::submit{project_id{"tally"}, std::move(from), config}});
}

void neighbours::take_back() {
  for (auto const* b : all<brief_domain>())
    if (!is_terminal(b->is))
      request(b->self, brief::command{brief::cancel{"not needed"}});
}

std::optional<entity_ref> neighbours::foreign() {
  auto all = c_.audit.ledger().states().entities();
  std::erase_if(all, [](auto const& of) { return of.tenant == context::other_tenant(); });
  if (all.empty())
    return std::nullopt;
  auto const& chosen = all[c_.luck.index(all.size())];
  return ref(chosen.kind, chosen.id);
}

void neighbours::call_foreign() {
  auto const to = foreign();
  if (!to)
    return;
  auto const call = [&](any_command what) {
    c_.note(happening::foreign_command);
    request(*to, std::move(what));
  };
  switch (to->kind) {
  case entity_kind::ticket:
    call(ticket::command{ticket::cancel{"not needed"}});
    return;
  case entity_kind::brief:
    call(brief::command{brief::cancel{"not needed"}});
    return;
  case entity_kind::run:
    call(run::command{run::pause{"wait"}});
    return;
  case entity_kind::approval: {
    approval::decide_command d;
    d.how = approval::choice::reject;
    d.notes = "no";
    if (auto const* a =
            c_.audit.ledger().states().find<approval_domain>({context::tenant(), to->kind, to->id}))
      d.content_hash = a->content_hash;
    call(approval::command{std::move(d)});
    return;
  }
  default:
    return;
  }
}

void neighbours::ask_foreign() {
  auto* s = present_();
  auto const of = foreign();
  if (s == nullptr || !of)
    return;
  c_.note(happening::foreign_question);
  s->query(*of, {});
}

} // namespace troupe::sim
