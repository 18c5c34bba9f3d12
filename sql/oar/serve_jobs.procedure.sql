-- Lets the two public views show OAR's jobs. Called by kwollect-setup-db-oar as a superuser, after it has made sure
-- that no administrator's definition is lost. "create or replace" keeps the views that stand on them.
create or replace procedure oar.serve_jobs()
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  view_name text;
begin
  foreach view_name in array array['nodetime_per_job', 'promoted_metrics_per_job'] loop
    if kwollect.job_source(view_name) = 'oar' then
      continue;
    end if;
    -- The login to OAR is for this role alone, and a view reads with the rights of its owner.
    execute format('alter view public.%I owner to kwollect_owner', view_name);
    execute format(
      'create or replace view public.%I as select %s from oar.%I as job'
    , view_name
    , (
        select string_agg(format('job.%I', attribute.attname), ', ' order by attribute.attnum)
          from pg_attribute as attribute
         where attribute.attrelid = format('oar.%I', view_name)::regclass
           and attribute.attnum > 0
      )
    , view_name
    );
  end loop;
end
$$;

revoke all on procedure oar.serve_jobs() from public;

comment on procedure oar.serve_jobs() is
'Points public.nodetime_per_job and public.promoted_metrics_per_job at the OAR database.';
