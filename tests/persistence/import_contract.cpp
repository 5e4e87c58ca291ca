#include "persistence/memory/memory_store.hpp"
#include "tests/persistence/contract.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

/// Events of two streams of one shard and one of another, over two epochs.
std::vector<stored_event> history() {
  auto const factory = open_memory_store();
  auto const store = *factory();
  ledger l{*store};
  auto const refs = tickets_of(60, 2);
  l.write(refs[0], 2);
  l.write(refs[1], 1);
  l.epochs[60] = *store->claim(60, "again");
  l.write(refs[0], 1);
  l.write(tickets_of(61, 1)[0], 2);
  return all_events(*store);
}

void rehash(stored_event& e, std::string_view previous) {
  e.event.hash = chain_hash(previous, e.stream, e.version, e.event);
}

} // namespace

TROUPE_CONTRACT("imported events stand as they were") {
  auto const events = history();
  REQUIRE(c.store().import(events).has_value());
  auto const stored = all_events(c.store());
  REQUIRE(stored.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    CHECK(same(stored[i], events[i]));
  auto const head = c.store().stream(events[0].stream);
  CHECK(head->version == 3);
  CHECK(head->hash == events[3].event.hash);
}

TROUPE_CONTRACT("after an import the store goes on above the imported epochs") {
  REQUIRE(c.store().import(history()).has_value());
  CHECK((*c.store().shards())[60].epoch == 2);
  CHECK((*c.store().shards())[60].last_seq == 4);
  ledger l{c.store()};
  CHECK(l.epochs[60] == 3);
  auto const r = l.one(l.next(tickets_of(60, 1)[0]));
  CHECK(r.first_seq == 5);
  CHECK(r.versions == std::vector<std::uint64_t>{4});
}

TROUPE_CONTRACT("an import may come in parts") {
  auto const events = history();
  for (auto const& e : events)
    REQUIRE(c.store().import(std::span{&e, 1}).has_value());
  CHECK(all_events(c.store()).size() == events.size());
}

TROUPE_CONTRACT("an import that breaks the order is refused whole") {
  auto events = history();
  SECTION("a missing event") {
    events.erase(events.begin() + 1);
  }
  SECTION("a missing first event") {
    events.erase(events.begin());
  }
  SECTION("two events swapped") {
    std::swap(events[1], events[2]);
  }
  SECTION("an event twice") {
    events.insert(events.begin(), events[0]);
  }
  SECTION("a changed text") {
    events[1].event.data = R"({"n":3})";
  }
  SECTION("a changed principal") {
    events[2].event.principal = "human:eve";
  }
  SECTION("a changed time") {
    events[0].event.at += duration{1};
  }
  SECTION("a changed hash") {
    events[1].event.hash[5] = events[1].event.hash[5] == '0' ? '1' : '0';
  }
  SECTION("a version that skips") {
    events[1].version = 3;
    rehash(events[1], events[0].event.hash);
  }
  SECTION("an epoch that goes back") {
    events[0].epoch = events[1].epoch + 1;
  }
  SECTION("an epoch of zero") {
    events[0].epoch = 0;
  }
  SECTION("an event id twice in its shard") {
    events[2].event.event_id = events[0].event.event_id;
    rehash(events[2], no_hash());
  }
  auto const r = c.store().import(events);
  REQUIRE(r.has_error());
  CHECK(r.error().code == errc::conflict);
  CHECK(all_events(c.store()).empty());
}

TROUPE_CONTRACT("an import of a malformed event is refused") {
  auto events = history();
  SECTION("in a shard that is not its own") {
    events[0].shard = 62;
  }
  SECTION("without a type") {
    events[0].event.type.clear();
  }
  SECTION("with data that is not UTF-8") {
    events[0].event.data = "{\"a\":\"\xc0\x80\"}";
  }
  CHECK(c.store().import(events).error().code == errc::invalid_argument);
  CHECK(all_events(c.store()).empty());
}

TROUPE_CONTRACT("an import does not overwrite") {
  auto const events = history();
  REQUIRE(c.store().import(events).has_value());
  CHECK(c.store().import(events).error().code == errc::conflict);
  CHECK(all_events(c.store()).size() == events.size());
}

TROUPE_CONTRACT("rows beside the events are put back") {
  auto const events = history();
  REQUIRE(c.store().import(events).has_value());
  side_rows rows;
  rows.shards = {{60, 7, "node-a", 4}};
  rows.streams = {{events[0].stream, 3, events[3].event.hash, at_ms(5)}};
  rows.inbox = {{tenant_id{"acme"}, {"api", "k", "h", "{}"}, at_ms(9)}};
  rows.outbox = {{60, {"x", "mail", effect_class::pure, "{}", at_ms(1), 3, true, 2}}};
  rows.outbox[0].second.tenant = tenant_id{"acme"};
  REQUIRE(c.store().restore(rows).has_value());
  CHECK((*c.store().shards())[60].epoch == 7);
  CHECK((*c.store().shards())[60].owner == "node-a");
  CHECK(c.store().due(60, at_ms(5), 10)->size() == 1);
  CHECK(c.store().inbox_rows({}, 10)->front().stored_at == at_ms(9));
  auto const effects = *c.store().outbox(60, 10);
  REQUIRE(effects.size() == 1);
  CHECK(effects[0].attempt == 3);
  CHECK(effects[0].running);
  CHECK(*c.store().claim(60, "node-b") == 8);
}

TROUPE_CONTRACT("rows that disagree with the events are refused whole") {
  auto const events = history();
  REQUIRE(c.store().import(events).has_value());
  auto const before = dump(c.store());
  side_rows rows;
  rows.inbox = {{tenant_id{"acme"}, {"api", "k", "h", "{}"}, at_ms(9)}};
  rows.shards = {{60, 7, "node-a", 4}};
  SECTION("a shard with another last seq") {
    rows.shards[0].last_seq = 3;
  }
  SECTION("a shard with an older epoch") {
    rows.shards[0].epoch = 1;
  }
  SECTION("a stream with another version") {
    rows.streams = {{events[0].stream, 2, events[3].event.hash, {}}};
  }
  SECTION("a stream with another hash") {
    rows.streams = {{events[0].stream, 3, events[0].event.hash, {}}};
  }
  SECTION("a stream that is not there") {
    rows.streams = {{ticket("none"), 1, "", {}}};
  }
  SECTION("an answer twice") {
    rows.inbox.push_back(rows.inbox[0]);
  }
  SECTION("an effect twice") {
    rows.outbox = {{60, {"x", "mail", effect_class::pure, "{}"}},
                   {60, {"x", "mail", effect_class::pure, "{}"}}};
    for (auto& row : rows.outbox)
      row.second.tenant = tenant_id{"acme"};
  }
  CHECK(c.store().restore(rows).error().code == errc::conflict);
  CHECK(dump(c.store()) == before);
}
