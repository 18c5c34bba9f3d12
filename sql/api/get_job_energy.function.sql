-- What a job consumed, with what tells a measurement from a guess. Served as /rpc/get_job_energy, called by dashboards.
-- Here arguments become nodes and times, and nodes become totals; node_energy does the reading.
create or replace function api.get_job_energy(
  job_id integer default null
, metrics text default null
)
returns table (
  device_id text
, metric_id text
, source text
, energy_joules double precision
, energy_watt_hours double precision
, duration_seconds double precision
, covered_share double precision
, longest_gap_seconds double precision
, samples bigint
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
-- The planner takes a thousand rows for each function's answer, a million for two, and would compile the statement: 440 ms
-- instead of 8.
set jit = off
as $$
#variable_conflict use_column
declare
  metric_ids constant text[] := kwollect.parse_list(metrics);
  stranger constant text := (
    select named.metric_id
      from unnest(metric_ids) as named (metric_id)
     where named.metric_id !~* 'power'
       and not exists (select from kwollect.energy_unit(named.metric_id))
     order by named.metric_id
     limit 1
  );
  device_ids text[];
  range_starts timestamptz[];
  range_ends timestamptz[];
begin
  if get_job_energy.job_id is null then
    raise sqlstate 'PT400' using
      message = 'job_id is required'
    , hint = 'For example /rpc/get_job_energy?job_id=1234.';
  end if;
  if stranger is not null then
    raise sqlstate 'PT400' using
      message = format('%s is neither a power nor an energy counter', quote_literal(kwollect.one_line(left(stranger, 100))))
    , hint = 'Name metrics that end in _watt, _joules_total or _watthour_total, or leave metrics out for all of these.';
  end if;

  -- A node that the scheduler gave to the job twice, or in two rows that overlap, counts once at each moment.
  select array_agg(node.device_id)
       , array_agg(lower(span.range))
       , array_agg(upper(span.range))
    into device_ids
       , range_starts
       , range_ends
    from (
           select job.device_id
                , range_agg(tstzrange(job.start_time, least(job.stop_time, now()))) as ranges
             from kwollect.job_intervals(get_job_energy.job_id) as job
            where isfinite(job.start_time)
              and job.start_time < least(job.stop_time, now())
            group by job.device_id
         ) as node
   cross join unnest(node.ranges) as span (range);

  return query
  with node as (
    select span.device_id
         , sum(date_part('epoch', span.range_end - span.range_start)) as seconds
      from unnest(device_ids, range_starts, range_ends) as span (device_id, range_start, range_end)
     group by span.device_id
  )
  , measured as materialized (
    select energy.*
         , coalesce(unit.instrument, energy.metric_id) as instrument
         , coalesce(unit.is_counter, false) as is_counter
         , sum(energy.covered_seconds) over (partition by energy.metric_id) as covered_in_all
      from kwollect.node_energy(device_ids, range_starts, range_ends, metric_ids) as energy
      left join lateral kwollect.energy_unit(energy.metric_id) as unit
        on true
  )
  , wanted as (
    select measured.metric_id
         , measured.is_counter
      from measured
     where metric_ids is not null
        or measured.is_counter
        -- a power gives way to the counter of the same instrument, unless that covers much less
        or not exists (
             select
               from measured as counter
              where counter.is_counter
                and counter.instrument = measured.instrument
                and counter.covered_in_all >= 0.95 * measured.covered_in_all
           )
     group by measured.metric_id
         , measured.is_counter
  )
  select energy.device_id
       , energy.metric_id
       , case when energy.is_counter then 'counter' else 'power' end
       , energy.joules
       , energy.joules / 3600
       , energy.seconds
         -- in whole microseconds, in which times are kept: the errors of long sums would make 0.9999999999999999 of all
       , round(energy.covered_seconds * 1e6) / round(energy.seconds * 1e6)
       , energy.longest_gap_seconds
       , energy.samples
    from (
           select node.device_id
                , wanted.metric_id
                , wanted.is_counter
                , sum(measured.energy_joules) as joules
                , sum(node.seconds) as seconds
                , coalesce(sum(measured.covered_seconds), 0) as covered_seconds
                  -- a node without a value has a gap of all its time
                , max(coalesce(measured.longest_gap_seconds, node.seconds)) as longest_gap_seconds
                , coalesce(sum(measured.samples), 0)::bigint as samples
                , count(measured.device_id) as nodes
             from wanted
            cross join node
             left join measured
               on measured.device_id = node.device_id
              and measured.metric_id = wanted.metric_id
            group by grouping sets ((node.device_id, wanted.metric_id, wanted.is_counter), (wanted.metric_id, wanted.is_counter))
         ) as energy
   where energy.nodes > 0
   order by energy.metric_id collate kwollect.natural_order
       , energy.device_id collate kwollect.natural_order nulls last;
exception
  when query_canceled then
    -- as in get_metrics
    raise sqlstate 'PT504' using
      message = 'the query took too long'
    , hint = 'Name one of the job''s metrics in metrics.';
end
$$;

revoke all on function api.get_job_energy(integer, text) from public;
grant execute on function api.get_job_energy(integer, text) to kwollect_reader, kwollect_writer;

comment on function api.get_job_energy(integer, text) is
'Energy that a job consumed, per metric and node, and in total, with the share of the time that is measured.

`job_id`: the job; up to now if it runs.
`metrics`: comma-separated names; all powers (…_watt) and energy counters (…_joules_total, …_watthour_total) where absent.

A row for each metric and node that has values, and one for each metric with `device_id` null: the sum over the job''s nodes.
Metrics are alternatives, as a BMC and a wattmetre measure the same node: do not add them up. Where a counter of the same
instrument covers the job as well, its power is left out.

`source` is power or counter. Power is integrated by trapezoid, with the neighbours just outside the job for its first and
last moments; a counter is its increase, anew from zero where it fell. Two values more than 3 times the usual step of
their series and more than 60 s apart leave a gap, which is not integrated: energy is never estimated. (A counter counts on
between readings.) `covered_share` is the part of `duration_seconds` (in the total of all the job''s nodes, those without
values too) that is measured, `longest_gap_seconds` the longest that is not, `samples` the number of values in it. NaN and
infinite values are absent. Several series of a metric add up: labels of one device, or devices that name the
node as `_device_alias`; the latter only where the node has none of its own. `covered_share` is then their mean.

Example: `/rpc/get_job_energy?job_id=1234`';
