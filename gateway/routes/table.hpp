#pragma once

#include "gateway/http/router.hpp"
#include "gateway/routes/api.hpp"

namespace troupe {

constexpr std::size_t small_body = 64 * 1024;
/// Sources may have 512 KiB; JSON escapes can make three times that of them.
constexpr std::size_t submit_limit = 2 * 1024 * 1024;

// One row of the table: method, path, who may, how large, what.
[[nodiscard]] inline route row(std::string method, std::string pattern, role needs,
                               std::size_t limit, route_kind kind, handler h) {
  route r;
  r.method = std::move(method);
  r.pattern = std::move(pattern);
  r.needs = needs;
  r.body_limit = limit;
  r.kind = kind;
  r.handle = std::move(h);
  return r;
}
[[nodiscard]] inline route get(std::string pattern, role needs, handler h) {
  return row("GET", std::move(pattern), needs, 0, route_kind::json, std::move(h));
}
[[nodiscard]] inline route post(std::string pattern, role needs, std::size_t limit, handler h) {
  return row("POST", std::move(pattern), needs, limit, route_kind::json, std::move(h));
}
[[nodiscard]] inline route post_raw(std::string pattern, role needs, std::size_t limit, handler h) {
  return row("POST", std::move(pattern), needs, limit, route_kind::raw, std::move(h));
}
[[nodiscard]] inline route put(std::string pattern, role needs, std::size_t limit, handler h) {
  return row("PUT", std::move(pattern), needs, limit, route_kind::json, std::move(h));
}
[[nodiscard]] inline route patch(std::string pattern, role needs, std::size_t limit, handler h) {
  return row("PATCH", std::move(pattern), needs, limit, route_kind::json, std::move(h));
}
[[nodiscard]] inline route remove(std::string pattern, role needs, handler h) {
  return row("DELETE", std::move(pattern), needs, 0, route_kind::json, std::move(h));
}
[[nodiscard]] inline route stream(std::string pattern, role needs, stream_handler h) {
  route r;
  r.method = "GET";
  r.pattern = std::move(pattern);
  r.needs = needs;
  r.body_limit = 0;
  r.kind = route_kind::sse;
  r.handle = std::move(h);
  return r;
}
[[nodiscard]] inline route socket(std::string pattern, role needs, socket_handler h) {
  route r;
  r.method = "GET";
  r.pattern = std::move(pattern);
  r.needs = needs;
  r.body_limit = 0;
  r.kind = route_kind::websocket;
  r.handle = std::move(h);
  return r;
}

void add_brief_routes(std::vector<route>& out, api const& a);
void add_ticket_routes(std::vector<route>& out, api const& a);
void add_budget_routes(std::vector<route>& out, api const& a);
void add_project_routes(std::vector<route>& out, api const& a);
void add_people_routes(std::vector<route>& out, api const& a);
void add_access_routes(std::vector<route>& out, api const& a);
void add_event_routes(std::vector<route>& out, api const& a);
void add_incident_routes(std::vector<route>& out, api const& a);
void add_health_routes(std::vector<route>& out, api const& a);
void add_dashboard_routes(std::vector<route>& out, api const& a);
void add_ledger_routes(std::vector<route>& out, api const& a);
void add_metrics_route(std::vector<route>& out, api const& a);
void add_watch_routes(std::vector<route>& out, api const& a);

/// Every route of the server.
[[nodiscard]] std::vector<route> all_routes(api const& a);

} // namespace troupe
