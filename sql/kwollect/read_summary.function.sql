-- Five-minute buckets of a reading, whose ranges begin where a bucket does. Called by api.get_metrics and read_rates.
-- Read like the samples in single_samples, where the reasons stand, but not inlined: TimescaleDB makes a constant of the
-- moment up to which the summary is stored, but not in a statement that came in by inlining, where it asks for it again
-- for each bucket (1,100 ms instead of 150 for 104,000). Planned for the actual values each time, as chunks are left out.
create or replace function kwollect.read_summary(reading kwollect.reading)
returns table (
  "timestamp" timestamptz
, device_id text
, metric_id text
, value double precision
, labels jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  select found.timestamp
       , found.device_id
       , found.metric_id
       , found.value
       , found.labels
    from (
           select bucket.timestamp
                , named.group_number
                , kwollect.summary_value(named.metric_id, bucket.average, bucket.largest) as value
                , named.device_id
                , named.metric_id
                , named.labels
             from (
                    select known.timestamp
                         , known.series_id
                         , known.average
                         , known.largest
                      from kwollect.samples_summary as known
                     where known.series_id = any (reading.single_ids)
                       and known.timestamp between reading.first_start and reading.last_end
                    offset 0
                  ) as bucket
             join unnest((select reading.single)) as named
               on named.series_id = bucket.series_id
            where bucket.timestamp between named.range_start and named.range_end
            union all
           select bucket.timestamp
                , named.group_number
                , sum(kwollect.summand(kwollect.summary_value(named.metric_id, bucket.average, bucket.largest)))
                , named.device_id
                , named.metric_id
                , named.labels || jsonb_build_object('_device_orig', array_agg(distinct named.origin order by named.origin))
             from (
                    select known.timestamp
                         , known.series_id
                         , known.average
                         , known.largest
                      from kwollect.samples_summary as known
                     where known.series_id = any (reading.summed_ids)
                       and known.timestamp between reading.first_start and reading.last_end
                    offset 0
                  ) as bucket
             join unnest((select reading.summed)) as named
               on named.series_id = bucket.series_id
            where bucket.timestamp between named.range_start and named.range_end
            group by bucket.timestamp
                , named.group_number
                , named.device_id
                , named.metric_id
                , named.labels
            order by 1
                , 2
           offset 0
         ) as found
   order by found.timestamp
       , found.group_number;
end
$$;

revoke all on function kwollect.read_summary(kwollect.reading) from public;

comment on function kwollect.read_summary(kwollect.reading) is
'Five-minute buckets of the series of a reading, in order of timestamp, device_id, metric_id.';
