-- Counters as their increase per second. Called by api.get_metrics(as_rate); inlined like what it reads, hence no
-- search_path.
-- The first point of each counter has nothing before it and goes; so does one at the same moment as the one
-- before it, and NaN, which is no reading of a counter.
create or replace function kwollect.read_rates(reading kwollect.reading, summary boolean)
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
  select step.timestamp
       , step.device_id
       , step.metric_id
       -- A division whose result is too small for a double is an error to PostgreSQL.
       , case when pg_catalog.abs(step.increase) < 1e-290 then 0 else step.increase / step.seconds end
       , step.labels
    from (
           select counter.timestamp
                , counter.device_id
                , counter.metric_id
                , counter.labels
                -- A counter that is smaller than before began again at zero.
                , case
                    when counter.value >= pg_catalog.lag(counter.value) over line then counter.value - pg_catalog.lag(counter.value) over line
                    else counter.value
                  end as increase
                , extract(epoch from counter.timestamp - pg_catalog.lag(counter.timestamp) over line)::double precision as seconds
             from (
                    select metric.timestamp
                         , metric.device_id
                         , metric.metric_id
                         , kwollect.summand(metric.value) as value
                         -- what differs between samples would make a counter of each
                         , metric.labels - kwollect.sample_label_keys() as labels
                      from kwollect.read_metrics(reading) as metric
                     where not summary
                    union all
                    select bucket.timestamp
                         , bucket.device_id
                         , bucket.metric_id
                         , kwollect.summand(bucket.value)
                         , bucket.labels
                      from kwollect.read_summary(reading) as bucket
                     where summary
                  ) as counter
            where counter.value <> 'NaN'
           window line as (
                    partition by counter.device_id, counter.metric_id, counter.labels
                        order by counter.timestamp
                               , counter.value
                  )
         ) as step
   where step.seconds > 0
   order by step.timestamp
       , step.device_id
       , step.metric_id
$$;

revoke all on function kwollect.read_rates(kwollect.reading, boolean) from public;

comment on function kwollect.read_rates(kwollect.reading, boolean) is
'Increase per second of each (device, metric, labels) of a reading, from the samples or from the five-minute summary.';
