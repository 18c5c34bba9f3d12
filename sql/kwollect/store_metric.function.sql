-- Stores one value. Called by store_arrivals for statements of a few rows.
create or replace function kwollect.store_metric(
  "timestamp" timestamptz
, device_id text
, metric_id text
, value double precision
, labels jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  series_labels constant jsonb := kwollect.series_labels(store_metric.labels);
begin
  perform kwollect.add_missing_series(array[store_metric.device_id], array[store_metric.metric_id], array[series_labels]);

  -- left, so that labels that collide with another series' hash fail on series_id, loudly
  insert into kwollect.samples (timestamp, series_id, value, labels)
  select store_metric.timestamp
       , known.series_id
       , store_metric.value
       , kwollect.sample_labels(store_metric.labels)
    from (values (true)) as one
    left join (
           select series.series_id
             from kwollect.series
            where series.device_id = store_metric.device_id
              and series.metric_id = store_metric.metric_id
              and series.labels_hash = md5(series_labels::text)::uuid
              and series.labels = series_labels
         ) as known
      on true;
end
$$;

revoke all on function kwollect.store_metric(timestamptz, text, text, double precision, jsonb) from public;

comment on function kwollect.store_metric(timestamptz, text, text, double precision, jsonb) is
'Stores one value of public.metrics.';
