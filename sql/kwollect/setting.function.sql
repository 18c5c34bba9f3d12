-- A setting that the set-up keeps, null where there is none. Called by the background jobs.
create or replace function kwollect.setting(name text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select settings.value
    from kwollect.settings
   where settings.name = setting.name
$$;

revoke all on function kwollect.setting(text) from public;

comment on function kwollect.setting(text) is
'Value of a setting that the set-up keeps; null where there is none.';
