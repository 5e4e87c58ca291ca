#include "tests/api/puppet.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::test;

namespace {

/// The agent's row in the list of agents that have this status; none if it is not there.
std::optional<json::object> listed(api_lab const& lab, std::string const& agent,
                                   std::string const& status) {
  auto const page = lab.get("/api/agents?status=" + status);
  for (auto const& row : page.json.at("items").as_array()) {
    if (text_at(row, "id") == agent)
      return row.as_object();
  }
  return std::nullopt;
}

} // namespace

TEST_CASE_METHOD(leased_lab, "api: an agent shows what it holds, and works as long", "[api]") {
  auto const agent = order.agent.value;
  REQUIRE(eventually([&] { return listed(lab, agent, "working").has_value(); }));
  auto const row = *listed(lab, agent, "working");
  REQUIRE(row.at("leases").as_array().size() == 1);
  auto const& lease = row.at("leases").as_array().front();
  CHECK(text_at(lease, "ticket") == order.ticket.value);
  CHECK(text_at(lease, "stage") == order.stage);
  CHECK(lease.at("token").to_number<std::int64_t>() == order.token);
  CHECK_FALSE(listed(lab, agent, "idle"));
  auto const alone = lab.get("/api/agents/" + agent);
  CHECK(alone.text("status") == "working");
  CHECK(alone.json.at("leases") == row.at("leases"));

  REQUIRE(lab.post(ticket + "/cancel", R"({"why":"not needed"})").status == 200);
  // It may have its next ticket at once.
  CHECK(eventually([&] {
    auto const now = lab.get("/api/agents/" + agent);
    auto const& held = now.json.at("leases").as_array();
    bool const still = std::any_of(held.begin(), held.end(), [&](json::value const& l) {
      return text_at(l, "ticket") == order.ticket.value;
    });
    return !still && (now.text("status") == "idle") == held.empty();
  }));
}
