-- Row trigger of public.metrics: appends the row to pending_metrics, no more. Storing each row here would
-- cost 65 us (the hypertable's set-up per statement) instead of 14-17.
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

  if new.device_id is null or new.metric_id is null then
    raise not_null_violation using
      message = 'device_id and metric_id are required'
    , hint = 'Give both; timestamp, value and labels have defaults: now(), NaN and {}.';
  end if;
  new.timestamp := coalesce(new.timestamp, now());
  new.value := coalesce(new.value, 'NaN');
  new.labels := coalesce(new.labels, '{}');
  if jsonb_typeof(new.labels) <> 'object' then
    raise check_violation using
      message = format('labels must be a JSON object, got %s', jsonb_typeof(new.labels))
    , hint = 'For example {"_device_alias": "node-3"}.';
  end if;
  insert into kwollect.pending_metrics (operation, timestamp, device_id, metric_id, value, labels)
  values (tg_op, new.timestamp, new.device_id, new.metric_id, new.value, new.labels);
  return new;
end
$$;

revoke all on function kwollect.metrics_collect_row() from public;

comment on function kwollect.metrics_collect_row() is
'Trigger of public.metrics: collects the rows of a statement.';
