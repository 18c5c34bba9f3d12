-- When devices belonged to a job, up to now while it runs. Called by api.get_metrics and api.available_metrics.
-- Devices that somebody names have the time of the whole job, whether or not they are its nodes.
-- A scheduler's database that is away is said so here; on the views themselves it is postgres_fdw's own error.
create or replace function kwollect.job_spans(job_id integer, device_ids text[])
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
  select coalesce(named.device_id, job.node)
       , min(job.start_time)
       , max(coalesce(job.stop_time, now()))
    from public.nodetime_per_job as job
    left join unnest(device_ids) as named (device_id)
      on true
   where job.job_id = job_spans.job_id
     and job.start_time is not null
   group by coalesce(named.device_id, job.node);
exception
  when connection_exception then
    get stacked diagnostics reason = pg_exception_detail;
    raise sqlstate 'PT503' using
      message = kwollect.job_source_failure('nodetime_per_job')
    , detail = reason;
end
$$;

revoke all on function kwollect.job_spans(integer, text[]) from public;
grant execute on function kwollect.job_spans(integer, text[]) to kwollect_reader, kwollect_writer;

comment on function kwollect.job_spans(integer, text[]) is
'Start and stop of a job for its nodes, or for the devices given; no rows for an unknown job.';
