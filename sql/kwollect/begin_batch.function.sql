-- Exactly once: true where the batch is new, in which case the caller copies it in the same transaction.
-- Called by the sidecar. The row lock makes a second copy of the batch wait and then find it stored.
create or replace function kwollect.begin_batch(spool_id uuid, batch bigint, host text)
returns boolean
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into kwollect.spools as spool (spool_id, last_batch, host)
  values (begin_batch.spool_id, begin_batch.batch, begin_batch.host)
      on conflict (spool_id) do update
         set last_batch = excluded.last_batch
           , host = excluded.host
           , stored_at = excluded.stored_at
       where spool.last_batch < excluded.last_batch
  returning true
$$;

revoke all on function kwollect.begin_batch(uuid, bigint, text) from public;
grant execute on function kwollect.begin_batch(uuid, bigint, text) to kwollect_writer;

comment on function kwollect.begin_batch(uuid, bigint, text) is
'True where this batch of this spool is not stored yet; null where it is.
Call it first in the transaction that stores the batch.';
