-- Makes a login role, or brings it to what the options say. Called by kwollect-setup-db as a superuser.
-- Each statement runs only where it changes something, so that a second set-up changes nothing.
create or replace procedure kwollect.configure_login(login text, verifier text, groups text[], timeout text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  group_role text;
begin
  if exists (
       select
         from pg_roles as role
        where role.rolname = login
          and (role.rolsuper or role.rolcreaterole or role.rolcreatedb or role.rolreplication or role.rolbypassrls)
     ) then
    raise exception using
      message = format('the role %s has rights that a user of kwollect must not have', login)
    , hint = 'Give another kwollect_user; it needs no attribute but LOGIN.';
  end if;
  if not exists (select from pg_roles as role where role.rolname = login) then
    execute format('create role %I login', login);
  end if;
  if exists (select from pg_roles as role where role.rolname = login and not role.rolcanlogin) then
    execute format('alter role %I login', login);
  end if;
  if verifier is not null then
    execute format('alter role %I password %L', login, verifier);
  end if;
  foreach group_role in array groups loop
    if not exists (
         select
           from pg_auth_members as membership
          where membership.roleid = to_regrole(quote_ident(group_role))
            and membership.member = to_regrole(quote_ident(login))
       ) then
      execute format('grant %I to %I', group_role, login);
    end if;
  end loop;
  execute format('grant connect on database %I to %I', current_database(), login);
  -- Not "in database": PostgREST, which becomes this role after its login as another, reads only these settings.
  if timeout is not null and not exists (
       select
         from pg_db_role_setting as setting
        where setting.setrole = to_regrole(quote_ident(login))
          and setting.setdatabase = 0
          and format('statement_timeout=%s', timeout) = any (setting.setconfig)
     ) then
    execute format('alter role %I set statement_timeout = %L', login, timeout);
  end if;
end
$$;

revoke all on procedure kwollect.configure_login(text, text, text[], text) from public;

comment on procedure kwollect.configure_login(text, text, text[], text) is
'Makes a login role a member of groups; verifier (null: unchanged) is its SCRAM password, timeout its statement_timeout.';
