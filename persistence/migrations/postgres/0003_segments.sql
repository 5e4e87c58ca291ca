-- The newest end of the ledger. A batch is stored as one row, whatever it holds, and is durable then;
-- what is in it is brought into `record`, `wake` and `shard.last_seq` at leisure (`settle`), and its
-- row is gone after that. So a commit writes one row and one index entry, and events that followed
-- each other in a stream share a record (docs/decisions/0013-segments.md).
--
-- A lane is the row of batches of half the shards. Whoever appends knows the last number of its lane
-- and inserts the next one: if somebody else has appended, or claimed a shard, meanwhile, the number
-- is taken, and what the writer believed about versions, seqs and epochs must be read again.
create table troupe.lane (
  lane smallint primary key,
  settled bigint not null default 0 -- up to this number everything is in `record`
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

insert into troupe.lane (lane) values (0), (1);

-- An empty body is a barrier: nothing but a number, taken by a claim or an import.
create table troupe.segment (
  lane smallint not null,
  number bigint not null,
  body bytea not null, -- docs/event-encoding.md, section 7
  constraint segment_number primary key (lane, number)
) with (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1,
        vacuum_truncate = off, toast.vacuum_truncate = off); -- which would shut everybody out

alter table troupe.segment alter column body set storage external;

drop function troupe.append;
drop function troupe.append_one;

-- Stores one batch in which everything is as its writers think. If anything is not, it fails with a
-- SQLSTATE of class 23 and nothing is stored; the caller then judges unit by unit
-- (persistence/judge.hpp).
--
-- s_: the batch, a row a lane. h_: streams of which the caller does not know the head, with the version
-- that their writer expects. i_: answers for the inbox. d_, o_, a_: effects that are done, new,
-- started. The caller has seen to it that no two units of the batch speak of one key or effect.
--
-- READ COMMITTED is needed: each statement sees what was committed before it. Numbers that are
-- settled have no row any more, so the second statement looks whether this one was taken: if the
-- insert found its number free because the row was deleted, that deletion is committed, and with it
-- the higher `settled`.
create function troupe.append(
  p_now bigint,
  s_lane smallint[], s_number bigint[], s_body bytea[],
  h_shard integer[], h_tenant text[], h_kind smallint[], h_id text[], h_expected bigint[],
  i_tenant text[], i_source text[], i_key text[], i_hash text[], i_answer text[],
  d_shard integer[], d_tenant text[], d_effect text[],
  o_shard integer[], o_tenant text[], o_effect text[], o_kind text[], o_class smallint[],
  o_payload text[], o_not_before bigint[], o_attempt integer[], o_running boolean[],
  o_epoch bigint[],
  a_shard integer[], a_tenant text[], a_effect text[], a_epoch bigint[])
returns void
language plpgsql volatile
as $append$
#variable_conflict use_column
declare
  n integer;
begin
  insert into troupe.segment (lane, number, body)
  select x.* from unnest(s_lane, s_number, s_body) as x;
  if exists (select from unnest(s_lane, s_number) as x (lane, number)
             join troupe.lane l on l.lane = x.lane where l.settled >= x.number) then
    raise exception 'somebody else has appended' using errcode = '23T01';
  end if;

  -- One step into record_version for each.
  if cardinality(h_id) > 0 and exists (
      select from unnest(h_shard, h_tenant, h_kind, h_id, h_expected)
                  as x (shard, tenant, kind, id, expected)
      left join lateral (
        select r.version from troupe.record r
        where r.shard = x.shard and r.tenant = x.tenant and r.kind = x.kind and r.id = x.id
          and r.version >= x.expected
        order by r.version desc limit 1) r on true
      where coalesce(r.version, 0) <> x.expected) then
    raise exception 'a stream has another version' using errcode = '23T01';
  end if;

  -- Keys are not bound to a shard, so another writer may be storing the same one: the insert waits
  -- for it. In the order of the keys, so that two batches do not wait for one another.
  if cardinality(i_key) > 0 then
    insert into troupe.inbox (tenant, source, key, request_hash, answer, stored_at)
    select x.tenant, x.source, x.key, x.hash, x.answer, p_now
    from unnest(i_tenant, i_source, i_key, i_hash, i_answer) as x (tenant, source, key, hash, answer)
    order by x.tenant collate "C", x.source collate "C", x.key collate "C";
  end if;

  if cardinality(d_effect) > 0 then
    delete from troupe.outbox o
    using unnest(d_shard, d_tenant, d_effect) as x (shard, tenant, effect)
    where o.shard = x.shard and o.tenant = x.tenant and o.effect_id = x.effect;
  end if;
  if cardinality(o_effect) > 0 then
    insert into troupe.outbox (shard, tenant, effect_id, kind, class, payload, not_before, attempt,
                               running, epoch)
    select x.* from unnest(o_shard, o_tenant, o_effect, o_kind, o_class, o_payload, o_not_before,
                           o_attempt, o_running, o_epoch) as x;
  end if;
  if cardinality(a_effect) > 0 then
    update troupe.outbox o
    set attempt = o.attempt + 1, running = true, epoch = x.epoch
    from unnest(a_shard, a_tenant, a_effect, a_epoch) as x (shard, tenant, effect, epoch)
    where o.shard = x.shard and o.tenant = x.tenant and o.effect_id = x.effect;
    get diagnostics n = row_count;
    if n <> cardinality(a_effect) then
      raise exception 'an effect is gone' using errcode = '23T01';
    end if;
  end if;
end
$append$;

-- Takes the next number of lanes for nothing, so that whoever appends to them looks again. Nobody
-- appends between this and the end of the transaction.
create function troupe.bar(p_lane smallint[]) returns void
language plpgsql volatile
as $bar$
begin
  lock table troupe.segment in share row exclusive mode;
  insert into troupe.segment (lane, number, body)
  select l.lane, greatest(l.settled, (select coalesce(max(s.number), 0) from troupe.segment s
                                      where s.lane = l.lane and s.number > l.settled)) + 1, ''
  from troupe.lane l where l.lane = any (p_lane);
end
$bar$;

-- Brings the batches of a lane up to a number where they are read from: r_ records, s_ the last seqs
-- of their shards, w_ the timers of their streams as they are now (null: none). The caller holds the
-- lane's row.
create function troupe.settle(
  p_lane smallint, p_through bigint,
  r_shard smallint[], r_seq bigint[], r_tenant text[], r_kind smallint[], r_id text[],
  r_version bigint[], r_first uuid[], r_last uuid[], r_hash bytea[], r_body bytea[],
  s_shard smallint[], s_seq bigint[],
  w_shard integer[], w_tenant text[], w_kind smallint[], w_id text[], w_at bigint[])
returns void
language plpgsql volatile
as $settle$
#variable_conflict use_column
begin
  -- First, as a claim locks the table before it changes shards. From where the last one ended: what
  -- it deleted may still stand in the index.
  delete from troupe.segment
  where lane = p_lane and number <= p_through
    and number > (select settled from troupe.lane where lane = p_lane);

  insert into troupe.record (seq, version, shard, kind, first_id, last_id, hash, tenant, id, body)
  select x.seq, x.version, x.shard, x.kind, x.first, x.last, x.hash, x.tenant, x.id, x.body
  from unnest(r_shard, r_seq, r_tenant, r_kind, r_id, r_version, r_first, r_last, r_hash, r_body)
       as x (shard, seq, tenant, kind, id, version, first, last, hash, body);

  update troupe.shard s set last_seq = x.seq
  from unnest(s_shard, s_seq) as x (shard, seq)
  where s.shard = x.shard;

  -- Only what changes is touched. (wake_stream)
  with change as materialized (
    select x.*, k.wake_at as before
    from unnest(w_shard, w_tenant, w_kind, w_id, w_at) as x (shard, tenant, kind, id, at)
    left join troupe.wake k
      on k.shard = x.shard and k.tenant = x.tenant and k.kind = x.kind and k.id = x.id
    where k.wake_at is distinct from x.at),
  gone as (
    delete from troupe.wake k using change c
    where c.at is null and k.shard = c.shard and k.tenant = c.tenant and k.kind = c.kind
      and k.id = c.id),
  moved as (
    update troupe.wake k set wake_at = c.at from change c
    where c.at is not null and c.before is not null and k.shard = c.shard and k.tenant = c.tenant
      and k.kind = c.kind and k.id = c.id)
  insert into troupe.wake (shard, kind, wake_at, tenant, id)
  select c.shard, c.kind, c.at, c.tenant, c.id from change c
  where c.at is not null and c.before is null;

  update troupe.lane set settled = p_through where lane = p_lane;
end
$settle$;
