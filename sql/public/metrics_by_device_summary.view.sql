-- metrics_by_device in buckets of five minutes. Read by dashboards and get_metrics(summary).
-- Fenced like metrics_by_job, where the reason stands.
create or replace view public.metrics_by_device_summary as
select bucket.timestamp
     , series.device_id
     , series.metric_id
     , kwollect.summary_value(series.metric_id, bucket.average, bucket.largest) as value
     , series.labels - '_device_alias' as labels
  from kwollect.series
 cross join lateral (
         select summary.timestamp
              , summary.average
              , summary.largest
           from kwollect.samples_summary as summary
          where summary.series_id = series.series_id
          union all
         select null::timestamptz, null::double precision, null::double precision
          where false
       ) as bucket
union all
select bucket.timestamp
     , series.device_alias as device_id
     , series.metric_id
     , sum(kwollect.summand(kwollect.summary_value(series.metric_id, bucket.average, bucket.largest))) as value
     , (series.labels - '_device_alias')
       || jsonb_build_object('_device_orig', array_agg(distinct series.device_id order by series.device_id)) as labels
  from kwollect.series
 cross join lateral (
         select summary.timestamp
              , summary.average
              , summary.largest
           from kwollect.samples_summary as summary
          where summary.series_id = series.series_id
          union all
         select null::timestamptz, null::double precision, null::double precision
          where false
       ) as bucket
 where series.device_alias is not null
 group by bucket.timestamp
     , series.device_alias
     , series.metric_id
     , series.labels - '_device_alias';

revoke all on public.metrics_by_device_summary from public;
grant select on public.metrics_by_device_summary to kwollect_reader, kwollect_writer;

comment on view public.metrics_by_device_summary is
'Five-minute buckets of metrics_by_device: the average, or the maximum where metric_id ends in _total.
An alias has the sum of its devices'' buckets. Filter on device_id; metric_id and timestamp narrow it further.';
