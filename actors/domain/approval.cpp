#include "actors/domain/approval.hpp"

#include "actors/domain/settling.hpp"

namespace troupe::approval {

namespace {

using events = std::vector<event>;

constexpr transition<status> rows[] = {
    {status::none, status::pending, "opened"},
    {status::draft, status::pending, "sent"},
    {status::pending, status::APPROVED, "approved"},
    {status::pending, status::REJECTED, "rejected"},
    {status::pending, status::revision_requested, "changes asked for"},
    {status::pending, status::EXPIRED, "default applied"},
    {status::pending, status::WITHDRAWN, "withdrawn"},
    {status::pending, status::SUPERSEDED, "the subject changed"},
    {status::pending, status::escalated, "handed on"},
    {status::escalated, status::pending, "next owner"},
    {status::revision_requested, status::draft, "revised"},
};

status outcome_of(choice how) {
  switch (how) {
  case choice::approve:
    return status::APPROVED;
  case choice::revise:
    return status::revision_requested;
  case choice::reject:
    return status::REJECTED;
  }
  return status::REJECTED;
}

/// Decides one command; one small function an alternative.
struct judge {
  state const& s;
  command_context const& ctx;

  [[nodiscard]] error refuse(std::string sentence) const {
    return conflict(std::move(sentence), s.is, transitions());
  }
  [[nodiscard]] std::string here() const { return "approval " + s.self.id + " is " + name(s.is); }

  result<events> operator()(open const& c) const {
    if (s.is != status::none) {
      if (c.subject == s.subject && c.content_hash == s.content_hash)
        return events{};
      return refuse("approval " + s.self.id +
                    " is about another content; a new content needs a new approval");
    }
    if (!entity_of(s.self.tenant, c.subject))
      return fail(errc::invalid_argument, "an approval needs a subject such as plan:<id>",
                  {{"field", "subject"}});
    if (c.content_hash.empty())
      return fail(errc::invalid_argument, "an approval needs the hash of what it is about",
                  {{"field", "content_hash"}});
    return events{opened{c.project, c.subject, c.question, c.content_hash, c.deadline, c.fallback,
                         status::pending}};
  }

  result<events> operator()(decide_command const& c) const {
    bool const seen = c.content_hash.empty() || c.content_hash == s.content_hash;
    if (s.is != status::pending) {
      bool const again = s.is == outcome_of(c.how) && s.decided_by == ctx.by && seen;
      if (again)
        return events{};
      return refuse(here() + "; it is decided only once");
    }
    if (!seen)
      return refuse("approval " + s.self.id +
                    " is about another content than the one shown; read it again and decide then");
    return events{decided{c.how, ctx.by, c.notes, s.content_hash, outcome_of(c.how)}};
  }

  result<events> operator()(withdraw const& c) const {
    return close(status::WITHDRAWN, c.why.empty() ? "withdrawn" : c.why);
  }
  result<events> operator()(supersede const&) const {
    return close(status::SUPERSEDED, "the subject changed");
  }

  result<events> operator()(escalate const& c) const {
    if (s.is != status::pending)
      return refuse(here() + " and cannot be handed on");
    if (c.to.empty())
      return fail(errc::invalid_argument, "say to whom", {{"field", "to"}});
    if (c.to == s.owner)
      return events{};
    return events{escalated{c.to, status::escalated}, escalated{c.to, status::pending}};
  }

  result<events> operator()(settle const& c) const { return settle_one<event>(obligations(s), c); }
  result<events> operator()(tick const&) const {
    bool const due = s.is == status::pending && s.deadline != time_point{} && ctx.now >= s.deadline;
    if (!due)
      return events{};
    return events{closed{"nobody decided in time", status::EXPIRED}};
  }

private:
  [[nodiscard]] result<events> close(status to, std::string why) const {
    if (s.is == to)
      return events{};
    if (s.is != status::pending)
      return refuse(here() + " and over");
    return events{closed{std::move(why), to}};
  }
};

struct fold {
  state& s;
  event_context const& ctx;

  void operator()(opened const& e) const {
    s.project = e.project;
    s.subject = e.subject;
    s.question = e.question;
    s.content_hash = e.content_hash;
    s.deadline = e.deadline;
    s.fallback = e.fallback;
    s.opened_at = ctx.at;
  }
  void operator()(decided const& e) const {
    s.how = e.how;
    s.decided_by = e.by;
    s.notes = e.notes;
  }
  void operator()(escalated const& e) const { s.owner = e.owner; }
  void operator()(closed const& e) const { s.why = e.why; }
  void operator()(settled const& e) const { s.settled.push_back(e.key); }
};

/// How the subject hears it. After the deadline a brief only expires (it can be sent again); for a
/// plan the fallback counts.
std::optional<obligation> tell_subject(state const& s) {
  auto const subject = entity_of(s.self.tenant, s.subject);
  if (!subject)
    return std::nullopt;
  approval_id const self{s.self.id};
  bool const in_time = s.is != status::EXPIRED;
  auto const how = in_time ? s.how : s.fallback;
  auto const by = in_time ? s.decided_by : system_principal();
  auto const notes = in_time ? s.notes : s.why;
  if (subject->kind == entity_kind::brief) {
    auto decision = brief::decision::expire;
    if (in_time)
      decision = how == choice::approve  ? brief::decision::approve
                 : how == choice::revise ? brief::decision::revise
                                         : brief::decision::reject;
    return telling("decided", true, s.self, entity_kind::brief, subject->id,
                   brief::command{brief::decided{self, decision, by, notes, s.content_hash}});
  }
  if (subject->kind == entity_kind::plan)
    return telling("decided", true, s.self, entity_kind::plan, subject->id,
                   plan::command{plan::decided{self, how == choice::approve, how == choice::revise,
                                               by, notes, s.content_hash}});
  if (subject->kind == entity_kind::run)
    return telling(
        "decided", true, s.self, entity_kind::run, subject->id,
        run::command{run::decided{self, how == choice::approve, by, notes, s.content_hash}});
  return std::nullopt;
}

} // namespace

transition_table<status> transitions() {
  return rows;
}

result<std::vector<event>> decide(state const& s, command const& c, command_context const& ctx) {
  if (s.is == status::none && !std::holds_alternative<open>(c))
    return fail(errc::not_found, "there is no approval " + s.self.id);
  return std::visit(judge{s, ctx}, c);
}

state evolve(state s, event const& e, event_context const& ctx) {
  std::visit(fold{s, ctx}, e);
  if (auto const to = target_of<status>(e); to != status::none)
    s.is = to;
  s.version = ctx.version;
  return s;
}

std::vector<obligation> obligations(state const& s) {
  std::vector<obligation> out;
  switch (s.is) {
  case status::pending:
  case status::escalated:
    if (s.deadline != time_point{})
      out.push_back({"deadline", false, alarm{s.deadline}});
    break;
  case status::APPROVED:
  case status::REJECTED:
  case status::revision_requested:
  case status::EXPIRED:
    if (auto told = tell_subject(s))
      out.push_back(std::move(*told));
    break;
  case status::none:
  case status::draft:
  case status::WITHDRAWN:
  case status::SUPERSEDED:
    break;
  }
  return without(s.settled, std::move(out));
}

} // namespace troupe::approval
