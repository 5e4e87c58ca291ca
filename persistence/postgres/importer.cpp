#include "persistence/postgres/importer.hpp"

#include "persistence/batch.hpp"
#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/row_mapping.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe::postgres {

namespace {

struct shard_head {
  std::uint64_t epoch = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t last_epoch = 0;
};

shard_head lock_shard(session& s, std::uint32_t shard) {
  auto const r = s.query(sql::lock_shard, with(num(shard)));
  if (r.size() == 0)
    throw failure{errc::corrupt, "shard " + std::to_string(shard) + " is missing"};
  return {r.whole(0, 0), r.whole(0, 1), r.whole(0, 2)};
}

struct stream_row {
  stream_head head{0, std::string{no_hash()}};
  std::optional<std::int64_t> wake_at;
};

stream_row find_stream(session& s, entity_ref const& ref) {
  stream_row out;
  auto const r =
      s.query(sql::find_stream, with(num(shard_of(ref)), ref.tenant.value, num(ref.kind), ref.id));
  if (r.size() != 0) {
    out.head = {r.whole(0, 0), r.text(0, 1)};
    if (!r.null(0, 2))
      out.wake_at = r.number(0, 2);
  }
  return out;
}

void put_stream(session& s, entity_ref const& ref, stream_row const& row) {
  s.query(sql::put_stream, with(num(shard_of(ref)), ref.tenant.value, num(ref.kind), ref.id,
                                num(row.head.version), row.head.hash, row.wake_at));
}

} // namespace

result<void> import_events(session& s, std::span<stored_event const> events) {
  std::map<std::uint32_t, shard_head> shards;
  for (auto const& e : events)
    shards.try_emplace(e.shard);
  for (auto& [shard, head] : shards) // in their order, as append locks them
    head = lock_shard(s, shard);

  std::map<entity_ref, stream_row> streams;
  std::set<std::string> ids;
  array shard, seq, epoch, tenant, kind, id, version, event_id, type, schema, at, principal, cause,
      correlation, data, hash;
  for (auto const& e : events) {
    auto& home = shards.at(e.shard);
    auto found = streams.find(e.stream);
    if (found == streams.end())
      found = streams.emplace(e.stream, find_stream(s, e.stream)).first;
    auto& head = found->second.head;
    if (auto ok = check_next(e, home.last_seq, home.last_epoch, head); !ok)
      return ok;
    if (!ids.insert(std::to_string(e.shard) + ' ' + e.event.event_id).second)
      return fail(errc::conflict, "event " + e.event.event_id + " stands twice in its shard");
    home = {std::max(home.epoch, e.epoch), e.seq, e.epoch};
    head = {e.version, e.event.hash};
    shard.add(e.shard);
    seq.add(e.seq);
    epoch.add(e.epoch);
    tenant.add(e.stream.tenant.value);
    kind.add(static_cast<std::int32_t>(e.stream.kind));
    id.add(e.stream.id);
    version.add(e.version);
    event_id.add(e.event.event_id);
    type.add(e.event.type);
    schema.add(e.event.schema);
    at.add(ms(e.event.at));
    principal.add(e.event.principal);
    cause.add(e.event.cause);
    correlation.add(e.event.correlation);
    data.add(e.event.data);
    hash.add(e.event.hash);
  }
  params given;
  for (auto* a : {&shard, &seq, &epoch, &tenant, &kind, &id, &version, &event_id, &type, &schema,
                  &at, &principal, &cause, &correlation, &data, &hash})
    given.add(std::move(*a));
  s.query(sql::import_events, given); // event_id refuses an id that is stored already
  for (auto const& [ref, row] : streams)
    put_stream(s, ref, row);
  for (auto const& [n, head] : shards)
    s.query(sql::set_shard, with(num(n), num(head.epoch), num(head.last_seq)));
  return {};
}

result<void> restore_rows(session& s, side_rows const& rows) {
  for (auto const& x : rows.shards) {
    auto const home = lock_shard(s, x.shard);
    if (x.last_seq != home.last_seq || x.epoch < home.epoch)
      return fail(errc::conflict,
                  "shard " + std::to_string(x.shard) + " disagrees with its events");
    s.query(sql::set_owner, with(num(x.shard), num(x.epoch), x.owner));
  }
  for (auto const& x : rows.streams) {
    auto row = find_stream(s, x.stream);
    if (row.head.version == 0 || row.head.version != x.version || row.head.hash != x.hash)
      return fail(errc::conflict, "stream " + to_string(x.stream) + " disagrees with its events");
    row.wake_at = x.wake_at ? std::optional{ms(*x.wake_at)} : std::nullopt;
    put_stream(s, x.stream, row);
  }
  for (auto const& x : rows.inbox)
    if (s.query(sql::add_inbox, with(x.tenant.value, x.entry.source, x.entry.key,
                                     x.entry.request_hash, x.entry.answer, ms(x.stored_at)))
            .affected() == 0)
      return fail(errc::conflict, "inbox key " + x.entry.key + " is there already");
  for (auto const& [shard, x] : rows.outbox)
    if (s.query(sql::add_effect,
                with(num(shard), x.tenant.value, x.effect_id, x.kind,
                     static_cast<std::int64_t>(x.declared), x.payload, ms(x.not_before),
                     std::int64_t{x.attempt}, std::int64_t{x.running ? 1 : 0}, num(x.epoch)))
            .affected() == 0)
      return fail(errc::conflict, "effect " + x.effect_id + " is there already");
  return {};
}

} // namespace troupe::postgres
