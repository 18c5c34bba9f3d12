-- Does TimescaleDB run this background job, and did it succeed last? Called by kwollect.maintain.
create or replace function kwollect.job_works(name text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
           select
             from timescaledb_information.jobs as job
             left join timescaledb_information.job_stats as statistics
               on statistics.job_id = job.job_id
            where job.proc_schema = 'kwollect'
              and job.proc_name = job_works.name
              and statistics.last_run_status is distinct from 'Failed'
         )
$$;

revoke all on function kwollect.job_works(text) from public;

comment on function kwollect.job_works(text) is
'Whether a background job of kwollect exists and did not fail when it last ran.';
