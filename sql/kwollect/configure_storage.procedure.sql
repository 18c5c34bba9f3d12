-- Brings chunks, compression and background jobs to what the options say. Called by kwollect-setup-db as a superuser,
-- who becomes the owner of the jobs: TimescaleDB runs none for a role that cannot log in. The jobs read
-- their ages from kwollect.settings at each run, so a changed option needs no change of a job.
create or replace procedure kwollect.configure_storage(chunk_interval interval)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  job text;
begin
  if chunk_interval <> (
       select dimension.time_interval
         from timescaledb_information.dimensions as dimension
        where dimension.hypertable_schema = 'kwollect'
          and dimension.hypertable_name = 'samples'
     ) then
    perform public.set_chunk_time_interval('kwollect.samples', chunk_interval);
  end if;

  if current_setting('timescaledb.license') <> 'timescale' then
    return;
  end if;
  if not exists (
       select
         from timescaledb_information.hypertables as hypertable
        where hypertable.hypertable_schema = 'kwollect'
          and hypertable.hypertable_name = 'samples'
          and hypertable.compression_enabled
     ) then
    alter table kwollect.samples set (
      timescaledb.compress
    , timescaledb.compress_segmentby = 'series_id'
    , timescaledb.compress_orderby = 'timestamp desc'
    );
  end if;
  foreach job in array array['refresh_summary', 'compress_old_chunks', 'drop_expired_chunks', 'archive_old_chunks'] loop
    if not exists (
         select
           from timescaledb_information.jobs
          where jobs.proc_schema = 'kwollect'
            and jobs.proc_name = job
       ) then
      perform public.add_job(
                format('kwollect.%I', job)::regproc
              , case job when 'refresh_summary' then interval '10 minutes' else interval '1 hour' end
              );
    end if;
  end loop;
end
$$;

revoke all on procedure kwollect.configure_storage(interval) from public;

comment on procedure kwollect.configure_storage(interval) is
'Sets the length of new chunks; on the community edition also compression and the background jobs.';
