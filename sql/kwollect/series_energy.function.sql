-- The energy that one series measured in a time range, in its own unit times seconds (power) or its own unit (counter).
-- Called by kwollect.node_energy for each series and interval of a node. A function of its own, planned for the actual
-- values, so that only the chunks of the range are read and the memory is that of one series: in one statement for all
-- of a job, the steps of 16 nodes at 50 Hz go through files.
--
-- Seconds count from the start of the range: date_part gives a double, extract a numeric, which is four times slower.
-- A step between two values is clipped to the range; a clipped line keeps the value that it has at the edge, which is
-- the interpolation with the neighbour outside. Neighbours farther than an hour away are not looked for.
create or replace function kwollect.series_energy(
  series_id bigint
, range_start timestamptz
, range_end timestamptz
, is_counter boolean
, out energy double precision
, out covered_seconds double precision
, out longest_gap_seconds double precision
, out samples bigint
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
declare
  reach constant interval := interval '1 hour';
  -- worked out here: in the statement, TimescaleDB looks at every chunk there is to leave it out
  earliest constant timestamptz := range_start - reach;
  latest constant timestamptz := range_end + reach;
  shortest_gap constant double precision := 60;
  -- Beyond it a value is absent, like NaN, so that no product and no sum overflows.
  largest constant double precision := 1e250;
  range_seconds constant double precision := date_part('epoch', range_end - range_start);
  first_time timestamptz;
  last_time timestamptz;
begin
  select max(sample.timestamp)
    into first_time
    from kwollect.samples as sample
   where sample.series_id = series_energy.series_id
     and sample.timestamp between earliest and range_start
     and sample.value between -largest and largest;
  select min(sample.timestamp)
    into last_time
    from kwollect.samples as sample
   where sample.series_id = series_energy.series_id
     and sample.timestamp between range_end and latest
     and sample.value between -largest and largest;

  with measured as (
    select date_part('epoch', sample.timestamp - range_start) as second
           -- PostgreSQL refuses a product that is too small for a double.
         , case when abs(sample.value) < 1 / largest then 0 else sample.value end as value
         , sample.timestamp
      from kwollect.samples as sample
     where sample.series_id = series_energy.series_id
       and sample.timestamp between coalesce(first_time, range_start) and coalesce(last_time, range_end)
       and sample.value between -largest and largest
  )
  , step as materialized (
    select lag(measured.second) over line as since
         , measured.second as upto
         , lag(measured.value) over line as value_before
         , measured.value
      from measured
    window line as (order by measured.timestamp, measured.value)
  )
  , usual as (
    select greatest(3 * percentile_disc(0.5) within group (order by step.upto - step.since), shortest_gap) as longest_step
      from step
     where step.upto > step.since
  )
  , part as (
    select step.upto
         , least(step.upto, range_seconds) - greatest(step.since, 0) as seconds
         , case
             when is_counter and step.value < step.value_before then greatest(step.value, 0)
             when is_counter then step.value - step.value_before
           end as increase
           -- where the clipped step begins and ends, as shares of the step
         , (greatest(step.since, 0) - step.since) / nullif(step.upto - step.since, 0) as share_before
         , (least(step.upto, range_seconds) - step.since) / nullif(step.upto - step.since, 0) as share_upto
         , step.value_before
         , step.value
         , step.upto - step.since <= usual.longest_step
           -- A counter has counted however long nobody read it, unless it began anew or the range cuts the step.
           or is_counter and step.value >= step.value_before and step.since >= 0 and step.upto <= range_seconds as is_covered
      from step
     cross join usual
  )
  select sum(
           case
             when is_counter then part.increase * (part.share_upto - part.share_before)
             else (part.value_before + (part.value - part.value_before) * (part.share_before + part.share_upto) / 2) * part.seconds
           end
         ) filter (where part.is_covered)
       , coalesce(sum(part.seconds) filter (where part.is_covered), 0)
         -- between two values, before the first, after the last; the only value may lie outside
       , least(
           greatest(
             max(part.seconds) filter (where not part.is_covered)
           , coalesce(min(part.upto), range_seconds)
           , range_seconds - max(part.upto)
           , 0
           )
         , range_seconds
         )
       , count(*) filter (where part.upto between 0 and range_seconds)
    into energy
       , covered_seconds
       , longest_gap_seconds
       , samples
    from part;
end
$$;

revoke all on function kwollect.series_energy(bigint, timestamptz, timestamptz, boolean) from public;

comment on function kwollect.series_energy(bigint, timestamptz, timestamptz, boolean) is
'What a series of power (by trapezoid) or an energy counter (by its increase) measured in a time range.
A step longer than max(3 x the median step, 60 s) is a gap: neither integrated nor covered, but a counter''s own between two
readings in the range. A counter that is smaller than before began again at zero. NaN and infinities are absent.
energy is null where nothing is covered.';
