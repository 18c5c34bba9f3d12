-- metrics_by_job in buckets of five minutes, the first and last of which may begin or end outside the job.
create or replace view public.metrics_by_job_summary as
select metric.timestamp
     , metric.device_id
     , metric.metric_id
     , metric.value
     , metric.labels
     , job.start_time
     , job.stop_time
     , job.job_id
  from public.nodetime_per_job as job
 cross join lateral (
         select bucket.timestamp
              , bucket.device_id
              , bucket.metric_id
              , bucket.value
              , bucket.labels
           from public.metrics_by_device_summary as bucket
          where bucket.device_id = job.node
            and bucket.timestamp between public.time_bucket('5 minutes', job.start_time) and coalesce(job.stop_time, now())
       ) as metric;

revoke all on public.metrics_by_job_summary from public;
grant select on public.metrics_by_job_summary to kwollect_reader, kwollect_writer;

comment on view public.metrics_by_job_summary is
'Five-minute buckets of metrics_by_job.
Filter on job_id; metric_id and timestamp narrow it further. The first bucket begins before the job does.';
