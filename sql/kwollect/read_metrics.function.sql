-- The samples of named devices, each in a time range of its own. Called by api.get_metrics, which checks its
-- arguments. Security definer, because readers have no rights on series and samples.
--
-- Names are resolved into arrays first, so that a chunk is read by "series_id = any (…)" in one index scan and
-- chunks out of range are excluded when the query is planned; a join with series reads them all. The plan is
-- made for the actual values each time, since a generic one would not know them.
create or replace function kwollect.read_metrics(
  device_ids text[]
, range_starts timestamptz[]
, range_ends timestamptz[]
, metric_ids text[]
)
returns table (
  "timestamp" timestamptz
, device_id text
, metric_id text
, value double precision
, labels jsonb
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
#variable_conflict use_column
declare
  first_start constant timestamptz := (select min(range_start) from unnest(range_starts) as range_start);
  last_end constant timestamptz := (select max(range_end) from unnest(range_ends) as range_end);
  single kwollect.named_samples[];
  summed kwollect.named_samples[];
  single_ids bigint[];
  summed_ids bigint[];
begin
  select array_agg(named.series) filter (where named.members = 1)
       , array_agg(named.series) filter (where named.members > 1)
       , array_agg(named.series_id) filter (where named.members = 1)
       , array_agg(named.series_id) filter (where named.members > 1)
    into single
       , summed
       , single_ids
       , summed_ids
    from (
           select series.series_id
                , series.members
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
                  )::kwollect.named_samples as series
             from kwollect.named_series(device_ids, metric_ids) as series
             join unnest(device_ids, range_starts, range_ends) as span (device_id, range_start, range_end)
               on span.device_id = series.device_id
         ) as named;

  return query
  select found.timestamp
       , found.device_id
       , found.metric_id
       , found.value
       , found.labels
    from (
           select sample.timestamp
                , named.device_id
                , named.metric_id
                , sample.value
                , case when sample.labels is null then named.labels else named.labels || sample.labels end as labels
                , named.group_number
             from kwollect.samples as sample
             join unnest(single) as named
               on named.series_id = sample.series_id
            where sample.series_id = any (single_ids)
              and sample.timestamp between first_start and last_end
              and sample.timestamp between named.range_start and named.range_end
           union all
           select sample.timestamp
                , named.device_id
                , named.metric_id
                , sum(kwollect.summand(sample.value))
                , named.labels
                  || coalesce(sample.labels, '{}')
                  || jsonb_build_object('_device_orig', array_agg(distinct named.origin order by named.origin))
                , named.group_number
             from kwollect.samples as sample
             join unnest(summed) as named
               on named.series_id = sample.series_id
            where sample.series_id = any (summed_ids)
              and sample.timestamp between first_start and last_end
              and sample.timestamp between named.range_start and named.range_end
            group by sample.timestamp
                , named.group_number
                , named.device_id
                , named.metric_id
                , named.labels
                , sample.labels
         ) as found
   order by found.timestamp
       , found.group_number;
end
$$;

revoke all on function kwollect.read_metrics(text[], timestamptz[], timestamptz[], text[]) from public;
grant execute on function kwollect.read_metrics(text[], timestamptz[], timestamptz[], text[]) to kwollect_reader, kwollect_writer;

comment on function kwollect.read_metrics(text[], timestamptz[], timestamptz[], text[]) is
'Values of devices, by name and alias, each in its own time range (arrays of equal length), bounds included.
In order of timestamp, device_id, metric_id. metric_ids is null for all.';
