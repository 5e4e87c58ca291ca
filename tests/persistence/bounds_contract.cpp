#include "tests/persistence/contract.hpp"

using namespace troupe;
using namespace troupe::test;

TROUPE_CONTRACT("a malformed unit refuses the batch and stores nothing") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto u = l.next(a);
  auto& w = u.writes[0];
  auto& e = w.events[0];
  SECTION("of another shard") {
    u.shard = (u.shard + 1) % shard_count;
  }
  SECTION("of a shard that does not exist") {
    u.shard = 4000;
  }
  SECTION("of another tenant") {
    u.tenant = tenant_id{"other"};
  }
  SECTION("without a tenant") {
    u.tenant = {};
  }
  SECTION("a stream without a name") {
    w.stream.id.clear();
  }
  SECTION("a stream twice") {
    u.writes.push_back(w);
  }
  SECTION("a new stream without events") {
    w.events.clear();
  }
  SECTION("nothing at all") {
    u.writes.clear();
  }
  SECTION("an event id that is none") {
    e.event_id = "evt-1";
  }
  SECTION("an event id in upper case") {
    e.event_id = "019F0000-0000-7000-8000-00000000000A";
  }
  SECTION("an event id twice") {
    w.events.push_back(e);
  }
  SECTION("an event id twice, of many") {
    u = l.next(a, 40);
    auto& many = u.writes[0].events;
    many.back().event_id = many[3].event_id;
  }
  SECTION("one of the last two event ids twice, of many") {
    u = l.next(a, 40);
    auto& many = u.writes[0].events;
    many.back().event_id = many[many.size() - 2].event_id;
  }
  SECTION("an empty type") {
    e.type.clear();
  }
  SECTION("a type with a space") {
    e.type = "ticket noted";
  }
  SECTION("a short hash") {
    e.hash.pop_back();
  }
  SECTION("a hash in upper case") {
    e.hash = std::string(64, 'A');
  }
  SECTION("data that is no object") {
    e.data = "[1]";
  }
  SECTION("no data") {
    e.data.clear();
  }
  SECTION("data with a raw line end") {
    e.data = "{\n}";
  }
  SECTION("data that is not UTF-8") {
    e.data = "{\"a\":\"\xff\"}";
  }
  SECTION("data with half a surrogate") {
    e.data = "{\"a\":\"\xed\xa0\x80\"}";
  }
  SECTION("a NUL in the id") {
    w.stream.id = std::string("a\0b", 3);
  }
  SECTION("a NUL in the principal") {
    e.principal = std::string("a\0b", 3);
  }
  SECTION("a cause that is too long") {
    e.cause = std::string(513, 'x');
  }
  SECTION("an inbox entry without a key") {
    u.inbox = inbox_entry{"api", "", "h", "{}"};
  }
  SECTION("an effect twice, of many") {
    for (int i = 0; i < 20; ++i)
      u.outbox_started.push_back("x" + std::to_string(i));
    u.outbox_started.push_back("x16");
  }
  SECTION("an effect twice") {
    u.outbox = {{"x", "mail", effect_class::pure, "{}"}, {"x", "mail", effect_class::pure, "{}"}};
  }
  SECTION("an effect without an id") {
    u.outbox_started = {""};
  }
  auto const good = l.next(ticket("good"));
  auto const out = c.store().append(std::vector{good, u});
  REQUIRE(out.has_error());
  CHECK(out.error().code == errc::invalid_argument);
  CHECK(all_events(c.store()).empty());
}

TROUPE_CONTRACT("a batch of 128 units is taken, one more is refused") {
  ledger l{c.store()};
  std::vector<unit> batch;
  for (int i = 0; i < 128; ++i)
    batch.push_back(l.next(ticket("t" + std::to_string(i))));
  auto more = batch;
  more.push_back(l.next(ticket("more")));
  CHECK(c.store().append(more).error().code == errc::invalid_argument);
  l.ok(batch);
  CHECK(all_events(c.store()).size() == 128);
}

