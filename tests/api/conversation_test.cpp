#include "tests/api/lab.hpp"

#include <map>
#include <set>

using namespace troupe;
using namespace troupe::test;

/// Agents work for many briefs: what one says for the second must not be told of the first.
TEST_CASE("conversations: whatever agents do for a brief is of that brief, also of the second",
          "[api]") {
  api_lab lab;
  lab.project();
  std::map<std::string, std::set<std::string>> of; // brief: what belongs to it
  std::vector<std::string> briefs;
  for (int i = 0; i < 3; ++i) {
    auto const brief = lab.pending_brief();
    briefs.push_back(brief);
    of[brief].insert(brief);
    of[brief].insert(lab.pending_plan(brief));
  }
  std::map<std::string, int> replies;
  for (auto const& e : lab.events()) {
    auto const id = text_at(e, "entity");
    auto const correlation = text_at(e, "correlation");
    INFO(json::canonical(e));
    auto const* const message = e.at("data").as_object().if_contains("message");
    if (text_at(e, "type") == "agent.replied" && message != nullptr) {
      CHECK(correlation == text_at(*message, "correlation"));
      ++replies[correlation];
    }
    for (auto const& [brief, things] : of) {
      for (auto const& thing : things) {
        if (id.ends_with("/" + thing) || id == thing)
          CHECK(correlation == brief);
      }
    }
  }
  for (auto const& brief : briefs)
    CHECK(replies[brief] > 0);
}
