#include "tests/api/watch_lines.hpp"
#include "tests/gateway/edge_lab.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE("watch: those that do not read change nothing for those who do", "[api]") {
  api_lab lab;
  lab.project();
  std::vector<std::unique_ptr<raw_connection>> stalled;
  auto const head = "GET /api/watch?rate=10000&limit=1000000&contents=true HTTP/1.1\r\n"
                    "Host: localhost\r\nAuthorization: Bearer " +
                    lab.token() + "\r\n";
  auto const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  for (int i = 0; i < 100; ++i) {
    stalled.push_back(
        std::make_unique<raw_connection>(static_cast<std::uint16_t>(lab.port()), 2048));
    REQUIRE(stalled.back()->send(head + (i % 2 == 0 ? "\r\n" : std::string{upgrade} + "\r\n")));
  }
  traffic_reader reader{lab, "?rate=10000&limit=1000000&filter=kind%3Dproject.created"};
  // Far more than their sockets take.
  constexpr int many = 60;
  for (int i = 0; i < many; ++i)
    make_project(lab, "p" + std::to_string(i));
  REQUIRE(reader.wait_for([](auto const& all) {
    return std::count_if(all.begin(), all.end(), [](stream_event const& e) {
             return e.event == "record" && text_at(data_of(e), "direction") == "out";
           }) == many;
  }));
  for (auto const& e : reader.got())
    CHECK(e.event == "record"); // no gap
  // Whoever reads on late is told what it missed.
  auto& late = *stalled.front();
  std::string text;
  auto const told = [&] {
    return text.find("event: gap") != std::string::npos ||
           text.find("event: counters") != std::string::npos;
  };
  for (bool more = true; more && !told();) {
    auto const part = late.take(1024);
    more = part.size() == 1024;
    text += part;
  }
  CHECK(told());
  stalled.clear();
  lab.stop();
}
