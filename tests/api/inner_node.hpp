#pragma once

#include "actors/domain/kinds.hpp"
#include "gateway/routes/table.hpp"
#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>

namespace troupe::test {

inline tenant_id const inner_tenant{"default"};

/// A node with the API's handlers inside the test, and no network.
struct inner_node {
  /// `recent`: events that it keeps at hand; older ones it reads from the store.
  explicit inner_node(store_factory const& store, std::size_t recent = node_settings{}.recent) {
    node_settings s;
    s.owner = "test";
    s.recent = recent;
    s.grace = std::chrono::milliseconds{200};
    auto made = node::start(std::move(s), store, hub);
    if (!made)
      FAIL(made.error().message);
    n = std::move(*made);
    hub.attach(*n);
    REQUIRE(n->resume().has_value());
    tokens.emplace(n->clock());
    edge.emplace(api{*n, hub, *tokens, inner_tenant});
  }
  ~inner_node() { CHECK(n->stop(std::chrono::seconds{10})); }
  inner_node(inner_node const&) = delete;
  inner_node& operator=(inner_node const&) = delete;

  daemon_hub hub{inner_tenant, std::chrono::seconds{10}};
  std::unique_ptr<node> n;
  std::optional<token_index> tokens;
  std::optional<api> edge;
};

} // namespace troupe::test
