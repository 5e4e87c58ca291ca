-- The ledger in one file. Applied once, never edited after release.

pragma application_id = 0x54725031; -- "TrP1": another program's database is refused

-- One row a shard: who may write it, and the last seq handed out. Updated in each append, under
-- the same transaction as the events, which makes seq gap-free.
create table shard (
  shard integer primary key,
  epoch integer not null default 0,
  owner text not null default '',
  last_seq integer not null default 0,
  constraint shard_range check (shard between 0 and 255)
) strict;

with recursive n(i) as (select 0 union all select i + 1 from n where i < 255)
insert into shard (shard) select i from n;

-- Heads of the streams. `no` keeps the long name out of the event table and its indexes.
create table stream (
  no integer primary key,
  shard integer not null references shard (shard),
  tenant text not null,
  kind integer not null,
  id text not null,
  version integer not null,
  hash text not null,
  wake_at integer,
  constraint stream_name unique (shard, tenant, kind, id),
  constraint stream_begun check (version > 0)
) strict;

-- The durable timers: most streams have none.
create index stream_due on stream (shard, wake_at) where wake_at is not null;

create table event (
  shard integer not null,
  seq integer not null,
  stream integer not null references stream (no),
  version integer not null,
  epoch integer not null,
  event_id text not null,
  type text not null,
  schema integer not null,
  at integer not null,
  principal text not null,
  cause text not null,
  correlation text not null,
  data text not null,
  hash text not null,
  constraint event_seq unique (shard, seq),
  constraint event_version unique (stream, version),
  constraint event_id unique (event_id, shard)
) strict;

create table inbox (
  tenant text not null,
  source text not null,
  key text not null,
  request_hash text not null,
  answer text not null,
  stored_at integer not null,
  constraint inbox_key primary key (tenant, source, key)
) strict, without rowid;

-- For pruning after the promised window.
create index inbox_age on inbox (stored_at);

create table outbox (
  shard integer not null references shard (shard),
  tenant text not null,
  effect_id text not null,
  kind text not null,
  class integer not null,
  payload text not null,
  not_before integer not null,
  attempt integer not null,
  running integer not null,
  epoch integer not null,
  constraint outbox_effect primary key (shard, tenant, effect_id)
) strict, without rowid;

-- A cache: dropping every row must change nothing but time.
create table snapshot (
  stream integer not null references stream (no),
  version integer not null,
  fingerprint text not null,
  body text not null,
  constraint snapshot_version primary key (stream, version)
) strict;
