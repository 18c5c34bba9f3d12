-- The sentence for a scheduler's database that does not answer. Called where jobs are looked up, with what
-- postgres_fdw reported: "could not connect to server", and the reason in its detail.
create or replace function kwollect.job_source_failure(view_name text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select format(
           '%s does not answer%s: jobs cannot be looked up. Queries by device work.'
         , case when oar.host is null then 'The job scheduler''s database' else 'The OAR database' end
         , ' (' || oar.host || ':' || oar.port || ')'
         )
    from (
           select max(option.option_value) filter (where option.option_name = 'host') as host
                , max(option.option_value) filter (where option.option_name = 'port') as port
             from pg_foreign_server as server
            cross join pg_options_to_table(server.srvoptions) as option
            where server.srvname = 'OAR database'
              and kwollect.job_source(view_name) = 'oar'
         ) as oar
$$;

revoke all on function kwollect.job_source_failure(text) from public;
grant execute on function kwollect.job_source_failure(text) to kwollect_reader, kwollect_writer;

comment on function kwollect.job_source_failure(text) is
'What to tell a user when the database behind a job view does not answer.';
