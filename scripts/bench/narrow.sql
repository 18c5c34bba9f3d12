-- Our own layout, in a database that kwollect-setup-db made: jobs for its views and how the data set goes in.
-- Run once by dataset.ts.
create or replace view public.nodetime_per_job as
select job.job_id
     , job.start_time
     , job.stop_time
     , job.node
  from bench.jobs as job;

grant usage on schema bench to kwollect_owner;
grant select on bench.jobs to kwollect_owner;

create procedure bench.prepare()
language sql
begin atomic
  insert into kwollect.series (device_id, metric_id, labels)
  select origin.device_id
       , origin.metric_id
       , origin.labels
    from bench.origins as origin
   order by origin.origin_id;
end;

create procedure bench.store(range_start timestamptz, range_end timestamptz, ports_start timestamptz)
language sql
begin atomic
  insert into kwollect.samples (timestamp, series_id, value)
  select measured.measured_at
       , series.series_id
       , measured.value
    from bench.values_between(range_start, range_end, ports_start) as measured
    join bench.origins as origin
      on origin.origin_id = measured.origin_id
    join kwollect.series
      on series.device_id = origin.device_id
     and series.metric_id = origin.metric_id;
end;
