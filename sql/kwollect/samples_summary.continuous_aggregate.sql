-- apply: on the community edition, where absent
-- Buckets of five minutes of each series, kept up to date by kwollect.refresh_summary and, above its last run,
-- computed from the samples. Read by public.metrics_summary. A new definition needs a migration that drops it.
create materialized view kwollect.samples_summary
  with (timescaledb.continuous, timescaledb.materialized_only = false)
    as
select public.time_bucket('5 minutes', sample.timestamp) as timestamp
     , sample.series_id
     -- beyond 1e140 as an infinity: avg() squares its values, and would refuse the bucket for ever
     , avg(case when sample.value between -1e140 and 1e140 then sample.value else sample.value * 'Infinity' end)
         filter (where sample.value <> 'NaN') as average
     , max(sample.value) filter (where sample.value <> 'NaN') as largest
  from kwollect.samples as sample
 group by public.time_bucket('5 minutes', sample.timestamp)
     , sample.series_id
  with no data;

comment on view kwollect.samples_summary is
'Average and largest value of each series in buckets of five minutes; null where all values are NaN.';
