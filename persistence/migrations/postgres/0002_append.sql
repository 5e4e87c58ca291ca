-- One call stores one batch. Units (u_) are numbered from 1; every other array says to which unit
-- (…_unit) or write (e_write) its element belongs. `r_last` cuts the units into runs: within a run
-- no two units touch the same stream, event id, inbox key or effect, so that a run is judged and
-- stored by whole statements, and a later run sees what the earlier ones have stored.
--
-- Answers one row a unit, in order: status 0 ok, 1 duplicate, 2 conflict, 3 fenced. The rules are
-- those of `judge` in persistence/judge.hpp; the contract suite holds both to them.
--
-- READ COMMITTED is needed: the row locks of the first statement are waited for, and only the
-- statements after it see the epoch that the previous owner of the lock has left.
create function troupe.append(
  p_now bigint, r_last integer[],
  u_shard integer[], u_epoch bigint[], u_tenant text[], u_events integer[],
  i_unit integer[], i_source text[], i_key text[], i_hash text[], i_answer text[],
  w_unit integer[], w_kind integer[], w_id text[], w_expected bigint[], w_count integer[],
  w_hash text[], w_wake bigint[],
  e_unit integer[], e_write integer[], e_pos integer[], e_version bigint[], e_event uuid[],
  e_type text[], e_schema integer[], e_at bigint[], e_principal text[], e_cause text[],
  e_correlation text[], e_data text[], e_hash text[],
  o_unit integer[], o_effect text[], o_kind text[], o_class integer[], o_payload text[],
  o_not_before bigint[], o_attempt integer[], o_running boolean[], o_epoch bigint[],
  s_unit integer[], s_effect text[],
  d_unit integer[], d_effect text[])
returns table (status integer, first_seq bigint, by_inbox boolean, answer text, versions text)
language plpgsql volatile
-- Everything below is served by an index. The planner must not think otherwise while the tables
-- are small, because the plans are kept as the tables grow.
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $append$
#variable_conflict use_column
declare
  n constant integer := cardinality(u_shard);
  st integer[];
  firsts bigint[] := array_fill(0::bigint, array[n]);
  inboxed boolean[] := array_fill(false, array[n]);
  answers text[] := array_fill(null::text, array[n]);
  stand text[] := array_fill(null::text, array[n]);
  lo integer := 1;
  hi integer;
  r record;
  lost integer[];
