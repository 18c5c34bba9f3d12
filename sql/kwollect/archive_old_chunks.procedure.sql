-- Moves chunks older than chunk_compress_hour, and their indexes, to the tablespace of archive_path.
-- A background job on the community edition, called by kwollect.maintain elsewhere. ALTER TABLE instead of move_chunk, which
-- the Apache edition lacks: the chunk is locked while it is copied, and nothing writes to chunks of that age.
create or replace procedure kwollect.archive_old_chunks(job_id integer default null, config jsonb default null)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  archive constant text := kwollect.setting('archive_tablespace');
  relation record;
begin
  if archive is null then
    return;
  end if;
  for relation in
    with old as (
      -- A compressed chunk takes its compressed half with it, but for the half's index: an entry per thousand values.
      select format('%I.%I', chunks.chunk_schema, chunks.chunk_name)::regclass as oid
           , chunks.range_end
        from timescaledb_information.chunks
       where chunks.hypertable_schema = 'kwollect'
         and chunks.hypertable_name = 'samples'
         and chunks.range_end < now() - make_interval(hours => kwollect.setting('chunk_compress_hour')::integer)
    )
    , part as (
      select old.oid
           , old.range_end
        from old
      union all
      select index.indexrelid
           , old.range_end
        from old
        join pg_index as index
          on index.indrelid = old.oid
    )
    select class.oid::regclass as name
         , class.relkind
      from part
      join pg_class as class
        on class.oid = part.oid
     where class.reltablespace is distinct from (select space.oid from pg_tablespace as space where space.spcname = archive)
     -- Each is locked up to the end of the run, and the copy of a table may take minutes.
     order by part.range_end
     limit 16
  loop
    execute format(
      case relation.relkind when 'i' then 'alter index %s set tablespace %I' else 'alter table %s set tablespace %I' end
    , relation.name
    , archive
    );
  end loop;
end
$$;

revoke all on procedure kwollect.archive_old_chunks(integer, jsonb) from public;

comment on procedure kwollect.archive_old_chunks(integer, jsonb) is
'Moves chunks older than chunk_compress_hour to the tablespace of archive_path, up to eight a run; nothing where that is not set.';
