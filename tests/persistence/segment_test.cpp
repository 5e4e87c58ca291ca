#include "persistence/postgres/segment.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/record/record.hpp"
#include "tests/persistence/ledger.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

/// Events as a writer gives them: each hash follows from the one before it.
class writer {
public:
  explicit writer(entity_ref stream) : stream_(std::move(stream)) {}
  stream_write next(std::size_t events, std::optional<time_point> wake = {}) {
    stream_write w;
    w.stream = stream_;
    w.expected_version = version_;
    w.wake_at = wake;
    for (std::size_t i = 0; i < events; ++i) {
      new_event e;
      e.event_id = event_id(100 * ++version_ + shard_of(stream_));
      e.type = i % 2 == 0 ? "ticket.noted" : "ticket.claimed";
      e.schema = i == 2 ? 3 : 1;
      e.at = at_ms(1000 + static_cast<std::int64_t>(version_));
      e.principal = "human:ad\"a\n";
      e.cause = event_id(7);
      e.correlation = "k3f9q2mx";
      e.data = R"({"about":")" + event_id(8) + R"(","n":)" + std::to_string(version_) + "}";
      hash_ = e.hash = chain_hash(hash_, stream_, version_, e);
      w.events.push_back(std::move(e));
    }
    return w;
  }

private:
  entity_ref stream_;
  std::uint64_t version_ = 0;
  std::string hash_{no_hash()};
};

void same_events(std::vector<stored_event> const& got, stream_write const& w, std::uint64_t seq) {
  REQUIRE(got.size() == w.events.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(same(got[i], {shard_of(w.stream), seq + i, 5, w.stream, w.expected_version + i + 1,
                        w.events[i]}));
}

/// A batch on two streams of one shard, one of them written twice, and a timer alone.
struct batch {
  std::vector<entity_ref> refs = tickets_of(7, 3);
  writer a{refs[0]};
  writer b{refs[1]};
  stream_write first = a.next(3, at_ms(50));
  stream_write other = b.next(1);
  stream_write second = a.next(2, time_point{});
  stream_write timer{refs[2], 4, {}, at_ms(-9)};
  std::vector<records::section> sections{
      records::make_section(7, 5, 13, first), records::make_section(7, 5, 14, other),
      records::make_section(7, 5, 16, second), records::make_section(7, 5, 16, timer)};
};

constexpr postgres::segment_place place{1, 42};

void check_damaged(std::string const& body, postgres::segment_place const& at = place) {
  try {
    (void)postgres::decode_segment(at, body);
    FAIL("it was read");
  } catch (store_failure const& e) {
    CHECK(e.code == errc::corrupt);
    CHECK(e.message.find("lane " + std::to_string(at.lane)) != std::string::npos);
    CHECK(e.message.find("backup") != std::string::npos);
  }
}

} // namespace

TEST_CASE("segment: a batch comes back as it was", "[persistence]") {
  batch const given;
  auto const body = postgres::encode_segment(place, given.sections);
  auto const back = postgres::decode_segment(place, body);
  REQUIRE(back.size() == 4);
  same_events(records::events_of(back[0]), given.first, 11);
  same_events(records::events_of(back[1]), given.other, 14);
  same_events(records::events_of(back[2]), given.second, 15);
  CHECK(back[0].wake_at == at_ms(50));
  CHECK_FALSE(back[1].wake_at.has_value());
  CHECK(back[2].wake_at == time_point{});
  CHECK(back[3].stream == given.refs[2]);
  CHECK(back[3].version == 4);
  CHECK(back[3].count == 0);
  CHECK(back[3].wake_at == at_ms(-9));
  CHECK(records::last_hash(back[2]) == given.second.events.back().hash);
  CHECK(records::ids_of(back[2]).first == given.second.events.front().event_id);
  CHECK(records::ids_of(back[2]).last == given.second.events.back().event_id);
  CHECK(postgres::decode_segment(place, {}).empty()); // a barrier
}

TEST_CASE("segment: names with any bytes that a store takes come back", "[persistence]") {
  entity_ref const odd{tenant_id{"a \"b\" \\ \n"}, entity_kind::ticket,
                       std::string{"\x01\x02 - \xc3\xa4\x1f"}};
  auto w = writer{odd}.next(2);
  auto const shard = shard_of(odd);
  postgres::segment_place const at{postgres::lane_of(shard), 1};
  std::vector<records::section> const all{records::make_section(shard, 5, 2, w)};
  auto const back = postgres::decode_segment(at, postgres::encode_segment(at, all));
  REQUIRE(back.size() == 1);
  CHECK(back[0].stream == odd);
  same_events(records::events_of(back[0]), w, 1);
}

TEST_CASE("segment: every flipped bit, every cut and another place are told", "[persistence]") {
  batch const given;
  auto const sound = postgres::encode_segment(place, given.sections);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    auto body = sound;
    body[i] = static_cast<char>(body[i] ^ 4);
    check_damaged(body);
  }
  for (std::size_t n = 1; n < sound.size(); ++n)
    check_damaged(sound.substr(0, n));
  check_damaged(sound + "x");
  check_damaged(sound, {1, 43});
  check_damaged(sound, {0, 42});
}

TEST_CASE("segment: ids beyond the last 256 are written again and come back", "[persistence]") {
  std::vector<records::section> all;
  std::vector<stream_write> writes;
  std::uint64_t seq = 0;
  for (auto const& ref : tickets_of(7, 200)) {
    writes.push_back(writer{ref}.next(3));
    all.push_back(records::make_section(7, 5, seq += 3, writes.back()));
  }
  auto const back = postgres::decode_segment(place, postgres::encode_segment(place, all));
  REQUIRE(back.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    same_events(records::events_of(back[i]), writes[i], 3 * i + 1);
}

TEST_CASE("record: writes of one stream share a row, with what stands between them left out",
          "[persistence]") {
  batch const given;
  std::vector<records::section const*> const parts{&given.sections[0], &given.sections[2]};
  records::record row;
  records::merge(row, 10, parts);
  CHECK(row.seq == 16);
  CHECK(row.version == 5);
  CHECK(row.hash == given.second.events.back().hash);
  auto const back = records::unpack_run(row);
  CHECK(back.run == 10);
  REQUIRE(back.events.size() == 5);
  same_events({back.events.begin(), back.events.begin() + 3}, given.first, 11);
  same_events({back.events.begin() + 3, back.events.end()}, given.second, 15);
  for (std::size_t i = 0; i < row.body.size(); ++i) {
    auto spoilt = row;
    spoilt.body[i] = static_cast<char>(spoilt.body[i] ^ 16);
    CHECK_THROWS_AS(records::unpack(spoilt), store_failure);
  }
  auto elsewhere = row;
  ++elsewhere.seq;
  CHECK_THROWS_AS(records::unpack(elsewhere), store_failure);
  elsewhere = row;
  ++elsewhere.version;
  CHECK_THROWS_AS(records::unpack(elsewhere), store_failure);
}
