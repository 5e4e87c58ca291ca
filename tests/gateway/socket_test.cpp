#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;
using std::chrono::milliseconds;

namespace {

/// A lab whose `/link` echoes, and keeps its sockets for the test.
struct socket_lab : edge_lab {
  std::mutex m;
  std::vector<std::shared_ptr<web_socket>> sockets;
  std::vector<std::pair<std::uint16_t, std::string>> ends;
  bool echo = true;

  socket_lab() {
    socket("/link", [this](request const&, std::shared_ptr<web_socket> s) {
      s->on_text([this, weak = std::weak_ptr{s}](std::string const& text) {
        if (text == "throw")
          throw std::runtime_error("bug");
        if (auto self = weak.lock(); self && echo)
          self->send("echo " + text);
      });
      s->on_close([this](std::uint16_t code, std::string_view reason) {
        std::lock_guard lock{m};
        ends.emplace_back(code, reason);
      });
      std::lock_guard lock{m};
      sockets.push_back(std::move(s));
    });
  }
  ~socket_lab() { server.reset(); }
  std::shared_ptr<web_socket> one(std::size_t n = 0) {
    REQUIRE(eventually([&] {
      std::lock_guard lock{m};
      return sockets.size() > n;
    }));
    std::lock_guard lock{m};
    return sockets[n];
  }
  std::pair<std::uint16_t, std::string> end() {
    REQUIRE(eventually([&] {
      std::lock_guard lock{m};
      return !ends.empty();
    }));
    std::lock_guard lock{m};
    CHECK(ends.size() == 1);
    return ends.front();
  }
};

} // namespace

