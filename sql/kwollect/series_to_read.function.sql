-- What there is to read for devices, each in time ranges of its own. Called by api.get_metrics before read_metrics and its
-- siblings, which get series by number and times as constants: so a chunk is read by "series_id = any (…)" in one
-- scan of its index and chunks out of range are excluded when the query is planned; a join with series reads them all.
--
-- A device may be given several times, for a job that had it several times; ranges that meet count once.
--
-- One plan is kept for all calls: to plan it takes 0.4 ms, which is more than a small answer takes to read.
create or replace function kwollect.series_to_read(
  device_ids text[]
, range_starts timestamptz[]
, range_ends timestamptz[]
, metric_ids text[]
)
returns kwollect.reading
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
-- What is kept may have been planned when there were ten series; nothing but their indexes is of use here.
set enable_seqscan = off
as $$
begin
  return (
    with span as (
      select merged.device_id
           , lower(merged.range) as range_start
           , upper(merged.range) as range_end
        from (
               select asked.device_id
                    , unnest(range_agg(tstzrange(asked.range_start, asked.range_end, '[]'))) as range
                 from unnest(device_ids, range_starts, range_ends) as asked (device_id, range_start, range_end)
                where asked.range_start <= asked.range_end
                group by asked.device_id
             ) as merged
    )
    , named as (
      select series.series_id
           , series.members > 1 as is_summed
           , row (
               series.series_id
             , series.device_id
             , series.metric_id
             , case
                 when series.origin is null or series.members > 1 then series.labels
                 else series.labels || jsonb_build_object('_device_orig', array[series.origin])
               end
             , series.origin
             , series.group_number
             , span.range_start
             , span.range_end
             )::kwollect.named_samples as samples
        from kwollect.named_series(device_ids, metric_ids) as series
        join span
          on span.device_id = series.device_id
    )
    select row (
             array_agg(named.samples) filter (where not named.is_summed)
           , array_agg(named.samples) filter (where named.is_summed)
           , array_agg(named.series_id) filter (where not named.is_summed)
           , array_agg(named.series_id) filter (where named.is_summed)
           , (select min(span.range_start) from span)
           , (select max(span.range_end) from span)
           )::kwollect.reading
      from named
  );
end
$$;

revoke all on function kwollect.series_to_read(text[], timestamptz[], timestamptz[], text[]) from public;

comment on function kwollect.series_to_read(text[], timestamptz[], timestamptz[], text[]) is
'Series of devices, by name and alias, each in its own time ranges (arrays of equal length), bounds included.
metric_ids is null for all. Series that an alias sums up are kept apart from the others.';
