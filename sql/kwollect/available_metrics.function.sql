-- Names and metrics with a value after one moment, up to another; of the given names, or of all where null.
-- Called by api.available_metrics. Security definer, because readers have no rights on series and samples.
-- The plan is made for the actual values: a generic one reads all series to find those of one device.
create or replace function kwollect.available_metrics(device_ids text[], after timestamptz, upto timestamptz)
returns table (device_id text, metric_id text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  select named.device_id
       , named.metric_id
    from (
           select series.series_id
                , series.device_id
                , series.metric_id
             from kwollect.series
            where device_ids is null
               or series.device_id = any (device_ids)
           union all
           select series.series_id
                , series.device_alias
                , series.metric_id
             from kwollect.series
            where series.device_alias is not null
              and (device_ids is null or series.device_alias = any (device_ids))
         ) as named
   where exists (
           select
             from kwollect.samples as sample
            where sample.series_id = named.series_id
              and sample.timestamp > after
              and sample.timestamp <= upto
           offset 0 -- one probe of the index a series; as a join it would read the whole minute
         )
   group by named.device_id
       , named.metric_id;
end
$$;

revoke all on function kwollect.available_metrics(text[], timestamptz, timestamptz) from public;
grant execute on function kwollect.available_metrics(text[], timestamptz, timestamptz) to kwollect_reader, kwollect_writer;

comment on function kwollect.available_metrics(text[], timestamptz, timestamptz) is
'Devices (null: all), under their names and aliases, and metrics with a value in a time range.';
