-- What can be plotted: devices, under their own names and aliases, and their metrics. Served as
-- /rpc/available_metrics, called by dashboards. A probe of the index per series; a scan of the minute would read all.
create or replace function api.available_metrics(
  at timestamptz default now()
, params json default null
)
returns table (
  device_id text
, metric_id text
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  -- Over GET the JSON arrives as a string that holds it.
  wanted json := case json_typeof(params) when 'string' then (params #>> '{}')::json else params end;
  device_ids text[];
begin
  if wanted ->> 'job_id' is not null then
    select coalesce(array_agg(span.device_id), '{}')
      into device_ids
      from kwollect.job_spans((wanted ->> 'job_id')::integer, null) as span;
  elsif json_typeof(wanted -> 'devices') = 'array' then
    select coalesce(array_agg(distinct split_part(device.name, '.', 1)), '{}')
      into device_ids
      from json_array_elements_text(wanted -> 'devices') as device (name);
  elsif coalesce(json_strip_nulls(wanted)::text, 'null') not in ('null', '{}') then
    raise sqlstate 'PT400' using
      message = 'params names neither devices nor a job_id'
    , hint = 'Use {"devices": ["node-1"]} or {"job_id": 1234}, or leave params out for all devices.';
  end if;

  return query
  select available.device_id
       , available.metric_id
    from kwollect.available_metrics(device_ids, at - interval '1 minute', at) as available
   order by available.device_id collate kwollect.natural_order
       , available.metric_id collate kwollect.natural_order;
exception
  when datetime_field_overflow then
    raise sqlstate 'PT400' using
      message = 'at is further back than times reach'
    , hint = 'Use a moment since values are collected, for example 2020-01-06T13:35:00Z, or leave at out for now.';
  when query_canceled then
    -- as in get_metrics
    raise sqlstate 'PT504' using
      message = 'the query took too long'
    , hint = 'Name devices or a job_id in params.';
  when data_exception then
    raise sqlstate 'PT400' using
      message = format('params cannot be read: %s', kwollect.one_line(left(sqlerrm, 500)))
    , hint = 'Use {"devices": ["node-1"]} or {"job_id": 1234}, or leave params out for all devices.';
end
$$;

revoke all on function api.available_metrics(timestamptz, json) from public;
grant execute on function api.available_metrics(timestamptz, json) to kwollect_reader, kwollect_writer;

comment on function api.available_metrics(timestamptz, json) is
'Devices and metrics that have a value in the minute before a moment.

`at`: the moment, now where absent.
`params`: `{"devices": ["node-1"]}` or `{"job_id": 1234}`, all devices where absent.

Devices stand under their own names and their aliases, node-2 before node-10.

Example: `/rpc/available_metrics?params={"devices":["node-1"]}`';
