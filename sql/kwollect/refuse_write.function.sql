-- Trigger of the views of the API. Without a trigger PostgreSQL finds, before it looks at privileges, that nobody can
-- write to such a view, and PostgREST makes a 500 of that; with one, a client gets 401 or 403 like anywhere else.
create or replace function kwollect.refuse_write()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise sqlstate 'PT405' using
    message = format('%s can only be read', tg_table_name)
  , hint = 'Values are pushed with POST /rpc/insert_metrics.';
end
$$;

revoke all on function kwollect.refuse_write() from public;

comment on function kwollect.refuse_write() is
'Trigger of the views of the API: they can only be read.';
