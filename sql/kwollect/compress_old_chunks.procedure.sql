-- Background job of the community edition: compresses chunks whose last value is chunk_compress_hour old.
-- A job of ours, because a policy of TimescaleDB runs as the hypertable's owner, which must not be able to log in.
-- One transaction a chunk, so that a failure costs one; that is also why it cannot pin its search_path.
create or replace procedure kwollect.compress_old_chunks(job_id integer default null, config jsonb default null)
language plpgsql
as $$
declare
  chunk record;
begin
  for chunk in
    select pg_catalog.format('%I.%I', chunks.chunk_schema, chunks.chunk_name)::pg_catalog.regclass as relation
      from timescaledb_information.chunks
     where chunks.hypertable_schema = 'kwollect'
       and chunks.hypertable_name = 'samples'
       and not chunks.is_compressed
       and chunks.range_end < pg_catalog.now() - pg_catalog.make_interval(hours => kwollect.setting('chunk_compress_hour')::integer)
     order by chunks.range_end
  loop
    perform public.compress_chunk(chunk.relation, if_not_compressed => true);
    commit;
  end loop;
end
$$;

revoke all on procedure kwollect.compress_old_chunks(integer, jsonb) from public;

comment on procedure kwollect.compress_old_chunks(integer, jsonb) is
'Background job: compresses chunks older than chunk_compress_hour.';
