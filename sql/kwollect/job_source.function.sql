-- Where public.nodetime_per_job or public.promoted_metrics_per_job gets its rows. Called by kwollect-setup-db-oar, which
-- must not replace what an administrator wrote, and for messages about a scheduler that does not answer: by the catalog's
-- tables, because readers have no right to name what is in the schema oar.
create or replace function kwollect.job_source(view_name text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case
           when exists (
                select
                  from pg_depend as dependency
                  join pg_class as relation
                    on relation.oid = dependency.refobjid
                  join pg_namespace as space
                    on space.oid = relation.relnamespace
                 where dependency.classid = 'pg_rewrite'::regclass
                   and dependency.objid = rule.oid
                   and dependency.refclassid = 'pg_class'::regclass
                   and space.nspname = 'oar'
                   and relation.relname = view_name
              )
           then 'oar'
           when pg_get_viewdef(rule.ev_class) like '%WHERE false;' then 'none'
           else 'administrator'
         end
    from pg_rewrite as rule
   where rule.ev_class = format('public.%I', view_name)::regclass
     and rule.rulename = '_RETURN'
$$;

revoke all on function kwollect.job_source(text) from public;
grant execute on function kwollect.job_source(text) to kwollect_reader, kwollect_writer;

comment on function kwollect.job_source(text) is
'Who fills a job view: oar, administrator, or none where it is empty as the set-up made it.';
