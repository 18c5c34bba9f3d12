-- The samples of a reading whose series stand alone, those that an alias sums up excepted, in no order. Called by
-- read_single and read_metrics; inlined, hence no search_path: its rows go on as they come, instead of into a store.
--
-- OFFSET 0, else the join reaches into the scan and runs it once a series; a SELECT around the array of series, else
-- the planner counts them and may hash the samples instead: 110 ms instead of 82 for 127,000 samples of 208 series.
-- The number of the names in their order is what callers sort by, not the names. It stands before all texts, where
-- comparing finds it without walking over them.
create or replace function kwollect.single_samples(reading kwollect.reading)
returns table (
  "timestamp" timestamptz
, group_number bigint
, value double precision
, device_id text
, metric_id text
, labels jsonb
)
language sql
stable
as $$
  select sample.timestamp
       , named.group_number
       , sample.value
       , named.device_id
       , named.metric_id
       , case when sample.labels is null then named.labels else named.labels || sample.labels end
    from (
           select known.timestamp
                , known.series_id
                , known.value
                , known.labels
             from kwollect.samples as known
            where known.series_id = any ((reading).single_ids)
              and known.timestamp between (reading).first_start and (reading).last_end
           offset 0
         ) as sample
    join pg_catalog.unnest((select (reading).single)) as named
      on named.series_id = sample.series_id
   where sample.timestamp between named.range_start and named.range_end
$$;

revoke all on function kwollect.single_samples(kwollect.reading) from public;

comment on function kwollect.single_samples(kwollect.reading) is
'Values of the series of a reading that no alias sums up, each in its own time ranges. group_number is in order of device_id and metric_id.';
