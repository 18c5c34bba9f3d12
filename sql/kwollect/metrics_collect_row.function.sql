-- Row trigger of public.metrics for COPY and DELETE: appends the row to pending_metrics, no more. Storing each row here
-- would cost 65 us (the hypertable's set-up per statement) instead of 14-17.
create or replace function kwollect.metrics_collect_row()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    insert into kwollect.pending_metrics (operation, timestamp, device_id, metric_id, value, labels)
    values (tg_op, old.timestamp, old.device_id, old.metric_id, old.value, old.labels);
    return old;
  end if;

  -- Here, not only where the rows are stored: the message of COPY names the line that it is at.
  if new.device_id is null or new.metric_id is null then
    raise not_null_violation using
      message = 'device_id and metric_id are required'
    , hint = 'Give both; timestamp, value and labels have defaults: now(), NaN and {}.';
  end if;
  new.timestamp := coalesce(new.timestamp, now());
  new.value := coalesce(new.value, 'NaN');
  new.labels := coalesce(new.labels, '{}');
  insert into kwollect.pending_metrics (operation, timestamp, device_id, metric_id, value, labels)
  values (tg_op, new.timestamp, new.device_id, new.metric_id, new.value, new.labels);
  return new;
end
$$;

revoke all on function kwollect.metrics_collect_row() from public;

comment on function kwollect.metrics_collect_row() is
'Trigger of public.metrics: collects the rows of a COPY or DELETE.';
