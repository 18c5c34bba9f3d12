-- Background job of the community edition: brings the summary up to ten minutes ago, late values included.
-- Only what changed is computed anew. Commits by itself, so it cannot pin its search_path; all names are qualified.
create or replace procedure kwollect.refresh_summary(job_id integer default null, config jsonb default null)
language plpgsql
as $$
begin
  call public.refresh_continuous_aggregate('kwollect.samples_summary', null, pg_catalog.now() - interval '10 minutes');
end
$$;

revoke all on procedure kwollect.refresh_summary(integer, jsonb) from public;

comment on procedure kwollect.refresh_summary(integer, jsonb) is
'Background job: refreshes the five-minute summary, late values included.';
