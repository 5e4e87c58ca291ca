#include "persistence/postgres/importer.hpp"

#include "persistence/batch.hpp"
#include "persistence/postgres/queries.hpp"
#include "persistence/postgres/record_columns.hpp"

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
  shard_head out{r.whole(0, 0), r.whole(0, 1), 0};
  if (out.last_seq != 0) {
    auto const last = s.query(sql::read_shard, with(num(shard), num(out.last_seq - 1), num(1u)));
    if (last.size() != 0)
      out.last_epoch = unpack(record_of(last, 0)).back().epoch;
  }
  return out;
}

stream_head find_stream(session& s, entity_ref const& ref) {
  auto const r = s.query(sql::find_stream, named(ref));
  return r.size() == 0 ? stream_head{0, std::string{no_hash()}}
                       : stream_head{r.whole(0, 0), r.text(0, 1)};
}

/// Puts checked events into rows, in their order.
void put_records(session& s, std::span<stored_event const> events) {
  record_columns columns;
  records::pack_all(events, [&](record const& row) { columns.add(row); });
  std::vector<std::string> given;
  columns.append_to(given);
  s.query_binary(sql::import_records, given);
}

} // namespace

result<void> import_events(session& s, std::span<stored_event const> events) {
  std::map<std::uint32_t, shard_head> shards;
  for (auto const& e : events)
    shards.try_emplace(e.shard);
  for (auto& [shard, head] : shards) // in their order, as append locks them
    head = lock_shard(s, shard);

  std::map<entity_ref, stream_head> streams;
  std::set<std::string> ids;
  for (auto const& e : events) {
    auto& home = shards.at(e.shard);
    auto found = streams.find(e.stream);
    if (found == streams.end())
      found = streams.emplace(e.stream, find_stream(s, e.stream)).first;
    auto& head = found->second;
    if (auto ok = check_next(e, home.last_seq, home.last_epoch, head); !ok)
      return ok;
    if (!ids.insert(std::to_string(e.shard) + ' ' + e.event.event_id).second)
      return fail(errc::conflict, "event " + e.event.event_id + " stands twice in its shard");
    home = {std::max(home.epoch, e.epoch), e.seq, e.epoch};
    head = {e.version, e.event.hash};
  }
  put_records(s, events);
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
    auto const head = find_stream(s, x.stream);
    if (head.version == 0 || head.version != x.version || head.hash != x.hash)
      return fail(errc::conflict, "stream " + to_string(x.stream) + " disagrees with its events");
    auto p = named(x.stream);
    if (x.wake_at)
      s.query(sql::set_wake, p.add(ms(*x.wake_at)));
    else
      s.query(sql::clear_wake, p);
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
  s.query(sql::summarize); // the rows come last in an import
  return {};
}

} // namespace troupe::postgres
