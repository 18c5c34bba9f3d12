-- Compresses chunks whose last value is chunk_compress_hour old, on the community edition. A job of ours, because a
-- policy of TimescaleDB runs as the hypertable's owner, which must not be able to log in. A few chunks a run, the
-- oldest first: a run is one transaction, and a backlog of years must not become one.
create or replace procedure kwollect.compress_old_chunks(job_id integer default null, config jsonb default null)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  chunk regclass;
begin
  if current_setting('timescaledb.license') <> 'timescale' then
    return;
  end if;
  for chunk in
    select format('%I.%I', chunks.chunk_schema, chunks.chunk_name)::regclass
      from timescaledb_information.chunks
     where chunks.hypertable_schema = 'kwollect'
       and chunks.hypertable_name = 'samples'
       and not chunks.is_compressed
       and chunks.range_end < now() - make_interval(hours => kwollect.setting('chunk_compress_hour')::integer)
     order by chunks.range_end
     limit 8
  loop
    perform public.compress_chunk(chunk, if_not_compressed => true);
  end loop;
end
$$;

revoke all on procedure kwollect.compress_old_chunks(integer, jsonb) from public;

comment on procedure kwollect.compress_old_chunks(integer, jsonb) is
'Compresses the oldest chunks beyond chunk_compress_hour, up to eight a run; nothing on the Apache edition.';
