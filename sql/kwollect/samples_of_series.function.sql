-- The samples of one series in a time range. Called by metrics_by_job once for each series of a job's node, and for an
-- import's piece: planned for the actual times, it touches the chunks of the range alone. As a join the view would mention
-- every chunk there is, which takes a lock and a tenth of a millisecond each: with the chunks of three years a second, or
-- "out of shared memory". What it costs: a condition of the user's on the timestamp is looked at behind it.
-- Security definer, because readers have no rights on samples.
create or replace function kwollect.samples_of_series(series_id bigint, range_start timestamptz, range_end timestamptz)
returns table ("timestamp" timestamptz, value double precision, labels jsonb)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  select sample.timestamp
       , sample.value
       , sample.labels
    from kwollect.samples as sample
   where sample.series_id = samples_of_series.series_id
     and sample.timestamp between range_start and range_end;
end
$$;

revoke all on function kwollect.samples_of_series(bigint, timestamptz, timestamptz) from public;
grant execute on function kwollect.samples_of_series(bigint, timestamptz, timestamptz) to kwollect_reader, kwollect_writer;

comment on function kwollect.samples_of_series(bigint, timestamptz, timestamptz) is
'Values of a series from one moment to another, both included, in no order.';
