#include "actors/domain/ticket_draft.hpp"
#include "protocol/plant.hpp"

namespace troupe::ticket {

namespace {

bool knows(state const& s, std::string const& message) {
  return std::any_of(s.conversation.begin(), s.conversation.end(),
                     [&](envelope const& m) { return m.id == message; });
}

struct verdict {
  resolution how = resolution::fail;
  std::string why;
};

/// `{"how":"retry|replan|fail","why":"…"}`; none where the answer says something else.
std::optional<verdict> read_verdict(envelope const& m) {
  auto const& data = data_of(m);
  if (!data.is_object())
    return std::nullopt;
  auto const* how = data.get_object().if_contains("how");
  verdict out;
  if (how == nullptr || !json::detail::read(*how, out.how, "how"))
    return std::nullopt;
  if (auto const* why = data.get_object().if_contains("why"); why && why->is_string())
    out.why = std::string{std::string_view{why->get_string()}};
  return out;
}

result<events> hear_verdict(state const& s, envelope const& m, command_context const& ctx) {
  auto const present = s.self.id + ".resolve" + std::to_string(s.counted.resolutions_asked);
  if (s.is != status::failed_pending || !s.waits.empty() || m.reply_to != present)
    return events{};
  drafting d{s, ctx};
  auto const says = read_verdict(m);
  d.post(m);
  if (says)
    resolve_as(d, says->how, says->why, m.from);
  else if (d.now_at().counted.resolutions_bad >= max_bad_resolutions)
    resolve_as(d, resolution::fail,
               "Nobody could say what should become of it; the last failure was: " + s.why,
               system_principal());
  return d.take();
}

/// Why there is nothing to decide, and what to do instead.
std::string cannot_resolve(state const& s) {
  auto const is = "Ticket " + s.self.id + " is " + name(s.is);
  auto const run = s.run.empty() ? std::string{} : ": `troupe run show " + s.run.value + "`";
  if (s.is == status::FAILED && s.replan_wanted)
    return is + " for good: it was given up for another ticket of the next plan" + run + ".";
  if (s.is == status::FAILED)
    return is + " for good: it was given up; hand in what is left of it with `troupe brief submit "
                "FILE`, or make a ticket with `troupe ticket add`.";
  if (!is_open(s))
    return is + "; there is nothing to decide about it any more.";
  return is + ", it did not fail; only one that is failed_pending can be retried, replanned or "
              "given up.";
}

} // namespace

void resolve_as(drafting& d, resolution how, std::string why, principal_id const& by) {
  if (how == resolution::retry && !is_human(by) &&
      d.now_at().counted.agent_retries >= max_agent_retries) {
    how = resolution::fail;
    why = "It was retried " + std::to_string(max_agent_retries) +
          " times without a person; a person may say more. " + why;
  }
  resolved e;
  e.how = how;
  e.by = by;
  e.why = std::move(why);
  auto const& s = d.now_at();
  bool const only_merge = is_merge(s, s.stage_index) && s.gated_head == s.proof->head;
  e.to = how != resolution::retry ? status::FAILED : only_merge ? status::merging : status::ready;
  d.add(std::move(e));
}

result<events> apply(state const& s, resolve const& c, command_context const& ctx) {
  if (is_heeded(s, ctx))
    return events{};
  if (s.is != status::failed_pending)
    return not_now(s, cannot_resolve(s));
  if (s.by_hand && c.how == resolution::replan)
    return not_now(s, "Ticket " + s.self.id +
                          " was made by hand, so there is no plan that could change: `troupe "
                          "ticket retry " +
                          s.self.id + "`, or `troupe ticket cancel " + s.self.id +
                          "` and make another one with `troupe ticket add`.");
  drafting d{s, ctx};
  resolve_as(d, c.how, c.why, ctx.by);
  return d.take();
}

result<events> apply(state const& s, say const& c, command_context const& ctx) {
  if (auto done = not_in_force(s, c.token, "said", ctx))
    return std::move(*done);
  if (c.key.empty())
    return fail(errc::invalid_argument, "A message of an attempt needs a key.", {{"field", "key"}});
  if (std::find(s.seen->said.begin(), s.seen->said.end(), c.key) != s.seen->said.end() &&
      !TROUPE_PLANTED("said-twice"))
    return events{};
  bool const question = c.kind == message_kind::question;
  if (question && (c.to.empty() || c.to == s.holder->agent))
    return fail(errc::invalid_argument, "A question needs another agent to answer it.",
                {{"field", "to"}});
  drafting d{s, ctx};
  take_lease(d, {}, {});
  auto const is = d.now_at().is;
  if (question && is != status::in_progress && is != status::waiting)
    return not_now(s, "A ticket that is " + name(s.is) +
                          " does not wait for answers; put the question into the verdict.");
  envelope m;
  m.kind = c.kind;
  m.from = s.holder->agent.empty() ? system_principal() : principal_of(s.holder->agent);
  m.to = c.to.empty() ? principal_of(s.self) : principal_of(c.to);
  m.engine = c.engine;
  m.parts = {text_part(c.text)};
  m.deadline = question ? ctx.now + patience : time_point{};
  m.trace = ctx.trace;
  d.post(std::move(m), c.key);
  if (question) {
    wait_began e;
    e.owner = principal_of(c.to);
    e.action =
        "answer a question of " + (s.holder->agent.empty() ? "the attempt" : s.holder->agent.value);
    e.deadline = ctx.now + patience;
    e.message = d.now_at().conversation.back()->id;
    e.to = is == status::in_progress ? status::waiting : status::none;
    d.add(std::move(e));
  }
  return d.take();
}

result<events> apply(state const& s, hear const& c, command_context const& ctx) {
  auto m = c.message;
  if (m.id.empty())
    return fail(errc::invalid_argument, "A message needs an id.", {{"field", "message.id"}});
  if (knows(s, m.id))
    return events{};
  if (m.reply_to.starts_with(s.self.id + ".resolve"))
    return hear_verdict(s, m, ctx);
  if (!is_open(s))
    return events{};
  drafting d{s, ctx};
  auto const waited = std::find_if(s.waits.begin(), s.waits.end(), [&](wait const& w) {
    return !m.reply_to.empty() && w.question.id == m.reply_to;
  });
  if (waited == s.waits.end()) {
    // Too late for its attempt, but the next one reads it.
    if (m.reply_to.empty() || knows(s, m.reply_to))
      d.post(std::move(m));
    return d.take();
  }
  // Asked in the ticket's name (so that the answer comes here), meant for the one who asked.
  m.to = waited->question.from;
  d.post(std::move(m));
  wait_ended e;
  e.message = waited->question.id;
  e.to = s.waits.size() == 1 ? status::in_progress : status::none;
  d.add(std::move(e));
  return d.take();
}

} // namespace troupe::ticket
