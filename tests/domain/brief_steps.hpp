#pragma once

#include "live.hpp"

/// A brief that went so far; each step builds on the one before.
namespace troupe::test {

using brief_entity = live<brief_domain>;

struct brief_steps {
  brief_entity b{"k3f9q2mx"};

  void submitted(project_config config = a_config()) {
    b.does(brief::submit{project_id{"tally"},
                         {"transcript", "monday.vtt", "ADA: totals!", "00"},
                         std::move(config)});
  }
  void drafted(brief_content content = a_draft()) {
    if (b.s.is == brief::status::none)
      submitted();
    auto const question = b.asked("ask:").id;
    b.does(hear{an_answer(question, json::object{{"brief", json::to(content)}})});
  }
  brief::decided decision(brief::decision how, std::string notes = {}) const {
    return {brief::present_approval(b.s), how, principal_id{"human:grace"}, std::move(notes),
            b.s.content_hash};
  }
  void approved(project_config config = a_config()) {
    submitted(std::move(config));
    drafted();
    b.does(decision(brief::decision::approve));
  }
  void plan_active(std::int32_t version, plan_content content = a_plan()) {
    b.does(brief::plan_active{brief::plan_of(brief_id{b.s.self.id}, version), version,
                              std::move(content)});
  }
  void delivering(project_config config = a_config()) {
    approved(std::move(config));
    plan_active(1);
  }
  brief::replan replan_of(std::string key) const {
    return {b.s.run, ticket_id{"k3f9q2mx-" + key}, key, "rounds used"};
  }
  plan_content replacing(std::string key, std::string by) const {
    auto p = b.s.plan;
    std::erase_if(p.items, [&](plan_item const& i) { return i.key == key; });
    for (auto& i : p.items)
      std::replace(i.blocked_by.begin(), i.blocked_by.end(), key, by);
    auto fresh = an_item(by);
    fresh.supersedes = key;
    p.items.push_back(fresh);
    return p;
  }
};

} // namespace troupe::test
