-- One row per value measured on a node of a job while the job had it.
-- Read by PostgREST users and dashboards. LATERAL, so that the job's own times reach each chunk's index and all
-- other chunks are excluded at run time; a plain join reads every chunk (9.6 s instead of 0.9 s on 27 M rows).
create or replace view public.metrics_by_job as
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
         select measured.timestamp
              , measured.device_id
              , measured.metric_id
              , measured.value
              , measured.labels
           from public.metrics_by_device as measured
          where measured.device_id = job.node
            and measured.timestamp between job.start_time and coalesce(job.stop_time, now())
       ) as metric;

revoke all on public.metrics_by_job from public;
grant select on public.metrics_by_job to kwollect_reader, kwollect_writer;

comment on view public.metrics_by_job is
'Values of a job''s nodes between its start and stop (now while it runs).
Filter on job_id; metric_id and timestamp narrow it further, all by index.';
