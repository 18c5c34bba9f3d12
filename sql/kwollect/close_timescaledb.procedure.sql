-- Takes from PUBLIC what TimescaleDB lets everybody execute: add_job alone would let a reader write into the
-- catalog and have anything run for ever. Called by kwollect-setup-db at each run, as a superuser, because an
-- update of the extension brings new functions. By volatility, not by a list: a function that may write must say
-- so; get_telemetry_report does not and writes (test/sql/rights.test.ts calls all that is left). Readers keep the
-- few that are called volatile only because the planner replaces them.
create or replace procedure kwollect.close_timescaledb()
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  routine regprocedure;
begin
  for routine in
    select proc.oid
      from pg_proc as proc
      join pg_depend as membership
        on membership.classid = 'pg_proc'::regclass
       and membership.objid = proc.oid
       and membership.refclassid = 'pg_extension'::regclass
       and membership.deptype = 'e'
      join pg_extension as extension
        on extension.oid = membership.refobjid
     cross join lateral aclexplode(coalesce(proc.proacl, acldefault('f', proc.proowner))) as privilege
     where extension.extname = 'timescaledb'
       and (proc.provolatile = 'v' or proc.proname = 'get_telemetry_report')
       and proc.proname not in ('time_bucket_gapfill', 'locf', 'interpolate')
       and privilege.grantee = 0
  loop
    execute format('revoke execute on routine %s from public', routine);
    execute format('grant execute on routine %s to kwollect_owner', routine);
  end loop;
end
$$;

revoke all on procedure kwollect.close_timescaledb() from public;

comment on procedure kwollect.close_timescaledb() is
'Leaves the functions of TimescaleDB that may write to the owner of kwollect alone.';
