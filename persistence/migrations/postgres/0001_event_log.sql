-- The ledger. Applied once, never edited after release. Texts are compared by their bytes
-- (collation "C"), as in every other adapter; ids are bounded by the program.

-- One row a shard: who may write it, and the last seq handed out. Every append locks its rows
-- here, so there is no index on what changes and room for the new version on the page (HOT).
create table troupe.shard (
  shard integer primary key,
  epoch bigint not null default 0,
  owner text not null default '',
  last_seq bigint not null default 0,
  constraint shard_range check (shard between 0 and 255)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

insert into troupe.shard (shard) select generate_series(0, 255);

-- Heads of the streams. The shard leads every unique key: a later partitioning by shard stays
-- mechanical. The shard follows from tenant and id, so nothing is lost by it.
create table troupe.stream (
  shard integer not null,
  tenant text collate "C" not null,
  kind smallint not null,
  id text collate "C" not null,
  version bigint not null,
  hash text not null,
  wake_at bigint,
  constraint stream_name primary key (shard, tenant, kind, id),
  constraint stream_begun check (version > 0)
) with (fillfactor = 80);

-- The durable timers: most streams have none.
create index stream_due on troupe.stream (shard, wake_at) where wake_at is not null;

-- No foreign key to stream: append writes both in one statement sequence under the shard's lock,
-- and a check for each event would cost more than the event.
create table troupe.event (
  shard integer not null,
  seq bigint not null,
  tenant text collate "C" not null,
  kind smallint not null,
  id text collate "C" not null,
  version bigint not null,
  epoch bigint not null,
  event_id uuid not null,
  type text not null,
  schema integer not null,
  at bigint not null,
  principal text not null,
  cause text not null,
  correlation text not null,
  data text not null,
  hash text not null,
  constraint event_seq primary key (shard, seq),
  constraint event_version unique (shard, tenant, kind, id, version),
  constraint event_id unique (event_id, shard)
);

create table troupe.inbox (
  tenant text collate "C" not null,
  source text collate "C" not null,
  key text collate "C" not null,
  request_hash text not null,
  answer text not null,
  stored_at bigint not null,
  constraint inbox_key primary key (tenant, source, key)
);

-- For pruning after the promised window.
create index inbox_age on troupe.inbox (stored_at);

create table troupe.outbox (
  shard integer not null,
  tenant text collate "C" not null,
  effect_id text collate "C" not null,
  kind text not null,
  class smallint not null,
  payload text not null,
  not_before bigint not null,
  attempt integer not null,
  running boolean not null,
  epoch bigint not null,
  constraint outbox_effect primary key (shard, tenant, effect_id)
);

-- A cache: dropping every row must change nothing but time.
create table troupe.snapshot (
  shard integer not null,
  tenant text collate "C" not null,
  kind smallint not null,
  id text collate "C" not null,
  version bigint not null,
  fingerprint text not null,
  body text not null,
  constraint snapshot_version primary key (shard, tenant, kind, id, version)
);
