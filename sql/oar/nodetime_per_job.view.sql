-- apply: where OAR is connected
-- What public.nodetime_per_job shows once OAR is connected. The whole of it runs in OAR's database, conditions on
-- job_id, node and times included, which is why it is written with what postgres_fdw can send: GROUP BY where
-- DISTINCT would be enough, CASE for nullif.
-- A job that waits has a start_time too (a reservation's is hours ahead), hence the states.
create or replace view oar.nodetime_per_job as
select job.job_id
     , to_timestamp(job.start_time) as start_time
     , case when job.stop_time <> 0 then to_timestamp(job.stop_time) end as stop_time
     , split_part(resource.network_address, '.', 1) as node
  from oar.jobs as job
  join oar.assigned_resources as assigned
    on assigned.moldable_job_id = job.assigned_moldable_job
  join oar.resources as resource
    on resource.resource_id = assigned.resource_id
 where job.state in ('Launching', 'Running', 'Suspended', 'Resuming', 'Finishing', 'Terminated', 'Error')
   and job.start_time <> 0
   and resource.type = 'default'
   and resource.network_address <> ''
 group by job.job_id
     , job.start_time
     , job.stop_time
     , split_part(resource.network_address, '.', 1);

revoke all on oar.nodetime_per_job from public;

comment on view oar.nodetime_per_job is
'Nodes of each job of OAR that has started; stop_time is NULL while it runs.';
