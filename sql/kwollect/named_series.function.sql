-- The series behind names, once for the name of the device and once for its alias. Called by series_to_read and
-- node_energy; inlined, hence no search_path: so it is a part of plans that they keep.
-- Series that an alias sums up share a group; where a group has one member, its sum is that member's value.
--
-- Written for plans that are kept, which know neither names nor their number. Device by device, else such a plan may look
-- for a metric on all devices. All metrics and given ones are branches of their own, of which one has nothing to do:
-- "metric_ids is null or …" is no condition of an index, so a device's 100,000 series were read for those of one metric.
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
as $$
  select named.series_id
       , named.device_id
       , named.metric_id
       , named.labels
       , named.origin
       , pg_catalog.dense_rank() over (order by named.device_id, named.metric_id, named.labels, named.origin is null)
       , case
           when named.origin is null then 1
           else pg_catalog.count(*) over (partition by named.device_id, named.metric_id, named.labels, named.origin is null)
         end
    from (
           select asked.device_id
             from pg_catalog.unnest(device_ids) as asked (device_id)
            group by asked.device_id
         ) as asked
   cross join lateral (
           select series.series_id
                , series.device_id
                , series.metric_id
                , series.labels - '_device_alias' as labels
                , null::text as origin
             from kwollect.series
            where series.device_id = asked.device_id
              and metric_ids is null
            union all
           select series.series_id
                , series.device_id
                , series.metric_id
                , series.labels - '_device_alias'
                , null
             from kwollect.series
            where series.device_id = asked.device_id
              and series.metric_id = any (metric_ids)
            union all
           select series.series_id
                , series.device_alias
                , series.metric_id
                , series.labels - '_device_alias'
                , series.device_id
             from kwollect.series
            where series.device_alias = asked.device_id
              and metric_ids is null
            union all
           select series.series_id
                , series.device_alias
                , series.metric_id
                , series.labels - '_device_alias'
                , series.device_id
             from kwollect.series
            where series.device_alias = asked.device_id
              and series.metric_id = any (metric_ids)
         ) as named
$$;

revoke all on function kwollect.named_series(text[], text[]) from public;

comment on function kwollect.named_series(text[], text[]) is
'Series of devices by name (origin is null) and by alias (origin is the device).
group_number is in order of device_id and metric_id; the series that an alias sums up share it.';
