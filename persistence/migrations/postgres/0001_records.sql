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

-- One row for what one command wrote into one stream: the events that were stored together. The
-- head of a stream is its last record, so no row is changed when a stream goes on. `seq` and
-- `version` are those of its last event: the head is found by one step, and reading from the middle
-- of a row is `> after` as ever. What no query asks for stands in `body`, compressed
-- (docs/event-encoding.md, section 6). Wide columns first: nothing is lost to alignment. The shard
-- leads every unique key: a later partitioning by shard stays mechanical. It follows from tenant
-- and id, so nothing is lost by it.
create table troupe.record (
  seq bigint not null,
  version bigint not null,
  shard smallint not null,
  kind smallint not null,
  first_id uuid not null, -- smallest and largest event id in it
  last_id uuid, -- null: the same
  hash bytea not null, -- of its last event
  tenant text collate "C" not null,
  id text collate "C" not null,
  body bytea not null,
  constraint record_seq primary key (shard, seq),
  constraint record_version unique (shard, tenant, kind, id, version)
) with (toast_tuple_target = 4000); -- a body of up to half a page stays in its row

-- It is compressed already.
alter table troupe.record alter column body set storage external;

-- For the search by event id. Ids begin with their time and rows are stored in about that order, so
-- a summary of each range of pages is enough; a third tree would cost each append more than all
-- searches together.
create index record_ids on troupe.record using brin (first_id, (coalesce(last_id, first_id)))
  with (pages_per_range = 32, autosummarize = on);

-- The durable timers, of the streams that have one. No index on the time: it would turn every
-- change of a timer into two more index entries, and who asks for what is due is a server that
-- starts and looks at all of them anyway.
create table troupe.wake (
  shard integer not null,
  kind smallint not null,
  wake_at bigint not null,
  tenant text collate "C" not null,
  id text collate "C" not null,
  constraint wake_stream primary key (shard, tenant, kind, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

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
