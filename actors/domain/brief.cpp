#include "actors/domain/brief.hpp"

#include "actors/domain/settling.hpp"
#include "protocol/content_hash.hpp"

namespace troupe::brief {

namespace {

using events = std::vector<event>;

constexpr std::int32_t max_bad_drafts = 3;

bool replaces(plan_content const& p, std::string const& key) {
  return std::any_of(p.items.begin(), p.items.end(),
                     [&](plan_item const& i) { return i.supersedes == key; });
}

/// Decides one command; one small function an alternative.
struct judge {
  state const& s;
  command_context const& ctx;

  [[nodiscard]] error refuse(std::string sentence) const {
    return conflict(std::move(sentence), s.is, transitions());
  }
  [[nodiscard]] std::string here() const { return "brief " + s.self.id + " is " + name(s.is); }

  result<events> operator()(submit const& c) const {
    if (s.is != status::none) {
      if (c.project == s.project && c.from == s.from)
        return events{};
      return refuse("brief " + s.self.id + " exists already; submit another one");
    }
    if (c.project.empty())
      return fail(errc::invalid_argument, "a brief needs a project", {{"field", "project"}});
    if (c.from.text.size() > max_source_bytes)
      return fail(errc::too_large, "the source has more than " + std::to_string(max_source_bytes) +
                                       " bytes; split it");
    if (c.from.text.find_first_not_of(" \t\r\n") == std::string::npos)
      return fail(errc::invalid_argument, "the source is empty", {{"field", "from.text"}});
    if (auto ok = check(c.config); !ok)
      return ok.error();
    return events{submitted{c.project, c.from, c.config, status::drafting}};
  }

  result<events> operator()(draft const& c) const {
    bool const open = s.is == status::drafting || s.is == status::pending_approval ||
                      s.is == status::revision_requested || s.is == status::expired;
    if (!open)
      return refuse(here() + ": its draft can be changed only before it is approved");
    if (auto ok = check_content(c.content); !ok)
      return ok.error();
    auto hash = content_hash(c.content);
    if (s.is == status::pending_approval && hash == s.content_hash)
      return events{};
    events out;
    if (s.is == status::revision_requested)
      out.emplace_back(redraft_began{});
    out.emplace_back(
        drafted{c.content, std::move(hash), ctx.by, {}, s.round + 1, status::pending_approval});
    return out;
  }

  result<events> operator()(decided const& c) const {
    if (c.approval == s.decided && !(s.is == status::expired && c.how == decision::reject))
      return events{};
    if (c.approval != present_approval(s) || s.approvals == 0)
      return refuse("approval " + c.approval.value + " is not the one that brief " + s.self.id +
                    " waits for; decide about " + present_approval(s).value);
    if (s.is != status::pending_approval && s.is != status::expired)
      return refuse(here() + " and waits for no approval");
    if (c.how != decision::expire && c.content_hash != s.content_hash)
      return refuse("the draft changed since it was shown; read it again and decide then");
    auto const by = c.by.empty() ? ctx.by : c.by;
    approval_recorded recorded{c.approval, c.how, by, c.notes, s.content_hash, status::approved};
    switch (c.how) {
    case decision::approve:
      return events{recorded, planning_began{s.last_version + 1, {}, {}, {}, status::planning}};
    case decision::revise:
      recorded.to = status::revision_requested;
      return events{recorded, redraft_began{}};
    case decision::reject:
      recorded.to = status::REJECTED;
      return events{recorded};
    case decision::expire:
      recorded.to = status::expired;
      return events{recorded};
    }
    return events{};
  }

  result<events> operator()(resend const&) const {
    if (s.is == status::pending_approval)
      return events{};
    if (s.is != status::expired)
      return refuse(here() + "; only an expired approval is asked again");
    return events{resent{}};
  }

  result<events> operator()(plan_active const& c) const {
    if (c.version <= s.active_version || is_terminal(s.is))
      return events{};
    bool const wanted = c.version == s.planning_version && c.plan == version_id(c.version) &&
                        (s.is == status::planning || s.is == status::on_hold);
    if (!wanted)
      return refuse(here() + " and waits for no version " + std::to_string(c.version) +
                    " of a plan");
    bool const held_back = s.is == status::on_hold;
    events out{delivery_began{c.plan, c.version, c.content, s.run.empty() ? first_run() : s.run,
                              held_back ? status::on_hold : status::in_delivery}};
    if (!held_back)
      take_next(out, &c.content);
    return out;
  }

  result<events> operator()(plan_failed const& c) const {
    if (c.version != s.planning_version || s.plan_failed || is_terminal(s.is))
      return events{};
    auto const why = "plan version " + std::to_string(c.version) + ": " + c.why;
    if (s.active_version == 0)
      return events{held{why, true, status::on_hold}};
    bool const held_back = s.is == status::on_hold;
    events out{replan_refused{s.replanning.ticket, why,
                              held_back ? status::on_hold : status::in_delivery}};
    if (!held_back)
      take_next(out, nullptr);
    return out;
  }

  result<events> operator()(replan const& c) const {
    if (std::find(s.replanned.begin(), s.replanned.end(), c.ticket) != s.replanned.end())
      return events{};
    bool const delivering = s.active_version > 0 && !is_terminal(s.is);
    if (!delivering || c.run != s.run)
      return refuse(here() + ": there is no run " + c.run.value + " of it to plan again for");
    wanted_replan const wanted{c.ticket, c.key, c.why};
    if (s.is != status::in_delivery)
      return events{replan_queued{c.ticket, c.key, c.why}};
    return events{replan_or_refuse(wanted, s.last_version)};
  }

