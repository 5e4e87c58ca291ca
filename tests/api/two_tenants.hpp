#pragma once

#include "actors/tap/hub.hpp"
#include "gateway/auth/token.hpp"
#include "gateway/http/server.hpp"
#include "gateway/routes/watch_desk.hpp"
#include "persistence/memory/memory_store.hpp"
#include "tests/api/inner_node.hpp"
#include "tests/api/lab.hpp"

namespace troupe::test {

/// A server inside the test, for two tenants.
struct two_tenants : inner_node {
  explicit two_tenants(std::size_t recent = node_settings{}.recent)
      : inner_node(open_memory_store(), recent) {
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
  /// Makes a project.
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

} // namespace troupe::test
