#include "actors/domain/kinds.hpp"
#include "gateway/routes/table.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/api/lab.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr auto patience = std::chrono::seconds{20};

/// What the route answers.
json::object dead_letters(api const& edge) {
  for (auto const& r : all_routes(edge)) {
    if (r.pattern != "/api/dead-letters")
      continue;
    CHECK(r.needs == role::admin);
    auto const box = std::make_shared<std::promise<response>>();
    auto answered = box->get_future();
    request asked;
    asked.principal.tenant = edge.tenant;
    std::get<handler>(r.handle)(asked, [box](response a) { box->set_value(std::move(a)); });
    REQUIRE(answered.wait_for(patience) == std::future_status::ready);
    auto const a = answered.get();
    CHECK(a.status == 200);
    return json::parse(a.body).value().as_object();
  }
  FAIL("there is no such route");
  return {};
}

} // namespace

TEST_CASE("api: a command that took its entity down twice is listed with what was sent", "[api]") {
  tenant_id const tenant{"default"};
  daemon_hub hub{tenant, std::chrono::seconds{10}};
  node_settings s;
  s.owner = "test";
  auto made = node::start(std::move(s), open_memory_store(), hub);
  REQUIRE(made.has_value());
  auto& n = **made;
  hub.attach(n);
  token_index tokens{n.clock()};
  api const edge{n, hub, tokens, tenant};
  auto const none = dead_letters(edge);
  CHECK(none.at("items").as_array().empty());
  CHECK(none.at("total").to_number<int>() == 0);

  // Whoever takes the answer throws, on the entity's own thread.
  entity_ref const token{tenant, entity_kind::principal, "p1"};
  principal::issue c;
  c.who = principal_id{"human:bob"};
  c.label = "password=hunter2hunter2A9xQ";
  c.secret_hash = std::string(64, 'a');
  c.roles = {principal::role::viewer};
  for (std::uint64_t crashes = 1; crashes <= 2; ++crashes) {
    submit_options o;
    o.by = principal_id{"human:ada"};
    o.cause = "poison";
    n.submit(token, principal::command{c}, o, [](command_result const& r) {
      if (r)
        throw std::runtime_error("no answer with AKIA2E0A8F3B7C9D1G5H in it");
    });
    REQUIRE(eventually([&] { return n.counts().crashes == crashes; }));
  }
  REQUIRE(eventually([&] { return n.counts().dead_letters == 1; }));
  auto const listed = dead_letters(edge);
  CHECK(listed.at("total").to_number<int>() == 1);
  auto const& items = listed.at("items").as_array();
  REQUIRE(items.size() == 1);
  CHECK(text_at(items[0], "entity") == to_string(token));
  CHECK(text_at(items[0], "command") == "poison");
  CHECK(text_at(items[0], "kind") == "principal.issue");
  CHECK(text_at(items[0], "why").starts_with("no answer with [redacted:"));
  CHECK(items[0].at("at").to_number<std::int64_t>() > 1'700'000'000'000);
  CHECK(text_at(items[0].at("body"), "who") == "human:bob");
  auto const all = json::canonical(listed);
  CHECK(all.find("hunter2") == std::string::npos);
  CHECK(all.find("aaaaaaaa") == std::string::npos); // not even a hash
  CHECK(n.stop(std::chrono::seconds{5}));
}

TEST_CASE("api: dead letters are the administrator's, on the wire and from the shell", "[api]") {
  api_lab lab;
  auto const mine = lab.get("/api/dead-letters");
  CHECK(mine.status == 200);
  CHECK(mine.json.at("total").to_number<int>() == 0);
  CHECK(lab.get("/api/dead-letters", lab.as(lab.token_for("viewer"))).status == 403);

  std::map<std::string, std::string> const env{{"TROUPE_SERVER", lab.url()},
                                               {"TROUPE_TOKEN", lab.token()}};
  auto const shown = run_troupe({"dead-letters", "--server", lab.url()}, lab.home(), env);
  INFO(shown.err);
  CHECK(shown.exit_code == 0);
  CHECK(shown.out.starts_with("No dead letters"));
  auto const document =
      run_troupe({"dead-letters", "--json", "--server", lab.url()}, lab.home(), env);
  auto const read = json::parse(document.out);
  REQUIRE(read.has_value());
  CHECK(read->at("items").as_array().empty());
  auto const doctor = run_troupe({"doctor", "--server", lab.url()}, lab.home(), env);
  CHECK(doctor.out.find("incidents") == std::string::npos); // nothing is said of nothing
}