  result<events> operator()(run_ended const& c) const {
    if (c.run != s.run)
      return refuse("run " + c.run.value + " is not a run of brief " + s.self.id);
    if (is_terminal(s.is))
      return events{};
    auto const to =
        c.cancelled ? status::CANCELLED : (c.completed ? status::COMPLETED : status::FAILED);
    events out;
    if (s.is == status::planning && to != status::CANCELLED)
      out.emplace_back(replan_refused{s.replanning.ticket, "the run ended", status::in_delivery});
    if (s.is == status::on_hold && to == status::COMPLETED)
      out.emplace_back(resumed{});
    out.emplace_back(ended{to, c.why});
    return out;
  }

  result<events> operator()(run_continues const& c) const {
    if (c.next == s.run)
      return events{};
    if (c.run != s.run || is_terminal(s.is))
      return refuse(here() + ": run " + c.run.value + " is not what delivers it");
    events out{run_replaced{c.next, c.plan_version}};
    if (s.is == status::on_hold) {
      auto const more = (*this)(resume{});
      out.insert(out.end(), more->begin(), more->end());
    }
    return out;
  }

  result<events> operator()(hold const& c) const {
    if (s.is == status::on_hold)
      return events{};
    if (s.is != status::in_delivery && s.is != status::planning)
      return refuse(here() + "; only what is planned or delivered can be put on hold");
    return events{held{c.why, false, status::on_hold}};
  }

  result<events> operator()(resume const&) const {
    if (s.is == status::in_delivery || s.is == status::planning)
      return events{};
    if (s.is != status::on_hold)
      return refuse(here() + " and not on hold");
    events out{resumed{}};
    if (s.plan_failed)
      out.emplace_back(planning_began{s.last_version + 1, {}, {}, s.why, status::planning});
    else if (s.planning_version > 0) // its plan is still being made
      out.emplace_back(planning_began{s.planning_version, s.replanning.ticket, s.replanning.key,
                                      s.replanning.why, status::planning});
    else
      take_next(out, nullptr);
    return out;
  }

  result<events> operator()(cancel const& c) const {
    if (s.is == status::CANCELLED)
      return events{};
    if (is_terminal(s.is))
      return refuse(here() + " and cannot be cancelled any more");
    return events{ended{status::CANCELLED, c.why}};
  }

  result<events> operator()(hear const& c) const {
    auto const question = s.self.id + ".draft" + std::to_string(s.draft_asks);
    if (s.is != status::drafting || c.message.reply_to != question)
      return events{}; // an answer to an older question: somebody was faster
    auto const& data = data_of(c.message);
    auto const* members = data.if_object();
    if (members) {
      if (auto const* why = members->if_contains("refused"); why && why->is_string())
        return events{
            draft_refused{std::string{std::string_view{why->get_string()}}, status::REJECTED}};
    }
    auto const* given = members ? members->if_contains("brief") : nullptr;
    if (!given)
      return bad_draft("the answer has no member `brief`");
    auto content = json::from<brief_content>(*given);
    if (!content)
      return bad_draft(content.error().message);
    if (auto ok = check_content(*content); !ok)
      return bad_draft(ok.error().message);
    auto hash = content_hash(*content);
    return events{drafted{std::move(*content), std::move(hash), c.message.from, c.message.engine,
                          s.round + 1, status::pending_approval}};
  }

  result<events> operator()(settle const& c) const { return settle_one<event>(obligations(s), c); }
  result<events> operator()(tick const&) const { return events{}; }

private:
  [[nodiscard]] plan_id version_id(std::int32_t version) const {
    return plan_of(brief_id{s.self.id}, version);
  }
  [[nodiscard]] run_id first_run() const { return run_of(brief_id{s.self.id}, 1); }

  [[nodiscard]] events bad_draft(std::string const& why) const {
    bool const last = s.bad_drafts + 1 >= max_bad_drafts;
    return {
        draft_refused{"not a usable draft: " + why, last ? status::REJECTED : status::drafting}};
  }

  [[nodiscard]] event replan_or_refuse(wanted_replan const& w, std::int32_t last_version) const {
    if (s.replans < s.config.limits.replans)
      return planning_began{last_version + 1, w.ticket, w.key, w.why, status::planning};
    return replan_refused{w.ticket,
                          "no replan is left (" + std::to_string(s.config.limits.replans) +
                              " allowed): " + w.why,
                          status::in_delivery};
  }

  /// Back in delivery: takes up what was asked for meanwhile, until one replan is under way. What a
  /// new version replaces anyway needs none of its own.
  void take_next(events& out, plan_content const* adopted) const {
    for (auto const& w : s.queue) {
      if (adopted && replaces(*adopted, w.key))
        continue;
      out.push_back(replan_or_refuse(w, s.last_version));
      if (std::holds_alternative<planning_began>(out.back()))
        return;
    }
  }
};

} // namespace

approval_id present_approval(state const& s) {
  return approval_id{s.self.id + ".a" + std::to_string(s.approvals)};
}

result<std::vector<event>> decide(state const& s, command const& c, command_context const& ctx) {
  if (s.is == status::none && !std::holds_alternative<submit>(c))
    return fail(errc::not_found, "there is no brief " + s.self.id);
  return std::visit(judge{s, ctx}, c);
}

} // namespace troupe::brief
