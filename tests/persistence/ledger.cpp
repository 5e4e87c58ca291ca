#include "tests/persistence/ledger.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdio>
#include <sstream>

namespace troupe::test {

namespace {
std::atomic<std::uint64_t> last_id = 0;
constexpr std::size_t all = 1'000'000;
} // namespace

std::string event_id(std::uint64_t n) {
  char text[40];
  std::snprintf(text, sizeof text, "019f0000-0000-7000-8000-%012llx",
                static_cast<unsigned long long>(n));
  return text;
}

entity_ref ticket(std::string id, std::string tenant) {
  return {tenant_id{std::move(tenant)}, entity_kind::ticket, std::move(id)};
}

std::vector<entity_ref> tickets_of(std::uint32_t shard, std::size_t count, std::string tenant) {
  std::vector<entity_ref> out;
  for (int i = 1; out.size() < count; ++i)
    if (auto ref = ticket("t-" + std::to_string(i), tenant); shard_of(ref) == shard)
      out.push_back(std::move(ref));
  return out;
}

time_point at_ms(std::int64_t ms) {
  return time_point{duration{ms}};
}

ledger::ledger(event_store& store) : store_(store) {
  auto claimed = store.claim_all("tester");
  REQUIRE(claimed.has_value());
  epochs = *claimed;
}

ledger::head& ledger::of(entity_ref const& stream) {
  auto const found = heads_.find(stream);
  if (found != heads_.end())
    return found->second;
  auto const info = store_.stream(stream);
  REQUIRE(info.has_value());
  return heads_.emplace(stream, head{info->version, info->hash}).first->second;
}

new_event ledger::make(entity_ref const& stream, head& h, std::string data) {
  new_event e;
  e.event_id = event_id(++last_id);
  e.type = "ticket.noted";
  e.at = at_ms(1'790'000'000'000 + static_cast<std::int64_t>(last_id));
  e.principal = "human:ada";
  e.cause = "c-" + std::to_string(last_id);
  e.correlation = "k3f9q2mx";
  e.data = std::move(data);
  e.hash = chain_hash(h.hash, stream, ++h.version, e);
  h.hash = e.hash;
  return e;
}

unit ledger::empty(entity_ref const& stream) {
  unit u;
  u.shard = shard_of(stream);
  u.epoch = epochs[u.shard];
  u.tenant = stream.tenant;
  return u;
}

void ledger::also(unit& u, entity_ref const& stream, std::size_t count) {
  auto& h = of(stream);
  stream_write w{stream, h.version, {}, {}};
  for (std::size_t i = 0; i < count; ++i)
    w.events.push_back(make(stream, h, R"({"n":)" + std::to_string(h.version + 1) + "}"));
  u.writes.push_back(std::move(w));
}

unit ledger::next(entity_ref const& stream, std::size_t count) {
  auto u = empty(stream);
  also(u, stream, count);
  return u;
}

unit ledger::next_data(entity_ref const& stream, std::string data) {
  auto u = empty(stream);
  auto& h = of(stream);
  u.writes.push_back({stream, h.version, {}, {}});
  u.writes.back().events.push_back(make(stream, h, std::move(data)));
  return u;
}

std::vector<unit_result> ledger::ok(std::vector<unit> const& units) {
  auto const out = store_.append(units);
  if (!out)
    FAIL(to_string(out.error().code) << ": " << out.error().message);
  REQUIRE(out->size() == units.size());
  for (auto const& r : *out)
    REQUIRE(r.status == unit_status::ok);
  return *out;
}

unit_result ledger::one(unit const& u) {
  auto const out = store_.append(std::span{&u, 1});
  if (!out)
    FAIL(to_string(out.error().code) << ": " << out.error().message);
  REQUIRE(out->size() == 1);
  return out->front();
}

void ledger::write(entity_ref const& stream, std::size_t count) {
  ok({next(stream, count)});
}

std::vector<stored_event> all_events(event_store& store) {
  std::vector<stored_event> out;
  for (std::uint32_t shard = 0; shard < shard_count; ++shard) {
    auto const part = store.read_shard(shard, 0, all);
    REQUIRE(part.has_value());
    out.insert(out.end(), part->begin(), part->end());
  }
  return out;
}

bool same(stored_event const& a, stored_event const& b) {
  auto const key = [](stored_event const& e) {
    return std::tie(e.shard, e.seq, e.epoch, e.stream, e.version, e.event.event_id, e.event.type,
                    e.event.schema, e.event.at, e.event.principal, e.event.cause,
                    e.event.correlation, e.event.data, e.event.hash);
  };
  return key(a) == key(b);
}

std::string dump(event_store& store) {
  std::ostringstream out;
  auto const shards = store.shards();
  REQUIRE(shards.has_value());
  for (auto const& s : *shards)
    if (s.epoch != 0)
      out << "shard " << s.shard << ' ' << s.epoch << ' ' << s.owner << ' ' << s.last_seq << '\n';
  for (auto const& e : all_events(store))
    out << "event " << e.shard << ' ' << e.seq << ' ' << e.epoch << ' ' << to_string(e.stream)
        << ' ' << e.version << ' ' << e.event.event_id << ' ' << e.event.type << ' '
        << e.event.schema << ' ' << e.event.at.time_since_epoch().count() << ' '
        << e.event.principal << ' ' << e.event.cause << ' ' << e.event.correlation << ' '
        << e.event.data << ' ' << e.event.hash << '\n';
  for (std::uint32_t shard = 0; shard < shard_count; ++shard) {
    auto const streams = store.streams(shard, {}, all);
    auto const effects = store.outbox(shard, all);
    REQUIRE(streams.has_value());
    REQUIRE(effects.has_value());
    for (auto const& s : *streams)
      out << "stream " << to_string(s.stream) << ' ' << s.version << ' ' << s.hash << ' '
          << (s.wake_at ? std::to_string(s.wake_at->time_since_epoch().count()) : "-") << '\n';
    for (auto const& x : *effects)
      out << "effect " << shard << ' ' << x.tenant.value << ' ' << x.effect_id << ' ' << x.kind
          << ' ' << static_cast<int>(x.declared) << ' ' << x.payload << ' '
          << x.not_before.time_since_epoch().count() << ' ' << x.attempt << ' ' << x.running << ' '
          << x.epoch << '\n';
  }
  auto const inbox = store.inbox_rows({}, all);
  REQUIRE(inbox.has_value());
  for (auto const& x : *inbox)
    out << "inbox " << x.tenant.value << ' ' << x.entry.source << ' ' << x.entry.key << ' '
        << x.entry.request_hash << ' ' << x.entry.answer << ' '
        << x.stored_at.time_since_epoch().count() << '\n';
  return out.str();
}

} // namespace troupe::test
