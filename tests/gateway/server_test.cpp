#include "tests/gateway/edge_lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("server: a request is answered", "[gateway]") {
  edge_lab lab;
  lab.start();
  auto const r = lab.ask(lab.get("/hello"));
  CHECK(r.status == 200);
  CHECK(r.json().at("hello").as_string() == "world");
  CHECK(r.headers.get("Content-Type") == "application/json");
  CHECK(r.headers.get("X-Content-Type-Options") == "nosniff");
  CHECK(r.headers.get("X-Frame-Options") == "DENY");
  CHECK(r.headers.get("Cache-Control") == "no-store");
  CHECK(r.headers.get("Date").size() == 29);
  CHECK(lab.server->url() == "http://127.0.0.1:" + std::to_string(lab.port()));
}

TEST_CASE("server: problems have one shape", "[gateway]") {
  edge_lab lab;
  lab.json("DELETE", "/locked", [](request const& r, reply const& answer) {
    answer(problem(fail(errc::conflict, "it is done", {{"allowed", boost::json::array{"reopen"}}}),
                   r.path));
  });
  lab.start();
  auto const missing = lab.ask(lab.get("/nothing"));
  CHECK(missing.status == 404);
  CHECK(missing.headers.get("Content-Type") == "application/problem+json");
  CHECK(missing.json().at("type").as_string() == "urn:troupe:problem:not_found");
  CHECK(missing.json().at("instance").as_string() == "/nothing");

  auto const wrong = lab.ask(lab.post("/hello", "{}"));
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.get("Allow") == "GET, HEAD, OPTIONS");

  auto const conflict = lab.ask("DELETE /locked HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(conflict.status == 409);
  CHECK(conflict.json().at("allowed").as_array().size() == 1);
}

TEST_CASE("server: one connection serves many requests, one after another", "[gateway]") {
  edge_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  for (int i = 0; i < 50; ++i) {
    REQUIRE(c.send(lab.get("/hello")));
    REQUIRE(c.answer().status == 200);
  }
}

TEST_CASE("server: pipelined requests are answered in order", "[gateway]") {
  edge_lab lab;
  lab.start();
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += "\r\n" + lab.post("/echo", "{\"n\":" + std::to_string(i) + "}");
  raw_connection c{lab.port()};
  REQUIRE(c.send(all));
  for (int i = 0; i < 100; ++i) {
    auto const r = c.answer();
    REQUIRE(r.status == 200);
    REQUIRE(r.json().at("json").at("n").as_int64() == i);
  }
}

TEST_CASE("server: a late answer of one request does not overtake another", "[gateway]") {
  edge_lab lab;
  std::mutex m;
  std::vector<reply> waiting;
  lab.json("GET", "/later", [&](request const&, reply answer) {
    std::lock_guard lock{m};
    waiting.push_back(std::move(answer));
  });
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/later") + lab.get("/hello"));
  REQUIRE(eventually([&] {
    std::lock_guard lock{m};
    return waiting.size() == 1;
  }));
  std::thread other{[&] { waiting.front()(json_response(202, {{"later", true}})); }};
  other.join();
  CHECK(c.answer().status == 202);
  CHECK(c.answer().status == 200);
  waiting.front()(json_response(500, {})); // the second answer is ignored
  c.send(lab.get("/hello"));
  CHECK(c.answer().status == 200);
}

