-- One row per value measured on a node of a job while the job had it. Read by PostgREST users and dashboards.
-- Joined from the job to its series, and each series' samples fenced by the UNION ALL: PostgreSQL runs it once a series,
-- with the job's times and the user's conditions in the chunks' index. A plain LATERAL is pulled up into a join that reads
-- a series' whole history; OFFSET 0 would fence it too, but keep the user's conditions out.
-- What is older than seven days comes out of a function; samples_of_series says why. The others are read in place, so that
-- a condition on the timestamp shortens the question about a running job, which is asked again and again.
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
 cross join lateral (
         select measured.timestamp
              , measured.value
              , measured.labels
           from kwollect.samples as measured
          where measured.series_id = series.series_id
            and measured.timestamp >= job.start_time
            and measured.timestamp <= coalesce(job.stop_time, now())
            and measured.timestamp >= now() - interval '7 days'
          union all
         select older.timestamp
              , older.value
              , older.labels
           from kwollect.samples_of_series(
                  series.series_id
                , job.start_time
                , least(job.stop_time, now() - interval '7 days 1 microsecond')
                ) as older
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
 cross join lateral (
         select measured.timestamp
              , measured.value
              , measured.labels
           from kwollect.samples as measured
          where measured.series_id = series.series_id
            and measured.timestamp >= job.start_time
            and measured.timestamp <= coalesce(job.stop_time, now())
            and measured.timestamp >= now() - interval '7 days'
          union all
         select older.timestamp
              , older.value
              , older.labels
           from kwollect.samples_of_series(
                  series.series_id
                , job.start_time
                , least(job.stop_time, now() - interval '7 days 1 microsecond')
                ) as older
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
Filter on job_id; device_id and metric_id narrow it further, by index, and so does timestamp for the last seven days.
A part of the time of an older job is what get_metrics reads.';
