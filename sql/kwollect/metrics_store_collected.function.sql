-- Statement trigger of public.metrics, after COPY: hands what metrics_collect_row collected to the trigger that stores it.
create or replace function kwollect.metrics_store_collected()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  with moved as (
    delete from kwollect.pending_metrics as pending
     where pending.transaction_id = pg_current_xact_id()
       and pending.operation = 'INSERT'
    returning pending.*
  )
  insert into kwollect.arriving_metrics (timestamp, device_id, metric_id, value, labels)
  select moved.timestamp
       , moved.device_id
       , moved.metric_id
       , moved.value
       , moved.labels
    from moved;
  return null;
end
$$;

revoke all on function kwollect.metrics_store_collected() from public;

comment on function kwollect.metrics_store_collected() is
'Trigger of public.metrics: stores the rows that a COPY collected.';
