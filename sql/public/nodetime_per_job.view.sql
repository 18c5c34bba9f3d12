-- apply: where absent
-- When each node belonged to which job. Empty until the administrator, or kwollect-setup-db-oar, redefines it;
-- a definition that is there is never replaced.
create view public.nodetime_per_job as
select null::integer as job_id
     , null::timestamptz as start_time
     , null::timestamptz as stop_time
     , null::text as node
 where false;

revoke all on public.nodetime_per_job from public;
grant select on public.nodetime_per_job to kwollect_reader, kwollect_writer;

comment on view public.nodetime_per_job is
'Nodes of each job, one row a node; stop_time is NULL while the job runs.
Redefine it with "create or replace view" to tell kwollect about the jobs of a scheduler.';
