#include "tests/api/puppet.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

std::vector<json::object> progress_of(std::vector<stream_event> const& got) {
  std::vector<json::object> out;
  for (auto const& e : got)
    if (e.event == "progress")
      out.push_back(data_of(e));
  return out;
}

} // namespace

TEST_CASE("api: a drained daemon stays so over lost links and restarts of the server", "[api]") {
  api_lab lab;
  lab.project();
  puppet daemon{lab};
  daemon.connect("p1");
  CHECK(daemon.status() == "online");
  CHECK(lab.post("/api/daemons/" + daemon.id() + "/drain").text("status") == "draining");
  (void)lab.running(lab.pending_plan(lab.pending_brief()));

  daemon.socket().connection().close();
  REQUIRE(eventually([&] { return daemon.status() == "offline"; }));
  daemon.connect("p1");
  CHECK(daemon.status() == "draining");
  bool const kill = GENERATE(false, true);
  if (kill)
    lab.crash();
  else
    lab.stop();
  lab.open();
  daemon.connect("p1");
  CHECK(daemon.status() == "draining");
  (void)lab.quiet_mark();
  CHECK(lab.get("/api/tickets?status=claimed").json.at("total").to_number<int>() == 0);

  daemon.connect("p2"); // the operator started it again
  CHECK(daemon.status() == "online");
  (void)daemon.hear<link::order>();
}

TEST_CASE("api: it is known when a daemon said something last", "[api]") {
  api_lab lab;
  puppet daemon{lab};
  auto const heard = [&] {
    auto const shown = lab.get("/api/daemons/" + daemon.id()).json;
    return shown.contains("heard_at") ? shown.at("heard_at").to_number<std::int64_t>() : 0;
  };
  CHECK(heard() == 0); // enrolled, and never there
  daemon.connect();
  auto const first = heard();
  CHECK(first > 1'700'000'000'000);
  REQUIRE(eventually([&] {
    daemon.say(0, link::heartbeat{});
    return heard() > first;
  }));
  auto const page = lab.get("/api/daemons");
  CHECK(page.json.at("items").as_array().front().as_object().contains("heard_at"));
}

TEST_CASE("api: offers that no daemon can make end the link with the reason", "[api]") {
  api_lab lab;
  puppet daemon{lab};
  raw_socket socket{static_cast<std::uint16_t>(lab.port()), "/api/daemon/link", daemon.token()};
  link::hello h;
  h.daemon = daemon_id{daemon.id()};
  h.stream = "s1";
  h.slots = 0;
  REQUIRE(socket.text(link::encode({0, h})));
  auto const answer = socket.read_message();
  CHECK(answer.close_code() == 1008);
  CHECK(answer.payload.find("slots") != std::string::npos);
  CHECK(daemon.status() == "enrolled");
}

TEST_CASE("api: what an agent says it is doing is seen live, and only there", "[api]") {
  api_lab lab;
  lab.project();
  puppet daemon{lab};
  daemon.connect("p1");
  (void)lab.running(lab.pending_plan(lab.pending_brief()));
  auto const order = daemon.hear<link::order>();
  puppet other{lab};
  other.connect("p2");
  auto const begun = [](auto const& all) { return !all.empty(); };
  stream_reader all{lab, ""};
  stream_reader mine{lab, "?ticket=" + order.ticket.value};
  stream_reader messages{lab, "?type=ticket.message"};
  REQUIRE(all.wait_for(begun));
  REQUIRE(mine.wait_for(begun));
  REQUIRE(messages.wait_for(begun));
  auto const place = mine.got().back().id;

  link::progress p;
  p.ticket = order.ticket;
  p.token = order.token;
  p.text = "of another's work";
  other.say(0, p);
  link::started nothing; // answered after what came before it
  nothing.ticket = ticket_id{"nope-1"};
  other.say(1, nothing);
  CHECK(other.hear<link::ack>().taken == 1);
  p.token = order.token + 1;
  p.text = "of an attempt that is not";
  daemon.say(0, p);
  p.token = order.token;
  p.text = "reads the key ghp_0123456789abcdefghijABCDEFGHIJ012345 of main.cpp";
  // A frame that may be lost, and a stream that may not have begun when it came.
  REQUIRE(eventually([&] {
    daemon.say(0, p);
    return !progress_of(all.got()).empty() && !progress_of(mine.got()).empty();
  }));
  for (auto const* reader : {&all, &mine})
    for (auto const& said : progress_of(reader->got())) {
      CHECK(text_at(said, "ticket") == order.ticket.value);
      CHECK(said.at("token").to_number<std::int64_t>() == order.token);
      auto const text = text_at(said, "text");
      CHECK(text.find("reads the key") == 0);
      CHECK(text.find("main.cpp") != std::string::npos);
      CHECK(text.find("ghp_0123") == std::string::npos);
    }
  CHECK(progress_of(messages.got()).empty());
  // It has no place of its own: who comes back with the last one has missed nothing.
  CHECK(mine.got().back().event == "progress");
  CHECK(mine.got().back().id == place);
  for (auto const& e : lab.events())
    CHECK(text_at(e, "type").find("progress") == std::string::npos);
}
