#include "tests/api/scrape.hpp"
#include "tests/api/watch_lines.hpp"
#include "tests/gateway/edge_lab.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

raw_socket open_watch(api_lab const& lab, std::string const& query, std::string const& token) {
  return raw_socket{static_cast<std::uint16_t>(lab.port()), "/api/watch" + query, token};
}

json::object line_of(raw_socket::frame const& f) {
  INFO(f.payload);
  auto v = json::parse(f.payload);
  REQUIRE(v.has_value());
  return v->get_object();
}

} // namespace

TEST_CASE("watch socket: the same lines as text frames, and an end with its code", "[api]") {
  api_lab lab;
  auto c = open_watch(lab, "?limit=2&filter=project%3Done", lab.token());
  REQUIRE(c.handshake().status == 101);
  traffic_reader stream{lab, "?limit=2&filter=project%3Done"};
  make_project(lab, "one");
  std::vector<json::object> lines;
  for (int i = 0; i < 3; ++i)
    lines.push_back(line_of(c.read_message()));
  CHECK(text_at(lines[0], "type") == "record");
  CHECK(text_at(lines[1], "project") == "one");
  CHECK(text_at(lines[2], "type") == "closed");
  CHECK(text_at(lines[2], "reason") == "record_limit");
  CHECK(c.read_message().close_code() == 1000);
  CHECK(stream.reason() == "record_limit");
}

TEST_CASE("watch socket: whatever is wrong is told on it, where a browser can read it", "[api]") {
  api_lab lab;
  auto const viewer = lab.token_for("viewer");
  auto const observer = lab.token_for("observe");
  struct wish {
    std::string query, token, reason, field;
  };
  for (auto const& w :
       {wish{"?filter=kind%3D", lab.token(), "invalid_argument", "filter"},
        wish{"?rate=0", lab.token(), "invalid_argument", "rate"},
        wish{"?seconds=0", lab.token(), "invalid_argument", "seconds"},
        wish{"?after=garbage", lab.token(), "invalid_argument", "after"},
        wish{"?colour=red", lab.token(), "invalid_argument", "colour"},
        wish{"?contents=true", observer, "forbidden", "contents"},
        wish{"", viewer, "forbidden", ""}, wish{"?filter=kind%3D", viewer, "forbidden", ""}}) {
    INFO(w.query << " " << w.reason);
    auto c = open_watch(lab, w.query, w.token);
    REQUIRE(c.handshake().status == 101);
    auto const said = line_of(c.read_message());
    CHECK(text_at(said, "type") == "closed");
    CHECK(text_at(said, "reason") == w.reason);
    CHECK_FALSE(text_at(said, "detail").empty());
    CHECK(text_at(said, "field") == w.field);
    if (w.token == viewer)
      CHECK(text_at(said, "role") == "observe");
    auto const end = c.read_message();
    CHECK(end.close_code() == 1008);
    CHECK(end.payload.substr(2) == text_at(said, "detail").substr(0, 123));
  }
  auto c = open_watch(lab, "?filter=kind%3D", lab.token());
  CHECK(line_of(c.read_message()).at("column").to_number<int>() == 6);
}

TEST_CASE("watch socket: who is not known, or asks for no WebSocket, is answered by HTTP",
          "[api]") {
  api_lab lab;
  for (auto const& token : {std::string{}, "trp_" + std::string(43, 'a')})
    CHECK(open_watch(lab, "", token).handshake().status == 401);
  raw_socket elsewhere{static_cast<std::uint16_t>(lab.port()), "/api/watch", lab.token(),
                       "Origin: http://evil.example\r\n"};
  CHECK(elsewhere.handshake().status == 403);
  // A header alone is no handshake.
  raw_connection half{static_cast<std::uint16_t>(lab.port())};
  REQUIRE(half.send(edge_lab::get("/api/watch", "Authorization: Bearer " + lab.token_for("viewer") +
                                                    "\r\nUpgrade: websocket\r\n")));
  CHECK(half.answer().status == 403);
}

TEST_CASE("watch socket: where there is no place, it is told to come back later", "[api]") {
  api_lab lab{{"--set", "server.max_streams=17"}};
  std::vector<std::unique_ptr<traffic_reader>> others;
  for (int i = 0; i < 16; ++i)
    others.push_back(
        std::make_unique<traffic_reader>(lab, "?filter=ticket%3D" + std::to_string(i)));
  auto const turned_away = [&] {
    auto c = open_watch(lab, "?filter=agent%3Dx", lab.token());
    REQUIRE(c.handshake().status == 101);
    auto const said = line_of(c.read_message());
    CHECK(text_at(said, "type") == "closed");
    CHECK(text_at(said, "reason") == "busy");
    CHECK(c.read_message().close_code() == 1013);
    return text_at(said, "detail");
  };
  auto const watches = turned_away(); // a seventeenth watch
  // The place of who was turned away is free again a moment later.
  REQUIRE(eventually([&] { return scraped(lab).value("troupe_http_streams") == 16; }));
  auto last = open_watch(lab, "?filter=ticket%3D0", lab.token());
  REQUIRE(last.handshake().status == 101);
  CHECK(turned_away() != watches); // an eighteenth stream
}

