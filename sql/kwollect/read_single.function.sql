-- A reading in which nothing is summed up, as nearly all are: read_metrics without the sums, which take a quarter of a
-- millisecond to plan where there are none. Called by api.get_metrics; inlined, hence no search_path.
--
-- OFFSET 0, else what is sorted has its columns in the order of the result, where group_number stands behind the texts:
-- 92 ms instead of 84 for 63,000 samples. The outer ORDER BY is met by the inner one and costs nothing.
create or replace function kwollect.read_single(reading kwollect.reading)
returns table (
  "timestamp" timestamptz
, device_id text
, metric_id text
, value double precision
, labels jsonb
)
language sql
stable
as $$
  select found.timestamp
       , found.device_id
       , found.metric_id
       , found.value
       , found.labels
    from (
           select *
             from kwollect.single_samples(reading) as single
            order by single.timestamp
                , single.group_number
           offset 0
         ) as found
   order by found.timestamp
       , found.group_number
$$;

revoke all on function kwollect.read_single(kwollect.reading) from public;

comment on function kwollect.read_single(kwollect.reading) is
'Values of a reading of which no alias sums up any, in order of timestamp, device_id, metric_id.';
