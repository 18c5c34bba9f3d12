-- The metrics in buckets of five minutes, for long ranges. Read by dashboards and get_metrics(summary).
-- Labels are those of the series: what differs from sample to sample has no place in a bucket.
-- Fenced like metrics_by_job, where the reason stands.
create or replace view public.metrics_summary as
select summary.timestamp
     , series.device_id
     , series.metric_id
     , kwollect.summary_value(series.metric_id, summary.average, summary.largest) as value
     , series.labels
  from kwollect.series
 cross join lateral (
         select bucket.timestamp
              , bucket.average
              , bucket.largest
           from kwollect.samples_summary as bucket
          where bucket.series_id = series.series_id
          union all
         select null::timestamptz, null::double precision, null::double precision
          where false
       ) as summary;

revoke all on public.metrics_summary from public;
grant select on public.metrics_summary to kwollect_reader, kwollect_writer;

comment on view public.metrics_summary is
'Five-minute buckets of every metric: the average, or the maximum where metric_id ends in _total.
timestamp is the begin of the bucket. NaN values do not count; a bucket of nothing else is NaN.';
