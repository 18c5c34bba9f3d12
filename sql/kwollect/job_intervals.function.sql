-- The job scheduler's rows of one job, up to now while it runs. Called by kwollect.job_spans and api.get_job_energy.
-- A scheduler's database that is away is said so here; on the views themselves it is postgres_fdw's own error.
create or replace function kwollect.job_intervals(job_id integer)
returns table (device_id text, start_time timestamptz, stop_time timestamptz)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  reason text;
begin
  return query
  select job.node
       , job.start_time
       , coalesce(job.stop_time, now())
    from public.nodetime_per_job as job
   where job.job_id = job_intervals.job_id
     and job.start_time is not null;
exception
  when connection_exception then
    get stacked diagnostics reason = pg_exception_detail;
    raise sqlstate 'PT503' using
      message = kwollect.job_source_failure('nodetime_per_job')
    , detail = reason;
end
$$;

revoke all on function kwollect.job_intervals(integer) from public;
grant execute on function kwollect.job_intervals(integer) to kwollect_reader, kwollect_writer;

comment on function kwollect.job_intervals(integer) is
'Start and stop of each node of a job, one row for each that the scheduler has; none for an unknown job.';
