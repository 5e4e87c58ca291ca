#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;
using std::chrono::milliseconds;

namespace {

/// A lab whose `/events` hands its streams to the test.
struct stream_lab : edge_lab {
  std::mutex m;
  std::vector<std::shared_ptr<event_stream>> streams;
  std::vector<std::string> ends;

  stream_lab() {
    sse("/events", [this](request const&, std::shared_ptr<event_stream> s) {
      s->on_close([this](std::string_view reason) {
        std::lock_guard lock{m};
        ends.emplace_back(reason);
      });
      std::lock_guard lock{m};
      streams.push_back(std::move(s));
    });
  }
  ~stream_lab() { server.reset(); }
  std::shared_ptr<event_stream> stream(std::size_t n = 0) {
    REQUIRE(eventually([&] {
      std::lock_guard lock{m};
      return streams.size() > n;
    }));
    std::lock_guard lock{m};
    return streams[n];
  }
  std::vector<std::string> closed_with(std::size_t n) {
    REQUIRE(eventually([&] {
      std::lock_guard lock{m};
      return ends.size() >= n;
    }));
    std::lock_guard lock{m};
    return ends;
  }
};

/// A reader that stands still: the server is writing to it more than the kernel takes, so that
/// whatever comes then waits.
struct stalled_reader {
  stalled_reader(stream_lab& lab, std::size_t n) : connection(lab.port(), 4096) {
    connection.send(lab.get("/events"));
    stream = lab.stream(n);
    REQUIRE(stream->send("", "", std::string(200'000, 'x')));
    REQUIRE(eventually([&] { return lab.server->now().stream_bytes == 0; }));
  }
  bool push() const { return stream->send("", "", std::string(1000, 'x')); }

  raw_connection connection;
  std::shared_ptr<event_stream> stream;
};

} // namespace

TEST_CASE("events: they arrive in order, from any thread", "[gateway]") {
  stream_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/events", "Last-Event-ID: 41\r\n"));
  auto s = lab.stream();
  CHECK(s->last_event_id() == "41");
  std::thread other{[&] {
    for (int i = 42; i < 142; ++i)
      s->send(std::to_string(i), "tick", "n=" + std::to_string(i));
    s->close("done", false);
  }};
  other.join();
  auto const r = c.answer();
  CHECK(r.status == 200);
  CHECK(r.headers.get("Content-Type") == "text/event-stream");
  CHECK(r.headers.get("X-Accel-Buffering") == "no");
  std::string expected = "retry: 1000\n\n";
  for (int i = 42; i < 142; ++i) {
    auto const n = std::to_string(i);
    expected += "id: " + n + "\nevent: tick\ndata: n=" + n + "\n\n";
  }
  expected += "event: closed\ndata: {\"type\":\"closed\",\"reason\":\"done\",\"again\":false}\n\n";
  CHECK(r.body == expected);
  CHECK(lab.closed_with(1) == std::vector<std::string>{"done"});
  CHECK_FALSE(s->send("1", "late", "x"));
  CHECK(s->closed());
}

TEST_CASE("events: more than one batch arrives whole", "[gateway]") {
  stream_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/events"));
  auto s = lab.stream();
  for (int i = 0; i < 500; ++i)
    REQUIRE(s->send("", "", std::string(2000, 'x')));
  s->close("done", false);
  CHECK(c.answer().body.size() > 500 * 2000);
}

TEST_CASE("events: HTTP/1.0 gets them without chunks", "[gateway]") {
  stream_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  c.send("GET /events HTTP/1.0\r\n\r\n");
  auto s = lab.stream();
  s->send("1", "a", "b");
  s->close("done", false);
  auto const r = c.answer();
  CHECK_FALSE(r.headers.has("Transfer-Encoding"));
  CHECK(r.body.find("id: 1\nevent: a\ndata: b\n\n") != std::string::npos);
}

TEST_CASE("events: a quiet stream is kept alive and opened", "[gateway]") {
  stream_lab lab;
  lab.settings.keep_alive_interval = milliseconds{30};
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/events"));
  CHECK(c.read_until("text/event-stream"));
  CHECK(c.read_until(": keep-alive\n\n"));
  c.drop();
  CHECK(c.read_until(": keep-alive\n\n"));
}

TEST_CASE("events: open sends the head at once", "[gateway]") {
  stream_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/events"));
  lab.stream()->open();
  CHECK(c.read_until("\r\n\r\n"));
}

TEST_CASE("events: a stream can be refused before it begins", "[gateway]") {
  stream_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/events"));
  auto s = lab.stream();
  s->reject(problem(fail(errc::not_found, "no such brief"), "/events"));
  CHECK(c.answer().status == 404);
  CHECK_FALSE(s->send("", "", "x"));
  CHECK(lab.closed_with(1) == std::vector<std::string>{"rejected"});
}

TEST_CASE("events: the handler's bug is a 500", "[gateway]") {
  edge_lab lab;
  lab.sse("/bug", [](request const&, std::shared_ptr<event_stream> const&) {
    throw std::runtime_error("oops");
  });
  lab.start();
  CHECK(lab.ask(lab.get("/bug")).status == 500);
}

TEST_CASE("events: a client that leaves is noticed without a write", "[gateway]") {
  stream_lab lab;
  lab.start();
  {
    raw_connection c{lab.port()};
    c.send(lab.get("/events"));
    lab.stream()->open();
    REQUIRE(c.read_until("retry"));
    SECTION("by closing") {}
    SECTION("half open: it will not send, nor be sent to") {
      c.shutdown_write();
    }
    c.close();
  }
  CHECK(lab.closed_with(1) == std::vector<std::string>{"client_left"});
  CHECK_FALSE(lab.stream()->send("", "", "x"));
  CHECK(eventually([&] { return lab.server->now().streams == 0; }));
}

TEST_CASE("events: a reader that is too slow is dropped with a reason", "[gateway]") {
  stream_lab lab;
  lab.settings.stream_queue_bytes = 256 * 1024;
  lab.settings.stream_socket_buffer_bytes = 16 * 1024;
  lab.start();
  raw_connection slow{lab.port(), 4096};
  slow.send(lab.get("/events"));
  auto s = lab.stream();
  raw_connection quick{lab.port()};
  quick.send(lab.get("/events"));
  auto q = lab.stream(1);

  // It reads nothing; sooner or later the bound is reached, and never more than that is held.
  std::size_t sent = 0;
  while (s->send(std::to_string(sent), "tick", std::string(1000, 'x')))
    REQUIRE(++sent < 100'000);
  CHECK(sent >= 200);
  CHECK(s->closed());
  CHECK(lab.closed_with(1) == std::vector<std::string>{"slow_reader"});

  q->send("1", "tick", "still here");
  CHECK(quick.read_until("still here"));
  // When it reads again it learns why.
  CHECK(slow.read_to_end());
  CHECK(
      slow.pending().find(
          "event: closed\ndata: {\"type\":\"closed\",\"reason\":\"slow_reader\",\"again\":true}") !=
      std::string::npos);
}

TEST_CASE("events: all readers together hold so much, and the one furthest behind pays",
          "[gateway]") {
  constexpr std::size_t most = 512 * 1024;
  stream_lab lab;
  lab.settings.stream_queues_bytes = most;
  lab.settings.stream_socket_buffer_bytes = 16 * 1024;
  lab.start();
  auto const held = [&] { return lab.server->now().stream_bytes; };
  std::deque<stalled_reader> slow;
  for (std::size_t i = 0; i < 3; ++i)
    slow.emplace_back(lab, i);
  while (held() < most / 2)
    REQUIRE(slow[1].push());
  while (held() < most / 4 * 3)
    REQUIRE(slow[0].push());
  CHECK(lab.server->now().streams_shed == 0);

  // Others that wait, and one that reads, are told all that there is, at its cost.
  raw_connection quick{lab.port()};
  quick.send(lab.get("/events"));
  auto const q = lab.stream(3);
  while (!slow[1].stream->closed()) {
    REQUIRE(slow[2].push());
    REQUIRE(held() <= most);
  }
  CHECK(held() > most / 4);
  CHECK(held() <= most / 2 + 2000);
  CHECK(q->send("1", "tick", "still here"));
  CHECK(quick.read_until("still here"));
  CHECK_FALSE(slow[1].push());
  CHECK_FALSE(slow[0].stream->closed());
  CHECK(lab.server->now().streams_shed == 1);
  CHECK(lab.closed_with(1) == std::vector<std::string>{"slow_reader"});
  CHECK(slow[1].connection.read_to_end());
  CHECK(slow[1].connection.pending().find(
            "{\"type\":\"closed\",\"reason\":\"slow_reader\",\"again\":true}") !=
        std::string::npos);

  // Whoever leaves gives back what it held.
  for (auto& s : slow)
    s.connection.close();
  quick.close();
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
  CHECK(held() == 0);
}

TEST_CASE("events: an end whose last events were dropped is to be come back from", "[gateway]") {
  constexpr std::size_t most = 256 * 1024;
  stream_lab lab;
  lab.settings.stream_queues_bytes = most;
  lab.settings.stream_socket_buffer_bytes = 16 * 1024;
  lab.start();
  stalled_reader done{lab, 0};
  stalled_reader const other{lab, 1};
  while (lab.server->now().stream_bytes < most / 4 * 3)
    REQUIRE(done.push());
  done.stream->close("done", false);
  while (lab.server->now().streams_shed == 0)
    REQUIRE(other.push());
  CHECK(done.connection.read_to_end());
  auto const& got = done.connection.pending();
  CHECK(got.find("\"reason\":\"done\"") == std::string::npos);
  CHECK(got.find("\"reason\":\"slow_reader\",\"again\":true") != std::string::npos);
  CHECK(lab.closed_with(1) == std::vector<std::string>{"done"}); // its owner heard that before
}

TEST_CASE("events: many that push at once never lose count of what waits", "[gateway]") {
  constexpr std::size_t most = 256 * 1024;
  constexpr std::size_t readers = 8;
  stream_lab lab;
  lab.settings.stream_queues_bytes = most;
  lab.settings.stream_socket_buffer_bytes = 16 * 1024;
  lab.start();
  std::deque<raw_connection> slow;
  for (std::size_t i = 0; i < readers; ++i) {
    slow.emplace_back(lab.port(), 4096).send(lab.get("/events"));
    (void)lab.stream(i);
  }
  std::atomic<std::size_t> highest{0};
  std::vector<std::thread> pushers;
  for (std::size_t i = 0; i < readers; ++i)
    pushers.emplace_back([&, s = lab.stream(i)] {
      for (int n = 0; n < 2000 && s->send("", "", std::string(1000, 'x')); ++n) {
        auto const now = lab.server->now().stream_bytes;
        for (auto h = highest.load(); h < now && !highest.compare_exchange_weak(h, now);) {
        }
      }
    });
  for (auto& t : pushers)
    t.join();
  CHECK(highest.load() > most / 2);
  // Each may have added its one event before it looks.
  CHECK(highest.load() <= most + readers * 1100);
  CHECK(lab.server->now().streams_shed > 0);
  slow.clear();
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
  CHECK(lab.server->now().stream_bytes == 0);
}

TEST_CASE("events: a reader that never reads again is cut at the deadline", "[gateway]") {
  stream_lab lab;
  lab.settings.stream_queue_items = 50;
  lab.settings.stream_socket_buffer_bytes = 16 * 1024;
  lab.settings.write_deadline = milliseconds{100};
  lab.start();
  raw_connection slow{lab.port(), 4096};
  slow.send(lab.get("/events"));
  auto s = lab.stream();
  while (s->send("", "", std::string(5000, 'x')))
    std::this_thread::yield();
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
}

TEST_CASE("events: a backlog larger than the queue is passed on in pieces", "[gateway]") {
  edge_lab lab;
  lab.settings.stream_queue_items = 10;
  lab.sse("/log", [](request const&, std::shared_ptr<event_stream> const& s) {
    auto const last = s->last_event_id();
    // All at once, before the writer can run: only the queue's worth of it can pass.
    for (int i = last.empty() ? 1 : std::stoi(last) + 1; i <= 35; ++i) {
      if (!s->send(std::to_string(i), "", "x"))
        return;
    }
    s->close("done", false);
  });
  lab.start();
  std::string last;
  int visits = 0;
  std::string body;
  do {
    body = lab.ask(lab.get("/log", "Last-Event-ID: " + last + "\r\n")).body;
    auto const at = body.rfind("id: ");
    REQUIRE(at != std::string::npos);
    last = body.substr(at + 4, body.find('\n', at) - at - 4);
  } while (body.find("\"done\"") == std::string::npos && ++visits < 10);
  CHECK(last == "35");
  CHECK(visits == 3);
}

TEST_CASE("events: streams are limited", "[gateway]") {
  stream_lab lab;
  lab.settings.max_streams = 2;
  lab.start();
  raw_connection a{lab.port()};
  raw_connection b{lab.port()};
  a.send(lab.get("/events"));
  b.send(lab.get("/events"));
  lab.stream(1);
  auto const third = lab.ask(lab.get("/events"));
  CHECK(third.status == 429);
  CHECK(third.headers.has("Retry-After"));
}

TEST_CASE("events: a token is asked for before the stream", "[gateway]") {
  edge_lab lab;
  lab.sse(
      "/mine",
      [](request const& r, std::shared_ptr<event_stream> const& s) {
        s->send("1", "who", r.principal.id.value);
        s->close("done", false);
      },
      role::viewer);
  lab.start();
  CHECK(lab.ask(lab.get("/mine")).status == 401);
  auto const r = lab.ask(lab.get("/mine", "Authorization: Bearer " + lab.viewer + "\r\n"));
  CHECK(r.body.find("data: human:vera") != std::string::npos);
}

TEST_CASE("events: a stream outlives its server harmlessly", "[gateway]") {
  std::shared_ptr<event_stream> kept;
  reply late;
  {
    edge_lab lab;
    std::mutex m;
    lab.sse("/events", [&](request const&, std::shared_ptr<event_stream> s) {
      std::lock_guard lock{m};
      kept = std::move(s);
    });
    lab.json("GET", "/later", [&](request const&, reply answer) {
      std::lock_guard lock{m};
      late = std::move(answer);
    });
    lab.start();
    raw_connection c{lab.port()};
    c.send(lab.get("/events"));
    raw_connection d{lab.port()};
    d.send(lab.get("/later"));
    REQUIRE(eventually([&] {
      std::lock_guard lock{m};
      return kept != nullptr && late != nullptr;
    }));
  }
  CHECK_FALSE(kept->send("1", "a", "b"));
  std::string reason;
  kept->on_close([&](std::string_view r) { reason = r; });
  CHECK_FALSE(reason.empty());
  late(json_response(200, {}));
}
