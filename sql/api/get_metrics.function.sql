-- The query of scripts and dashboards: values of some devices in a time range. Served as /rpc/get_metrics.
-- Names are resolved into arrays first: "device_id in (select …)" over the view reads every chunk
-- (9.6 s instead of 0.9 s on 27 M rows).
create or replace function api.get_metrics(
  nodes text default null
, devices text default null
, metrics text default null
, start_time text default null
, end_time text default null
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
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  range_length constant interval := interval '5 minutes';
  metric_ids constant text[] := kwollect.parse_list(metrics);
  device_ids text[];
  range_start timestamptz := kwollect.parse_time(start_time, 'start_time');
  range_end timestamptz := kwollect.parse_time(end_time, 'end_time');
begin
  select array_agg(distinct split_part(device.name, '.', 1))
    into device_ids
    from unnest(kwollect.parse_list(nodes) || kwollect.parse_list(devices)) as device (name);
  if device_ids is null then
    raise sqlstate 'PT400' using
      message = 'nodes or devices is required'
    , hint = 'For example /rpc/get_metrics?devices=node-1,node-2.';
  end if;

  range_end := coalesce(range_end, range_start + range_length, now());
  range_start := coalesce(range_start, range_end - range_length);

  return query
  select metric.timestamp
       , metric.device_id
       , metric.metric_id
       , metric.value
       , metric.labels
    from public.metrics_by_device as metric
   where metric.device_id = any (device_ids)
     and (metric_ids is null or metric.metric_id = any (metric_ids))
     and metric.timestamp between range_start and range_end
   order by metric.timestamp
       , metric.device_id
       , metric.metric_id;
end
$$;

revoke all on function api.get_metrics(text, text, text, text, text) from public;
grant execute on function api.get_metrics(text, text, text, text, text) to kwollect_reader, kwollect_writer;

comment on function api.get_metrics(text, text, text, text, text) is
'Values of some devices in a time range.

`nodes` and `devices` mean the same and add up: comma-separated names, of which a domain is cut at the first dot.
`metrics`: comma-separated names, all where absent.
`start_time` and `end_time`: ISO 8601 (UTC where no offset is given) or Unix seconds with fraction. Without both: the
last 5 minutes; with one: 5 minutes from the start, or up to the end.

Rows in order of timestamp, device_id, metric_id. NaN and infinities are strings.

Example: `/rpc/get_metrics?devices=node-1,node-2&start_time=2020-01-06T13:35:00&end_time=2020-01-06T14:35:00`';