TEST_CASE("server: HEAD is GET without its body", "[gateway]") {
  edge_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  c.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto const r = c.answer(true);
  CHECK(r.status == 200);
  CHECK(r.headers.get("Content-Length") == "18");
  c.send("HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(c.answer(true).status == 404);
  c.send(lab.get("/hello")); // and the connection is still in step
  CHECK(c.answer().json().at("hello").as_string() == "world");
}

TEST_CASE("server: OPTIONS names the methods", "[gateway]") {
  edge_lab lab;
  lab.start();
  auto const r = lab.ask("OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(r.status == 204);
  CHECK(r.headers.get("Allow") == "OPTIONS, POST");
}

TEST_CASE("server: HTTP/1.0 is closed unless asked", "[gateway]") {
  edge_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  c.send("GET /hello HTTP/1.0\r\n\r\n");
  auto const r = c.answer();
  CHECK(r.status == 200);
  CHECK(r.headers.get("Connection") == "close");
  CHECK(c.read_to_end());

  raw_connection kept{lab.port()};
  kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(kept.answer().headers.get("Connection") == "keep-alive");
  kept.send("GET /hello HTTP/1.0\r\n\r\n");
  CHECK(kept.answer().status == 200);
}

TEST_CASE("server: Connection: close closes", "[gateway]") {
  edge_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/hello", "Connection: close\r\n"));
  CHECK(c.answer().headers.get("Connection") == "close");
  CHECK(c.read_to_end());
}

TEST_CASE("server: Expect: 100-continue is answered before the body", "[gateway]") {
  edge_lab lab;
  lab.start();
  raw_connection c{lab.port()};
  c.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
         "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(c.answer().status == 100);
  c.send("{}");
  CHECK(c.answer().status == 200);
  c.send(lab.get("/hello", "Expect: a-miracle\r\n"));
  CHECK(c.answer().status == 417);

  raw_connection large{lab.port()};
  large.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             "Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
  CHECK(large.answer().status == 413); // and the body was never asked for
}

TEST_CASE("server: chunked bodies are put together", "[gateway]") {
  edge_lab lab;
  lab.start();
  auto const r =
      lab.ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
              "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2;x=y\r\n7}\r\n0\r\n\r\n");
  CHECK(r.status == 200);
  CHECK(r.json().at("json").at("a").as_int64() == 7);
}

TEST_CASE("server: large answers arrive whole", "[gateway]") {
  edge_lab lab;
  std::string const large(5'000'000, 'x');
  lab.raw("GET", "/large", [&](request const&, reply const& answer) {
    response r;
    r.content_type = "text/plain";
    r.body = large;
    answer(r);
  });
  lab.start();
  CHECK(lab.ask(lab.get("/large")).body == large);
}

TEST_CASE("server: roles are asked for", "[gateway]") {
  edge_lab lab;
  lab.json(
      "GET", "/me",
      [](request const& r, reply const& answer) {
        answer(json_response(200, {{"id", r.principal.id.value}, {"loopback", r.loopback}}));
      },
      role::viewer);
  lab.json(
      "POST", "/admin", [](request const&, reply const& answer) { answer(empty_response()); },
      role::admin);
  lab.start();
  auto const nobody = lab.ask(lab.get("/me"));
  CHECK(nobody.status == 401);
  CHECK(nobody.headers.get("WWW-Authenticate").substr(0, 6) == "Bearer");
  auto const me = lab.ask(lab.get("/me", "Authorization: Bearer " + lab.viewer + "\r\n"));
  CHECK(me.status == 200);
  CHECK(me.json().at("id").as_string() == "human:vera");
  CHECK(me.json().at("loopback").as_bool());
  CHECK(lab.ask(lab.post("/admin", "", "Authorization: Bearer " + lab.viewer + "\r\n")).status ==
        403);
  CHECK(lab.ask(lab.post("/admin", "", "Authorization: Bearer " + lab.daemon + "\r\n")).status ==
        403);
  CHECK(lab.ask(lab.post("/admin", "", "Authorization: Bearer " + lab.admin + "\r\n")).status ==
        204);
}

TEST_CASE("server: a handler that throws is a 500 without its words", "[gateway]") {
  edge_lab lab;
  lab.json("GET", "/bug",
           [](request const&, reply const&) { throw std::runtime_error("secret of the inside"); });
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/bug"));
  auto const r = c.answer();
  CHECK(r.status == 500);
  CHECK(r.body.find("secret") == std::string::npos);
  c.send(lab.get("/hello"));
  CHECK(c.answer().status == 200);
}

TEST_CASE("server: a forgotten answer is a 504, and the connection goes on", "[gateway]") {
  reply kept; // outlives the server, whose threads assign it
  edge_lab lab;
  lab.settings.reply_deadline = std::chrono::milliseconds{50};
  lab.json("GET", "/never", [&](request const&, reply answer) { kept = std::move(answer); });
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/never"));
  CHECK(c.answer().status == 504);
  kept(json_response(200, {{"too", "late"}}));
  c.send(lab.get("/hello"));
  CHECK(c.answer().status == 200);
  CHECK(lab.server->now().in_flight == 0);
}

TEST_CASE("server: an answer that nobody can give any more is not waited for", "[gateway]") {
  edge_lab lab; // its deadline is longer than the test's patience
  lab.json("GET", "/dropped", [](request const&, reply const& answer) { reply copy = answer; });
  lab.start();
  raw_connection c{lab.port()};
  c.send(lab.get("/dropped"));
  auto const r = c.answer();
  CHECK(r.status == 504);
  CHECK(r.json().at("detail").as_string().starts_with("the answer was lost"));
  c.send(lab.get("/hello"));
  CHECK(c.answer().status == 200);
}

TEST_CASE("server: two hundred clients at once are all served", "[gateway]") {
  edge_lab lab;
  std::mutex m;
  std::vector<reply> waiting;
  lab.json("GET", "/together", [&](request const&, reply answer) {
    std::lock_guard lock{m};
    waiting.push_back(std::move(answer));
  });
  lab.start();
  std::deque<raw_connection> clients;
  for (int i = 0; i < 200; ++i)
    clients.emplace_back(lab.port()).send(lab.get("/together"));
  REQUIRE(eventually([&] {
    std::lock_guard lock{m};
    return waiting.size() == 200; // all in flight at the same time on two threads
  }));
  for (auto& answer : waiting)
    answer(json_response(200, {{"ok", true}}));
  for (auto& c : clients)
    CHECK(c.answer().status == 200);
  clients.clear();
  CHECK(eventually([&] { return lab.server->now().connections == 0; }));
}

TEST_CASE("server: answers may come from many threads at once", "[gateway]") {
  edge_lab lab;
  std::mutex m;
  std::condition_variable more;
  std::deque<reply> waiting;
  bool done = false;
  lab.json("GET", "/work", [&](request const&, reply answer) {
    std::lock_guard lock{m};
    waiting.push_back(std::move(answer));
    more.notify_one();
  });
  lab.start();
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i)
    workers.emplace_back([&] {
      std::unique_lock lock{m};
      for (;;) {
        more.wait(lock, [&] { return done || !waiting.empty(); });
        if (waiting.empty())
          return;
        auto answer = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        answer(json_response(200, {{"ok", true}}));
        lock.lock();
      }
    });
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      raw_connection c{lab.port()};
      for (int k = 0; k < 100; ++k) {
        c.send(edge_lab::get("/work"));
        good += c.answer().status == 200 ? 1 : 0;
      }
    });
  for (auto& t : callers)
    t.join();
  {
    std::lock_guard lock{m};
    done = true;
  }
  more.notify_all();
  for (auto& t : workers)
    t.join();
  CHECK(good == 800);
}

