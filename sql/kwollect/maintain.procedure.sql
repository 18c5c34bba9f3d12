-- What background jobs do on the community edition, for the Apache edition, which has none. Called by the sidecar once
-- an hour; does nothing where the jobs exist. Security definer, because only the owner may drop or move chunks.
create or replace procedure kwollect.maintain()
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
       select
         from timescaledb_information.jobs
        where jobs.proc_schema = 'kwollect'
          and jobs.proc_name = 'drop_expired_chunks'
     ) then
    return;
  end if;
  call kwollect.drop_expired_chunks();
  call kwollect.archive_old_chunks();
end
$$;

revoke all on procedure kwollect.maintain() from public;
grant execute on procedure kwollect.maintain() to kwollect_writer;

comment on procedure kwollect.maintain() is
'Drops expired chunks and moves old ones where no background job does it.';
