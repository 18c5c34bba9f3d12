-- When devices belonged to a job, up to now while it runs. Called by api.get_metrics and api.available_metrics.
-- Devices that somebody names have the time of the whole job, whether or not they are its nodes. A node that the job had
-- several times has a row for each.
create or replace function kwollect.job_spans(job_id integer, device_ids text[])
returns table (device_id text, start_time timestamptz, stop_time timestamptz)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select distinct
         coalesce(named.device_id, job.device_id)
       , job.start_time
       , job.stop_time
    from kwollect.job_intervals(job_spans.job_id) as job
    left join unnest(job_spans.device_ids) as named (device_id)
      on true
$$;

revoke all on function kwollect.job_spans(integer, text[]) from public;
grant execute on function kwollect.job_spans(integer, text[]) to kwollect_reader, kwollect_writer;

comment on function kwollect.job_spans(integer, text[]) is
'Starts and stops of a job for its nodes, or for the devices given; no rows for an unknown job.';
