-- apply: where OAR is connected
-- What public.promoted_metrics_per_job shows once OAR is connected: jobs that run and were submitted with -t monitor
-- or -t monitor=<regular expression>. Runs as a whole in OAR's database.
create or replace view oar.promoted_metrics_per_job as
select job.job_id
     , split_part(resource.network_address, '.', 1) as node
     , case when job_type.type = 'monitor' then '.*' else substr(job_type.type, length('monitor=') + 1) end as metric_id
  from oar.jobs as job
  join oar.job_types as job_type
    on job_type.job_id = job.job_id
  join oar.assigned_resources as assigned
    on assigned.moldable_job_id = job.assigned_moldable_job
  join oar.resources as resource
    on resource.resource_id = assigned.resource_id
 where job.state in ('Launching', 'Running')
   and (job_type.type = 'monitor' or job_type.type like 'monitor=%')
   and resource.type = 'default'
   and resource.network_address <> ''
 group by job.job_id
     , split_part(resource.network_address, '.', 1)
     , job_type.type;

revoke all on oar.promoted_metrics_per_job from public;

comment on view oar.promoted_metrics_per_job is
'Optional metrics that running jobs of OAR ask for: types monitor and monitor=<regular expression>.';
