-- The five-minute buckets of one series in a time range. Called by metrics_by_job_summary once for each series of a
-- job's node; samples_of_series has the reasons.
create or replace function kwollect.buckets_of_series(series_id bigint, range_start timestamptz, range_end timestamptz)
returns table ("timestamp" timestamptz, average double precision, largest double precision)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  select bucket.timestamp
       , bucket.average
       , bucket.largest
    from kwollect.samples_summary as bucket
   where bucket.series_id = buckets_of_series.series_id
     and bucket.timestamp between range_start and range_end;
end
$$;

revoke all on function kwollect.buckets_of_series(bigint, timestamptz, timestamptz) from public;
grant execute on function kwollect.buckets_of_series(bigint, timestamptz, timestamptz) to kwollect_reader, kwollect_writer;

comment on function kwollect.buckets_of_series(bigint, timestamptz, timestamptz) is
'Buckets of a series that begin from one moment to another, both included, in no order.';
