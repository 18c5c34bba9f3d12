-- apply: on the Apache edition
-- Buckets of five minutes of each series, computed at each query: this edition has no continuous aggregates.
-- Read by public.metrics_summary; samples_summary.continuous_aggregate.sql is the other form of the same.
create or replace view kwollect.samples_summary as
select public.time_bucket('5 minutes', sample.timestamp) as timestamp
     , sample.series_id
     -- beyond 1e140 as an infinity: avg() squares its values, and would refuse the bucket for ever
     , avg(case when sample.value between -1e140 and 1e140 then sample.value else sample.value * 'Infinity' end)
         filter (where sample.value <> 'NaN') as average
     , max(sample.value) filter (where sample.value <> 'NaN') as largest
  from kwollect.samples as sample
 group by public.time_bucket('5 minutes', sample.timestamp)
     , sample.series_id;

comment on view kwollect.samples_summary is
'Average and largest value of each series in buckets of five minutes; null where all values are NaN.';
