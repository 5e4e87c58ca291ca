#pragma once

/// Every statement on the ledger's tables; the index that serves each is named above it. Wide
/// arguments are cast, because a prepared statement takes its types from here.
namespace troupe::postgres::sql {

constexpr char append[] = R"sql(
select status, first_seq, by_inbox, answer, versions from troupe.append(
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
  $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40,
  $41, $42, $43, $44))sql";

// Table shard, by its primary key.
constexpr char claim[] = R"sql(
update troupe.shard set epoch = epoch + 1, owner = $2 where shard = $1 returning epoch)sql";
// Locked in the order in which append locks.
constexpr char claim_all[] = R"sql(
with mine as (select shard from troupe.shard order by shard for no key update)
update troupe.shard s set epoch = s.epoch + 1, owner = $1
from mine where s.shard = mine.shard
returning s.shard, s.epoch)sql";
// A lock of the session, the same for every server of this database.
constexpr char hold[] = "select pg_advisory_lock(6084193275018264114)::text";
constexpr char try_hold[] = "select pg_try_advisory_lock(6084193275018264114)";
// Who holds it, with the owner that its claim recorded. System views; the key of a lock stands in
// them in two halves.
constexpr char holder[] = R"sql(
select coalesce((select nullif(owner, '') from troupe.shard where shard = 0), 'unknown'),
       l.pid::text, coalesce(host(a.client_addr), 'this machine'),
       coalesce(to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), '?') || ' UTC'
from pg_locks l left join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.objsubid = 1
  and l.database = (select oid from pg_database where datname = current_database())
  and ((l.classid::bigint << 32) | l.objid::bigint) = 6084193275018264114)sql";
constexpr char all_shards[] =
    "select shard, epoch, owner, last_seq from troupe.shard order by shard";
// For import: locked like an append; event_seq for the last event.
constexpr char lock_shard[] = R"sql(
select s.epoch, s.last_seq,
       coalesce((select e.epoch from troupe.event e
                 where e.shard = s.shard and e.seq = s.last_seq), 0)
from troupe.shard s where s.shard = $1 for no key update of s)sql";
constexpr char set_shard[] =
    "update troupe.shard set epoch = greatest(epoch, $2), last_seq = $3 where shard = $1";
constexpr char set_owner[] = "update troupe.shard set epoch = $2, owner = $3 where shard = $1";

// stream_name.
constexpr char find_stream[] = R"sql(
select version, hash, wake_at from troupe.stream
where shard = $1 and tenant = $2 and kind = $3 and id = $4)sql";
constexpr char put_stream[] = R"sql(
insert into troupe.stream (shard, tenant, kind, id, version, hash, wake_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (shard, tenant, kind, id) do update
  set version = excluded.version, hash = excluded.hash, wake_at = excluded.wake_at)sql";
constexpr char list_streams[] = R"sql(
select tenant, kind, id, version, hash, wake_at from troupe.stream
where shard = $1 and (tenant, kind, id) > ($2, $3::smallint, $4)
order by tenant, kind, id limit $5)sql";

// stream_due; the rest of the order by sorts ties only.
constexpr char due[] = R"sql(
select tenant, kind, id, version, hash, wake_at from troupe.stream
where shard = $1 and wake_at <= $2
order by wake_at, tenant, kind, id limit $3)sql";
// stream_due, one step into the index for each of the 256 shards.
constexpr char next_due[] = R"sql(
select min(t.wake_at)
from troupe.shard s
cross join lateral (select wake_at from troupe.stream t
                    where t.shard = s.shard and t.wake_at > $1
                    order by wake_at limit 1) t)sql";

// event_id.
constexpr char find_event[] = R"sql(
select shard, seq, epoch, tenant, kind, id, version, event_id, type, schema, at, principal, cause,
       correlation, data, hash
from troupe.event where event_id = $1 and tenant = $2)sql";
// event_version.
constexpr char read_stream[] = R"sql(
select shard, seq, epoch, tenant, kind, id, version, event_id, type, schema, at, principal, cause,
       correlation, data, hash
from troupe.event
where shard = $1 and tenant = $2 and kind = $3 and id = $4 and version > $5
order by version limit $6)sql";
// event_seq.
constexpr char read_shard[] = R"sql(
select shard, seq, epoch, tenant, kind, id, version, event_id, type, schema, at, principal, cause,
       correlation, data, hash
from troupe.event where shard = $1 and seq > $2 order by seq limit $3)sql";
constexpr char import_events[] = R"sql(
insert into troupe.event (shard, seq, epoch, tenant, kind, id, version, event_id, type, schema, at,
                          principal, cause, correlation, data, hash)
select * from unnest($1::integer[], $2::bigint[], $3::bigint[], $4::text[], $5::smallint[],
                     $6::text[], $7::bigint[], $8::uuid[], $9::text[], $10::integer[],
                     $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[],
                     $16::text[]))sql";

// inbox_key.
constexpr char find_inbox[] = R"sql(
select request_hash, answer from troupe.inbox
where tenant = $1 and source = $2 and key = $3)sql";
constexpr char add_inbox[] = R"sql(
insert into troupe.inbox (tenant, source, key, request_hash, answer, stored_at)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing)sql";
constexpr char list_inbox[] = R"sql(
select tenant, source, key, request_hash, answer, stored_at from troupe.inbox
where (tenant, source, key) > ($1, $2, $3)
order by tenant, source, key limit $4)sql";
// inbox_age for the inner, inbox_key for the outer select.
constexpr char prune_inbox[] = R"sql(
delete from troupe.inbox where (tenant, source, key) in
  (select tenant, source, key from troupe.inbox
   where stored_at < $1 order by stored_at limit $2))sql";

// outbox_effect.
constexpr char add_effect[] = R"sql(
insert into troupe.outbox (shard, tenant, effect_id, kind, class, payload, not_before, attempt,
                           running, epoch)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9::integer <> 0, $10) on conflict do nothing)sql";
// outbox_effect; the few rows of a shard are sorted.
constexpr char list_effects[] = R"sql(
select tenant, effect_id, kind, class, payload, not_before, attempt, running, epoch
from troupe.outbox where shard = $1 order by not_before, tenant, effect_id limit $2)sql";

// snapshot_version for all of them; stream_name for the guard.
constexpr char add_snapshot[] = R"sql(
insert into troupe.snapshot (shard, tenant, kind, id, version, fingerprint, body)
select s.shard, s.tenant, s.kind, s.id, $5::bigint, $6, $7
from troupe.stream s
where s.shard = $1 and s.tenant = $2 and s.kind = $3 and s.id = $4
  and not exists (select from troupe.snapshot o
                  where o.shard = $1 and o.tenant = $2 and o.kind = $3 and o.id = $4
                    and o.version >= $5::bigint)
on conflict do nothing)sql";
constexpr char trim_snapshots[] = R"sql(
delete from troupe.snapshot
where shard = $1 and tenant = $2 and kind = $3 and id = $4 and version <
  (select min(version) from (select version from troupe.snapshot
                             where shard = $1 and tenant = $2 and kind = $3 and id = $4
                             order by version desc limit 2) kept))sql";
constexpr char find_snapshot[] = R"sql(
select version, body from troupe.snapshot
where shard = $1 and tenant = $2 and kind = $3 and id = $4 and fingerprint = $5
order by version desc limit 1)sql";
constexpr char drop_snapshots[] = "delete from troupe.snapshot";

} // namespace troupe::postgres::sql
