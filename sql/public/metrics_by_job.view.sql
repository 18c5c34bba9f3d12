-- One row per value measured on a node of a job while the job had it. Read by PostgREST users and dashboards.
-- Joined from the job to its series, and each series' samples read by a function: samples_of_series says why.
create or replace view public.metrics_by_job as
select sample.timestamp
     , job.node as device_id
     , series.metric_id
     , sample.value
     , case
         when sample.labels is null then series.labels - '_device_alias'
         else (series.labels - '_device_alias') || sample.labels
       end as labels
     , job.start_time
     , job.stop_time
     , job.job_id
  from public.nodetime_per_job as job
  join kwollect.series
    on series.device_id = job.node
 cross join lateral kwollect.samples_of_series(
         series.series_id
       , job.start_time
       , coalesce(job.stop_time, now())
       ) as sample
union all
select sample.timestamp
     , job.node as device_id
     , series.metric_id
     , sum(kwollect.summand(sample.value)) as value
     , (series.labels - '_device_alias')
       || coalesce(sample.labels, '{}')
       || jsonb_build_object('_device_orig', array_agg(distinct series.device_id order by series.device_id)) as labels
     , job.start_time
     , job.stop_time
     , job.job_id
  from public.nodetime_per_job as job
  join kwollect.series
    on series.device_alias = job.node
 cross join lateral kwollect.samples_of_series(
         series.series_id
       , job.start_time
       , coalesce(job.stop_time, now())
       ) as sample
 group by sample.timestamp
     , job.node
     , series.metric_id
     , series.labels - '_device_alias'
     , sample.labels
     , job.start_time
     , job.stop_time
     , job.job_id;

revoke all on public.metrics_by_job from public;
grant select on public.metrics_by_job to kwollect_reader, kwollect_writer;

comment on view public.metrics_by_job is
'Values of a job''s nodes between its start and stop (now while it runs).
Filter on job_id; device_id and metric_id narrow it further, by index. A part of a long job''s time is what get_metrics reads.';
