-- Statement trigger of public.metrics, after INSERT and COPY: stores set-wise what metrics_collect_row collected.
create or replace function kwollect.metrics_store_collected()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform kwollect.add_missing_series(
            array_agg(fresh.device_id)
          , array_agg(fresh.metric_id)
          , array_agg(fresh.labels::jsonb)
          )
     from (
            select distinct
                   pending.device_id
                 , pending.metric_id
                 , kwollect.series_labels(pending.labels)::text as labels
              from kwollect.pending_metrics as pending
             where pending.transaction_id = pg_current_xact_id()
               and pending.operation = 'INSERT'
          ) as fresh
  having count(*) > 0;

  with moved as (
    delete from kwollect.pending_metrics as pending
     where pending.transaction_id = pg_current_xact_id()
       and pending.operation = 'INSERT'
    returning pending.*
         , kwollect.series_labels(pending.labels) as series_labels
  )
  insert into kwollect.samples (timestamp, series_id, value, labels)
  select moved.timestamp
       , series.series_id
       , moved.value
       , kwollect.sample_labels(moved.labels)
    from moved
    -- left, so that a row whose labels collide with another series' hash fails on series_id, loudly
    left join kwollect.series
      on series.device_id = moved.device_id
     and series.metric_id = moved.metric_id
     and series.labels_hash = md5(moved.series_labels::text)::uuid
     and series.labels = moved.series_labels;
  return null;
end
$$;

revoke all on function kwollect.metrics_store_collected() from public;

comment on function kwollect.metrics_store_collected() is
'Trigger of public.metrics: stores the rows that a statement collected.';
