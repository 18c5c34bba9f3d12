-- Keeps a setting, or forgets it where the value is null. Called by the set-up.
create or replace procedure kwollect.keep_setting(name text, value text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if value is null then
    delete from kwollect.settings
     where settings.name = keep_setting.name;
  elsif value is distinct from kwollect.setting(name) then
    insert into kwollect.settings as settings (name, value)
    values (keep_setting.name, keep_setting.value)
        on conflict on constraint settings_pkey do update
           set value = excluded.value;
  end if;
end
$$;

revoke all on procedure kwollect.keep_setting(text, text) from public;

comment on procedure kwollect.keep_setting(text, text) is
'Keeps a setting; null forgets it.';
