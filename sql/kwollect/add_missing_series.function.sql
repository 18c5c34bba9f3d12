-- Makes the series that do not exist yet. Called by resolve_series, store_arrivals and store_metric.
-- Sorted, so that two callers with the same new series wait for each other instead of dead-locking.
-- "on conflict do nothing" alone would burn a number for each known series: hence the anti-join.
-- Labels are told apart as text, like the hash of the index: as jsonb 1 and 1.0 are equal.
create or replace function kwollect.add_missing_series(device_ids text[], metric_ids text[], labels jsonb[])
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
begin atomic
  insert into kwollect.series (device_id, metric_id, labels)
  select distinct on (wanted.device_id, wanted.metric_id, wanted.labels::text)
         wanted.device_id
       , wanted.metric_id
       , wanted.labels
    from unnest(device_ids, metric_ids, add_missing_series.labels) as wanted (device_id, metric_id, labels)
   where not exists (
           select
             from kwollect.series
            where series.device_id = wanted.device_id
              and series.metric_id = wanted.metric_id
              and series.labels_hash = md5(wanted.labels::text)::uuid
         )
   order by wanted.device_id
       , wanted.metric_id
       , wanted.labels::text
      on conflict do nothing;
end;

revoke all on function kwollect.add_missing_series(text[], text[], jsonb[]) from public;

comment on function kwollect.add_missing_series(text[], text[], jsonb[]) is
'Makes the series, given as three arrays of equal length, that do not exist yet.';
