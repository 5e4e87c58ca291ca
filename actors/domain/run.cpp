#include "actors/domain/run.hpp"

#include "actors/domain/settling.hpp"

namespace troupe::run {

namespace {

using events = std::vector<event>;

/// A decision in the making: each event is applied to a copy at once.
class drafting {
public:
  drafting(state const& s, command_context const& ctx) : s_(s), now_(ctx.now) {}
  void add(event e) {
    event_context ctx;
    ctx.version = s_.version + 1;
    ctx.at = now_;
    s_ = evolve(std::move(s_), e, ctx);
    out_.push_back(std::move(e));
  }
  void move(status to, std::string why) {
    moved e;
    e.to = to;
    e.why = std::move(why);
    add(std::move(e));
  }
  void end(status to, std::string why) {
    ended e;
    e.to = to;
    e.why = std::move(why);
    add(std::move(e));
  }
  [[nodiscard]] state const& now_at() const { return s_; }
  /// The events, with those that follow by themselves: all is open, all is done, nothing can move.
  [[nodiscard]] events take() {
    if (s_.is == status::starting &&
        std::all_of(s_.items.begin(), s_.items.end(),
                    [](item_state const& i) { return i.opened || i.over; }))
      move(status::running, "every ticket is open");
    if (s_.is == status::running && is_complete(s_))
      end(status::COMPLETED, "every ticket is done");
    else if (s_.is == status::running && is_stuck(s_))
      end(status::FAILED, failure());
    return std::move(out_);
  }

private:
  [[nodiscard]] std::string failure() const {
    std::string out;
    for (auto const& i : s_.items) {
      if (i.outcome != item_outcome::failed && i.outcome != item_outcome::cancelled)
        continue;
      out += out.empty() ? "" : "; ";
      out += i.ticket.value + " " + boost::describe::enum_to_string(i.outcome, "") +
             (i.why.empty() ? "" : ": " + i.why);
    }
    return out;
  }

