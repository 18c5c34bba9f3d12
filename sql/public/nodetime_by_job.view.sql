-- The second name of nodetime_per_job, used by dashboards of kwollect 1.0.
create or replace view public.nodetime_by_job as
select job.job_id
     , job.start_time
     , job.stop_time
     , job.node
  from public.nodetime_per_job as job;

revoke all on public.nodetime_by_job from public;
grant select on public.nodetime_by_job to kwollect_reader, kwollect_writer;

comment on view public.nodetime_by_job is
'Nodes of each job, one row a node; stop_time is NULL while the job runs.
The same as nodetime_per_job.';

comment on column public.nodetime_by_job.job_id is 'The job, as its scheduler numbers it.';
comment on column public.nodetime_by_job.start_time is 'When the node began to belong to the job.';
comment on column public.nodetime_by_job.stop_time is 'When it ended to; NULL while the job runs.';
comment on column public.nodetime_by_job.node is 'The name under which the node is a device_id or a _device_alias.';
