#pragma once

#include "gateway/http/server.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <optional>

namespace troupe::test {

/// Takes traces over OTLP/HTTP on loopback, and answers as it is told. `answer` is called on a
/// thread of the server, by several at once.
class trace_receiver {
public:
  trace_receiver(std::size_t body_limit, std::function<response(request const&)> answer) {
    route r;
    r.method = "POST";
    r.pattern = "/v1/traces";
    r.needs = role::none;
    r.body_limit = body_limit;
    r.kind = route_kind::raw; // as it came: the edge would take secrets out of JSON
    r.handle = [answer = std::move(answer)](request const& q, reply const& reply) {
      reply(answer(q));
    };
    router table;
    table.add(std::move(r));
    server_settings s;
    s.port = 0;
    server_.emplace(s, std::move(table));
    REQUIRE(server_->start().has_value());
  }
  ~trace_receiver() { server_->stop(std::chrono::seconds{5}); }
  trace_receiver(trace_receiver const&) = delete;
  trace_receiver& operator=(trace_receiver const&) = delete;

  [[nodiscard]] std::string endpoint() const { return server_->url(); }

private:
  std::optional<http_server> server_;
};

} // namespace troupe::test
