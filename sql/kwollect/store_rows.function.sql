-- The slow way of store_batch, for a batch with a row that cannot be stored: row by row, so that it costs no other.
create or replace function kwollect.store_rows(
  spool_id uuid
, batch bigint
, microseconds bigint[]
, series_ids bigint[]
, measured double precision[]
, sample_labels text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  fresh record;
begin
  for fresh in
    select row.microseconds
         , row.series_id
         , row.value
         , row.labels
      from unnest(microseconds, series_ids, measured, sample_labels) as row (microseconds, series_id, value, labels)
  loop
    begin
      insert into kwollect.samples (timestamp, series_id, value, labels)
      select timestamptz 'epoch' + fresh.microseconds * interval '1 microsecond'
           , fresh.series_id
           , fresh.value
           , fresh.labels::jsonb
       -- a custom metric once, as in store_batch
       where fresh.labels is null
          or strpos(fresh.labels, '"_metric_scrape_time"') = 0
          or not exists (
               select
                 from kwollect.samples as known
                where known.series_id = fresh.series_id
                  and known.timestamp = timestamptz 'epoch' + fresh.microseconds * interval '1 microsecond'
                  and known.value = fresh.value
             );
    exception
      when data_exception or integrity_constraint_violation or program_limit_exceeded then
        insert into kwollect.dead_letters (spool_id, batch, reason, sample)
        select store_rows.spool_id
             , store_rows.batch
             , sqlerrm
             , json_build_object(
                 'timestamp', fresh.microseconds
               , 'device_id', series.device_id
               , 'metric_id', series.metric_id
               , 'labels', series.labels
               , 'value', fresh.value
               , 'sample_labels', fresh.labels
               )::text
          from (values (fresh.series_id)) as refused (series_id)
          left join kwollect.series
            on series.series_id = refused.series_id;
    end;
  end loop;
end
$$;

revoke all on function kwollect.store_rows(uuid, bigint, bigint[], bigint[], double precision[], text[]) from public;

comment on function kwollect.store_rows(uuid, bigint, bigint[], bigint[], double precision[], text[]) is
'Stores the samples of a batch one by one; those that cannot be stored go to kwollect.dead_letters.';
