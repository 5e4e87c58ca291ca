-- What one write has put into one stream becomes one row, in the form that Postgres' rows have
-- (docs/event-encoding.md, section 6; docs/decisions/0019-records-on-sqlite.md): a row an event cost
-- four index entries and a statement for each. The rows of `event` are brought over by the program.
create table record (
  no integer primary key, -- in the order in which they were stored
  shard integer not null,
  seq integer not null, -- of its last event, as is the version
  stream integer not null references stream (no),
  version integer not null,
  first_id blob not null, -- smallest and largest event id in it
  last_id blob not null,
  hash blob not null, -- of its last event
  body blob not null,
  constraint record_version unique (stream, version)
) strict;

-- For the search by event id. Ids begin with their time, so new entries come to its end.
create index record_ids on record (first_id, last_id);

-- What stands where in a shard. The rows of a batch are of as many shards, and an entry for each at
-- once would write a page for each: so it is made at leisure, for many rows together. Those behind
-- `feed_end` have none yet.
create table feed (
  shard integer not null,
  seq integer not null,
  record integer not null,
  constraint feed_seq primary key (shard, seq)
) strict, without rowid;

create table feed_end (record integer not null) strict;

insert into feed_end values (0);
