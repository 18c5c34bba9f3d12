-- What is asked of the wide layout, written from the project's specification of what kwollect's users see: the views
-- of section 2 and, in PL/pgSQL and SQL, the functions of section 3 as far as the bench calls them. wide_python.sql has
-- get_metrics in the language of kwollect 1.0. Run by databases.ts before each bench.
create or replace view public.nodetime_per_job as
select job.job_id
     , job.start_time
     , job.stop_time
     , job.node
  from bench.jobs as job;

-- Grouped by the alias itself, so that a condition on device_id reaches the index on it.
create or replace view public.metrics_by_device as
select own.timestamp
     , own.device_id
     , own.metric_id
     , own.value
     , own.labels - '_device_alias' as labels
  from public.metrics as own
union all
select carried.timestamp
     , carried.labels ->> '_device_alias'
     , carried.metric_id
     , sum(carried.value)
     , (carried.labels - '_device_alias')
       || jsonb_build_object('_device_orig', array_agg(carried.device_id order by carried.device_id))
  from public.metrics as carried
 where carried.labels ->> '_device_alias' is not null
 group by carried.timestamp
     , carried.labels ->> '_device_alias'
     , carried.metric_id
     , carried.labels - '_device_alias';

-- Read as it stands in the specification: the rows of metrics_by_device between the times of the job's nodes. Names and
-- times come out of a table, so neither reaches the sums of the aliases, which are all made.
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
  join public.metrics_by_device as metric
    on metric.device_id = job.node
   and metric.timestamp >= job.start_time
   and metric.timestamp <= coalesce(job.stop_time, now());

-- The same by hand: each node's values are looked up by themselves, with the times of the job. For the line for information.
create or replace view public.metrics_by_job_node_by_node as
select during.timestamp
     , job.node as device_id
     , during.metric_id
     , during.value
     , during.labels
     , job.start_time
     , job.stop_time
     , job.job_id
  from public.nodetime_per_job as job
 cross join lateral (
         select own.timestamp
              , own.metric_id
              , own.value
              , own.labels - '_device_alias' as labels
           from public.metrics as own
          where own.device_id = job.node
            and own.timestamp between job.start_time and coalesce(job.stop_time, now())
          union all
         select carried.timestamp
              , carried.metric_id
              , sum(carried.value)
              , (carried.labels - '_device_alias')
                || jsonb_build_object('_device_orig', array_agg(carried.device_id order by carried.device_id))
           from public.metrics as carried
          where carried.labels ->> '_device_alias' = job.node
            and carried.timestamp between job.start_time and coalesce(job.stop_time, now())
          group by carried.timestamp
              , carried.metric_id
              , carried.labels - '_device_alias'
       ) as during;

-- The arguments that are null are those that a user leaves out. Names and times go into the statement as constants, the
-- best that the planner can be given.
create or replace function public.get_metrics_in_plpgsql(
  job_id integer
, devices text
, metrics text
, start_time timestamptz
, end_time timestamptz
)
returns setof public.metrics_by_device
language plpgsql
stable
as $$
declare
  wanted_devices text[] := string_to_array(devices, ',');
  first_time timestamptz := start_time;
  last_time timestamptz := end_time;
begin
  if job_id is not null then
    select coalesce(wanted_devices, array_agg(job.node))
         , greatest(first_time, min(job.start_time))
         , least(last_time, max(coalesce(job.stop_time, now())))
      into wanted_devices
         , first_time
         , last_time
      from public.nodetime_per_job as job
     where job.job_id = get_metrics_in_plpgsql.job_id;
  end if;

  return query execute format(
    'select metric.timestamp, metric.device_id, metric.metric_id, metric.value, metric.labels
       from public.metrics_by_device as metric
      where metric.device_id = any (%L)
        and metric.timestamp between %L and %L
        %s
      order by metric.timestamp, metric.device_id, metric.metric_id'
  , wanted_devices
  , first_time
  , last_time
  , case when metrics is not null then format('and metric.metric_id = any (%L)', string_to_array(metrics, ',')) end
  );
end
$$;

-- Read as it stands in the specification: the pairs of one minute, of which those remain that the JSON asks for. The
-- planner does not look into the JSON, so the minute is read for all devices.
create or replace function public.available_metrics(at timestamptz, params jsonb)
returns table (device_id text, metric_id text)
language sql
stable
as $$
  select distinct
         metric.device_id
       , metric.metric_id
    from public.metrics_by_device as metric
   where metric.timestamp > at - interval '1 minute'
     and metric.timestamp <= at
     and metric.device_id in (select jsonb_array_elements_text(params -> 'devices'))
   order by metric.device_id
       , metric.metric_id
$$;

-- The same with the devices as constants, by which the index on the device is found: for the lines for information.
create or replace function public.available_metrics_of_constants(at timestamptz, params jsonb)
returns table (device_id text, metric_id text)
language plpgsql
stable
as $$
begin
  return query execute format(
    'select distinct metric.device_id, metric.metric_id
       from public.metrics_by_device as metric
      where metric.timestamp > %1$L::timestamptz - interval ''1 minute''
        and metric.timestamp <= %1$L
        and metric.device_id = any (%2$L)
      order by metric.device_id, metric.metric_id'
  , at
  , array(select jsonb_array_elements_text(params -> 'devices'))
  );
end
$$;
