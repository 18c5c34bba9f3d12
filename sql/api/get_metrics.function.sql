-- The query of scripts and dashboards: values of devices or of a job in a time range. Served as /rpc/get_metrics.
-- Here arguments become names, times and series; what reads them is one of read_single, read_metrics, read_summary and
-- read_rates.
-- Security definer, because readers have no rights on series and samples.
create or replace function api.get_metrics(
  job_id integer default null
, nodes text default null
, devices text default null
, metrics text default null
, start_time text default null
, end_time text default null
, summary boolean default false
, as_rate boolean default false
)
returns table (
  "timestamp" timestamptz
, device_id text
, metric_id text
, value double precision
, labels jsonb
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
-- The rows are sorted and kept up to the end; in 4 MB both would go through files.
set work_mem = '64MB'
-- PostgreSQL's own default. At 1.1, which timescaledb-tune sets, visiting a page once for each series on it seems no
-- dearer than once for all of them (a bitmap): 55 ms instead of 21 for 127,000 values of 208 series.
set random_page_cost = 4
as $$
#variable_conflict use_column
declare
  range_length constant interval := interval '5 minutes';
  metric_ids constant text[] := kwollect.parse_list(metrics);
  first_time constant timestamptz := kwollect.parse_time(start_time, 'start_time');
  last_time constant timestamptz := kwollect.parse_time(end_time, 'end_time');
  device_ids text[];
  range_starts timestamptz[];
  range_ends timestamptz[];
  reading kwollect.reading;
begin
  select array_agg(distinct split_part(device.name, '.', 1))
    into device_ids
    from unnest(kwollect.parse_list(nodes) || kwollect.parse_list(devices)) as device (name);
  if device_ids is null and get_metrics.job_id is null then
    raise sqlstate 'PT400' using
      message = 'one of nodes, devices and job_id is required'
    , hint = 'For example /rpc/get_metrics?devices=node-1,node-2 or /rpc/get_metrics?job_id=1234.';
  end if;

  if get_metrics.job_id is null then
    range_ends := array_fill(coalesce(last_time, first_time + range_length, now()), array[cardinality(device_ids)]);
    range_starts := array_fill(coalesce(first_time, range_ends[1] - range_length), array[cardinality(device_ids)]);
  else
    select array_agg(span.device_id)
         , array_agg(greatest(span.start_time, first_time))
         , array_agg(least(span.stop_time, last_time))
      into device_ids
         , range_starts
         , range_ends
      from kwollect.job_spans(get_metrics.job_id, device_ids) as span;
  end if;

  if summary then
    -- The bucket that a range begins in belongs to it.
    select array_agg(public.time_bucket('5 minutes', range_start) order by position)
      into range_starts
      from unnest(range_starts) with ordinality as range (range_start, position);
  end if;

  reading := kwollect.series_to_read(device_ids, range_starts, range_ends, metric_ids);
  -- Executed, so that it is planned for this reading: a plan that was kept would not know which chunks are read.
  return query
  execute case
    when as_rate then 'select * from kwollect.read_rates($1, $2)'
    when summary then 'select * from kwollect.read_summary($1)'
    when reading.summed_ids is null then 'select * from kwollect.read_single($1)'
    else 'select * from kwollect.read_metrics($1)'
  end
    using reading
        , coalesce(summary, false);
exception
  when query_canceled then
    -- The statement timeout; PostgREST 12 makes a 500 of PostgreSQL's own code.
    raise sqlstate 'PT504' using
      message = 'the query took too long'
    , hint = 'Narrow the time range or use summary=true.';
end
$$;

revoke all on function api.get_metrics(integer, text, text, text, text, text, boolean, boolean) from public;
grant execute on function api.get_metrics(integer, text, text, text, text, text, boolean, boolean) to kwollect_reader, kwollect_writer;

comment on function api.get_metrics(integer, text, text, text, text, text, boolean, boolean) is
'Values of devices or of a job in a time range.

`nodes` and `devices` mean the same and add up: comma-separated names, of which a domain is cut at the first dot.
`job_id`: the job''s nodes, or the devices given, during the job (up to now if it runs).
`metrics`: comma-separated names, all where absent.
`start_time` and `end_time`: ISO 8601 (UTC where no offset is given) or Unix seconds with fraction. Without both: the
last 5 minutes; with one: 5 minutes from the start, or up to the end. With a job they narrow its time.
`summary`: 5-minute buckets (the average, or the maximum of a metric whose name ends in _total).
`as_rate`: the increase per second of counters; a smaller value counts as a reset to zero.

Rows in order of timestamp, device_id, metric_id. NaN and infinities are strings.

Example: `/rpc/get_metrics?devices=node-1,node-2&start_time=2020-01-06T13:35:00&end_time=2020-01-06T14:35:00`';
