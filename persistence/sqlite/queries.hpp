#pragma once

/// Every statement on the ledger's tables. Named by what it is for; the index that serves it is
/// said above it.
namespace troupe::sqlite::sql {

// Table shard, by its primary key.
constexpr char read_shard_row[] = "select epoch, last_seq from shard where shard = ?";
constexpr char claim[] =
    "update shard set epoch = epoch + 1, owner = ?2 where shard = ?1 returning epoch";
constexpr char claim_all[] = "update shard set epoch = epoch + 1, owner = ? returning shard, epoch";
constexpr char all_shards[] = "select shard, epoch, owner, last_seq from shard order by shard";
constexpr char set_shard[] =
    "update shard set epoch = max(epoch, ?2), last_seq = ?3 where shard = ?1";
constexpr char set_owner[] = "update shard set epoch = ?2, owner = ?3 where shard = ?1";

// stream_name.
constexpr char find_stream[] = R"sql(
select no, version, hash, wake_at from stream
where shard = ? and tenant = ? and kind = ? and id = ?)sql";
constexpr char add_stream[] = R"sql(
insert into stream (shard, tenant, kind, id, version, hash, wake_at)
values (?, ?, ?, ?, ?, ?, ?) returning no)sql";
// By its primary key.
constexpr char set_stream[] =
    "update stream set version = ?2, hash = ?3, wake_at = ?4 where no = ?1";
constexpr char list_streams[] = R"sql(
select tenant, kind, id, version, hash, wake_at from stream
where shard = ?1 and (tenant, kind, id) > (?2, ?3, ?4)
order by tenant, kind, id limit ?5)sql";

// stream_due; the rest of the order by sorts ties only.
constexpr char due[] = R"sql(
select tenant, kind, id, wake_at from stream
where shard = ?1 and wake_at <= ?2
order by wake_at, tenant, kind, id limit ?3)sql";
// stream_due, one step into the index for each of the 256 shards.
constexpr char next_due[] = R"sql(
select min((select min(wake_at) from stream t where t.shard = s.shard and t.wake_at > ?1))
from shard s)sql";

constexpr char add_record[] = R"sql(
insert into record (shard, seq, stream, version, first_id, last_id, hash, body)
values (?, ?, ?, ?, ?, ?, ?, ?))sql";
// record_version: the record in which a version of a stream stands.
constexpr char record_at[] = R"sql(
select r.shard, r.seq, s.tenant, s.kind, s.id, r.version, r.first_id, r.last_id, r.hash, r.body
from record r cross join stream s on s.no = r.stream
where r.stream = ?1 and r.version >= ?2
order by r.version limit 1)sql";
// record_ids; the newest first, since ids begin with their time.
constexpr char find_records[] = R"sql(
select r.shard, r.seq, s.tenant, s.kind, s.id, r.version, r.first_id, r.last_id, r.hash, r.body
from record r cross join stream s on s.no = r.stream
where r.first_id <= ?1 and r.last_id >= ?1 and s.tenant = ?2
order by r.first_id desc)sql";
// record_version, after stream_name.
constexpr char read_stream[] = R"sql(
select r.shard, r.seq, s.tenant, s.kind, s.id, r.version, r.first_id, r.last_id, r.hash, r.body
from stream s cross join record r on r.stream = s.no
where s.shard = ?1 and s.tenant = ?2 and s.kind = ?3 and s.id = ?4 and r.version > ?5
order by r.version limit ?6)sql";
// feed_seq, and the few rows that have no entry there yet.
constexpr char read_shard[] = R"sql(
select r.shard, r.seq, s.tenant, s.kind, s.id, r.version, r.first_id, r.last_id, r.hash, r.body,
       f.seq as place
from feed f cross join record r on r.no = f.record and r.shard = f.shard and r.seq = f.seq
     cross join stream s on s.no = r.stream
where f.shard = ?1 and f.seq > ?2
union all
select r.shard, r.seq, s.tenant, s.kind, s.id, r.version, r.first_id, r.last_id, r.hash, r.body,
       r.seq
from record r cross join stream s on s.no = r.stream
where r.no > (select record from feed_end) and r.shard = ?1 and r.seq > ?2
order by place limit ?3)sql";
// By its primary key.
constexpr char feed_ends[] =
    "select record, coalesce((select max(no) from record), 0) from feed_end";
constexpr char feed_records[] = R"sql(
insert into feed (shard, seq, record)
select shard, seq, no from record where no > ?1 and no <= ?2 order by shard, seq)sql";
constexpr char end_feed[] = "update feed_end set record = ?1";

// inbox_key.
constexpr char find_inbox[] = R"sql(
select request_hash, answer from inbox where tenant = ? and source = ? and key = ?)sql";
constexpr char add_inbox[] = R"sql(
insert into inbox (tenant, source, key, request_hash, answer, stored_at)
values (?, ?, ?, ?, ?, ?))sql";
constexpr char list_inbox[] = R"sql(
select tenant, source, key, request_hash, answer, stored_at from inbox
where (tenant, source, key) > (?1, ?2, ?3)
order by tenant, source, key limit ?4)sql";
// inbox_age for the inner, inbox_key for the outer select.
constexpr char prune_inbox[] = R"sql(
delete from inbox where (tenant, source, key) in
  (select tenant, source, key from inbox where stored_at < ?1 order by stored_at limit ?2))sql";

// outbox_effect.
constexpr char has_effect[] =
    "select 1 from outbox where shard = ? and tenant = ? and effect_id = ?";
constexpr char add_effect[] = R"sql(
insert into outbox (shard, tenant, effect_id, kind, class, payload, not_before, attempt, running,
                    epoch)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?))sql";
constexpr char start_effect[] = R"sql(
update outbox set attempt = attempt + 1, running = 1, epoch = ?4
where shard = ?1 and tenant = ?2 and effect_id = ?3)sql";
constexpr char remove_effect[] =
    "delete from outbox where shard = ? and tenant = ? and effect_id = ?";
// outbox_effect; the few rows of a shard are sorted.
constexpr char list_effects[] = R"sql(
select tenant, effect_id, kind, class, payload, not_before, attempt, running, epoch
from outbox where shard = ?1 order by not_before, tenant, effect_id limit ?2)sql";

// stream_name, then snapshot_version.
constexpr char newest_snapshot[] = "select max(version) from snapshot where stream = ?";
constexpr char add_snapshot[] =
    "insert or replace into snapshot (stream, version, fingerprint, body) values (?, ?, ?, ?)";
constexpr char trim_snapshots[] = R"sql(
delete from snapshot where stream = ?1 and version not in
  (select version from snapshot where stream = ?1 order by version desc limit 2))sql";
constexpr char find_snapshot[] = R"sql(
select version, body from snapshot where stream = ?1 and fingerprint = ?2
order by version desc limit 1)sql";
constexpr char drop_snapshots[] = "delete from snapshot";

} // namespace troupe::sqlite::sql
