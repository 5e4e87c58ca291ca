#include "actors/domain/plan_check.hpp"
#include "protocol/content_hash.hpp"
#include "wander.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

brief::command any_brief_command(brief::state const& s) {
  auto const version = 1 + pick(s.last_version + 2);
  auto const ticket = [&](int n) { return ticket_id{"k3f9q2mx-" + std::to_string(n)}; };
  run_id const run{once_in(8) ? "other.r1" : "k3f9q2mx.r1"};
  switch (pick(13)) {
  case 0:
    return brief::submit{project_id{"tally"}, {"message", "", "totals!", ""}, a_config()};
  case 1:
    return brief::draft{once_in(5) ? brief_content{} : a_draft("T" + std::to_string(pick(3)))};
  case 2:
  case 3: {
    auto const n = once_in(4) ? pick(s.approvals + 2) : s.approvals;
    brief::decided c;
    c.approval = approval_id{"k3f9q2mx.a" + std::to_string(n)};
    c.how = once_in(2) ? brief::decision::approve
                       : one_of<brief::decision>({brief::decision::revise, brief::decision::reject,
                                                  brief::decision::expire});
    c.by = principal_id{"human:grace"};
    c.content_hash = once_in(5) ? "another" : s.content_hash;
    return c;
  }
  case 4:
    return brief::resend{};
  case 5:
  case 6:
    return brief::plan_active{brief::plan_of(brief_id{"k3f9q2mx"}, version), version, a_plan()};
  case 7:
    return brief::plan_failed{brief::plan_of(brief_id{"k3f9q2mx"}, version), version, "why"};
  case 8: {
    auto const n = pick(8);
    return brief::replan{run, ticket(n), std::to_string(n), "rounds used"};
  }
  case 9:
    if (once_in(3))
      return brief::run_ended{run, once_in(2), once_in(3), "over"};
    return brief::resume{};
  case 10:
    return once_in(4) ? brief::command{brief::cancel{"no"}} : brief::command{brief::hold{"wait"}};
  case 11:
    return once_in(2) ? brief::command{tick{}} : brief::command{settle{"nothing", ""}};
  default: {
    auto const n = once_in(4) ? pick(s.draft_asks + 2) : s.draft_asks;
    auto const data = one_of<json::value>(
        {json::object{{"brief", json::to(a_draft())}},
         json::object{{"brief", json::to(a_draft("Other"))}}, json::object{{"brief", 7}},
         json::value(nullptr), json::array{1}, json::object{{"refused", "nothing asked for"}}});
    return hear{an_answer("k3f9q2mx.draft" + std::to_string(n), data)};
  }
  }
}

/// An independent look: take away items without open blockers until nothing is left.
bool is_acyclic(std::vector<plan_item> const& items) {
  std::set<std::string> left;
  for (auto const& i : items)
    left.insert(i.key);
  for (bool moved = true; moved;) {
    moved = false;
    for (auto const& i : items) {
      if (left.contains(i.key) && std::none_of(i.blocked_by.begin(), i.blocked_by.end(),
                                               [&](auto const& b) { return left.contains(b); })) {
        left.erase(i.key);
        moved = true;
      }
    }
  }
  return left.empty();
}

void must_be_cycle_of(std::vector<std::string> const& path, std::vector<plan_item> const& items) {
  must(path.size() >= 2 && path.front() == path.back(), "the path does not close");
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    auto const item = std::find_if(items.begin(), items.end(),
                                   [&](plan_item const& x) { return x.key == path[i]; });
    must(item != items.end(), "the path names an unknown item");
    must(std::find(item->blocked_by.begin(), item->blocked_by.end(), path[i + 1]) !=
             item->blocked_by.end(),
         "the path has an edge that is not in the plan");
  }
}

plan_content any_plan() {
  plan_content p;
  auto const n = 1 + pick(6);
  for (int i = 0; i < n; ++i) {
    auto item = an_item(std::to_string(i));
    for (int edges = pick(3); edges > 0; --edges)
      item.blocked_by.push_back(std::to_string(once_in(6) ? pick(n + 1) : pick(i + 1)));
    // An edge to oneself is rare in life, too.
    std::erase_if(item.blocked_by, [&](auto const& b) { return b == item.key && !once_in(5); });
    if (once_in(12))
      item.criteria.clear();
    p.items.push_back(std::move(item));
  }
  return p;
}