  state s_;
  time_point now_;
  events out_;
};

error not_now(state const& s, std::string sentence) {
  return conflict(std::move(sentence), s.is, transitions());
}

item_state const* find(state const& s, ticket_id const& t) {
  for (auto const& i : s.items) {
    if (i.ticket == t)
      return &i;
  }
  return nullptr;
}

result<events> apply(state const& s, create const& c, command_context const& ctx) {
  if (s.is != status::none) {
    if (s.brief == c.brief && s.forked_from == c.forked_from)
      return events{};
    return not_now(s, "Run " + s.self.id + " exists and belongs to another brief.");
  }
  drafting d{s, ctx};
  created e;
  e.project = c.project;
  e.brief = c.brief;
  e.plan = c.plan;
  e.plan_version = c.plan_version;
  e.config = c.config;
  e.items = c.items;
  e.forked_from = c.forked_from;
  e.by_hand = c.by_hand;
  e.continues = c.continues;
  e.tickets = c.tickets;
  e.fates = c.fates;
  e.edges = c.edges;
  d.add(std::move(e));
  return d.take();
}

result<events> apply(state const& s, start const&, command_context const& ctx) {
  if (s.is == status::starting || s.is == status::running)
    return events{};
  if (s.is != status::draft && s.is != status::queued)
    return not_now(s, "Run " + s.self.id + " is " + name(s.is) + "; only a draft can be started.");
  drafting d{s, ctx};
  if (s.is == status::draft)
    d.move(status::queued, "wanted");
  d.move(status::starting, "its turn");
  return d.take();
}

result<events> apply(state const& s, pause const& c, command_context const& ctx) {
  drafting d{s, ctx};
  switch (s.is) {
  case status::paused:
  case status::pausing:
    return events{};
  case status::starting:
    return fail(errc::busy, "Run " + s.self.id + " is opening its tickets; try again in a moment.");
  case status::running:
    d.move(status::pausing, c.why);
    d.move(status::paused, c.why);
    return d.take();
  case status::STOPPED_BUDGET:
  case status::STOPPED_POLICY:
  case status::STOPPED_OPERATOR:
    // A run that stops puts its brief on hold, which then tells it to pause: it rests already.
    if (!s.brief.empty() && ctx.by == principal_of(entity_kind::brief, s.brief.value))
      return events{};
    break;
  case status::none:
  case status::draft:
  case status::queued:
  case status::waiting_approval:
  case status::COMPLETED:
  case status::FAILED:
  case status::CANCELLED:
    break;
  }
  return not_now(s, "Run " + s.self.id + " is " + name(s.is) + "; only a running one can pause.");
}

/// What a person can do about a run that cannot go on as it is.
std::string way_on(state const& s) {
  if (s.is == status::draft || s.is == status::queued)
    return "Begin it with `troupe run start " + s.self.id + "`.";
  if (is_stopped(s) && !s.given_up && !s.next.empty())
    return "Run " + s.next.value + " goes on in its place.";
  if (is_stopped(s) && !s.given_up)
    return "`troupe run continue " + s.self.id +
           "` asks for a new run that takes over what is left.";
  if (!is_terminal(s.is))
    return "See `troupe run show " + s.self.id + "`.";
  return "It is over for good: hand in what is left with `troupe brief submit FILE`, or make a "
         "ticket with `troupe ticket add`.";
}

result<events> apply(state const& s, resume const&, command_context const& ctx) {
  if (s.is == status::running || s.is == status::starting)
    return events{};
  if (s.is != status::paused)
    return not_now(s, "Run " + s.self.id + " is " + name(s.is) +
                          "; only a paused one can be resumed. " + way_on(s));
  drafting d{s, ctx};
  d.move(status::running, "resumed");
  return d.take();
}

result<events> apply(state const& s, cancel const& c, command_context const& ctx) {
  if (s.is == status::CANCELLED || s.given_up)
    return events{};
  drafting d{s, ctx};
  if (is_stopped(s) && s.next.empty()) {
    abandoned e;
    e.why = c.why;
    d.add(std::move(e));
    return d.take();
  }
  if (is_terminal(s.is))
    return not_now(s, "Run " + s.self.id + " is over; it cannot be cancelled.");
  if (s.is != status::running)
    d.move(status::running, "to be cancelled");
  d.end(status::CANCELLED, c.why);
  return d.take();
}

result<events> apply(state const& s, stop const& c, command_context const& ctx) {
  if (c.how != status::STOPPED_BUDGET && c.how != status::STOPPED_POLICY &&
      c.how != status::STOPPED_OPERATOR)
    return fail(errc::invalid_argument,
                "how must be STOPPED_BUDGET, STOPPED_POLICY or STOPPED_OPERATOR.",
                {{"field", "how"}});
  if (s.is == c.how)
    return events{};
  if (s.is == status::starting)
    return fail(errc::busy, "Run " + s.self.id + " is opening its tickets; try again in a moment.");
  if (s.is != status::running && s.is != status::paused)
    return not_now(s, "Run " + s.self.id + " is " + name(s.is) + "; it cannot be stopped.");
  drafting d{s, ctx};
  d.end(c.how, c.why);
  return d.take();
}

/// What a person decides about: what is left to do, and with which money.
std::string what_is_left(state const& s) {
  std::vector<plan_item> left;
  for (auto const& i : s.items) {
    if (i.outcome == item_outcome::open)
      left.push_back(i.item);
  }
  return content_hash(left);
}

result<events> apply(state const& s, carry_on const& c, command_context const& ctx) {
  if (!is_stopped(s) || s.given_up)
    return not_now(s, "Run " + s.self.id + " is " + (s.given_up ? "given up" : name(s.is)) +
                          "; only a stopped one is continued by another. " + way_on(s));
  if (s.asking || !s.next.empty())
    return events{};
  auto const open = std::count_if(s.items.begin(), s.items.end(), [](item_state const& i) {
    return i.outcome == item_outcome::open;
  });
  continuation_asked e;
  e.asked = s.asked + 1;
  e.question = "Continue run " + s.self.id + " (" + name(s.is) + ": " + s.why + ") with " +
               std::to_string(open) + (open == 1 ? " open ticket?" : " open tickets?");
  if (!c.why.empty())
    e.question += " " + c.why;
  e.content_hash = what_is_left(s);
  e.by = ctx.by;
  return events{std::move(e)};
}

/// `<brief>.r1` is followed by `<brief>.r2`.
run_id next_run(state const& s) {
  auto const& id = s.self.id;
  auto const at = id.rfind(".r");
  auto const digits = at == std::string::npos ? std::string{} : id.substr(at + 2);
  bool const counted =
      !digits.empty() && digits.size() < 9 &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!counted)
    return run_id{id + ".r2"};
  return run_id{id.substr(0, at) + ".r" + std::to_string(std::stoi(digits) + 1)};
}

result<events> apply(state const& s, decided const& c, command_context const& ctx) {
  if (c.approval != present_approval(s) || s.asked == 0)
    return not_now(s, "Run " + s.self.id + " does not wait for approval " + c.approval.value + ".");
  if (!s.asking)
    return events{};
  continuation_decided e;
  e.approval = c.approval;
  e.approved = c.approved;
  e.by = c.by.empty() ? ctx.by : c.by;
  e.notes = c.notes;
  if (c.approved)
    e.next = next_run(s);
  return events{std::move(e)};
}

result<events> apply(state const& s, ticket_ended const& c, command_context const& ctx) {
  auto const* item = find(s, c.ticket);
  if (item == nullptr)
    return fail(errc::not_found,
                "Ticket " + c.ticket.value + " does not belong to run " + s.self.id + ".");
  if (c.outcome == item_outcome::open || c.outcome == item_outcome::replaced)
    return fail(errc::invalid_argument, "A ticket ends done, failed or cancelled.",
                {{"field", "outcome"}});
  if (item->over)
    return events{};
  drafting d{s, ctx};
  ticket_recorded e;
  e.ticket = c.ticket;
  e.outcome = c.outcome;
  // A fork has nobody to ask: its brief belongs to its parent.
  e.replan = c.replan && s.forked_from.empty() && !s.brief.empty() && !is_terminal(s.is);
  e.why = c.why;
  e.used = c.used;
  e.commit = c.commit;
  d.add(std::move(e));
  return d.take();
}

result<events> apply(state const& s, adopt const& c, command_context const& ctx) {
  if (c.plan_version <= s.plan_version)
    return events{};
  if (is_terminal(s.is))
    return not_now(s, "Run " + s.self.id + " is over; start a new one for this plan.");
  if (c.items.empty())
    return fail(errc::invalid_argument, "A plan needs items.", {{"field", "items"}});
  drafting d{s, ctx};
  adopted e;
  e.plan = c.plan;
  e.plan_version = c.plan_version;
  e.items = c.items;
  e.failed_key = c.failed_key;
  d.add(std::move(e));
  return d.take();
}

void drop_replan(drafting& d, ticket_id const& ticket, std::string why) {
  auto const* item = find(d.now_at(), ticket);
  if (item == nullptr || !item->replan)
    return;
  replan_dropped e;
  e.ticket = ticket;
  e.why = std::move(why);
  d.add(std::move(e));
}

result<events> apply(state const& s, replan_refused const& c, command_context const& ctx) {
  drafting d{s, ctx};
  drop_replan(d, c.ticket, c.why);
  return d.take();
}

result<events> apply(state const& s, settle const& c, command_context const& ctx) {
  auto const done = settle_one<event>(obligations(s), c);
  if (done.empty())
    return events{};
  drafting d{s, ctx};
  d.add(done.front());
  if (!c.refused.empty() && c.key == "continue:" + s.next.value) {
    abandoned e;
    e.why = c.refused;
    d.add(std::move(e));
  }
  if (!c.refused.empty()) {
    for (auto const& i : s.items) {
      if (c.key == "open:" + i.item.key && !i.over) {
        ticket_recorded e;
        e.ticket = i.ticket;
        e.outcome = item_outcome::failed;
        e.why = c.refused;
        d.add(std::move(e));
      } else if (c.key == "replan:" + i.ticket.value) {
        drop_replan(d, i.ticket, c.refused);
      }
    }
  }
  return d.take();
}

result<events> apply(state const&, tick const&, command_context const&) {
  return events{};
}

constexpr transition<status> rows[] = {
    {status::none, status::draft, "created"},
    {status::none, status::starting, "created for an approved plan"},
    {status::draft, status::queued, "wanted"},
    {status::queued, status::starting, "its turn"},
    {status::starting, status::running, "every ticket is open"},
    {status::running, status::pausing, "pause"},
    {status::pausing, status::paused, "nothing new is begun"},
    {status::paused, status::running, "resume"},
    {status::running, status::waiting_approval, "a person must decide"},
    {status::waiting_approval, status::running, "decided"},
    {status::running, status::COMPLETED, "every ticket is done"},
    {status::running, status::FAILED, "a ticket failed and nothing can move"},
    {status::running, status::CANCELLED, "cancelled"},
    {status::running, status::STOPPED_BUDGET, "budget exhausted"},
    {status::running, status::STOPPED_POLICY, "policy"},
    {status::running, status::STOPPED_OPERATOR, "stopped by a person"},
    {status::paused, status::STOPPED_BUDGET, "budget exhausted"},
    {status::paused, status::STOPPED_POLICY, "policy"},
    {status::paused, status::STOPPED_OPERATOR, "stopped by a person"},
};

} // namespace

transition_table<status> transitions() {
  return rows;
}

result<std::vector<event>> decide(state const& s, command const& c, command_context const& ctx) {
  if (s.is == status::none && !std::holds_alternative<create>(c))
    return fail(errc::not_found, "There is no run " + s.self.id + ".");
  return std::visit([&](auto const& x) { return apply(s, x, ctx); }, c);
}

} // namespace troupe::run
