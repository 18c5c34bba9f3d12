-- How TimescaleDB's background jobs of kwollect fare, for the administrator and for monitoring. Empty on the Apache
-- edition, which has no jobs: there the sidecar does the work and logs what fails.
create or replace view public.background_jobs as
select job.proc_name as job
     , job.schedule_interval
     , job.next_start
     , statistics.last_run_started_at
     , statistics.last_successful_finish
     , statistics.last_run_status
     , statistics.total_runs
     , statistics.total_failures
  from timescaledb_information.jobs as job
  left join timescaledb_information.job_stats as statistics
    on statistics.job_id = job.job_id
 where job.proc_schema = 'kwollect';

revoke all on public.background_jobs from public;
grant select on public.background_jobs to kwollect_reader, kwollect_writer;

comment on view public.background_jobs is
'Background jobs of kwollect: refresh of the summary, compression, archive, retention.
last_run_status is Failed where the last run failed; timescaledb_information.job_errors has the reason for the administrator.';

comment on column public.background_jobs.job is 'The procedure of the schema kwollect that the job calls.';
comment on column public.background_jobs.schedule_interval is 'The time between two runs.';
comment on column public.background_jobs.next_start is 'When it runs next; -infinity: as soon as it can.';
comment on column public.background_jobs.last_run_started_at is 'When the last run began.';
comment on column public.background_jobs.last_successful_finish is 'When a run last ended well; -infinity where none did.';
comment on column public.background_jobs.last_run_status is 'Success or Failed; NULL before the first run.';
comment on column public.background_jobs.total_runs is 'How often it ran.';
comment on column public.background_jobs.total_failures is 'How many of these failed.';
