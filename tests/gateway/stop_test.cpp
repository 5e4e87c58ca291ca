#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("stop: what is under way is finished, what is idle ends", "[gateway]") {
  edge_lab lab;
  std::mutex m;
  std::optional<reply> waiting;
  std::shared_ptr<event_stream> stream;
  std::shared_ptr<web_socket> link;
  lab.json("GET", "/wait", [&](request const&, reply answer) {
    std::lock_guard lock{m};
    waiting = std::move(answer);
  });
  lab.sse("/events", [&](request const&, std::shared_ptr<event_stream> s) {
    std::lock_guard lock{m};
    stream = std::move(s);
  });
  lab.socket("/link", [&](request const&, std::shared_ptr<web_socket> s) {
    std::lock_guard lock{m};
    link = std::move(s);
  });
  lab.start();
  raw_connection idle{lab.port()};
  idle.send(lab.get("/hello"));
  REQUIRE(idle.answer().status == 200);
  raw_connection busy{lab.port()};
  busy.send(lab.get("/wait") + lab.get("/hello"));
  raw_connection events{lab.port()};
  events.send(lab.get("/events"));
  raw_socket socket{lab.port(), "/link"};
  REQUIRE(eventually([&] {
    std::lock_guard lock{m};
    return waiting && stream && link;
  }));
  stream->open();

  std::thread stopper{[&] { lab.server->stop(seconds{20}); }};
  CHECK(idle.read_to_end());
  auto const s = events.answer();
  CHECK(s.body.find("event: closed\ndata: "
                    "{\"type\":\"closed\",\"reason\":\"server_stopping\",\"again\":true}") !=
        std::string::npos);
  auto const f = socket.read_message();
  CHECK(f.close_code() == 1001);
  socket.send(8, f.payload);
  // Nobody new comes in.
  CHECK(eventually([&] {
    try {
      raw_connection late{lab.port()};
      return false;
    } catch (std::runtime_error const&) {
      return true;
    }
  }));
  (*waiting)(json_response(200, {{"finished", true}}));
  auto const r = busy.answer();
  CHECK(r.status == 200);
  CHECK(r.headers.get("Connection") == "close");
  CHECK(busy.read_to_end());
  CHECK(busy.pending().empty()); // the second one was not begun
  stopper.join();
  CHECK(lab.server->now().connections == 0);
}

TEST_CASE("stop: the deadline cuts what does not end", "[gateway]") {
  edge_lab lab;
  std::mutex m;
  std::optional<reply> waiting;
  std::shared_ptr<web_socket> link;
  lab.json("GET", "/wait", [&](request const&, reply answer) {
    std::lock_guard lock{m};
    waiting = std::move(answer);
  });
  lab.socket("/link", [&](request const&, std::shared_ptr<web_socket> s) {
    std::lock_guard lock{m};
    link = std::move(s);
  });
  lab.start();
  raw_connection stuck{lab.port()};
  stuck.send(lab.get("/wait"));
  raw_connection half{lab.port()};
  half.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 10\r\n\r\n{");
  raw_socket deaf{lab.port(), "/link"}; // never answers the close
  REQUIRE(eventually([&] {
    std::lock_guard lock{m};
    return waiting && link && lab.server->now().connections == 3;
  }));
  auto const begin = std::chrono::steady_clock::now();
  lab.server->stop(milliseconds{100});
  CHECK(std::chrono::steady_clock::now() - begin < seconds{4});
  CHECK(lab.server->now().connections == 0);
  CHECK(stuck.read_to_end());
  CHECK(half.read_to_end());
  (*waiting)(json_response(200, {})); // too late, and harmless
  CHECK_FALSE(link->send("x"));
}

TEST_CASE("stop: a second stop and a stop before start do nothing", "[gateway]") {
  edge_lab lab;
  lab.start();
  lab.server->stop(seconds{1});
  lab.server->stop(seconds{1});
  http_server never{server_settings{}, router{}};
  never.stop(seconds{1});
  CHECK(never.port() == 0);
}

TEST_CASE("stop: the port is free again", "[gateway]") {
  edge_lab lab;
  lab.start();
  auto const port = lab.port();
  CHECK(lab.ask(lab.get("/hello")).status == 200);
  lab.server->stop(seconds{1});
  edge_lab next;
  next.settings.port = port;
  next.start();
  CHECK(next.ask(next.get("/hello")).status == 200);
}