TROUPE_CONTRACT("a batch over one MiB is refused, a big event just below is kept") {
  ledger l{c.store()};
  auto const a = ticket("a");
  auto const big = [&](std::size_t n) {
    return l.next_data(a, R"({"text":")" + std::string(n, 'x') + "\"}");
  };
  CHECK(c.store().append(std::vector{big(max_batch_bytes)}).error().code == errc::invalid_argument);
  l.forget();
  auto const u = big(max_batch_bytes - 1000);
  l.ok({u});
  auto const log = c.store().read_stream(a, 0, 1);
  REQUIRE(log.has_value());
  CHECK(log->front().event.data == u.writes[0].events[0].data);
}

TROUPE_CONTRACT("a unit of 500 events is one step") {
  ledger l{c.store()};
  auto const r = l.one(l.next(ticket("a"), 500));
  CHECK(r.versions == std::vector<std::uint64_t>{500});
  CHECK(c.store().read_stream(ticket("a"), 0, 1000)->size() == 500);
}

TROUPE_CONTRACT("text of every script, quotes and escapes is kept byte for byte") {
  ledger l{c.store()};
  std::vector<std::string> const texts = {
      "\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac \xf0\x9f\x8e\xad \xe4\xb8\xad\xe6\x96\x87",
      "e\xcc\x81 is not \xc3\xa9", // composed and not: two different texts
      R"(a "quoted" \ back\\slash {brace,comma} 'single' $1 ?)",
      "NULL",
      "null",
      "{}",
      " spaces at both ends ",
      "line\nend\ttab\r\x01",
      "%s %d \\x00 \\u0000",
      "\xef\xbb\xbf"
      "BOM",
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto const ref = ticket("id " + texts[i]);
    auto w = l.next(ref);
    w.writes[0].events[0].principal = texts[i];
    w.inbox = inbox_entry{"api " + texts[i], "key " + texts[i], texts[i], texts[i]};
    w.outbox = {{"effect " + texts[i], "kind " + texts[i], effect_class::pure, texts[i]}};
    l.ok({w});
    auto const log = c.store().read_stream(ref, 0, 1);
    REQUIRE(log.has_value());
    REQUIRE(log->size() == 1);
    CHECK(same(log->front(), {w.shard, log->front().seq, w.epoch, ref, 1, w.writes[0].events[0]}));
    auto const kept = c.store().find_inbox(ref.tenant, "api " + texts[i], "key " + texts[i]);
    REQUIRE(kept.has_value());
    REQUIRE(kept->has_value());
    CHECK((*kept)->answer == texts[i]);
    auto const effects = c.store().outbox(w.shard, 10);
    REQUIRE(effects.has_value());
    CHECK(std::any_of(effects->begin(), effects->end(), [&](auto const& x) {
      return x.payload == texts[i] && x.effect_id == "effect " + texts[i];
    }));
  }
}

TROUPE_CONTRACT("an escaped NUL in the data is kept as its escape") {
  ledger l{c.store()};
  auto const u = l.next_data(ticket("a"), R"({"a":"\u0000"})");
  l.ok({u});
  CHECK(c.store().read_stream(ticket("a"), 0, 1)->front().event.data == R"({"a":"\u0000"})");
}

TROUPE_CONTRACT("texts as long as allowed are kept") {
  ledger l{c.store()};
  auto const ref = ticket(std::string(256, 'i'), std::string(128, 't'));
  auto u = l.next(ref);
  auto& e = u.writes[0].events[0];
  e.principal = e.cause = e.correlation = std::string(512, 'p');
  u.inbox = inbox_entry{std::string(512, 's'), std::string(512, 'k'), std::string(512, 'h'), "{}"};
  u.outbox = {{std::string(512, 'e'), "mail", effect_class::pure, "{}"}};
  l.ok({u});
  CHECK(c.store().stream(ref)->version == 1);
}
