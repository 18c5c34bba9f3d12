-- The samples of a reading under the names that they were asked for. Called by api.get_metrics where there are sums, and
-- by read_rates; inlined like single_samples, where the reasons stand. The outer ORDER BY is met by the inner one and
-- costs nothing.
create or replace function kwollect.read_metrics(reading kwollect.reading)
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
           select single.timestamp
                , single.group_number
                , single.value
                , single.device_id
                , single.metric_id
                , single.labels
             from kwollect.single_samples(reading) as single
            union all
           select sample.timestamp
                , named.group_number
                , pg_catalog.sum(kwollect.summand(sample.value))
                , named.device_id
                , named.metric_id
                , named.labels
                  || coalesce(sample.labels, '{}')
                  || pg_catalog.jsonb_build_object('_device_orig', pg_catalog.array_agg(distinct named.origin order by named.origin))
             from (
                    select known.timestamp
                         , known.series_id
                         , known.value
                         , known.labels
                      from kwollect.samples as known
                     where known.series_id = any ((reading).summed_ids)
                       and known.timestamp between (reading).first_start and (reading).last_end
                    offset 0
                  ) as sample
             join pg_catalog.unnest((select (reading).summed)) as named
               on named.series_id = sample.series_id
            where sample.timestamp between named.range_start and named.range_end
            group by sample.timestamp
                , named.group_number
                , named.device_id
                , named.metric_id
                , named.labels
                , sample.labels
            order by 1
                , 2
           offset 0
         ) as found
   order by found.timestamp
       , found.group_number
$$;

revoke all on function kwollect.read_metrics(kwollect.reading) from public;

comment on function kwollect.read_metrics(kwollect.reading) is
'Values of the series of a reading, each in its own time ranges, in order of timestamp, device_id, metric_id.';