TEST_CASE("socket: messages go both ways", "[gateway]") {
  socket_lab lab;
  lab.start();
  raw_socket c{lab.port(), "/link"};
  REQUIRE(c.handshake().status == 101);
  // RFC 6455, 1.3: the example key and its answer.
  CHECK(c.handshake().headers.get("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  c.text("one");
  CHECK(c.read_message().payload == "echo one");
  c.send(1, "t", false);
  c.send(0, "wo", true);
  CHECK(c.read_message().payload == "echo two");
  c.text(std::string(200'000, 'x'));
  CHECK(c.read_message().payload.size() == 200'005);
  c.text("");
  CHECK(c.read_message().payload == "echo ");
  CHECK(lab.one()->send("from the server"));
  CHECK(c.read_message().payload == "from the server");
}

TEST_CASE("socket: sends from many threads arrive whole and all", "[gateway]") {
  socket_lab lab;
  lab.start();
  raw_socket c{lab.port(), "/link"};
  auto s = lab.one();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&s, t] {
      for (int i = 0; i < 100; ++i)
        s->send(std::to_string(t) + ":" + std::to_string(i));
    });
  for (auto& t : threads)
    t.join();
  std::map<char, int> next;
  for (int i = 0; i < 400; ++i) {
    auto const f = c.read_message();
    REQUIRE(f.payload == std::string{f.payload[0]} + ":" + std::to_string(next[f.payload[0]]++));
  }
}

TEST_CASE("socket: the server closes with code and reason", "[gateway]") {
  socket_lab lab;
  lab.start();
  raw_socket c{lab.port(), "/link"};
  auto s = lab.one();
  s->send("last words");
  s->close(4001, "token revoked" + std::string(200, '!'));
  CHECK(c.read_message().payload == "last words");
  auto const f = c.read_message();
  CHECK(f.close_code() == 4001);
  CHECK(f.payload.size() == 125);
  CHECK(f.payload.substr(2, 13) == "token revoked");
  CHECK(lab.end().first == 4001);
  CHECK_FALSE(s->send("x"));
  CHECK(s->closed());
  c.send(8, f.payload);
  CHECK(c.connection().read_to_end());
}

TEST_CASE("socket: the client's close is answered and told", "[gateway]") {
  socket_lab lab;
  lab.start();
  raw_socket c{lab.port(), "/link"};
  lab.one();
  c.send(8, std::string{"\x03\xe8", 2} + "bye");
  CHECK(c.read_message().close_code() == 1000);
  auto const end = lab.end();
  CHECK(end.first == 1000);
  CHECK(end.second == "bye");
  CHECK(c.connection().read_to_end());
}

TEST_CASE("socket: a connection that breaks is 1006", "[gateway]") {
  socket_lab lab;
  lab.start();
  {
    raw_socket c{lab.port(), "/link"};
    lab.one();
  }
  CHECK(lab.end().first == 1006);
  CHECK(eventually([&] { return lab.server->now().streams == 0; }));
}

TEST_CASE("socket: wrong frames end it with their code", "[gateway]") {
  socket_lab lab;
  lab.start();
  raw_socket c{lab.port(), "/link"};
  lab.one();
  unsigned expected = 0;
  SECTION("binary") {
    expected = 1003;
    c.send(2, "bytes");
  }
  SECTION("10 MB of text") {
    expected = 1009;
    c.text(std::string(10'000'000, 'x'));
  }
  SECTION("10 MB in fragments") {
    expected = 1009;
    c.send(1, std::string(500'000, 'x'), false);
    for (int i = 0; i < 19; ++i)
      c.send(0, std::string(500'000, 'x'), i == 18);
  }
  SECTION("text that is not UTF-8") {
    expected = 1007;
    c.text("\xff\xfe");
  }
  SECTION("no mask") {
    expected = 1002;
    c.send(1, "plain", true, false);
  }
  SECTION("an unknown opcode") {
    expected = 1002;
    c.send(5, "x");
  }
  SECTION("a handler that throws") {
    expected = 1011;
    c.text("throw");
  }
  CHECK(c.read_message().close_code() == expected);
  CHECK(lab.end().first == expected);
  c.connection().close();
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
}

TEST_CASE("socket: a client that says nothing is pinged, then dropped", "[gateway]") {
  socket_lab lab;
  lab.settings.socket_idle_deadline = milliseconds{2000};
  lab.start();
  raw_socket c{lab.port(), "/link"};
  lab.one();
  auto const ping = c.read();
  CHECK(ping.opcode == 9);
  c.send(10, ping.payload); // a pong buys time
  CHECK(c.read().opcode == 9);
  CHECK(lab.end().first == 1006); // then it stays silent
}

TEST_CASE("socket: a reader that is too slow is closed", "[gateway]") {
  socket_lab lab;
  lab.settings.stream_queue_bytes = 256 * 1024;
  lab.settings.stream_socket_buffer_bytes = 16 * 1024;
  lab.settings.write_deadline = milliseconds{200};
  lab.start();
  raw_socket c{lab.port(), "/link"};
  auto s = lab.one();
  std::size_t sent = 0;
  while (s->send(std::string(10'000, 'x')))
    REQUIRE(++sent < 100'000);
  CHECK(lab.end().first == 1013);
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
}

TEST_CASE("socket: all readers together hold so much, and the one furthest behind pays",
          "[gateway]") {
  socket_lab lab;
  constexpr std::size_t most = 256 * 1024;
  lab.settings.stream_queues_bytes = most;
  lab.settings.stream_socket_buffer_bytes = 16 * 1024;
  std::mutex m;
  std::shared_ptr<event_stream> events;
  lab.sse("/events", [&](request const&, std::shared_ptr<event_stream> s) {
    std::lock_guard lock{m};
    events = std::move(s);
  });
  lab.start();
  raw_socket c{lab.port(), "/link"};
  auto s = lab.one();
  raw_connection other{lab.port(), 4096};
  other.send(lab.get("/events"));
  REQUIRE(eventually([&] {
    std::lock_guard lock{m};
    return events != nullptr;
  }));
  // Both stand still: the server is writing to them more than the kernel takes.
  auto const held = [&] { return lab.server->now().stream_bytes; };
  REQUIRE(events->send("", "", std::string(200'000, 'x')));
  REQUIRE(eventually([&] { return held() == 0; }));
  REQUIRE(s->send(std::string(200'000, 'x')));
  REQUIRE(eventually([&] { return held() == 0; }));
  while (held() < most / 4 * 3)
    REQUIRE(s->send(std::string(10'000, 'x')));
  // What another kind of stream adds counts with it.
  while (!s->closed())
    REQUIRE(events->send("", "", std::string(1000, 'x')));
  CHECK(lab.end().first == 1013);
  CHECK(lab.server->now().streams_shed == 1);
  CHECK_FALSE(events->closed());
  c.connection().close();
  other.close();
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
  CHECK(lab.server->now().stream_bytes == 0);
}

TEST_CASE("socket: plain requests, strangers and other origins are refused", "[gateway]") {
  edge_lab lab;
  lab.socket(
      "/link", [](request const&, std::shared_ptr<web_socket> const& s) { s->send("hello"); },
      role::daemon);
  lab.start();
  auto const plain = lab.ask(lab.get("/link", "Authorization: Bearer " + lab.daemon + "\r\n"));
  CHECK(plain.status == 426);
  CHECK(plain.headers.get("Upgrade") == "websocket");
  CHECK(raw_socket{lab.port(), "/link"}.handshake().status == 401);
  CHECK(raw_socket{lab.port(), "/link", lab.admin}.handshake().status == 403);
  CHECK(raw_socket{lab.port(), "/link", lab.daemon, "Origin: http://evil.example\r\n"}
            .handshake()
            .status == 403);
  raw_socket good{lab.port(), "/link", lab.daemon};
  CHECK(good.handshake().status == 101);
  CHECK(good.read_message().payload == "hello");
  CHECK(lab.ask(lab.get("/link", "Authorization: Bearer " + lab.daemon +
                                     "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                     "Sec-WebSocket-Version: 7\r\nSec-WebSocket-Key: "
                                     "dGhlIHNhbXBsZSBub25jZQ==\r\n"))
            .status >= 400);
}
