#include "actors/domain/plan.hpp"

#include "actors/domain/plan_check.hpp"
#include "actors/domain/settling.hpp"
#include "protocol/content_hash.hpp"

namespace troupe::plan {

namespace {

using events = std::vector<event>;

constexpr std::int32_t max_bad_rounds = 3;
constexpr std::int32_t max_sent_back = 2;

bool awaits_draft(status is) {
  return is == status::drafting || is == status::proposed || is == status::invalid ||
         is == status::revision_requested;
}

std::string member_text(json::value const& data, char const* member) {
  auto const* members = data.if_object();
  auto const* found = members ? members->if_contains(member) : nullptr;
  return found && found->is_string() ? std::string{std::string_view{found->get_string()}} : "";
}

/// What qa says about a proposal.
struct critique {
  std::vector<std::string> findings;
  bool blocking = false;
  TROUPE_FIELDS(critique, findings, blocking);
};

/// Reads the two members and leaves the rest: what an engine says besides harms nobody.
result<critique> read_critique(json::value const& data) {
  json::object known;
  if (auto const* members = data.if_object()) {
    for (auto const* member : {"findings", "blocking"}) {
      if (auto const* found = members->if_contains(member))
        known.emplace(member, *found);
    }
  }
  if (known.empty())
    return fail(errc::invalid_argument, "the answer has no member `findings`");
  return json::from<critique>(json::value(std::move(known)));
}

/// Decides one command; one small function an alternative.
struct judge {
  state const& s;
  command_context const& ctx;

  [[nodiscard]] error refuse(std::string sentence) const {
    return conflict(std::move(sentence), s.is, transitions());
  }
  [[nodiscard]] std::string here() const { return "plan " + s.self.id + " is " + name(s.is); }

  result<events> operator()(create const& c) const {
    if (s.is != status::none) {
      if (c.brief == s.brief && c.version == s.number && c.content_hash == s.wanted_hash)
        return events{};
      return refuse("plan " + s.self.id + " exists already, for another brief");
    }
    if (c.version < 1 || c.brief.empty())
      return fail(errc::invalid_argument, "a plan needs a brief and a version from 1",
                  {{"field", "version"}});
    return events{created{c.project, c.brief, c.version, c.content, c.content_hash, c.config,
                          c.previous, c.failed_key, c.failure, status::drafting}};
  }

  result<events> operator()(propose const& c) const {
    bool const open =
        awaits_draft(s.is) || s.is == status::under_critique || s.is == status::pending_approval;
    if (!open)
      return refuse(here() + ": it can be edited only before it is active");
    auto content = without_replaced(c.content);
    if (auto ok = check_plan(content, s.config.limits, before()); !ok) {
      auto e = ok.error();
      e.details.emplace("state", name(s.is));
      return e;
    }
    auto hash = content_hash(content);
    if (hash == s.content_hash &&
        (s.is == status::under_critique || s.is == status::pending_approval))
      return events{};
    events out;
    if (s.is == status::pending_approval)
      out.emplace_back(edit_began{ctx.by, status::revision_requested});
    out.emplace_back(
        proposed{std::move(content), std::move(hash), ctx.by, {}, s.round + 1, status::proposed});
    out.emplace_back(critique_began{});
    return out;
  }

  result<events> operator()(decided const& c) const {
    if (c.approval == s.decided)
      return events{};
    if (s.is != status::pending_approval)
      return refuse(here() + " and waits for no approval");
    if (c.approval != present_approval(s))
      return refuse("approval " + c.approval.value + " is about an older content; decide about " +
                    present_approval(s).value);
    if (c.content_hash != s.content_hash)
      return refuse("the plan changed since it was shown; read it again and decide then");
    auto const to =
        c.approved ? status::active : (c.revise ? status::revision_requested : status::REJECTED);
    return events{approval_recorded{c.approval, c.approved, c.by.empty() ? ctx.by : c.by, c.notes,
                                    s.content_hash, to}};
  }

  result<events> operator()(supersede const& c) const {
    if (s.is == status::SUPERSEDED)
      return events{};
    if (s.is != status::active)
      return refuse(here() + "; only an active plan can be superseded");
    return events{ended{status::SUPERSEDED,
                        "version " + std::to_string(c.by_version) + " of the plan is active"}};
  }

  result<events> operator()(finish const& c) const {
    auto const to = c.completed ? status::COMPLETED : status::FAILED;
    if (s.is == to)
      return events{};
    if (s.is != status::active)
      return refuse(here() + "; only an active plan can finish");
    return events{ended{to, c.why}};
  }

