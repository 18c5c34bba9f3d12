-- What is stored of the series of an import's piece in its time. Called by kwollect.store_piece. Series by series, as
-- the index is: by time alone each piece would read the whole chunk that it lies in. And by samples_of_series, which
-- touches the chunks of the piece alone.
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
as $$
  select stored.timestamp
       , series.series_id
       , stored.value
       , stored.labels
    from (
           select arriving.series_id
                , min(arriving.timestamp) as first
                , max(arriving.timestamp) as last
             from pg_temp.arriving_samples as arriving
            group by arriving.series_id
         ) as series
   cross join lateral kwollect.samples_of_series(series.series_id, series.first, series.last) as stored
$$;

revoke all on function kwollect.samples_beside_arriving() from public;

comment on function kwollect.samples_beside_arriving() is
'Stored samples of the series in arriving_samples, between the first and the last of each.';
