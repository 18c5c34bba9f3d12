-- Drops what a file of sql/ made, when the file is gone. Called by kwollect-setup-db.
-- A trigger goes with its function, or by a migration.
create or replace procedure kwollect.drop_object(schema_name text, object_name text, kind text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  routine regprocedure;
begin
  if kind = 'view' then
    execute format('drop view if exists %I.%I', schema_name, object_name);
  elsif kind in ('function', 'procedure') then
    for routine in
      select proc.oid
        from pg_proc as proc
       where proc.pronamespace = to_regnamespace(quote_ident(schema_name))
         and proc.proname = object_name
    loop
      execute format('drop routine %s', routine);
    end loop;
  end if;
end
$$;

revoke all on procedure kwollect.drop_object(text, text, text) from public;

comment on procedure kwollect.drop_object(text, text, text) is
'Drops the view, function or procedure whose file is gone from sql/.';
