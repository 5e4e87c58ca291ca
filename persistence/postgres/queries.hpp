#pragma once

/// Every statement on the ledger's tables; the index that serves each is named above it. Wide
/// arguments are cast, because a prepared statement takes its types from here.
namespace troupe::postgres::sql {

constexpr char append[] = R"sql(
select troupe.append(
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
  $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)::text)sql";

// What `append` comes to where there is nothing beside the segments: one, or any number of them.
constexpr char append_segment[] = R"sql(
insert into troupe.segment (lane, number, body) values ($1, $2, $3)
returning troupe.refuse_settled(lane, number)::text)sql";
constexpr char append_segments[] = R"sql(
insert into troupe.segment (lane, number, body)
select x.* from unnest($1::smallint[], $2::bigint[], $3::bytea[]) as x
returning troupe.refuse_settled(lane, number)::text)sql";

// segment_number, from where it is known; the two rows of lane.
constexpr char read_tail[] = R"sql(
select l.lane, l.settled, s.number, s.body
from troupe.lane l
left join lateral (
  select number, body from troupe.segment
  where lane = l.lane and number > greatest(l.settled, ($1::bigint[])[l.lane + 1])
  order by number) s on true
order by l.lane, s.number)sql";
constexpr char bar[] = "select troupe.bar($1::smallint[])::text";
// Primary key of lane.
constexpr char settled[] = "select settled from troupe.lane where lane = $1";
// One settles a lane at a time; another one need not.
constexpr char lock_lane[] =
    "select settled from troupe.lane where lane = $1 for no key update skip locked";
// segment_number.
constexpr char has_unsettled[] = R"sql(
select 1 from troupe.lane l where l.lane = $1
  and exists (select from troupe.segment s where s.lane = l.lane and s.number > l.settled))sql";
// segment_number. Of the numbers from $4 to $5 the caller has the bodies.
constexpr char unsettled[] = R"sql(
select number, octet_length(body), substring(body for $6::integer),
       case when number between $4 and $5 then null else body end
from troupe.segment where lane = $1 and number > $2 order by number limit $3)sql";
constexpr char settle[] = R"sql(
select troupe.settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                     $18, $19)::text)sql";

// Table shard, by its primary key.
constexpr char claim[] = R"sql(
update troupe.shard set epoch = epoch + 1, owner = $2 where shard = $1 returning epoch)sql";
constexpr char claim_all[] = R"sql(
update troupe.shard set epoch = epoch + 1, owner = $1 returning shard, epoch)sql";
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
constexpr char lane_shards[] =
    "select shard, epoch, last_seq from troupe.shard where shard % $1 = $2";
// For import, behind a bar.
constexpr char lock_shard[] =
    "select epoch, last_seq from troupe.shard where shard = $1 for no key update";
constexpr char set_shard[] =
    "update troupe.shard set epoch = greatest(epoch, $2), last_seq = $3 where shard = $1";
constexpr char set_owner[] = "update troupe.shard set epoch = $2, owner = $3 where shard = $1";

// record_version, its last entry of the stream; wake_stream.
constexpr char find_stream[] = R"sql(
select r.version, encode(r.hash, 'hex'),
       (select wake_at from troupe.wake
        where shard = $1 and tenant = $2 and kind = $3 and id = $4)
from troupe.record r
where r.shard = $1 and r.tenant = $2 and r.kind = $3 and r.id = $4
order by r.version desc limit 1)sql";
// record_version: from stream to stream, by a step into the index for each, and its last entry.
constexpr char list_streams[] = R"sql(
with recursive name as (
  (select tenant, kind, id from troupe.record
   where shard = $1 and (tenant, kind, id) > ($2, $3::smallint, $4)
   order by tenant, kind, id limit 1)
  union all
  select n.* from name
  cross join lateral (
    select r.tenant, r.kind, r.id from troupe.record r
    where r.shard = $1 and (r.tenant, r.kind, r.id) > (name.tenant, name.kind, name.id)
    order by r.tenant, r.kind, r.id limit 1) n)
