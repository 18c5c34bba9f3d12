-- Background job of the community edition: brings the summary up to ten minutes ago, late values included.
-- Only what changed is computed anew. Commits by itself, so it cannot pin its search_path; all names are qualified.
-- A hundred chunks at a time: the first run after an import of years would lock all of them, which is more than PostgreSQL
-- has room for, and no summary would ever be stored.
create or replace procedure kwollect.refresh_summary(job_id integer default null, config jsonb default null)
language plpgsql
as $$
declare
  latest constant timestamptz := pg_catalog.now() - interval '10 minutes';
  piece_start timestamptz;
  piece_end timestamptz;
begin
  foreach piece_end in array array(
    select numbered.range_start
      from (
             select chunks.range_start
                  , pg_catalog.row_number() over (order by chunks.range_start) as position
               from timescaledb_information.chunks
              where chunks.hypertable_schema = 'kwollect'
                and chunks.hypertable_name = 'samples'
                and chunks.range_start < latest - interval '1 day'
           ) as numbered
     where numbered.position % 100 = 0
     order by numbered.range_start
  ) || latest
  loop
    call public.refresh_continuous_aggregate('kwollect.samples_summary', piece_start, piece_end);
    piece_start := piece_end;
  end loop;
end
$$;

revoke all on procedure kwollect.refresh_summary(integer, jsonb) from public;

comment on procedure kwollect.refresh_summary(integer, jsonb) is
'Background job: refreshes the five-minute summary, late values included.';