TEST_CASE("server: an address that others can reach needs TLS or the flag", "[gateway]") {
  server_settings s;
  s.address = "0.0.0.0";
  {
    http_server server{s, router{}};
    auto const r = server.start();
    REQUIRE(r.has_error());
    CHECK(r.error().code == errc::invalid_argument);
    CHECK(r.error().message.find("--tls-certificate") != std::string::npos);
    CHECK(r.error().message.find("--allow-plain") != std::string::npos);
  }
  s.allow_plain = true;
  http_server server{s, router{}};
  CHECK(server.start().has_value());
  raw_connection c{server.port()};
  c.send("GET / HTTP/1.1\r\nHost: anything.example\r\n\r\n");
  CHECK(c.answer().status == 404); // the name is not checked on an open address
}

TEST_CASE("server: what cannot be listened on is an error that says why", "[gateway]") {
  edge_lab lab;
  lab.start();
  server_settings s;
  s.port = lab.port();
  http_server second{s, router{}};
  auto const taken = second.start();
  REQUIRE(taken.has_error());
  CHECK(taken.error().code == errc::conflict);
  CHECK(taken.error().message.find(std::to_string(lab.port())) != std::string::npos);

  s.address = "not an address";
  http_server third{s, router{}};
  CHECK(third.start().error().code == errc::invalid_argument);

  s = {};
  s.tls_certificate = "/nowhere.pem";
  http_server fourth{s, router{}};
  CHECK(fourth.start().error().message.find("belong together") != std::string::npos);
  s.tls_key = "/nowhere.pem";
  http_server fifth{s, router{}};
  CHECK(fifth.start().error().message.find("/nowhere.pem") != std::string::npos);
}

TEST_CASE("server: IPv6 loopback works", "[gateway]") {
  server_settings s;
  s.address = "::1";
  http_server server{s, router{}};
  if (auto r = server.start(); !r) {
    WARN("no IPv6 here: " << r.error().message);
    return;
  }
  CHECK(server.url() == "http://[::1]:" + std::to_string(server.port()));
}
