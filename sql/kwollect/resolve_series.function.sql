-- Numbers of series, made where they are new. Called by the sidecar before it copies a batch.
create or replace function kwollect.resolve_series(device_ids text[], metric_ids text[], labels jsonb[])
returns table (ordinal bigint, series_id bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform kwollect.add_missing_series(device_ids, metric_ids, resolve_series.labels);

  return query
  select wanted.ordinal
       , series.series_id
    from unnest(device_ids, metric_ids, resolve_series.labels)
         with ordinality as wanted (device_id, metric_id, labels, ordinal)
    join kwollect.series
      on series.device_id = wanted.device_id
     and series.metric_id = wanted.metric_id
     and series.labels_hash = md5(wanted.labels::text)::uuid
     and series.labels = wanted.labels;
end
$$;

revoke all on function kwollect.resolve_series(text[], text[], jsonb[]) from public;
grant execute on function kwollect.resolve_series(text[], text[], jsonb[]) to kwollect_writer;

comment on function kwollect.resolve_series(text[], text[], jsonb[]) is
'Numbers of the series given as three arrays of equal length; ordinal counts from 1.
A series that is new is made. Raises check_violation for an empty or over-long name and for labels over 64 KB.';
