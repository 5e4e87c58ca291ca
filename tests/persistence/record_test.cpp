#include "persistence/encoding.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/record/compression.hpp"
#include "persistence/record/record.hpp"
#include "persistence/record/record_body.hpp"
#include "persistence/scanner.hpp"
#include "protocol/hex.hpp"
#include "protocol/json.hpp"
#include "tests/persistence/ledger.hpp"
#include "tests/persistence/record_edit.hpp"
#include "tests/support/published_vectors.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

new_event event(std::uint64_t id, std::string data = "{}") {
  return {event_id(id),    "ticket.noted",      1, at_ms(1000), "human:ada", "c-1", "k3f9q2mx",
          std::move(data), std::string(64, 'a')};
}

constexpr std::uint64_t version_before = 3;

/// As a writer gives them: each hash follows from the one before it.
std::vector<new_event> chained(std::vector<new_event> events) {
  std::string hash(64, 'b');
  for (std::size_t i = 0; i < events.size(); ++i)
    hash = events[i].hash = chain_hash(hash, ticket("a"), version_before + 1 + i, events[i]);
  return events;
}

records::record packed(std::vector<new_event> const& events) {
  records::record row;
  row.shard = 7;
  row.stream = ticket("a");
  records::pack(row, 2, events);
  row.seq = 10 + events.size();
  row.version = version_before + events.size();
  return row;
}

records::body_keys keys_of(records::record const& row) {
  return {row.first_id, row.last_id, row.hash};
}

records::record_body body_of(records::record const& row) {
  return records::decode_body(row.body, keys_of(row));
}

void check_back(std::vector<new_event> events) {
  events = chained(std::move(events));
  auto const back = records::unpack(packed(events));
  REQUIRE(back.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    CHECK(same(back[i], {7, 11 + i, 2, ticket("a"), 4 + i, events[i]}));
}

void check_refused(records::record const& row) {
  try {
    (void)records::unpack(row);
    FAIL("it was read");
  } catch (store_failure const& e) {
    CHECK(e.code == errc::corrupt);
    CHECK_FALSE(e.lost);
    CHECK(e.message.find("shard 7") != std::string::npos);
    CHECK(e.message.find("seq 12") != std::string::npos);
  }
}

/// Words that no dictionary has.
std::string noise(std::size_t bytes) {
  std::string out;
  for (std::uint64_t n = 88172645463325252ull; out.size() < bytes;) {
    n ^= n << 13;
    n ^= n >> 7;
    n ^= n << 17;
    out += static_cast<char>('a' + n % 26);
  }
  return out;
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
    auto a = event(1, R"({"text":"line\nend\\ \"quoted\" \u0000\u0001\u0002"})");
    a.principal = "\"\\\n\t\x01\x02\xc3\xa4}";
    a.cause = "\x7f,\"id\":\"x\"";
    check_back({a, event(2)});
  }
  SECTION("with ids in them, new ones and known ones, at the edges and nearly") {
    auto a = event(1, R"({"of":")" + event_id(1) + R"("})");
    a.cause = event_id(99);
    a.principal = "-" + event_id(98) + event_id(99) + "-";
    auto b = event(2, R"({"a":")" + event_id(99) + "\",\"b\":\"" + event_id(98).substr(1) +
                          R"(","c":"01234567-89ab-cdef-0123-456789abcdeg--------"})");
    b.cause = "-";
    check_back({a, b, event(3)});
  }
  SECTION("with more ids than have a number") {
    std::string data = R"({"ids":[)";
    for (std::uint64_t i = 0; i < 700; ++i)
      data += '"' + event_id(1000 + i % 350) + "\",";
    data.back() = ']';
    check_back({event(1, data + '}'), event(2, data + '}')});
  }
  SECTION("great ones, with and without repetition") {
    check_back({event(1, R"({"x":")" + noise(900'000) + "\"}")});
    check_back({event(1, R"({"x":")" + std::string(900'000, 'x') + "\"}"), event(2)});
  }
}

TEST_CASE("record: what is as before, or stands in a column, is not written", "[persistence]") {
  auto first = event(1, R"({"n":1})");
  auto second = event(2, R"({"n":2})");
  auto third = event(3, R"({"n":3})");
  third.type = "ticket.closed";
  auto const events = chained({first, second, third});
  auto const row = packed(events);
  CHECK(row.first_id == first.event_id);
  CHECK(row.last_id == third.event_id);
  CHECK(row.hash == events[2].hash);
  auto const body = body_of(row);
  CHECK(body.epoch == 2);
  CHECK(body.count == 3);
  CHECK(body.first_hash == events[0].hash);
  CHECK(body.lines ==
        R"({"at":1000,"cause":"c-1","correlation":"k3f9q2mx","principal":"human:ada",)"
        R"("type":"ticket.noted"})"
        "\n{\"n\":1}\n" +
            (R"({"id":")" + second.event_id) + "\"}\n{\"n\":2}\n" + R"({"type":"ticket.closed"})" +
            "\n{\"n\":3}\n");
}

