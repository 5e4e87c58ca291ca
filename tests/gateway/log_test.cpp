#include "tests/gateway/edge_lab.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/log_capture.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("log: what is logged of a request can be found by its trace id", "[gateway]") {
  log_capture const log;
  std::vector<reply> kept; // one that is let go is answered at once
  router table;
  auto const add = [&](std::string pattern, handler h) {
    route r;
    r.method = "GET";
    r.pattern = std::move(pattern);
    r.needs = role::none;
    r.handle = std::move(h);
    r.reply_deadline = std::chrono::milliseconds{50};
    table.add(std::move(r));
  };
  add("/throws", [](request const&, reply const&) { throw std::runtime_error{"a bug"}; });
  add("/silent", [&](request const&, reply const& answer) {
    spdlog::info("handled");
    kept.push_back(answer);
  });
  server_settings s;
  s.port = 0;
  http_server server{s, std::move(table)};
  REQUIRE(server.start().has_value());
  std::string const trace = "0af7651916cd43dd8448eb211c80319c";
  for (auto const& [path, status] :
       std::map<std::string, int>{{"/throws", 500}, {"/silent", 504}}) {
    raw_connection c{server.port()};
    REQUIRE(c.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\ntraceparent: 00-" + trace +
                   "-b7ad6b7169203331-01\r\nConnection: close\r\n\r\n"));
    CHECK(c.answer().status == status);
  }
  for (auto const* text : {"a bug", "handled", "no answer in time"}) {
    INFO(text);
    auto const lines = log.with(text);
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().about == trace);
  }
  // The threads that answered are about nothing afterwards.
  server.stop(std::chrono::seconds{5});
}
