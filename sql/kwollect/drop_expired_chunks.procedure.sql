-- Drops chunks whose last value is retention_day old, of the summary too, and what was refused so long ago. A background job on the community
-- edition; called by kwollect.maintain elsewhere.
create or replace procedure kwollect.drop_expired_chunks(job_id integer default null, config jsonb default null)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  oldest constant timestamptz := now() - make_interval(days => kwollect.setting('retention_day')::integer);
  -- The end of the 200th, where there are so many. Of thousands at once, the locks are more than PostgreSQL has room for,
  -- and nothing would ever be dropped.
  latest constant timestamptz := (
    select case when count(*) = 200 then max(expired.range_end) else oldest end
      from (
             select chunks.range_end
               from timescaledb_information.chunks
              where chunks.hypertable_schema = 'kwollect'
                and chunks.hypertable_name = 'samples'
                and chunks.range_end <= oldest
              order by chunks.range_end
              limit 200
           ) as expired
  );
begin
  if oldest is null then
    return;
  end if;
  perform public.drop_chunks('kwollect.samples', older_than => latest);
  if exists (
       select
         from timescaledb_information.continuous_aggregates as aggregate
        where aggregate.view_schema = 'kwollect'
          and aggregate.view_name = 'samples_summary'
     ) then
    perform public.drop_chunks('kwollect.samples_summary', older_than => latest);
  end if;
  delete from kwollect.dead_letters
   where dead_letters.refused_at < oldest;
end
$$;

revoke all on procedure kwollect.drop_expired_chunks(integer, jsonb) from public;

comment on procedure kwollect.drop_expired_chunks(integer, jsonb) is
'Drops chunks, up to 200 a run, and dead letters older than retention_day; nothing where that is not set.';
