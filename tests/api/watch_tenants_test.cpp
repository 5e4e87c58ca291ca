#include "actors/tap/hub.hpp"
#include "gateway/auth/token.hpp"
#include "gateway/http/server.hpp"
#include "gateway/routes/watch_desk.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/api/inner_node.hpp"
#include "tests/api/lab.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// A server inside the test, for two tenants.
struct two_tenants : inner_node {
  two_tenants() : inner_node(open_memory_store()) {
    desk.emplace(*n, inner_tenant, tap);
    edge->watches = &*desk;
    router table;
    for (auto& r : all_routes(*edge))
      table.add(std::move(r));
    REQUIRE(server
                .start(std::move(table),
                       std::shared_ptr<token_checker>(std::shared_ptr<void>{}, &*tokens))
                .has_value());
  }
  ~two_tenants() {
    server.stop(std::chrono::seconds{5});
    desk.reset();
  }

  /// A token that may watch everything of a tenant.
  std::string token_of(tenant_id const& tenant) {
    auto const token = new_token();
    principal::issue c;
    c.who = principal_id{"human:" + tenant.value};
    c.label = "watcher";
    c.secret_hash = hash_token(token);
    c.roles = {principal::role::admin};
    tokens->learn_state(
        tell({tenant, entity_kind::principal, c.secret_hash.substr(0, 32)}, principal::command{c}));
    return token;
  }
  json::value tell(entity_ref const& to, any_command c) {
    submit_options o;
    o.by = principal_id{"human:" + to.tenant.value};
    o.correlation = to.tenant.value + "-talk";
    o.want_state = true;
    auto const done = n->tell(to, std::move(c), std::move(o));
    INFO((done ? "" : done.error().message));
    REQUIRE(done.has_value());
    return done->state;
  }
  void work(tenant_id const& tenant, std::string const& id) {
    project::create c;
    c.name = id + " of " + tenant.value;
    c.config = find_template("standard@1").value().config;
    c.config.repository = "none";
    (void)tell({tenant, entity_kind::project, id}, project::command{std::move(c)});
  }
  [[nodiscard]] std::string url(std::string const& query) const {
    return server.url() + "/api/watch?rate=10000&contents=true&limit=1000000" + query;
  }

  traffic::hub tap;
  std::optional<watch_desk> desk;
  http_server server{server_settings{}};
};

bool has(std::vector<stream_event> const& all, std::string_view text) {
  return std::any_of(all.begin(), all.end(),
                     [&](stream_event const& e) { return e.data.find(text) != std::string::npos; });
}

} // namespace

TEST_CASE("watch tenants: nobody gets a byte of another tenant's, over any way", "[api]") {
  two_tenants lab;
  tenant_id const mine{"antelope"};
  tenant_id const other{"zebra"};
  auto const token = lab.token_of(mine);
  auto const theirs = lab.token_of(other);
  lab.work(mine, "antelope-past");
  lab.work(other, "zebra-past");
  auto const as = api_lab::as;
  stream_reader live{lab.url(""), as(token)};
  stream_reader named{lab.url("&filter=tenant%3Dzebra%20or%20project%3Dzebra-live"), as(token)};
  stream_reader past{lab.url("&since=1h"), as(token)};
  stream_reader reverse{lab.url("&since=1h"), as(theirs)};
  raw_socket socket{lab.server.port(), "/api/watch?rate=10000&contents=true", token};
  REQUIRE(socket.handshake().status == 101);
  for (auto* reader : {&live, &named, &past, &reverse})
    REQUIRE(reader->opens());
  for (int i = 0; i < 20; ++i) {
    lab.work(other, "zebra-live" + std::to_string(i));
    lab.work(mine, "antelope-live" + std::to_string(i));
  }
  auto const ends = [](char const* last) {
    return [last](auto const& all) { return has(all, last); };
  };
  REQUIRE(live.wait_for(ends("antelope-live19")));
  REQUIRE(past.wait_for(ends("antelope-live19")));
  REQUIRE(reverse.wait_for(ends("zebra-live19")));
  CHECK(has(past.got(), "antelope-past"));
  CHECK(has(reverse.got(), "zebra-past"));
  CHECK_FALSE(has(live.got(), "zebra"));
  CHECK_FALSE(has(past.got(), "zebra"));
  CHECK_FALSE(has(reverse.got(), "antelope"));
  CHECK(named.got().empty());
  for (std::string text; text.find("antelope-live19") == std::string::npos;) {
    auto const f = socket.read_message();
    REQUIRE(f.opcode == 1);
    text = f.payload;
    CHECK(text.find("zebra") == std::string::npos);
  }
  // Nor may a position of the whole ledger tell more than one's own events.
  stream_reader after{lab.url("&after=p1."), as(token)};
  REQUIRE(after.wait_for(ends("antelope-live19")));
  CHECK_FALSE(has(after.got(), "zebra"));
}

TEST_CASE("watch: when the tap ends, its watchers hear it and the team goes on", "[api]") {
  two_tenants lab;
  tenant_id const mine{"antelope"};
  auto const token = lab.token_of(mine);
  stream_reader live{lab.url(""), api_lab::as(token)};
  stream_reader past{lab.url("&since=1h"), api_lab::as(token)};
  REQUIRE(live.opens());
  REQUIRE(past.opens());
  lab.work(mine, "before");
  REQUIRE(live.wait_for([](auto const& all) { return has(all, "before"); }));
  lab.tap.stop("internal");
  for (auto* reader : {&live, &past}) {
    REQUIRE(reader->ends());
    CHECK(reader->got().back().event == "closed");
    CHECK(text_at(data_of(reader->got().back()), "reason") == "internal");
  }
  for (int i = 0; i < 20; ++i)
    lab.work(mine, "after" + std::to_string(i));
  CHECK(lab.n->ask({mine, entity_kind::project, "after19"}).has_value());
  auto const again = http_request("GET", lab.url(""), api_lab::as(token), {});
  REQUIRE(again.has_value());
  CHECK(again->status == 503);
}
