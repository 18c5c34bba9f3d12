-- The last step of the set-up: rules that no single file can keep. Called by kwollect-setup-db inside its
-- transaction, so that a violation leaves the database as it was.
create or replace procedure kwollect.assert_catalog()
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  offence text;
begin
  select string_agg(distinct found.what, '; ')
    into offence
    from (
           select format('%s may be executed by PUBLIC', proc.oid::regprocedure) as what
             from pg_proc as proc
            cross join lateral aclexplode(coalesce(proc.proacl, acldefault('f', proc.proowner))) as privilege
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and privilege.grantee = 0
           union all
           select format('%s is overloaded', proc.oid::regprocedure)
             from pg_proc as proc
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and exists (
                    select
                      from pg_proc as twin
                     where twin.pronamespace = proc.pronamespace
                       and twin.proname = proc.proname
                       and twin.oid <> proc.oid
                  )
           union all
           select format('%s has no comment', proc.oid::regprocedure)
             from pg_proc as proc
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and obj_description(proc.oid, 'pg_proc') is null
           union all
           select format('%s runs with its owner''s rights and takes its search_path from the caller', proc.oid::regprocedure)
             from pg_proc as proc
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and proc.prosecdef
              and not coalesce(proc.proconfig::text like '%search_path=%', false)
           union all
           select format('%s belongs to %s, a role that can log in', relation.oid::regclass, role.rolname)
             from pg_class as relation
             join pg_roles as role
               on role.oid = relation.relowner
            where relation.relnamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and role.rolcanlogin
           union all
           select format('%s belongs to %s, a role that can log in', proc.oid::regprocedure, role.rolname)
             from pg_proc as proc
             join pg_roles as role
               on role.oid = proc.proowner
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and role.rolcanlogin
         ) as found;
  if offence is not null then
    raise exception using message = format('the catalog breaks a rule: %s', offence);
  end if;
end
$$;

revoke all on procedure kwollect.assert_catalog() from public;

comment on procedure kwollect.assert_catalog() is
'Raises where an object of kwollect has rights, owners or names that it must not have.';