TEST_CASE("record: an event of the time in its id has no time of its own", "[persistence]") {
  auto e = event(1);
  e.at = at_ms(0x019f00000000);
  CHECK(body_of(packed({e})).lines.find("\"at\"") == std::string::npos);
  check_back({e, event(2), e});
}

TEST_CASE("record: an event costs a fraction of its text", "[persistence]") {
  auto const data =
      R"({"next_stage":1,"proof":{"base":"46ca6371cb1604536ac04bae9e989871049d2d42",)"
      R"("branch":"agent/k3f9q2mx-1","head":"2d7a1fd37780e86cb3a35e16b1b8e0ef6acb9a05"},)"
      R"("to":"in_review"})";
  auto e = event(5, data);
  e.cause = event_id(4);
  e.type = "ticket.evidence_attached";
  auto const row = packed({e});
  CHECK(row.body.size() < 130); // 80 random digits of them, and an id
  CHECK(body_of(row).lines.size() > 300);
  CHECK(packed({event(1, R"({"x":")" + noise(20) + "\"}")}).body.size() < 110);
}

TEST_CASE("record: no change of one byte of a body goes unseen", "[persistence]") {
  auto const sound = packed(chained({event(1, R"({"n":1})"), event(2, R"({"n":2})")}));
  for (std::size_t i = 0; i < sound.body.size(); ++i)
    for (char const flip : {'\x01', '\x20', '\x80'}) {
      auto row = sound;
      row.body[i] = static_cast<char>(row.body[i] ^ flip);
      REQUIRE_THROWS_AS(records::unpack(row), store_failure);
    }
  for (std::size_t i = 0; i < sound.body.size(); ++i) {
    auto row = sound;
    row.body.resize(i);
    REQUIRE_THROWS_AS(records::unpack(row), store_failure);
  }
  for (auto const& more :
       {std::string{"\0", 1}, std::string{"\x28\xb5\x2f\xfd\x20\0\x01\0\0", 9}}) {
    auto row = sound;
    row.body += more;
    REQUIRE_THROWS_AS(records::unpack(row), store_failure);
  }
}

TEST_CASE("record: a row that was made up is told apart even if its sum is right",
          "[persistence]") {
  auto row = packed(chained({event(1, R"({"n":1})"), event(2, R"({"n":2})")}));
  auto body = body_of(row);
  auto const put = [&](std::string const& text, std::string const& in_place_of) {
    REQUIRE(put_text(body.lines, text, in_place_of));
  };
  SECTION("a member out of its order") {
    body.lines.insert(1, R"("type":"ticket.noted",)");
  }
  SECTION("a number that is none") {
    put("1.5e", "1000");
  }
  SECTION("a count that is too small") {
    body.count = 1;
  }
  SECTION("a count that is too large") {
    body.count = 3;
  }
  SECTION("no event at all") {
    body.count = 0;
    body.lines.clear();
  }
  SECTION("a count beyond all bounds") {
    body.count = 1'000'000'000'000;
  }
  SECTION("no end of a line") {
    body.lines.pop_back();
  }
  SECTION("an id that is none") {
    row.last_id = "x";
  }
  SECTION("another id") {
    row.last_id = event_id(3);
  }
  SECTION("another hash") {
    row.hash[0] = row.hash[0] == '0' ? '1' : '0';
  }
  SECTION("another hash of the first event") {
    body.first_hash[0] = body.first_hash[0] == '0' ? '1' : '0';
  }
  SECTION("other data") {
    put(R"({"n":3})", R"({"n":2})");
  }
  row.body = records::encode_body(body, keys_of(row));
  check_refused(row);
}

TEST_CASE("record: a row of another stream or version is told apart", "[persistence]") {
  auto row = packed(chained({event(1), event(2)}));
  SECTION("stream") {
    row.stream.id = "b";
  }
  SECTION("kind") {
    row.stream.kind = entity_kind::brief;
  }
  SECTION("version") {
    ++row.version;
  }
  check_refused(row);
}