  result<events> operator()(cancel const& c) const {
    if (s.is == status::CANCELLED)
      return events{};
    if (is_terminal(s.is))
      return refuse(here() + " and cannot be cancelled any more");
    return events{ended{status::CANCELLED, c.why}};
  }

  result<events> operator()(hear const& c) const {
    auto const& to = c.message.reply_to;
    if (awaits_draft(s.is) && to == s.self.id + ".draft" + std::to_string(s.draft_asks))
      return hear_draft(c.message);
    if (s.is == status::under_critique &&
        to == s.self.id + ".critique" + std::to_string(s.critique_asks))
      return hear_critique(c.message);
    return events{}; // an answer to an older question: somebody was faster
  }

  result<events> operator()(settle const& c) const { return settle_one<event>(obligations(s), c); }
  result<events> operator()(tick const&) const { return events{}; }

private:
  [[nodiscard]] plan_before before() const { return {s.previous, s.failed_key}; }

  /// The round is lost; with the last one the plan fails.
  [[nodiscard]] events lost_round(events out, std::string const& why, std::vector<std::string> path,
                                  status to) const {
    out.emplace_back(invalidated{why, std::move(path), to});
    if (s.bad_rounds + 1 >= max_bad_rounds)
      out.emplace_back(ended{status::FAILED, "no valid plan in " + std::to_string(max_bad_rounds) +
                                                 " rounds, the last because: " + why});
    return out;
  }

  [[nodiscard]] events hear_draft(envelope const& m) const {
    auto const& data = data_of(m);
    // A proposal that stays without a new one is invalid; elsewhere there is none to be so.
    auto const stay = s.is == status::proposed ? status::invalid : s.is;
    if (auto const why = member_text(data, "refused"); !why.empty())
      return lost_round({}, "no plan was made: " + why, {}, stay);
    auto const* members = data.if_object();
    auto const* given = members ? members->if_contains("plan") : nullptr;
    if (!given)
      return lost_round({}, "the answer has no member `plan`", {}, stay);
    auto read = json::from<plan_content>(*given);
    if (!read)
      return lost_round({}, read.error().message, {}, stay);
    auto content = without_replaced(std::move(*read));
    auto known = before();
    // What a person has edited into this version is not the drafter's mistake. A draft that was
    // refused is.
    if (s.is != status::invalid || s.by.value.starts_with("human:"))
      for (auto const& i : s.content.items)
        known.roles.push_back(i.role);
    auto const problems = problems_of(content, s.config.limits, known, s.config.roster);
    auto hash = content_hash(content);
    events out{proposed{std::move(content), std::move(hash), m.from, m.engine, s.round + 1,
                        status::proposed}};
    if (problems.empty()) {
      out.emplace_back(critique_began{});
      return out;
    }
    std::string why;
    std::vector<std::string> path;
    for (auto const& one : problems) {
      why += (why.empty() ? "" : "; ") + one.text;
      if (path.empty())
        path = one.path;
    }
    return lost_round(std::move(out), why, std::move(path), status::invalid);
  }

  [[nodiscard]] events hear_critique(envelope const& m) const {
    auto const& data = data_of(m);
    auto const said = read_critique(data);
    if (!said) {
      auto why = member_text(data, "refused");
      why = "no readable critique: " + (why.empty() ? said.error().message : why);
      // Nobody's criticism must not look like no criticism: it goes to people as a finding.
      if (s.bad_critiques + 1 < max_bad_rounds)
        return {critiqued{m.from, m.engine, {std::move(why)}, status::under_critique}};
      return ready(m, {std::move(why)});
    }
    if (said->blocking && s.sent_back < max_sent_back)
      return {critiqued{m.from, m.engine, said->findings, status::proposed}};
    return ready(m, said->findings);
  }

  [[nodiscard]] events ready(envelope const& m, std::vector<std::string> findings) const {
    auto const mode = s.config.mode;
    bool const alone = mode == autonomy::full || (mode == autonomy::plan && findings.empty());
    events out{critiqued{m.from, m.engine, std::move(findings), status::ready}};
    if (alone)
      out.emplace_back(activated{mode == autonomy::full ? "the project plans without asking"
                                                        : "the critique found nothing",
                                 status::active});
    else
      out.emplace_back(approval_asked{});
    return out;
  }
};

} // namespace

approval_id present_approval(state const& s) {
  return approval_id{s.self.id + ".a" + std::to_string(s.approvals)};
}

result<std::vector<event>> decide(state const& s, command const& c, command_context const& ctx) {
  if (s.is == status::none && !std::holds_alternative<create>(c))
    return fail(errc::not_found, "there is no plan " + s.self.id);
  return std::visit(judge{s, ctx}, c);
}

} // namespace troupe::plan
