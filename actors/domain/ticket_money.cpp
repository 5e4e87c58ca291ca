#include "actors/domain/ticket_draft.hpp"

/// What the budget says about the money for the next lease.
namespace troupe::ticket {

result<events> apply(state const& s, fund const& c, command_context const& ctx) {
  // One that is not wanted any more was billed, which gives it back.
  bool const wanted = c.id == s.money->id && s.money->token > s.last_token;
  if (!wanted || s.money->granted)
    return events{};
  drafting d{s, ctx};
  funded e;
  e.token = s.money->token;
  d.add(e);
  return d.take();
}

result<events> apply(state const& s, refuse_funds const& c, command_context const& ctx) {
  bool const wanted =
      c.id == s.money->id && s.money->token > s.last_token && !s.money->granted && is_open(s);
  if (!wanted || s.money->refused == c.scope)
    return events{};
  drafting d{s, ctx};
  funds_refused e;
  e.token = s.money->token;
  e.scope = c.scope;
  e.why = c.why;
  d.add(std::move(e));
  bool const waits = std::any_of(s.waits.begin(), s.waits.end(),
                                 [](wait const& w) { return w.question.id.empty(); });
  // Money of the ticket's own (or of a ticket without a run) is a person's to grant; a run that has
  // none is stopped.
  if (!waits && (c.scope.starts_with("ticket:") || s.run.empty())) {
    wait_began w;
    w.owner = principal_id{"role:approver"};
    w.action = "grant money to " + c.scope + ": `troupe budget grant " + s.money->budget +
               " --amount MONEY" +
               (c.scope == s.money->budget ? std::string{} : " --scope " + c.scope) + "`";
    w.deadline = ctx.now + money_patience;
    w.to = status::none;
    d.add(std::move(w));
  }
  return d.take();
}

} // namespace troupe::ticket
