#include "tests/api/two_tenants.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

bool has(std::vector<stream_event> const& all, std::string_view text) {
  return std::any_of(all.begin(), all.end(),
                     [&](stream_event const& e) { return e.data.find(text) != std::string::npos; });
}

} // namespace

TEST_CASE("watch tenants: nobody gets a byte of another tenant's, over any way", "[api]") {
  two_tenants lab;
  tenant_id const mine{"antelope"};
  tenant_id const other{"zebra"};
  auto const token = lab.token_of(mine);
  auto const theirs = lab.token_of(other);
  lab.work(mine, "antelope-past");
  lab.work(other, "zebra-past");
  auto const as = api_lab::as;
  stream_reader live{lab.url(""), as(token)};
  stream_reader named{lab.url("&filter=tenant%3Dzebra%20or%20project%3Dzebra-live"), as(token)};
  stream_reader past{lab.url("&since=1h"), as(token)};
  stream_reader reverse{lab.url("&since=1h"), as(theirs)};
  raw_socket socket{lab.server.port(), "/api/watch?rate=10000&contents=true", token};
  REQUIRE(socket.handshake().status == 101);
  for (auto* reader : {&live, &named, &past, &reverse})
    REQUIRE(reader->opens());
  for (int i = 0; i < 20; ++i) {
    lab.work(other, "zebra-live" + std::to_string(i));
    lab.work(mine, "antelope-live" + std::to_string(i));
  }
  auto const ends = [](char const* last) {
    return [last](auto const& all) { return has(all, last); };
  };
  REQUIRE(live.wait_for(ends("antelope-live19")));
  REQUIRE(past.wait_for(ends("antelope-live19")));
  REQUIRE(reverse.wait_for(ends("zebra-live19")));
  CHECK(has(past.got(), "antelope-past"));
  CHECK(has(reverse.got(), "zebra-past"));
  CHECK_FALSE(has(live.got(), "zebra"));
  CHECK_FALSE(has(past.got(), "zebra"));
  CHECK_FALSE(has(reverse.got(), "antelope"));
  CHECK(named.got().empty());
  for (std::string text; text.find("antelope-live19") == std::string::npos;) {
    auto const f = socket.read_message();
    REQUIRE(f.opcode == 1);
    text = f.payload;
    CHECK(text.find("zebra") == std::string::npos);
  }
  // Nor may a position of the whole ledger tell more than one's own events.
  stream_reader after{lab.url("&after=p1."), as(token)};
  REQUIRE(after.wait_for(ends("antelope-live19")));
  CHECK_FALSE(has(after.got(), "zebra"));
}

TEST_CASE("watch: when the tap ends, its watchers hear it and the team goes on", "[api]") {
  two_tenants lab;
  tenant_id const mine{"antelope"};
  auto const token = lab.token_of(mine);
  stream_reader live{lab.url(""), api_lab::as(token)};
  stream_reader past{lab.url("&since=1h"), api_lab::as(token)};
  REQUIRE(live.opens());
  REQUIRE(past.opens());
  lab.work(mine, "before");
  REQUIRE(live.wait_for([](auto const& all) { return has(all, "before"); }));
  lab.tap.stop("internal");
  for (auto* reader : {&live, &past}) {
    REQUIRE(reader->ends());
    CHECK(reader->got().back().event == "closed");
    CHECK(text_at(data_of(reader->got().back()), "reason") == "internal");
  }
  for (int i = 0; i < 20; ++i)
    lab.work(mine, "after" + std::to_string(i));
  CHECK(lab.n->ask({mine, entity_kind::project, "after19"}).has_value());
  auto const again = http_request("GET", lab.url(""), api_lab::as(token), {});
  REQUIRE(again.has_value());
  CHECK(again->status == 503);
}
