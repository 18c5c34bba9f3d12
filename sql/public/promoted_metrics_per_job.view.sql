-- apply: where absent
-- Which optional metrics the jobs that run now ask for. Empty until the administrator, or kwollect-setup-db-oar,
-- redefines it; a definition that is there is never replaced. Read by api.update_promoted_metrics.
create view public.promoted_metrics_per_job as
select null::integer as job_id
     , null::text as node
     , null::text as metric_id
 where false;

revoke all on public.promoted_metrics_per_job from public;
grant select on public.promoted_metrics_per_job to kwollect_reader, kwollect_writer;

comment on view public.promoted_metrics_per_job is
'Optional metrics that running jobs ask for; metric_id is a regular expression.
Redefine it with "create or replace view", then call update_promoted_metrics when jobs begin and end.';
