#include "persistence/postgres/record.hpp"
#include "persistence/postgres/session.hpp"
#include "tests/persistence/ledger.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

new_event event(std::uint64_t id, std::string data = "{}") {
  return {event_id(id), "ticket.noted",  1,
          at_ms(1000),  "human:ada",     "c-1",
          "k3f9q2mx",   std::move(data), std::string(63, 'a') + std::to_string(id % 10)};
}

postgres::record packed(std::vector<new_event> const& events) {
  postgres::record row;
  row.shard = 7;
  row.epoch = 2;
  row.stream = ticket("a");
  postgres::pack(row, events);
  row.seq = 10 + row.count;
  row.version = 3 + row.count;
  return row;
}

void check_back(std::vector<new_event> const& events) {
  auto const back = postgres::unpack(packed(events));
  REQUIRE(back.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    CHECK(same(back[i], {7, 11 + i, 2, ticket("a"), 4 + i, events[i]}));
}

} // namespace

TEST_CASE("record: events come back as they were packed", "[persistence]") {
  SECTION("one") {
    check_back({event(1)});
  }
  SECTION("several, in the order of their ids or not") {
    check_back({event(1), event(2), event(3)});
    check_back({event(3), event(1), event(2)});
    check_back({event(2), event(2), event(1)});
  }
  SECTION("with nothing in common") {
    auto a = event(1);
    auto b = event(2);
    b.type = "ticket.claimed";
    b.schema = -3;
    b.at = at_ms(-5);
    b.principal = "agent:tally.dev-ada";
    b.cause.clear();
    b.correlation = "other";
    auto c = event(3);
    c.principal.clear();
    c.correlation.clear();
    c.at = time_point{};
    check_back({a, b, c, a});
  }
  SECTION("with every kind of text") {
    auto a = event(1, R"({"text":"line\nend\\ \"quoted\" \u0000"})");
    a.principal = "\"\\\n\t\x01\xc3\xa4}";
    a.cause = "\x7f,\"hash\":\"x\"";
    check_back({a, event(2)});
  }
}

TEST_CASE("record: what is as before, or stands in a column, is not written", "[persistence]") {
  auto first = event(1, R"({"n":1})");
  auto second = event(2, R"({"n":2})");
  auto third = event(3, R"({"n":3})");
  third.type = "ticket.closed";
  auto const row = packed({first, second, third});
  CHECK(row.count == 3);
  CHECK(row.first_id == first.event_id);
  CHECK(row.last_id == third.event_id);
  CHECK(row.hash == third.hash);
  CHECK(row.body == R"({"at":1000,"cause":"c-1","correlation":"k3f9q2mx","hash":")" + first.hash +
                        R"(","principal":"human:ada","type":"ticket.noted"})" + "\n{\"n\":1}\n" +
                        R"({"hash":")" + second.hash + R"(","id":")" + second.event_id +
                        "\"}\n{\"n\":2}\n" + R"({"type":"ticket.closed"})" + "\n{\"n\":3}\n");
}

TEST_CASE("record: no change of one byte of a body goes unseen", "[persistence]") {
  auto const sound = packed({event(1, R"({"n":1})"), event(2, R"({"n":2})")});
  for (std::size_t i = 0; i < sound.body.size(); ++i)
    for (char const flip : {'\x01', '\x20'}) {
      auto row = sound;
      row.body[i] = static_cast<char>(row.body[i] ^ flip);
      REQUIRE_THROWS_AS(postgres::unpack(row), postgres::failure);
    }
}

TEST_CASE("record: a row that was made up is told apart even if its sum is right",
          "[persistence]") {
  auto row = packed({event(1), event(2)});
  auto const seal = [&] { row.sum = postgres::sum_of(row); };
  SECTION("a member out of its order") {
    row.body.insert(1, R"("type":"ticket.noted",)");
  }
  SECTION("a number that is none") {
    row.body.replace(row.body.find("1000"), 4, "1.5e");
  }
  SECTION("another count") {
    row.count = 1;
  }
  SECTION("no event at all") {
    row.count = 0;
    row.body.clear();
  }
  SECTION("a count beyond all bounds") {
    row.count = 1'000'000'000'000;
  }
  SECTION("no end of a line") {
    row.body.pop_back();
  }
  SECTION("an id that is none") {
    row.last_id = "x";
  }
  seal();
  try {
    (void)postgres::unpack(row);
    FAIL("it was read");
  } catch (postgres::failure const& e) {
    CHECK(e.code == errc::corrupt);
    CHECK_FALSE(e.lost);
    CHECK(e.message.find("shard 7") != std::string::npos);
    CHECK(e.message.find("seq 12") != std::string::npos);
  }
}
