-- What the database has of a spool; called by the sidecar when it connects, to notice a spool that was
-- restored from an older copy and would give known numbers to new batches.
create or replace function kwollect.last_batch(spool_id uuid)
returns bigint
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select spool.last_batch
    from kwollect.spools as spool
   where spool.spool_id = last_batch.spool_id
$$;

revoke all on function kwollect.last_batch(uuid) from public;
grant execute on function kwollect.last_batch(uuid) to kwollect_writer;

comment on function kwollect.last_batch(uuid) is
'Number of the last batch stored of a spool, null where there is none.';