plan::command any_plan_command(plan::state const& s, plan_content const& proposal) {
  auto const mode = one_of<autonomy>({autonomy::ask, autonomy::plan, autonomy::full});
  switch (pick(10)) {
  case 0: {
    plan::create c;
    c.project = project_id{"tally"};
    c.brief = brief_id{"k3f9q2mx"};
    c.content = a_draft();
    c.content_hash = "h";
    c.config = a_config(mode);
    return c;
  }
  case 1:
    return plan::propose{proposal};
  case 2:
  case 3: {
    auto const n = once_in(4) ? pick(s.approvals + 2) : s.approvals;
    plan::decided c;
    c.approval = approval_id{"k3f9q2mx.p1.a" + std::to_string(n)};
    c.approved = once_in(3);
    c.revise = once_in(2);
    c.by = principal_id{"human:grace"};
    c.content_hash = once_in(5) ? "another" : s.content_hash;
    return c;
  }
  case 4:
    if (once_in(4))
      return plan::cancel{"no"};
    return once_in(2) ? plan::command{plan::supersede{2}} : plan::command{plan::finish{true, ""}};
  case 5:
    return tick{};
  case 6:
  case 7: {
    auto const n = once_in(4) ? pick(s.critique_asks + 2) : s.critique_asks;
    auto const data = one_of<json::value>(
        {json::object{{"findings", json::array{}}, {"blocking", false}},
         json::object{{"findings", json::array{"too coarse"}}, {"blocking", once_in(2)}},
         json::object{{"findings", 7}}, json::value(nullptr)});
    return hear{an_answer("k3f9q2mx.p1.critique" + std::to_string(n), data)};
  }
  default: {
    auto const n = once_in(4) ? pick(s.draft_asks + 2) : s.draft_asks;
    auto data = json::value(json::object{{"plan", json::to(proposal)}});
    if (once_in(5))
      data = json::object{{"refused", "no idea"}};
    return hear{an_answer("k3f9q2mx.p1.draft" + std::to_string(n), data)};
  }
  }
}

} // namespace

TEST_CASE("brief: nothing is planned that no person approved, whatever comes", "[domain]") {
  rc::prop("random commands, doubled, reordered and stale", [] {
    live<brief_domain> b{"k3f9q2mx"};
    b.does(brief::submit{project_id{"tally"}, {"message", "", "totals!", ""}, a_config()});
    wander(
        b, 60, [&] { return any_brief_command(b.s); },
        [&] {
          std::size_t approvals = 0;
          std::size_t plannings = 0;
          std::string approved;
          for (auto const& [e, ctx] : b.log) {
            if (auto const* a = std::get_if<brief::approval_recorded>(&e);
                a && a->how == brief::decision::approve) {
              ++approvals;
              approved = a->content_hash;
            }
            if (auto const* p = std::get_if<brief::planning_began>(&e)) {
              must(approvals > 0, "planned before it was approved");
              plannings += p->failed.empty() ? 0 : 1;
            }
          }
          must(approvals <= 1, "approved twice");
          must(approvals == 0 || approved == b.s.content_hash,
               "the content changed after its approval");
          must(approved.empty() || approved == content_hash(b.s.content), "bound to another hash");
          must(b.s.replans <= b.s.config.limits.replans, "more replans than allowed");
          must(b.s.active_version <= b.s.last_version, "an unknown version is active");
          must(b.s.bad_drafts <= 3, "drafting is not bounded");
        });
    for (int i = 0; i < 40 && is_terminal(b.s.is); ++i)
      b.settle_all();
    must(!is_terminal(b.s.is) || b.owes().empty(), "it is over and still owes something");
  });
}

TEST_CASE("plan: is acyclic at every version, and a refused edge names its path", "[domain]") {
  rc::prop("random proposals and answers", [] {
    live<plan_domain> p{"k3f9q2mx.p1"};
    plan_content proposal;
    std::size_t seen = 0;
    wander(
        p, 60,
        [&] {
          proposal = any_plan();
          return any_plan_command(p.s, proposal);
        },
        [&] {
          bool const stands =
              p.s.is == plan::status::under_critique || p.s.is == plan::status::ready ||
              p.s.is == plan::status::pending_approval || p.s.is == plan::status::active;
          if (stands)
            must(is_acyclic(p.s.content.items), "a cycle got through");
          if (p.s.is == plan::status::invalid && !p.s.path.empty())
            must_be_cycle_of(p.s.path, p.s.content.items);
          must(p.s.bad_rounds <= 3 && p.s.sent_back <= 2 && p.s.bad_critiques <= 3,
               "the rounds are not bounded");
          // Active only by a person's approval of this content, or by the project's autonomy.
          for (; seen < p.log.size(); ++seen) {
            auto const& e = p.log[seen].first;
            if (auto const* a = std::get_if<plan::approval_recorded>(&e); a && a->approved)
              must(a->content_hash == content_hash(p.s.content), "approved another content");
            if (std::holds_alternative<plan::activated>(e))
              must(p.s.config.mode != autonomy::ask, "nobody was asked");
          }
        });
    // A hand's edit with a cycle is refused whatever the state, with the path of a real cycle.
    auto const r = p.send(plan::propose{proposal});
    if (!r) {
      auto const e = r.error();
      if (auto const* path = e.details.if_contains("path"))
        must_be_cycle_of(*json::from<std::vector<std::string>>(*path), proposal.items);
    }
  });
}

TEST_CASE("plan check: finds a cycle exactly where there is one", "[domain]") {
  rc::prop("random graphs, against taking away free items", [] {
    auto const p = any_plan();
    auto const path = cycle_in(p.items);
    must(path.empty() == is_acyclic(p.items), "cycle_in and the other way differ");
    if (!path.empty())
      must_be_cycle_of(path, p.items);
  });
}
