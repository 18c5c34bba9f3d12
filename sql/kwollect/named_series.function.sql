-- The series behind names, once for the name of the device and once for its alias. Called by read_metrics.
-- Series that an alias sums up share a group; where a group has one member, its sum is that member's value.
create or replace function kwollect.named_series(device_ids text[], metric_ids text[])
returns table (
  series_id bigint
, device_id text
, metric_id text
, labels jsonb
, origin text
, group_number bigint
, members bigint
)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with named as (
    select series.series_id
         , series.device_id
         , series.metric_id
         , series.labels - '_device_alias' as labels
         , null::text as origin
      from kwollect.series
     where series.device_id = any (device_ids)
       and (metric_ids is null or series.metric_id = any (metric_ids))
    union all
    select series.series_id
         , series.device_alias
         , series.metric_id
         , series.labels - '_device_alias'
         , series.device_id
      from kwollect.series
     where series.device_alias = any (device_ids)
       and (metric_ids is null or series.metric_id = any (metric_ids))
  )
  select named.series_id
       , named.device_id
       , named.metric_id
       , named.labels
       , named.origin
       , dense_rank() over (order by named.device_id, named.metric_id, named.labels, named.origin is null)
       , case
           when named.origin is null then 1
           else count(*) over (partition by named.device_id, named.metric_id, named.labels, named.origin is null)
         end
    from named
$$;

revoke all on function kwollect.named_series(text[], text[]) from public;

comment on function kwollect.named_series(text[], text[]) is
'Series of devices by name (origin is null) and by alias (origin is the device).
group_number is in order of device_id and metric_id; the series that an alias sums up share it.';
