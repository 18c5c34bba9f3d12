-- Drops chunks whose last value is retention_day old, of the summary too, and what was refused so long ago. A background job on the community
-- edition; called by kwollect.maintain elsewhere.
create or replace procedure kwollect.drop_expired_chunks(job_id integer default null, config jsonb default null)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  oldest constant timestamptz := now() - make_interval(days => kwollect.setting('retention_day')::integer);
begin
  if oldest is null then
    return;
  end if;
  perform public.drop_chunks('kwollect.samples', older_than => oldest);
  if exists (
       select
         from timescaledb_information.continuous_aggregates as aggregate
        where aggregate.view_schema = 'kwollect'
          and aggregate.view_name = 'samples_summary'
     ) then
    perform public.drop_chunks('kwollect.samples_summary', older_than => oldest);
  end if;
  delete from kwollect.dead_letters
   where dead_letters.refused_at < oldest;
end
$$;

revoke all on procedure kwollect.drop_expired_chunks(integer, jsonb) from public;

comment on procedure kwollect.drop_expired_chunks(integer, jsonb) is
'Drops chunks and dead letters older than retention_day; nothing where that is not set.';
