-- Statement trigger of public.metrics, after DELETE: deletes set-wise what metrics_collect_row collected.
create or replace function kwollect.metrics_delete_collected()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
-- Planned for the times of the rows, so that no other chunk is read. TimescaleDB locks all of them for a DELETE all the same.
set plan_cache_mode = force_custom_plan
as $$
declare
  first_timestamp timestamptz;
  last_timestamp timestamptz;
begin
  select min(pending.timestamp)
       , max(pending.timestamp)
    into first_timestamp
       , last_timestamp
    from kwollect.pending_metrics as pending
   where pending.transaction_id = pg_current_xact_id()
     and pending.operation = 'DELETE';

  with doomed as (
    delete from kwollect.pending_metrics as pending
     where pending.transaction_id = pg_current_xact_id()
       and pending.operation = 'DELETE'
    returning pending.*
         , kwollect.series_labels(pending.labels) as series_labels
  )
  delete from kwollect.samples as sample
   using doomed
    join kwollect.series
      on series.device_id = doomed.device_id
     and series.metric_id = doomed.metric_id
     and series.labels_hash = md5(doomed.series_labels::text)::uuid
     and series.labels = doomed.series_labels
   where sample.series_id = series.series_id
     and sample.timestamp = doomed.timestamp
     and sample.value = doomed.value
     and sample.labels is not distinct from kwollect.sample_labels(doomed.labels)
     -- bounds that are known when the statement starts: all other chunks are left alone
     and sample.timestamp between first_timestamp and last_timestamp;
  return null;
end
$$;

revoke all on function kwollect.metrics_delete_collected() from public;

comment on function kwollect.metrics_delete_collected() is
'Trigger of public.metrics: deletes the rows that a statement collected.';
