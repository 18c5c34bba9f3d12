-- metrics_by_job in buckets of five minutes, the first of which may begin before the job does.
-- Read by a function like metrics_by_job.
create or replace view public.metrics_by_job_summary as
select bucket.timestamp
     , job.node as device_id
     , series.metric_id
     , kwollect.summary_value(series.metric_id, bucket.average, bucket.largest) as value
     , series.labels - '_device_alias' as labels
     , job.start_time
     , job.stop_time
     , job.job_id
  from public.nodetime_per_job as job
  join kwollect.series
    on series.device_id = job.node
 cross join lateral kwollect.buckets_of_series(
         series.series_id
       , public.time_bucket('5 minutes', job.start_time)
       , coalesce(job.stop_time, now())
       ) as bucket
union all
select bucket.timestamp
     , job.node as device_id
     , series.metric_id
     , sum(kwollect.summand(kwollect.summary_value(series.metric_id, bucket.average, bucket.largest))) as value
     , (series.labels - '_device_alias')
       || jsonb_build_object('_device_orig', array_agg(distinct series.device_id order by series.device_id)) as labels
     , job.start_time
     , job.stop_time
     , job.job_id
  from public.nodetime_per_job as job
  join kwollect.series
    on series.device_alias = job.node
 cross join lateral kwollect.buckets_of_series(
         series.series_id
       , public.time_bucket('5 minutes', job.start_time)
       , coalesce(job.stop_time, now())
       ) as bucket
 group by bucket.timestamp
     , job.node
     , series.metric_id
     , series.labels - '_device_alias'
     , job.start_time
     , job.stop_time
     , job.job_id;

revoke all on public.metrics_by_job_summary from public;
grant select on public.metrics_by_job_summary to kwollect_reader, kwollect_writer;

comment on view public.metrics_by_job_summary is
'Five-minute buckets of metrics_by_job.
Filter on job_id; device_id and metric_id narrow it further. The first bucket begins before the job does.';
