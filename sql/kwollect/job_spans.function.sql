-- When devices belonged to a job, up to now while it runs. Called by api.get_metrics.
-- Devices that somebody names have the time of the whole job, whether or not they are its nodes.
create or replace function kwollect.job_spans(job_id integer, device_ids text[])
returns table (device_id text, start_time timestamptz, stop_time timestamptz)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(named.device_id, job.node)
       , min(job.start_time)
       , max(coalesce(job.stop_time, now()))
    from public.nodetime_per_job as job
    left join unnest(device_ids) as named (device_id)
      on true
   where job.job_id = job_spans.job_id
     and job.start_time is not null
   group by coalesce(named.device_id, job.node)
$$;

revoke all on function kwollect.job_spans(integer, text[]) from public;
grant execute on function kwollect.job_spans(integer, text[]) to kwollect_reader, kwollect_writer;

comment on function kwollect.job_spans(integer, text[]) is
'Start and stop of a job for its nodes, or for the devices given; no rows for an unknown job.';