TEST_CASE("watch socket: the client has nothing to say", "[api]") {
  api_lab lab;
  auto const end_of = [](raw_socket& c, std::string const& reason) {
    auto const said = line_of(c.read_message());
    CHECK(text_at(said, "type") == "closed");
    CHECK(text_at(said, "reason") == reason);
    CHECK_FALSE(text_at(said, "detail").empty());
    return c.read_message().close_code();
  };
  {
    auto c = open_watch(lab, "?filter=kind%3Dnever", lab.token());
    c.text("{\"pause\":true}");
    CHECK(end_of(c, "invalid_argument") == 1008);
  }
  {
    auto c = open_watch(lab, "?filter=kind%3Dnever", lab.token());
    c.send(2, "bytes", true);
    CHECK(end_of(c, "unsupported") == 1003);
  }
  {
    auto c = open_watch(lab, "?filter=kind%3Dnever", lab.token());
    (void)c.text(std::string(10 * 1024 * 1024, 'x')); // it may be cut before all is sent
    CHECK(end_of(c, "too_large") == 1009);
  }
  {
    auto c = open_watch(lab, "?filter=kind%3Dnever", lab.token());
    for (int i = 0; i < 20; ++i)
      (void)c.send(i == 0 ? 1 : 0, std::string(500'000, 'x'), i == 19);
    CHECK(end_of(c, "too_large") == 1009);
  }
  // None of it is anybody else's business.
  traffic_reader reader{lab, "?filter=project%3Done"};
  make_project(lab, "one");
  CHECK(reader.shows([](json::object const&) { return true; }));
}

TEST_CASE("watch socket: a server that stops says so", "[api]") {
  api_lab lab;
  auto c = open_watch(lab, "?filter=kind%3Dnever", lab.token());
  REQUIRE(c.handshake().status == 101);
  std::thread stopping{[&] { lab.stop(); }};
  CHECK(text_at(line_of(c.read_message()), "reason") == "server_stopping");
  CHECK(c.read_message().close_code() == 1001);
  stopping.join();
}

TEST_CASE("watch socket: a token that is revoked ends it", "[api]") {
  api_lab lab;
  auto const made = lab.post("/api/tokens", R"({"name":"guest","roles":["observe"]})");
  auto c = open_watch(lab, "?filter=kind%3Dnever", made.text("token"));
  REQUIRE(c.handshake().status == 101);
  REQUIRE(eventually([&] {
    auto const all = lab.get("/api/tokens?limit=500");
    return all.body.find("\"watches\"") != std::string::npos;
  }));
  CHECK(lab.remove("/api/tokens/" + made.text("id")).status == 200);
  CHECK(text_at(line_of(c.read_message()), "reason") == "token_ended");
  CHECK(c.read_message().close_code() == 1008);
}

TEST_CASE("watch socket: half-open ones are bounded, and the rest goes on", "[api]") {
  api_lab lab{{"--set", "server.max_streams=20", "--set", "server.max_connections=60"}};
  auto const port = static_cast<std::uint16_t>(lab.port());
  std::vector<std::unique_ptr<raw_connection>> all;
  int switched = 0;
  int refusals = 0;
  auto const head = "GET /api/watch?filter=kind%3Dnever HTTP/1.1\r\nHost: localhost\r\n"
                    "Authorization: Bearer " +
                    lab.token() + "\r\n";
  // Those that ask and never read or write again. A WebSocket is told on it that there is no place.
  for (int i = 0; i < 30; ++i) {
    all.push_back(std::make_unique<raw_connection>(port));
    auto& c = *all.back();
    REQUIRE(c.send(head + (i % 2 == 0 ? "\r\n"
                                      : "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                        "Sec-WebSocket-Version: 13\r\n"
                                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")));
    REQUIRE(c.read_until("\r\n\r\n"));
    bool const upgraded = c.pending().starts_with("HTTP/1.1 101");
    bool const in = (upgraded && i < 20) || c.pending().starts_with("HTTP/1.1 200");
    (in ? switched : refusals) += 1;
    if (!in && upgraded)
      CHECK(c.read_until("\"reason\":\"busy\""));
    else if (!in)
      CHECK(c.pending().starts_with("HTTP/1.1 429"));
  }
  CHECK(switched == 20);
  CHECK(refusals == 10);
  // Those that never say what they want: there are more of them than connections.
  for (int i = 0; i < 100; ++i)
    all.push_back(std::make_unique<raw_connection>(port));
  all.erase(all.begin() + 30, all.end());
  CHECK(eventually([&] { return lab.get("/api/projects").status == 200; }));
  all.clear();
  REQUIRE(eventually([&] {
    raw_socket c{port, "/api/watch", lab.token()};
    return c.handshake().status == 101;
  }));
}
