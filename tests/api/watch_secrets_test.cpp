#include "tests/api/puppet.hpp"
#include "tests/api/watch_lines.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

std::string const canary = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

} // namespace

TEST_CASE("watch secrets: a canary in any text is in no line of any watch", "[api]") {
  api_lab lab;
  lab.project();
  puppet daemon{lab};
  daemon.connect();
  traffic_reader names{lab, "?rate=10000&limit=1000000"};
  traffic_reader whole{lab, "?rate=10000&limit=1000000&contents=true"};
  raw_socket socket{static_cast<std::uint16_t>(lab.port()),
                    "/api/watch?rate=10000&limit=1000000&contents=true", lab.token()};
  REQUIRE(socket.handshake().status == 101);

  // In what people send, also where a name is expected.
  REQUIRE(
      lab.source("Ann: We must print weeks, the key is " + canary + ".\nBob: Agreed.\n").status ==
      201);
  (void)lab.get("/api/tickets/" + canary);
  (void)lab.post("/api/tickets/k3-" + canary + "/comments",
                 R"({"text":"password=)" + canary + "\"}");
  (void)lab.call("GET", "/api/briefs", {}, {{"Idempotency-Key", canary}, {"traceparent", canary}});
  (void)lab.running(lab.pending_plan(lab.pending_brief()));
  auto const order = daemon.hear<link::order>();
  auto const ticket = "/api/tickets/" + order.ticket.value;
  (void)lab.post(ticket + "/comments", R"({"text":"look, )" + canary + R"( leaked"})");
  // In what daemons say.
  link::started s;
  s.ticket = order.ticket;
  s.token = order.token;
  s.base = std::string(40, 'b');
  s.session = canary;
  daemon.say(1, s);
  link::said word;
  word.ticket = order.ticket;
  word.token = order.token;
  word.key = canary;
  word.to = "pm";
  word.text = "the token is " + canary;
  daemon.say(2, word);
  link::finished f;
  f.ticket = order.ticket;
  f.token = order.token;
  f.summary = "done with " + canary;
  f.notes = {canary};
  f.session = canary;
  daemon.say(3, f);
  f.ticket = ticket_id{"nope-" + canary};
  daemon.say(4, f);
  REQUIRE(whole.shows([&](json::object const& r) {
    return text_at(r, "kind") == "link.finished" && text_at(r, "ticket") != order.ticket.value;
  }));
  (void)lab.quiet_mark();
  traffic_reader past{lab, "?since=1h&rate=10000&limit=1000000&contents=true"};
  auto const known = lab.events().size();
  REQUIRE(past.wait_for([&](auto const& all) { return all.size() >= known; }));

  // What was said is there, and the secret in it is not.
  REQUIRE(whole.shows([](json::object const& r) {
    return text_at(r, "content").find("redacted") != std::string::npos;
  }));
  for (auto const* reader : {&names, &whole, &past})
    for (auto const& e : reader->got())
      CHECK(e.data.find("ghp_") == std::string::npos);
  std::size_t frames = 0;
  for (auto const wanted = whole.got().size(); frames < wanted / 2; ++frames) {
    auto const one = socket.read_message();
    REQUIRE(one.opcode == 1);
    CHECK(one.payload.find("ghp_") == std::string::npos);
  }
  CHECK(frames > 100);
  lab.stop();
  CHECK(lab.log().find(canary) == std::string::npos);
}
