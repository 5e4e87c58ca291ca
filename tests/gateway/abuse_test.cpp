#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;
using std::chrono::milliseconds;

TEST_CASE("abuse: what is no HTTP is a 400 and ends", "[gateway]") {
  edge_lab lab;
  lab.start();
  auto const bytes =
      GENERATE(as<std::string>{}, "nonsense\r\n\r\n", "GET\r\n\r\n", "GET /hello\r\n\r\n",
               "G@T /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nNo colon\r\n\r\n",
               "GET /hello HTTP/1.1\r\nHost : localhost\r\n\r\n",
               "GET /hello HTTP/1.1\r\nHost: local\x01host\r\n\r\n",
               "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
               "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
               "99999999999999999999999\r\n\r\n",
               "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
               "Content-Length: 3\r\n\r\n{}",
               "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
               "Transfer-Encoding: chunked\r\n\r\n{}",
               "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
               "application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
               "GET /hello HTTP/1.1\r\n\r\n", // no Host
               "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 TLS hello\r\n\r\n");
  raw_connection c{lab.port()};
  c.send(bytes);
  auto const r = c.answer();
  CHECK(r.status == 400);
  CHECK(r.headers.get("Content-Type") == "application/problem+json");
  // And the server lives.
  CHECK(lab.ask(lab.get("/hello")).status == 200);
}

