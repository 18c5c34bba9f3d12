-- What users of kwollect 1.0 query, written from its documentation, each as fast as the wide layout allows: a job's
-- times reach the index by LATERAL, and the functions paste names and times into their statements as constants,
-- so that the planner sees them and leaves chunks out. Run by databases.ts before each bench.
create or replace view public.nodetime_per_job as
select job.job_id
     , job.start_time
     , job.stop_time
     , job.node
  from bench.jobs as job;

create or replace view public.metrics_by_device as
select metric.timestamp
     , metric.device_id
     , metric.metric_id
     , metric.value
     , metric.labels - '_device_alias' as labels
  from public.metrics as metric
union all
select metric.timestamp
     , metric.labels ->> '_device_alias' as device_id
     , metric.metric_id
     , sum(metric.value) as value
     , (metric.labels || jsonb_build_object('_device_orig', array_agg(metric.device_id order by metric.device_id)))
       - '_device_alias' as labels
  from public.metrics as metric
 where metric.labels ? '_device_alias'
 group by metric.timestamp
     , metric.metric_id
     , metric.labels;

create or replace view public.metrics_by_job as
select measured.timestamp
     , measured.device_id
     , measured.metric_id
     , measured.value
     , measured.labels
     , job.start_time
     , job.stop_time
     , job.job_id
  from public.nodetime_per_job as job
 cross join lateral (
         select metric.timestamp
              , metric.device_id
              , metric.metric_id
              , metric.value
              , metric.labels - '_device_alias' as labels
           from public.metrics as metric
          where metric.device_id = job.node
            and metric.timestamp >= job.start_time
            and (job.stop_time is null or metric.timestamp <= job.stop_time)
         union all
         select metric.timestamp
              , metric.labels ->> '_device_alias' as device_id
              , metric.metric_id
              , sum(metric.value) as value
              , (metric.labels || jsonb_build_object('_device_orig', array_agg(metric.device_id order by metric.device_id)))
                - '_device_alias' as labels
           from public.metrics as metric
          where metric.labels ? '_device_alias'
            and metric.labels ->> '_device_alias' = job.node
            and metric.timestamp >= job.start_time
            and (job.stop_time is null or metric.timestamp <= job.stop_time)
          group by metric.timestamp
              , metric.metric_id
              , metric.labels
       ) as measured;

create or replace function public.get_metrics(
  job_id integer
, devices text
, metrics text
, start_time timestamptz
, end_time timestamptz
)
returns setof public.metrics
language plpgsql
stable
as $$
#variable_conflict use_variable
declare
  device_names text[] := string_to_array(devices, ',');
  metric_names text[] := string_to_array(metrics, ',');
  conditions text[];
begin
  if job_id is not null then
    select coalesce(start_time, min(job.start_time))
         , coalesce(end_time, max(coalesce(job.stop_time, now())))
         , coalesce(device_names, array_agg(job.node))
      into start_time
         , end_time
         , device_names
      from public.nodetime_per_job as job
     where job.job_id = get_metrics.job_id;
  end if;
  conditions := array[
    'device_id in (' || (select string_agg(quote_literal(name), ',') from unnest(device_names) as name) || ')'
  , 'metric_id in (' || (select string_agg(quote_literal(name), ',') from unnest(metric_names) as name) || ')'
  , 'timestamp >= ' || quote_literal(start_time)
  , 'timestamp <= ' || quote_literal(end_time)
  ];
  return query execute
    'select timestamp, device_id, metric_id, value, labels from public.metrics_by_device where '
    || array_to_string(conditions, ' and ')
    || ' order by timestamp';
end
$$;

-- The list for a dashboard: all pairs of the last minute by the index on the time, then those asked for.
create or replace function public.available_metrics(at timestamptz, devices text[])
returns table (device_id text, metric_id text)
language plpgsql
stable
as $$
begin
  return query execute format(
    'select distinct device_id, metric_id from public.metrics_by_device
      where timestamp > %1$L::timestamptz - interval ''1 minute'' and timestamp <= %1$L
        and device_id = any (%2$L)
      order by 1, 2'
  , at
  , devices
  );
end
$$;