select n.tenant, n.kind, n.id, h.version, h.hash, k.wake_at
from (select * from name limit $5) n
cross join lateral (
  select r.version, encode(r.hash, 'hex') as hash from troupe.record r
  where r.shard = $1 and r.tenant = n.tenant and r.kind = n.kind and r.id = n.id
  order by r.version desc limit 1) h
left join troupe.wake k
  on k.shard = $1 and k.tenant = n.tenant and k.kind = n.kind and k.id = n.id
order by n.tenant, n.kind, n.id)sql";

// wake_stream for the shard, whose rows are sorted.
constexpr char due[] = R"sql(
select tenant, kind, id, wake_at from troupe.wake where shard = $1 and wake_at <= $2
order by wake_at, tenant, kind, id limit $3)sql";
// All of the table, which holds only what waits.
constexpr char next_due[] = R"sql(
select wake_at, tenant, kind, id from troupe.wake where wake_at > $1 order by wake_at limit $2)sql";
// wake_stream.
constexpr char clear_wake[] =
    "delete from troupe.wake where shard = $1 and tenant = $2 and kind = $3 and id = $4";
constexpr char set_wake[] = R"sql(
insert into troupe.wake (shard, tenant, kind, id, wake_at) values ($1, $2, $3, $4, $5)
on conflict (shard, tenant, kind, id) do update set wake_at = excluded.wake_at)sql";

// record_ids.
constexpr char find_records[] = R"sql(
select shard, seq, tenant, kind, id, version, first_id, last_id, encode(hash, 'hex'), body
from troupe.records_with($1::uuid) where tenant = $2)sql";
// After an import; else autovacuum does it.
constexpr char summarize[] = "select brin_summarize_new_values('troupe.record_ids'::regclass)";
// record_version.
constexpr char read_stream[] = R"sql(
select shard, seq, tenant, kind, id, version, first_id, last_id, encode(hash, 'hex'), body
from troupe.record
where shard = $1 and tenant = $2 and kind = $3 and id = $4 and version > $5
order by version limit $6)sql";
// record_seq.
constexpr char read_shard[] = R"sql(
select shard, seq, tenant, kind, id, version, first_id, last_id, encode(hash, 'hex'), body
from troupe.record
where shard = $1 and seq > $2 order by seq limit $3)sql";
constexpr char import_records[] = R"sql(
insert into troupe.record (shard, seq, tenant, kind, id, version, first_id, last_id, hash, body)
select * from unnest($1::smallint[], $2::bigint[], $3::text[], $4::smallint[], $5::text[],
                     $6::bigint[], $7::uuid[], $8::uuid[], $9::bytea[], $10::bytea[]))sql";

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
constexpr char has_effect[] =
    "select 1 from troupe.outbox where shard = $1 and tenant = $2 and effect_id = $3";
constexpr char add_effect[] = R"sql(
insert into troupe.outbox (shard, tenant, effect_id, kind, class, payload, not_before, attempt,
                           running, epoch)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9::integer <> 0, $10) on conflict do nothing)sql";
// outbox_effect; the few rows of a shard are sorted.
constexpr char list_effects[] = R"sql(
select tenant, effect_id, kind, class, payload, not_before, attempt, running, epoch
from troupe.outbox where shard = $1 order by not_before, tenant, effect_id limit $2)sql";

// snapshot_version for all of them.
constexpr char add_snapshot[] = R"sql(
insert into troupe.snapshot (shard, tenant, kind, id, version, fingerprint, body)
select $1::integer, $2::text, $3::smallint, $4::text, $5::bigint, $6, $7
where not exists (select from troupe.snapshot o
                  where o.shard = $1 and o.tenant = $2 and o.kind = $3 and o.id = $4
                    and o.version > $5::bigint)
on conflict on constraint snapshot_version
do update set fingerprint = excluded.fingerprint, body = excluded.body)sql";
constexpr char commit_later[] = "set local synchronous_commit = off";
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
