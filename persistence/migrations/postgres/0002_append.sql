-- One call stores one batch in which everything is as its writers think. If anything is not (a fenced
-- shard, another version, an answered key, an effect that is gone), it fails with a SQLSTATE of class
-- 23 and nothing is stored; the caller then judges unit by unit (persistence/judge.hpp).
--
-- s_: the shards of the batch, each once, in their order. w_: the writes; `home` is the place of
-- their shard in s_ (from 1), `at` the seq of their last event less the shard's last one before the
-- batch. i_: answers for the inbox. d_, o_, a_: effects that are done, new, started. The caller has
-- seen to it that no two units of the batch speak of one key or effect and that writes of one stream
-- follow each other: `head` marks the first of each stream, `last` the last.
--
-- READ COMMITTED is needed: the first statement waits for the rows, and only the statements after it
-- see what the previous holder of the lock has left. The settings of the session (session.cpp) keep
-- every plan on the indexes.
create function troupe.append(
  p_now bigint,
  s_shard integer[], s_epoch bigint[], s_events integer[],
  w_home integer[], w_tenant text[], w_kind smallint[], w_id text[], w_expected bigint[],
  w_head boolean[], w_last boolean[], w_wake bigint[], w_at integer[], w_count integer[],
  w_first uuid[], w_last_id uuid[], w_hash bytea[], w_body bytea[],
  i_tenant text[], i_source text[], i_key text[], i_hash text[], i_answer text[],
  d_shard integer[], d_tenant text[], d_effect text[],
  o_shard integer[], o_tenant text[], o_effect text[], o_kind text[], o_class smallint[],
  o_payload text[], o_not_before bigint[], o_attempt integer[], o_running boolean[],
  o_epoch bigint[],
  a_shard integer[], a_tenant text[], a_effect text[], a_epoch bigint[])
returns bigint[] -- the last seq of each shard before the batch
language plpgsql volatile
as $append$
#variable_conflict use_column
declare
  base bigint[];
  elsewhere boolean;
  other_wake boolean;
  n integer;
begin
  -- In the order of the shards: two batches never wait for one another.
  with home as (
    update troupe.shard s set last_seq = s.last_seq + x.events
    from unnest(s_shard, s_epoch, s_events) as x (shard, epoch, events)
    where s.shard = x.shard and s.epoch = x.epoch
    returning s.shard, s.last_seq - x.events as base)
  select array_agg(base order by shard) into base from home;
  if cardinality(base) is distinct from cardinality(s_shard) then
    raise exception 'a shard is fenced' using errcode = '23T01';
  end if;

  -- Are the streams where their writers think they are, and has a timer changed? One step into
  -- record_version and one into wake_stream for each.
  select coalesce(bool_or(x.head and coalesce(r.version, 0) <> x.expected), false),
         coalesce(bool_or(x.last and k.wake_at is distinct from x.wake), false)
  into elsewhere, other_wake
  from unnest(w_home, w_tenant, w_kind, w_id, w_expected, w_head, w_last, w_wake)
       as x (home, tenant, kind, id, expected, head, last, wake)
  left join lateral (
    select r.version from troupe.record r
    where x.head and r.shard = s_shard[x.home] and r.tenant = x.tenant and r.kind = x.kind
      and r.id = x.id and r.version >= x.expected
    order by r.version desc limit 1) r on true
  left join troupe.wake k
    on k.shard = s_shard[x.home] and k.tenant = x.tenant and k.kind = x.kind and k.id = x.id;
  if elsewhere then
    raise exception 'a stream has another version' using errcode = '23T01';
  end if;

  insert into troupe.record (seq, version, shard, kind, first_id, last_id, hash, tenant, id, body)
  select base[x.home] + x.at, x.expected + x.count, s_shard[x.home], x.kind, x.first, x.last_id,
         x.hash, x.tenant, x.id, x.body
  from unnest(w_home, w_tenant, w_kind, w_id, w_expected, w_at, w_count, w_first, w_last_id,
              w_hash, w_body)
       as x (home, tenant, kind, id, expected, at, count, first, last_id, hash, body)
  where x.count > 0;

  -- Only what changes is touched. (wake_stream)
  if other_wake then
    with change as materialized (
      select s_shard[x.home] as shard, x.tenant, x.kind, x.id, x.wake, k.wake_at
      from unnest(w_home, w_tenant, w_kind, w_id, w_wake, w_last)
           as x (home, tenant, kind, id, wake, last)
      left join troupe.wake k
        on k.shard = s_shard[x.home] and k.tenant = x.tenant and k.kind = x.kind and k.id = x.id
      where x.last and k.wake_at is distinct from x.wake),
    gone as (
      delete from troupe.wake k using change c
      where c.wake is null and k.shard = c.shard and k.tenant = c.tenant and k.kind = c.kind
        and k.id = c.id),
    moved as (
      update troupe.wake k set wake_at = c.wake from change c
      where c.wake is not null and c.wake_at is not null and k.shard = c.shard
        and k.tenant = c.tenant and k.kind = c.kind and k.id = c.id)
    insert into troupe.wake (shard, kind, wake_at, tenant, id)
    select c.shard, c.kind, c.wake, c.tenant, c.id from change c
    where c.wake is not null and c.wake_at is null;
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
  return base;