begin
  -- In the order of the shards: two batches never wait for one another.
  perform 1 from troupe.shard s where s.shard = any (u_shard) order by s.shard
    for no key update;

  select array_agg(case when u.epoch <> 0 and s.epoch = u.epoch then 0 else 3 end order by u.n)
  into st
  from unnest(u_shard, u_epoch) with ordinality as u (shard, epoch, n)
  join troupe.shard s on s.shard = u.shard;

  foreach hi in array r_last loop
    -- Is it a unit that was stored before? (event_id)
    for r in
      select x.unit, count(*) as stored, min(e.seq) filter (where x.pos = 0) as first,
             bool_and(e.tenant = u_tenant[x.unit] and e.kind = w_kind[x.write]
                      and e.id = w_id[x.write] and e.version = x.version) as in_place
      from unnest(e_unit, e_write, e_pos, e_version, e_event) as x (unit, write, pos, version, event)
      join troupe.event e on e.event_id = x.event and e.shard = u_shard[x.unit]
      where x.unit between lo and hi and st[x.unit] = 0
      group by x.unit
    loop
      if r.stored = u_events[r.unit] and r.in_place then
        st[r.unit] := 1;
        firsts[r.unit] := r.first;
      else
        st[r.unit] := 2;
      end if;
    end loop;

    -- Is its request answered already? (inbox_key)
    if cardinality(i_unit) > 0 then
      for r in
        select x.unit, i.request_hash = x.hash as same, i.answer
        from unnest(i_unit, i_source, i_key, i_hash) as x (unit, source, key, hash)
        join troupe.inbox i
          on i.tenant = u_tenant[x.unit] and i.source = x.source and i.key = x.key
        where x.unit between lo and hi and st[x.unit] <> 3
      loop
        answers[r.unit] := r.answer;
        if st[r.unit] = 0 then
          inboxed[r.unit] := true;
          st[r.unit] := case when r.same then 1 else 2 end;
        end if;
      end loop;
    end if;

    -- Are its streams where it thinks they are? (stream_name)
    for r in
      select x.unit
      from unnest(w_unit, w_kind, w_id, w_expected) as x (unit, kind, id, expected)
      left join troupe.stream s
        on s.shard = u_shard[x.unit] and s.tenant = u_tenant[x.unit] and s.kind = x.kind
           and s.id = x.id
      where x.unit between lo and hi and st[x.unit] = 0
        and coalesce(s.version, 0) <> x.expected
    loop
      st[r.unit] := 2;
    end loop;

    -- A new effect must be new, a started one must be there. (outbox_effect)
    if cardinality(o_unit) > 0 then
      for r in
        select x.unit
        from unnest(o_unit, o_effect) as x (unit, effect)
        join troupe.outbox o
          on o.shard = u_shard[x.unit] and o.tenant = u_tenant[x.unit] and o.effect_id = x.effect
        where x.unit between lo and hi and st[x.unit] = 0
          and not exists (select from unnest(d_unit, d_effect) as d (unit, effect)
                          where d.unit = x.unit and d.effect = x.effect)
      loop
        st[r.unit] := 2;
      end loop;
    end if;
    if cardinality(s_unit) > 0 then
      for r in
        select x.unit
        from unnest(s_unit, s_effect) as x (unit, effect)
        where x.unit between lo and hi and st[x.unit] = 0
          and not exists (select from unnest(o_unit, o_effect) as o (unit, effect)
                          where o.unit = x.unit and o.effect = x.effect)
          and (not exists (select from troupe.outbox o
                           where o.shard = u_shard[x.unit] and o.tenant = u_tenant[x.unit]
                             and o.effect_id = x.effect)
               or exists (select from unnest(d_unit, d_effect) as d (unit, effect)
                          where d.unit = x.unit and d.effect = x.effect))
      loop
        st[r.unit] := 2;
      end loop;
    end if;

    -- Keys are not bound to a shard, so another writer may be storing the same one. The insert
    -- waits for it; whoever comes second finds the answer of the first. In the order of the keys,
    -- so that two batches do not wait for one another.
    if cardinality(i_unit) > 0 then
      with added as (
        insert into troupe.inbox (tenant, source, key, request_hash, answer, stored_at)
        select u_tenant[x.unit], x.source, x.key, x.hash, x.answer, p_now
        from unnest(i_unit, i_source, i_key, i_hash, i_answer) as x (unit, source, key, hash, answer)
        where x.unit between lo and hi and st[x.unit] = 0
        order by u_tenant[x.unit] collate "C", x.source collate "C", x.key collate "C"
        on conflict do nothing
        returning tenant, source, key
      )
      select array_agg(x.unit) into lost
      from unnest(i_unit, i_source, i_key) as x (unit, source, key)
      left join added a
        on a.tenant = u_tenant[x.unit] and a.source = x.source and a.key = x.key
      where x.unit between lo and hi and st[x.unit] = 0 and a.tenant is null;
      if lost is not null then
        for r in
          select x.unit, i.request_hash = x.hash as same, i.answer
          from unnest(i_unit, i_source, i_key, i_hash) as x (unit, source, key, hash)
          join troupe.inbox i
            on i.tenant = u_tenant[x.unit] and i.source = x.source and i.key = x.key
          where x.unit = any (lost)
        loop
          answers[r.unit] := r.answer;
          inboxed[r.unit] := true;
          st[r.unit] := case when r.same then 1 else 2 end;
        end loop;
      end if;
    end if;

    -- Whoever is refused is told where its streams stand.
    if 2 = any (st[lo:hi]) then
      for r in
        select x.unit, array_agg(coalesce(s.version, 0) order by x.n)::text as versions
        from unnest(w_unit, w_kind, w_id) with ordinality as x (unit, kind, id, n)
        left join troupe.stream s
          on s.shard = u_shard[x.unit] and s.tenant = u_tenant[x.unit] and s.kind = x.kind
             and s.id = x.id
        where x.unit between lo and hi and st[x.unit] = 2 and not inboxed[x.unit]
        group by x.unit
      loop
        stand[r.unit] := r.versions;
      end loop;
    end if;

    -- From here on nothing is refused.
    for r in
      select u.n, s.last_seq + 1 + coalesce(sum(u.events) over (
               partition by u.shard order by u.n
               rows between unbounded preceding and 1 preceding), 0) as first
      from unnest(u_shard, u_events) with ordinality as u (shard, events, n)
      join troupe.shard s on s.shard = u.shard
      where u.n between lo and hi and st[u.n] = 0 and u.events > 0
    loop
      firsts[r.n] := r.first;
    end loop;

    insert into troupe.event (shard, seq, tenant, kind, id, version, epoch, event_id, type, schema,
                              at, principal, cause, correlation, data, hash)
    select u_shard[x.unit], firsts[x.unit] + x.pos, u_tenant[x.unit], w_kind[x.write],
           w_id[x.write], x.version, u_epoch[x.unit], x.event, x.type, x.schema, x.at, x.principal,
           x.cause, x.correlation, x.data, x.hash
    from unnest(e_unit, e_write, e_pos, e_version, e_event, e_type, e_schema, e_at, e_principal,
                e_cause, e_correlation, e_data, e_hash)
         as x (unit, write, pos, version, event, type, schema, at, principal, cause, correlation,
               data, hash)
    where x.unit between lo and hi and st[x.unit] = 0;

    update troupe.shard s set last_seq = s.last_seq + c.events
    from (select u.shard, sum(u.events) as events
          from unnest(u_shard, u_events) with ordinality as u (shard, events, n)
          where u.n between lo and hi and st[u.n] = 0
          group by u.shard
          having sum(u.events) > 0) c
    where s.shard = c.shard;

    -- A write without events changes the wake-up alone; only then is the stream's hash not given.
    insert into troupe.stream as s (shard, tenant, kind, id, version, hash, wake_at)
    select u_shard[x.unit], u_tenant[x.unit], x.kind, x.id, x.expected + x.count, x.hash, x.wake
    from unnest(w_unit, w_kind, w_id, w_expected, w_count, w_hash, w_wake)
         as x (unit, kind, id, expected, count, hash, wake)
    where x.unit between lo and hi and st[x.unit] = 0
    on conflict (shard, tenant, kind, id) do update
      set version = excluded.version, wake_at = excluded.wake_at,
          hash = case when excluded.hash = '' then s.hash else excluded.hash end;

    if cardinality(d_unit) > 0 then
      delete from troupe.outbox o
      using unnest(d_unit, d_effect) as x (unit, effect)
      where x.unit between lo and hi and st[x.unit] = 0
        and o.shard = u_shard[x.unit] and o.tenant = u_tenant[x.unit] and o.effect_id = x.effect;
    end if;
    if cardinality(o_unit) > 0 then
      insert into troupe.outbox (shard, tenant, effect_id, kind, class, payload, not_before,
                                 attempt, running, epoch)
      select u_shard[x.unit], u_tenant[x.unit], x.effect, x.kind, x.class, x.payload,
             x.not_before, x.attempt, x.running, x.epoch
      from unnest(o_unit, o_effect, o_kind, o_class, o_payload, o_not_before, o_attempt, o_running,
                  o_epoch)
           as x (unit, effect, kind, class, payload, not_before, attempt, running, epoch)
      where x.unit between lo and hi and st[x.unit] = 0;
    end if;
    if cardinality(s_unit) > 0 then
      update troupe.outbox o
      set attempt = o.attempt + 1, running = true, epoch = u_epoch[x.unit]
      from unnest(s_unit, s_effect) as x (unit, effect)
      where x.unit between lo and hi and st[x.unit] = 0
        and o.shard = u_shard[x.unit] and o.tenant = u_tenant[x.unit] and o.effect_id = x.effect;
    end if;
    lo := hi + 1;
  end loop;

  return query
    select x.* from unnest(st, firsts, inboxed, answers, stand)
           as x (status, first_seq, by_inbox, answer, versions);
end
$append$;
