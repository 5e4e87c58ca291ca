#include "persistence/sqlite/writer.hpp"

#include "persistence/sqlite/queries.hpp"
#include "persistence/sqlite/row_mapping.hpp"
#include "protocol/hex.hpp"

#include <algorithm>
#include <set>

namespace troupe::sqlite {

namespace {

std::optional<std::int64_t> ms(std::optional<time_point> const& at) {
  return at ? std::optional{sqlite::ms(*at)} : std::nullopt;
}

} // namespace

stream_row find_stream(database& db, entity_ref const& ref) {
  stream_row out;
  auto q = db.query(sql::find_stream);
  q.bind(num(shard_of(ref)), ref.tenant.value, num(ref.kind), ref.id);
  if (q.step()) {
    out.no = q.number(0);
    out.version = q.whole(1);
    out.hash = q.text(2);
    if (!q.null(3))
      out.wake_at = time_point{duration{q.number(3)}};
  }
  return out;
}

writer::shard_head& writer::head(std::uint32_t shard) {
  auto const [it, fresh] = heads_.try_emplace(shard);
  if (fresh) {
    auto q = db_.query(sql::read_shard_row);
    if (!q.bind(num(shard)).step())
      throw failure{11, "shard " + std::to_string(shard) + " is missing"}; // SQLITE_CORRUPT
    it->second.epoch = q.whole(0);
    it->second.last_seq = q.whole(1);
  }
  return it->second;
}

stream_row& writer::row(entity_ref const& ref) {
  auto const found = rows_.find(ref);
  if (found != rows_.end())
    return found->second;
  return rows_.emplace(ref, find_stream(db_, ref)).first->second;
}

/// Ids have no index by shard: it is looked where the event would stand.
std::optional<stored_place> writer::place(std::uint32_t, std::string const& event_id,
                                          entity_ref const& stream, std::uint64_t version) {
  auto const& s = row(stream);
  if (version > s.version)
    return std::nullopt;
  auto const stands = [&](stored_event const& e) {
    return e.stream == stream && e.version == version;
  };
  // Who sends a unit again asks for its events one after the other.
  auto found = std::find_if(looked_at_.begin(), looked_at_.end(), stands);
  if (found == looked_at_.end()) {
    auto q = db_.query(sql::record_at);
    if (!q.bind(s.no, num(version)).step())
      return std::nullopt;
    looked_at_ = unpack(record_of(q));
    found = std::find_if(looked_at_.begin(), looked_at_.end(), stands);
  }
  if (found == looked_at_.end() || found->event.event_id != event_id)
    return std::nullopt;
  return stored_place{stream, version, found->seq};
}

std::optional<inbox_entry> writer::answered(tenant_id const& tenant, std::string const& source,
                                            std::string const& key) {
  auto q = db_.query(sql::find_inbox);
  if (!q.bind(tenant.value, source, key).step())
    return std::nullopt;
  return inbox_entry{source, key, q.text(0), q.text(1)};
}

bool writer::has_effect(std::uint32_t shard, tenant_id const& tenant,
                        std::string const& effect_id) {
  return db_.query(sql::has_effect).bind(num(shard), tenant.value, effect_id).step();
}

void writer::put_stream(std::uint32_t shard, entity_ref const& ref, stream_row& s) {
  if (s.no != 0) {
    db_.query(sql::set_stream).bind(s.no, num(s.version), s.hash, ms(s.wake_at)).run();
    return;
  }
  auto q = db_.query(sql::add_stream);
  q.bind(num(shard), ref.tenant.value, num(ref.kind), ref.id, num(s.version), s.hash,
         ms(s.wake_at));
  q.step();
  s.no = q.number(0);
}

void writer::put_record(std::int64_t stream, records::record const& x) {
  auto const first = bytes_of_uuid(x.first_id);
  auto const last = bytes_of_uuid(x.last_id);
  auto const hash = unhex(x.hash);
  db_.query(sql::add_record)
      .bind(num(x.shard), num(x.seq), stream, num(x.version), blob{{first.data(), first.size()}},
            blob{{last.data(), last.size()}}, blob{hash}, blob{x.body})
      .run();
}

void writer::put_effect(std::uint32_t shard, tenant_id const& tenant, outbox_row const& x) {
  db_.query(sql::add_effect)
      .bind(num(shard), tenant.value, x.effect_id, x.kind, static_cast<std::int64_t>(x.declared),
            x.payload, ms(x.not_before), std::int64_t{x.attempt}, std::int64_t{x.running ? 1 : 0},
            num(x.epoch))
      .run();
}

void writer::put_inbox(tenant_id const& tenant, inbox_entry const& x, time_point at) {
  db_.query(sql::add_inbox)
      .bind(tenant.value, x.source, x.key, x.request_hash, x.answer, ms(at))
      .run();
}

std::uint64_t writer::store(unit const& u, time_point now) {
  auto& home = head(u.shard);
  std::uint64_t first = 0;
  records::record next;
  next.shard = u.shard;
  for (auto const& w : u.writes) {
    auto& s = row(w.stream);
    s.version = w.expected_version + w.events.size();
    s.wake_at = w.wake_at;
    if (!w.events.empty())
      s.hash = w.events.back().hash;
    put_stream(u.shard, w.stream, s);
    if (w.events.empty())
      continue;
    if (first == 0)
      first = home.last_seq + 1;
    next.seq = home.last_seq += w.events.size();
    next.version = s.version;
    pack(next, u.epoch, w.events);
    put_record(s.no, next);
    home.changed = true;
  }
  for (auto const& id : u.outbox_done)
    db_.query(sql::remove_effect).bind(num(u.shard), u.tenant.value, id).run();
  for (auto const& x : u.outbox)
    put_effect(u.shard, u.tenant, x);
  for (auto const& id : u.outbox_started)
    db_.query(sql::start_effect).bind(num(u.shard), u.tenant.value, id, num(u.epoch)).run();
  if (u.inbox)
    put_inbox(u.tenant, *u.inbox, now);
  return first;
}

std::uint64_t writer::last_epoch(std::uint32_t shard, std::uint64_t last_seq) {
  if (last_seq == 0)
    return 0;
  auto q = db_.query(sql::read_shard);
  return q.bind(num(shard), num(last_seq - 1), num(1u)).step() ? unpack(record_of(q)).back().epoch
                                                               : 0;
}

/// That it is the next one; what is known of its shard and its stream moves on to it.
result<void> writer::check(stored_event const& e) {
  auto& home = head(e.shard);
  if (!home.last_epoch)
    home.last_epoch = last_epoch(e.shard, home.last_seq);
  auto& s = row(e.stream);
  if (auto ok = check_next(e, home.last_seq, *home.last_epoch, {s.version, s.hash}); !ok)
    return ok;
  s.version = e.version;
  s.hash = e.event.hash;
  home.changed = true;
  home.last_seq = e.seq;
  home.last_epoch = e.epoch;
  home.epoch = std::max(home.epoch, e.epoch);
  return {};
}

result<void> writer::import(std::span<stored_event const> events) {
  std::set<std::pair<std::uint32_t, std::string_view>> ids;
  std::set<entity_ref> streams;
  for (auto const& e : events) {
    if (auto ok = check(e); !ok)
      return ok;
    if (!ids.emplace(e.shard, e.event.event_id).second)
      return fail(errc::conflict, "event " + e.event.event_id + " stands twice in its shard");
    streams.insert(e.stream);
  }
  for (auto const& ref : streams)
    put_stream(shard_of(ref), ref, row(ref));
  records::pack_all(events, [&](records::record const& x) { put_record(row(x.stream).no, x); });
  return {};
}

result<void> writer::restore(side_rows const& rows) {
  for (auto const& x : rows.shards) {
    auto& home = head(x.shard);
    if (x.last_seq != home.last_seq || x.epoch < home.epoch)
      return fail(errc::conflict,
                  "shard " + std::to_string(x.shard) + " disagrees with its events");
    home.epoch = x.epoch;
    db_.query(sql::set_owner).bind(num(x.shard), num(x.epoch), x.owner).run();
  }
  for (auto const& x : rows.streams) {
    auto& s = row(x.stream);
    if (s.no == 0 || s.version != x.version || s.hash != x.hash)
      return fail(errc::conflict, "stream " + to_string(x.stream) + " disagrees with its events");
    s.wake_at = x.wake_at;
    put_stream(shard_of(x.stream), x.stream, s);
  }
  for (auto const& x : rows.inbox) {
    if (answered(x.tenant, x.entry.source, x.entry.key))
      return fail(errc::conflict, "inbox key " + x.entry.key + " is there already");
    put_inbox(x.tenant, x.entry, x.stored_at);
  }
  for (auto const& [shard, x] : rows.outbox) {
    if (has_effect(shard, x.tenant, x.effect_id))
      return fail(errc::conflict, "effect " + x.effect_id + " is there already");
    put_effect(shard, x.tenant, x);
  }
  return {};
}

void writer::flush() {
  for (auto const& [shard, home] : heads_)
    if (home.changed)
      db_.query(sql::set_shard).bind(num(shard), num(home.epoch), num(home.last_seq)).run();
}

} // namespace troupe::sqlite
