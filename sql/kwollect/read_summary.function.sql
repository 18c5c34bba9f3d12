-- Five-minute buckets of named devices, each in a time range of its own. Called by api.get_metrics.
create or replace function kwollect.read_summary(
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
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  bucket_width constant interval := interval '5 minutes';
  first_start constant timestamptz := (select min(range_start) from unnest(range_starts) as range_start);
  last_end constant timestamptz := (select max(range_end) from unnest(range_ends) as range_end);
begin
  return query
  select bucket.timestamp
       , bucket.device_id
       , bucket.metric_id
       , bucket.value
       , bucket.labels
    from public.metrics_by_device_summary as bucket
    join unnest(device_ids, range_starts, range_ends) as span (device_id, range_start, range_end)
      on span.device_id = bucket.device_id
   where bucket.device_id = any (device_ids)
     and (metric_ids is null or bucket.metric_id = any (metric_ids))
     -- the bucket that the range begins in belongs to it
     and bucket.timestamp between public.time_bucket(bucket_width, first_start) and last_end
     and bucket.timestamp between public.time_bucket(bucket_width, span.range_start) and span.range_end
   order by bucket.timestamp
       , bucket.device_id
       , bucket.metric_id;
end
$$;

revoke all on function kwollect.read_summary(text[], timestamptz[], timestamptz[], text[]) from public;
grant execute on function kwollect.read_summary(text[], timestamptz[], timestamptz[], text[]) to kwollect_reader, kwollect_writer;

comment on function kwollect.read_summary(text[], timestamptz[], timestamptz[], text[]) is
'Five-minute buckets of devices, by name and alias, each in its own time range (arrays of equal length).
In order of timestamp, device_id, metric_id. metric_ids is null for all.';