end
$append$;

-- The same for the batch that most often is stored when little goes on: one write of one unit with
-- nothing else in it. Plain values instead of arrays halve what the call costs.
create function troupe.append_one(
  p_shard integer, p_epoch bigint, p_tenant text, p_kind smallint, p_id text, p_expected bigint,
  p_has_wake boolean, p_wake bigint, p_count integer, p_first uuid, p_last uuid, p_hash bytea,
  p_body bytea)
returns bigint -- the last seq of the shard before it
language plpgsql volatile
as $append$
declare
  base bigint;
  at_version bigint;
  old_wake bigint;
  new_wake constant bigint := case when p_has_wake then p_wake end;
begin
  update troupe.shard set last_seq = last_seq + p_count
  where shard = p_shard and epoch = p_epoch
  returning last_seq - p_count into base;
  if base is null then
    raise exception 'a shard is fenced' using errcode = '23T01';
  end if;
  select (select r.version from troupe.record r
          where r.shard = p_shard and r.tenant = p_tenant and r.kind = p_kind and r.id = p_id
            and r.version >= p_expected
          order by r.version desc limit 1),
         (select k.wake_at from troupe.wake k
          where k.shard = p_shard and k.tenant = p_tenant and k.kind = p_kind and k.id = p_id)
  into at_version, old_wake;
  if coalesce(at_version, 0) <> p_expected then
    raise exception 'a stream has another version' using errcode = '23T01';
  end if;
  insert into troupe.record (seq, version, shard, kind, first_id, last_id, hash, tenant, id, body)
  values (base + p_count, p_expected + p_count, p_shard, p_kind, p_first, nullif(p_last, p_first),
          p_hash, p_tenant, p_id, p_body);
  if new_wake is not null and old_wake is null then
    insert into troupe.wake (shard, kind, wake_at, tenant, id)
    values (p_shard, p_kind, new_wake, p_tenant, p_id);
  elsif new_wake is null and old_wake is not null then
    delete from troupe.wake
    where shard = p_shard and tenant = p_tenant and kind = p_kind and id = p_id;
  elsif new_wake <> old_wake then
    update troupe.wake set wake_at = new_wake
    where shard = p_shard and tenant = p_tenant and kind = p_kind and id = p_id;
  end if;
  return base;
end
$append$;

-- Records that may hold an event id. Other scans are shut off: a plan that was made while the table
-- was small must not walk a whole tree when it has grown. (record_ids)
create function troupe.records_with(p_id uuid) returns setof troupe.record
language sql stable rows 10
set enable_indexscan = off
set enable_seqscan = off
as $find$
  select * from troupe.record where first_id <= p_id and coalesce(last_id, first_id) >= p_id
$find$;
