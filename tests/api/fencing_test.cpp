#include "tests/api/puppet.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE_METHOD(leased_lab, "api: reports with a stale fencing token are taken and change nothing",
                 "[api]") {
  std::uint64_t seq = 0;
  auto const taken = [&](link::frame_body body) {
    daemon.say(++seq, std::move(body));
    CHECK(daemon.hear<link::ack>().taken == seq);
  };
  {
    unchanged const guard{lab};
    for (auto const token : {order.token - 1, order.token + 1, std::int64_t{0}, std::int64_t{-7}}) {
      auto s = about<link::started>(token);
      s.base = "0123456789";
      taken(s);
      taken(about<link::finished>(token));
      auto q = about<link::said>(token);
      q.key = "q1";
      q.to = "pm";
      q.text = "May I?";
      taken(q);
    }
    link::started unknown;
    unknown.ticket = ticket_id{"nope-1"};
    unknown.token = 1;
    taken(unknown);
    CHECK(lab.get(ticket).text("status") == "claimed");
  }
  // The right one still counts.
  auto s = about<link::started>(order.token);
  s.base = "0123456789";
  taken(s);
  CHECK(eventually([&] { return lab.get(ticket).text("status") == "in_progress"; }));
}

TEST_CASE_METHOD(leased_lab, "api: a heartbeat with a stale fencing token is told to stop",
                 "[api]") {
  unchanged const guard{lab};
  link::heartbeat h;
  h.attempts = {{order.ticket, order.token + 5}};
  daemon.say(0, h);
  auto const stop = daemon.hear<link::stop>();
  CHECK(stop.ticket == order.ticket);
  CHECK(stop.token == order.token + 5);
  h.attempts = {{ticket_id{"nope-1"}, 1}};
  daemon.say(0, h);
  CHECK(daemon.hear<link::stop>().ticket.value == "nope-1");
}

TEST_CASE_METHOD(leased_lab, "api: a report of another daemon's attempt changes nothing", "[api]") {
  puppet thief{lab};
  SECTION("without a hello") {
    unchanged const guard{lab};
    raw_socket socket{static_cast<std::uint16_t>(lab.port()), "/api/daemon/link", thief.token()};
    REQUIRE(socket.handshake().status == 101);
    REQUIRE(socket.text(link::encode({1, about<link::finished>(order.token)})));
    socket.connection().close();
  }
  SECTION("as a daemon that is enrolled and online") {
    bool const started = GENERATE(false, true);
    if (started) {
      auto s = about<link::started>(order.token);
      s.base = "0123456789";
      daemon.say(1, s);
      CHECK(daemon.hear<link::ack>().taken == 1);
    }
    thief.connect({}, {"elsewhere"}); // an event: it comes before
    (void)lab.quiet_mark();
    auto const before = lab.get(ticket).json;
    {
      unchanged const guard{lab};
      std::uint64_t seq = 0;
      auto const taken = [&](link::frame_body body) {
        thief.say(++seq, std::move(body));
        CHECK(thief.hear<link::ack>().taken == seq); // for good: it must not come again
      };
      auto s = about<link::started>(order.token);
      s.base = "fedcba9876";
      taken(s);
      auto q = about<link::said>(order.token);
      q.key = "q1";
      q.to = "pm";
      q.text = "May I?";
      taken(q);
      auto no = about<link::declined>(order.token);
      no.why = reason::policy;
      no.message = "not mine";
      taken(no);
      auto done = about<link::finished>(order.token);
      done.summary = "did it";
      done.proof.base = "0123456789";
      done.proof.head = "fedcba9876";
      done.proof.commits = {"fedcba9876"};
      done.used.cost_micros = 1'000'000;
      taken(done);
      done.how = link::outcome::failed;
      done.why = reason::policy;
      taken(done);
      // Its heartbeat does not keep the lease alive either.
      link::heartbeat h;
      h.attempts = {{order.ticket, order.token}};
      thief.say(0, h);
      auto const stop = thief.hear<link::stop>();
      CHECK(stop.ticket == order.ticket);
      CHECK(stop.token == order.token);
      CHECK(lab.get(ticket).json == before);
    }
    // The right one's report is what counts.
    auto done = about<link::finished>(order.token);
    done.summary = "did it";
    done.proof.base = "0123456789";
    done.proof.head = "abcdef0123";
    daemon.say(started ? 2 : 1, done);
    CHECK(eventually([&] { return lab.get(ticket).text("status") == "in_review"; }));
    auto const after = lab.get(ticket).body;
    CHECK(after.find("abcdef0123") != std::string::npos);
    CHECK(after.find("fedcba9876") == std::string::npos);
  }
}

TEST_CASE_METHOD(online_lab, "api: frames that are none end the link", "[api]") {
  (void)lab.quiet_mark();
  auto const before = lab.events().size();
  auto const text =
      GENERATE(as<std::string>{}, "not json", "{}", R"({"seq":1,"type":"order66"})",
               R"({"seq":1,"type":"started","tikcet":"x"})", R"({"seq":-1,"type":"started"})");
  INFO(text);
  REQUIRE(daemon.socket().text(text));
  CHECK(daemon.socket().read_message().close_code() == 1002);
  daemon.socket().connection().close();
  // Only the end of the link is told.
  CHECK(eventually([&] { return lab.events().size() > before; }));
  for (auto const& e : lab.events("&kind=daemon"))
    CHECK(text_at(e, "type").substr(0, 7) == "daemon.");
  CHECK(lab.events("&kind=ticket").empty());
  CHECK(lab.healthy());
}

TEST_CASE_METHOD(online_lab, "api: a revoked daemon loses its link and its token", "[api]") {
  SECTION("by its name") {
    CHECK(lab.post("/api/daemons/" + daemon.id() + "/revoke").text("status") == "REVOKED");
  }
  SECTION("by its token") {
    std::string token;
    auto const page = lab.get("/api/tokens?who=daemon:" + daemon.id());
    for (auto const& t : page.json.at("items").as_array())
      token = text_at(t, "id");
    CHECK(lab.remove("/api/tokens/" + token).text("status") == "REVOKED");
  }
  CHECK(daemon.socket().read_message().close_code() == 1000);
  CHECK(raw_socket{static_cast<std::uint16_t>(lab.port()), "/api/daemon/link", daemon.token()}
            .handshake()
            .status == 401);
}

TEST_CASE_METHOD(online_lab, "api: a drained daemon gets nothing more", "[api]") {
  CHECK(lab.post("/api/daemons/" + daemon.id() + "/drain").text("status") == "draining");
  (void)lab.running(lab.pending_plan(lab.pending_brief()));
  (void)lab.quiet_mark();
  CHECK(lab.get("/api/tickets?status=claimed").json.at("total").to_number<int>() == 0);
}
