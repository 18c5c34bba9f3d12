-- Drops what a file of sql/ made, when the file is gone. Called by kwollect-setup-db, which applies all files
-- afterwards; views of other files that stand on it therefore go first. Anybody else's view stops the set-up.
-- A trigger goes with its function, or by a migration.
create or replace procedure kwollect.drop_object(schema_name text, object_name text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  routine regprocedure;
  relation regclass := to_regclass(format('%I.%I', schema_name, object_name));
  dependent record;
begin
  for routine in
    select proc.oid
      from pg_proc as proc
     where proc.pronamespace = to_regnamespace(quote_ident(schema_name))
       and proc.proname = object_name
  loop
    execute format('drop routine %s', routine);
  end loop;

  if relation is null then
    return;
  end if;
  for dependent in
    select distinct
           space.nspname as schema_name
         , class.relname as object_name
      from pg_depend as dependency
      join pg_rewrite as rule
        on rule.oid = dependency.objid
      join pg_class as class
        on class.oid = rule.ev_class
      join pg_namespace as space
        on space.oid = class.relnamespace
      join kwollect.applied_files as file
        on file.path = format('%s/%s.view.sql', space.nspname, class.relname)
     where dependency.classid = 'pg_rewrite'::regclass
       and dependency.refobjid = relation
       and class.oid <> relation
  loop
    call kwollect.drop_object(dependent.schema_name, dependent.object_name);
  end loop;
  if exists (
       select
         from timescaledb_information.continuous_aggregates as aggregate
        where aggregate.view_schema = schema_name
          and aggregate.view_name = object_name
     ) then
    execute format('drop materialized view %s', relation);
  else
    execute format('drop view if exists %s', relation);
  end if;
end
$$;

revoke all on procedure kwollect.drop_object(text, text) from public;

comment on procedure kwollect.drop_object(text, text) is
'Drops the view, continuous aggregate, function or procedure whose file is gone from sql/, and our views on it.';
