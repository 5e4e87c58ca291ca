-- A batch beside which nothing is stored needs no call of `append` with its thirty arrays: it is an
-- insert, which asks this of each row once its number is taken. As in `append`, this must see what
-- was committed while the insert waited: a volatile function's query takes a snapshot of its own.
create function troupe.refuse_settled(p_lane smallint, p_number bigint) returns void
language plpgsql volatile
as $refuse$
begin
  if exists (select from troupe.lane l where l.lane = p_lane and l.settled >= p_number) then
    raise exception 'somebody else has appended' using errcode = '23T01';
  end if;
end
$refuse$;
