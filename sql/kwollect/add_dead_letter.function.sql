-- Keeps a sample that cannot be stored. Called by the sidecar in the transaction of the sample's batch.
create or replace function kwollect.add_dead_letter(spool_id uuid, batch bigint, reason text, sample bytea)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into kwollect.dead_letters (spool_id, batch, reason, sample)
  values (add_dead_letter.spool_id, add_dead_letter.batch, add_dead_letter.reason, add_dead_letter.sample)
$$;

revoke all on function kwollect.add_dead_letter(uuid, bigint, text, bytea) from public;
grant execute on function kwollect.add_dead_letter(uuid, bigint, text, bytea) to kwollect_writer;

comment on function kwollect.add_dead_letter(uuid, bigint, text, bytea) is
'Keeps a sample that no table can hold, with the reason.';
