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

TEST_CASE("watch socket: what is wrong is told before it ends", "[api]") {
  api_lab lab;
  auto c = open_watch(lab, "?filter=kind%3D", lab.token());
  auto const said = line_of(c.read_message());
  CHECK(text_at(said, "reason") == "invalid_argument");
  CHECK(said.at("column").to_number<int>() == 6);
  CHECK(c.read_message().close_code() == 1008);
  // Without the grant there is no socket at all.
  auto stranger = open_watch(lab, "", lab.token_for("viewer"));
  CHECK(stranger.handshake().status == 403);
}

TEST_CASE("watch socket: the client has nothing to say", "[api]") {
  api_lab lab;
  {
    auto c = open_watch(lab, "?filter=kind%3Dnever", lab.token());
    c.text("{\"pause\":true}");
    CHECK(c.read_message().close_code() == 1008);
  }
  {
    auto c = open_watch(lab, "?filter=kind%3Dnever", lab.token());
    c.send(2, "bytes", true);
    CHECK(c.read_message().close_code() == 1003);
  }
  {
    auto c = open_watch(lab, "?filter=kind%3Dnever", lab.token());
    (void)c.text(std::string(10 * 1024 * 1024, 'x')); // it may be cut before all is sent
    CHECK(c.read_message().close_code() == 1009);
  }
  // None of it is anybody else's business.
  traffic_reader reader{lab, "?filter=project%3Done"};
  make_project(lab, "one");
  CHECK(reader.shows([](json::object const&) { return true; }));
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
  // Those that ask and never read or write again.
  for (int i = 0; i < 30; ++i) {
    all.push_back(std::make_unique<raw_connection>(port));
    auto& c = *all.back();
    REQUIRE(c.send(head + (i % 2 == 0 ? "\r\n"
                                      : "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                        "Sec-WebSocket-Version: 13\r\n"
                                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")));
    REQUIRE(c.read_until("\r\n\r\n"));
    bool const in =
        c.pending().starts_with("HTTP/1.1 101") || c.pending().starts_with("HTTP/1.1 200");
    (in ? switched : refusals) += 1;
    if (!in)
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