TEST_CASE("record: what would become absurdly large is refused before it does", "[persistence]") {
  std::string const much(records::max_lines_bytes + 1, ' ');
  auto const& with = records::dictionaries().back();
  auto const frame = records::compressed(much, with, records::effort::small);
  REQUIRE(frame.size() < 100'000);
  CHECK_THROWS_AS(records::decompressed(frame, with.number, records::max_lines_bytes), malformed);
  CHECK(records::decompressed(frame, with.number, much.size()) == much);
  // Ids that are named again and again.
  records::record_body body{1, 1, "", event_id(7)};
  for (int i = 0; i < 1'000'000; ++i)
    body.lines += std::string{"\x02\0", 2};
  auto const row = packed({event(1)});
  CHECK_THROWS_AS(records::decode_body(records::encode_body(body, keys_of(row)), keys_of(row)),
                  malformed);
  CHECK_THROWS_AS(records::encode_body({1, 1, "", much}, keys_of(row)), store_failure);
}

TEST_CASE("record: every id of its list stands in a body", "[persistence]") {
  auto const row = packed({event(1)});
  auto const keys = keys_of(row);
  auto bytes = records::encode_body({1, 1, "", noise(20) + event_id(9)}, keys);
  REQUIRE(bytes[1] == 0);
  REQUIRE(bytes.back() == '\x01');
  auto const with_last_byte = [&](char last) {
    bytes.back() = last;
    std::uint32_t sum = 2166136261u;
    for (auto const part : {std::string_view{bytes}.substr(0, 2), std::string_view{bytes}.substr(6),
                            keys.first_id, keys.last_id, keys.hash})
      for (char const c : part)
        sum = (sum ^ static_cast<unsigned char>(c)) * 16777619u;
    return bytes.replace(2, 4, postgres::binary_int4(static_cast<std::int32_t>(sum)));
  };
  CHECK(records::decode_body(with_last_byte('\x01'), keys).lines == noise(20) + event_id(9));
  CHECK_THROWS_AS(records::decode_body(with_last_byte('x'), keys), malformed);
  CHECK_THROWS_AS(records::decode_body(with_last_byte('\x02'), keys), malformed);
}

TEST_CASE("record: a frame of another program is refused", "[persistence]") {
  auto const& with = records::dictionaries().back();
  std::string const text = R"({"type":"ticket.opened"})" + noise(200);
  auto const frame = records::compressed(text, with, records::effort::small);
  REQUIRE(records::decompressed(frame, with.number, 1000) == text);
  auto const unknown = static_cast<std::uint8_t>(with.number + 1);
  CHECK_THROWS_AS(records::decompressed(frame, unknown, 1000), malformed);
  CHECK_THROWS_AS(records::decompressed(frame, 0, 1000), malformed);
  CHECK_THROWS_AS(records::decompressed("", with.number, 1000), malformed);
  CHECK_THROWS_AS(records::decompressed(frame + "x", with.number, 1000), malformed);
  std::string const to_be_skipped{"\x50\x2a\x4d\x18\0\0\0\0", 8};
  CHECK_THROWS_AS(records::decompressed(frame + to_be_skipped, with.number, 1000), malformed);
  CHECK_THROWS_AS(records::decompressed(frame.substr(0, frame.size() - 1), with.number, 1000),
                  malformed);
  CHECK(records::compressed("x", with, records::effort::small).empty());
  CHECK(records::compressed("", with, records::effort::small).empty());
}

TEST_CASE("record: the published rows are read, and the dictionaries are those of ever",
          "[persistence]") {
  auto const all = published_vectors();
  auto const& published = all.at("dictionaries").as_array();
  REQUIRE(published.size() == records::dictionaries().size());
  for (std::size_t i = 0; i < published.size(); ++i) {
    auto const& mine = records::dictionaries()[i];
    CHECK(mine.number == published[i].at("number").to_number<std::uint8_t>());
    CHECK(sha256_hex({{reinterpret_cast<char const*>(mine.bytes.data()), mine.bytes.size()}}) ==
          text_of(published[i].at("sha256")));
  }
  auto const& rows = all.at("rows").as_array();
  REQUIRE(rows.size() >= 4);
  for (auto const& v : rows) {
    records::record row;
    row.stream.tenant.value = text_of(v.at("tenant"));
    REQUIRE(parse(text_of(v.at("kind")), row.stream.kind));
    row.stream.id = text_of(v.at("id"));
    row.shard = shard_of(row.stream);
    row.seq = v.at("seq").to_number<std::uint64_t>();
    row.version = v.at("version").to_number<std::uint64_t>();
    row.first_id = text_of(v.at("first_id"));
    row.last_id = text_of(v.at("last_id"));
    row.hash = text_of(v.at("hash"));
    row.body = unhex(text_of(v.at("body")));
    auto const& wanted = v.at("events").as_array();
    auto const got = records::unpack(row);
    REQUIRE(got.size() == wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      CHECK(got[i].epoch == v.at("epoch").to_number<std::uint64_t>());
      text_buffer envelope;
      put_envelope(envelope, got[i].stream, got[i].version, got[i].event);
      CHECK(envelope.view() == text_of(wanted[i].at("envelope")));
      CHECK(got[i].event.hash == text_of(wanted[i].at("hash")));
    }
    // What zstd makes of a text may become smaller with its versions; all else is fixed.
    std::vector<new_event> events;
    for (auto const& e : got)
      events.push_back(e.event);
    records::record again;
    records::pack(again, got.front().epoch, events);
    CHECK(body_of(again).lines == body_of(row).lines);
    if (row.body[1] == 0)
      CHECK(hex_of(again.body) == hex_of(row.body));
    else
      CHECK(again.body.size() <= row.body.size() + 8);
  }
}