TEST_CASE("abuse: other protocols and encodings are named", "[gateway]") {
  edge_lab lab;
  lab.start();
  CHECK(lab.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505);
  CHECK(lab.ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\nx")
            .status == 501);
  CHECK(lab.ask("BREW /hello HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 405);
  CHECK(lab.ask(lab.get("/%zz")).status == 400);
  CHECK(lab.ask(lab.get("/a%00b")).status == 400);
  CHECK(lab.ask(lab.get("/../../etc/passwd")).status == 400);
  CHECK(lab.ask(lab.get("/x/../hello")).status == 200);
}

TEST_CASE("abuse: a stranger's Host or Origin is refused", "[gateway]") {
  edge_lab lab;
  lab.start();
  CHECK(lab.ask("GET /hello HTTP/1.1\r\nHost: rebound.example\r\n\r\n").status == 403);
  CHECK(lab.ask(lab.post("/echo", "{}", "Origin: http://evil.example\r\n")).status == 403);
  CHECK(lab.ask(lab.post("/echo", "{}", "Origin: http://localhost\r\n")).status == 200);
}

TEST_CASE("abuse: headers without end are a 431", "[gateway]") {
  edge_lab lab;
  lab.start();
  CHECK(lab.ask(lab.get("/hello", "X: " + std::string(20'000, 'x') + "\r\n")).status == 431);
  std::string many;
  for (int i = 0; i < 3000; ++i)
    many += "X-" + std::to_string(i) + ": y\r\n";
  CHECK(lab.ask(lab.get("/hello", many)).status == 431);
  raw_connection endless{lab.port()};
  endless.send("GET /" + std::string(40'000, 'a'));
  auto const status = endless.answer().status;
  CHECK((status == 431 || status == 400));
  CHECK(lab.ask(lab.get("/" + std::string(9'000, 'a'))).status == 414);
}

TEST_CASE("abuse: 20 MB of body are refused and not read into memory", "[gateway]") {
  edge_lab lab;
  lab.start();
  std::string const body(20 * 1024 * 1024, 'x');
  SECTION("announced") {
    raw_connection c{lab.port()};
    c.send(lab.post("/echo", body));
    auto const r = c.answer();
    CHECK(r.status == 413);
    CHECK(r.json().at("limit_bytes").as_int64() == 64 * 1024);
    CHECK(r.headers.get("Connection") == "close");
  }
  SECTION("in chunks that never say how many") {
    raw_connection c{lab.port()};
    c.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 320; ++i) {
      if (!c.send("10000\r\n" + std::string(65536, 'x') + "\r\n"))
        break;
    }
    CHECK(c.answer().status == 413);
  }
  SECTION("one chunk that says too many") {
    raw_connection c{lab.port()};
    c.send("POST /raw HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
           "fffffffffffffff\r\n");
    CHECK(c.answer().status == 413);
  }
  CHECK(lab.ask(lab.get("/hello")).status == 200);
}

TEST_CASE("abuse: bodies of the wrong kind leave the connection in step", "[gateway]") {
  edge_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  auto const status = [&](std::string const& body) {
    c.send(edge_lab::post("/echo", body));
    return c.answer().status;
  };
  CHECK(status("{\"a\":") == 400);
  CHECK(status("\"\xff\xfe\"") == 400);
  CHECK(status("{\"a\":1,\"a\":2}") == 400);
  CHECK(status(std::string(10'000, '[')) == 400);
  CHECK(status("") == 200); // no body, no JSON: the handler sees null
  CHECK(status("{\"fine\":true}") == 200);
  CHECK(lab.ask(lab.post("/echo", "{}", "", "text/plain")).status == 415);
  CHECK(lab.ask(lab.post("/echo", "{}", "", "")).status == 415);
  CHECK(lab.ask(lab.post("/raw", "\xff\xfe", "", "")).status == 200);
}

TEST_CASE("abuse: who dawdles is cut off", "[gateway]") {
  edge_lab lab;
  SECTION("without a word") {
    lab.settings.header_deadline = milliseconds{150};
    lab.start();
    raw_connection c{lab.port()};
    CHECK(c.read_to_end());
  }
  SECTION("in the handshake of TLS") {
    certificate_files const files;
    lab.settings.tls_certificate = files.certificate;
    lab.settings.tls_key = files.key;
    lab.settings.header_deadline = milliseconds{150};
    lab.start();
    raw_connection silent{lab.port()};
    raw_connection begun{lab.port()};
    begun.send("\x16\x03\x01\x02"); // the first bytes of a ClientHello
    CHECK(silent.read_to_end());
    CHECK(begun.read_to_end());
  }
  SECTION("in the head, a byte now and then") {
    lab.settings.header_deadline = milliseconds{150};
    lab.start();
    raw_connection c{lab.port()};
    // Every byte keeps the connection busy; the deadline is for the whole head all the same.
    auto const begin = std::chrono::steady_clock::now();
    std::thread dribble{[&] {
      std::string const head = lab.get("/hello", "X: " + std::string(5'000, 'x') + "\r\n");
      for (char const b : head) {
        if (!c.send(std::string_view{&b, 1}))
          return;
        std::this_thread::sleep_for(milliseconds{5}); // the client's slowness is what is tested
      }
    }};
    dribble.join();
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{15});
    CHECK(c.pending().empty());
  }
  SECTION("in the body") {
    lab.settings.body_deadline = milliseconds{150};
    lab.start();
    raw_connection c{lab.port()};
    c.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           "Content-Length: 10\r\n\r\n{");
    CHECK(c.read_to_end());
  }
  SECTION("between two requests") {
    lab.settings.idle_deadline = milliseconds{150};
    lab.start();
    raw_connection c{lab.port()};
    c.send(lab.get("/hello"));
    CHECK(c.answer().status == 200);
    CHECK(c.read_to_end());
  }
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
}

TEST_CASE("abuse: who does not read its answer is cut off", "[gateway]") {
  edge_lab lab;
  lab.settings.write_deadline = milliseconds{200};
  std::string const large(50'000'000, 'x');
  lab.raw("GET", "/large", [&](request const&, reply const& answer) {
    response r;
    r.body = large;
    answer(r);
  });
  lab.start();
  raw_connection c{lab.port(), 4096};
  c.send(lab.get("/large"));
  CHECK(c.read_until("\r\n\r\n")); // and no more than that
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
}

TEST_CASE("abuse: a client that leaves in the middle leaves nothing behind", "[gateway]") {
  edge_lab lab;
  lab.start();
  for (auto const& part : {std::string{"GET /he"}, lab.get("/hello").substr(0, 40),
                           lab.post("/echo", "{\"a\":1}").substr(0, 110), std::string{}}) {
    raw_connection c{lab.port()};
    c.send(part);
  }
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
  CHECK(lab.ask(lab.get("/hello")).status == 200);
}

TEST_CASE("abuse: beyond the permits the answer is 429 with Retry-After", "[gateway]") {
  edge_lab lab;
  lab.settings.max_in_flight = 3;
  std::mutex m;
  std::vector<reply> waiting;
  lab.json("GET", "/wait", [&](request const&, reply answer) {
    std::lock_guard lock{m};
    waiting.push_back(std::move(answer));
  });
  route health;
  health.method = "GET";
  health.pattern = "/healthz";
  health.needs = role::none;
  health.unlimited = true;
  health.handle = handler{[](request const&, reply const& answer) {
    answer(json_response(200, {{"ok", 1}}));
  }};
  lab.routes.add(health);
  lab.start();
  std::deque<raw_connection> clients;
  for (int i = 0; i < 3; ++i)
    clients.emplace_back(lab.port()).send(lab.get("/wait"));
  REQUIRE(eventually([&] { return lab.server->now().in_flight == 3; }));
  raw_connection c{lab.port()};
  c.send(lab.get("/hello"));
  auto const refused = c.answer();
  CHECK(refused.status == 429);
  CHECK(refused.headers.get("Retry-After") == "1");
  c.send(lab.get("/healthz")); // the same connection goes on
  CHECK(c.answer().status == 200);
  {
    std::lock_guard lock{m};
    for (auto& answer : waiting)
      answer(empty_response());
  }
  for (auto& one : clients)
    CHECK(one.answer().status == 204);
  c.send(lab.get("/hello"));
  CHECK(c.answer().status == 200);
}

TEST_CASE("abuse: too many connections are told so", "[gateway]") {
  edge_lab lab;
  lab.settings.max_connections = 5;
  lab.start();
  std::deque<raw_connection> held;
  for (int i = 0; i < 5; ++i) {
    held.emplace_back(lab.port()).send(lab.get("/hello"));
    REQUIRE(held.back().answer().status == 200);
  }
  raw_connection extra{lab.port()};
  extra.send(lab.get("/hello"));
  auto const r = extra.answer();
  CHECK(r.status == 503);
  CHECK(r.headers.has("Retry-After"));
  CHECK(extra.read_to_end());
  held.clear();
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
  CHECK(lab.ask(lab.get("/hello")).status == 200);
}
