-- What is stored of the series of an import's piece in its time. Called by kwollect.store_piece. Series by series, as
-- the index is: by time alone each piece would read the whole chunk that it lies in.
create or replace function kwollect.samples_beside_arriving()
returns table (
  "timestamp" timestamptz
, series_id bigint
, value double precision
, labels jsonb
)
language sql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
  select stored.timestamp
       , stored.series_id
       , stored.value
       , stored.labels
    from (
           select arriving.series_id
                , min(arriving.timestamp) as first
                , max(arriving.timestamp) as last
             from pg_temp.arriving_samples as arriving
            group by arriving.series_id
         ) as series
   cross join lateral (
           select sample.timestamp
                , sample.series_id
                , sample.value
                , sample.labels
             from kwollect.samples as sample
            where sample.series_id = series.series_id
              and sample.timestamp between series.first and series.last
            union all
           -- A fence, as in metrics_by_job: once a series, from the chunks of its time.
           select null::timestamptz, null::bigint, null::double precision, null::jsonb
            where false
         ) as stored
$$;

revoke all on function kwollect.samples_beside_arriving() from public;

comment on function kwollect.samples_beside_arriving() is
'Stored samples of the series in arriving_samples, between the first and the last of each.';
