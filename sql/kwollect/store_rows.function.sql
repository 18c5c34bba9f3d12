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
  refused_series bigint[] := '{}';
  refused_reasons text[] := '{}';
begin
  for fresh in
    select row.microseconds
         , row.series_id
         , row.value
         , row.labels
      from unnest(microseconds, series_ids, measured, sample_labels) as row (microseconds, series_id, value, labels)
  loop
    begin
      if strpos(fresh.labels, '"_metric_scrape_time"') > 0 then
        perform kwollect.store_custom_metrics(
                  array[fresh.microseconds]
                , array[fresh.series_id]
                , array[fresh.value]
                , array[fresh.labels]
                );
      else
        insert into kwollect.samples (timestamp, series_id, value, labels)
        values (
          timestamptz 'epoch' + fresh.microseconds * interval '1 microsecond'
        , fresh.series_id
        , fresh.value
        , fresh.labels::jsonb
        );
      end if;
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
        refused_series := array_append(refused_series, fresh.series_id);
        refused_reasons := array_append(refused_reasons, sqlerrm);
    end;
  end loop;

  if cardinality(refused_series) > 0 then
    -- INFO always reaches the client, and the server's log only with log_min_messages = info or a debug level; a warning for
    -- each batch would fill it. A result instead would change the type of store_batch under the kwollectors of before,
    -- which log the message as it is: no hint, which they would append without a full stop.
    raise info using
      errcode = 'KW001'
    , message = format('%s values of batch %s cannot be stored; they are kept in kwollect.dead_letters, with the reason', cardinality(refused_series), batch)
    , detail = (
        select json_agg(
                 json_build_object('series_id', refused.series_id, 'reason', refused.reason, 'values', refused.values)
                 order by refused.first
               )
          from (
                 select refusal.series_id
                      , refusal.reason
                      , count(*) as values
                      , min(refusal.position) as first
                   from unnest(refused_series, refused_reasons)
                        with ordinality as refusal (series_id, reason, position)
                  group by refusal.series_id
                      , refusal.reason
               ) as refused
      )::text;
  end if;
end
$$;

revoke all on function kwollect.store_rows(uuid, bigint, bigint[], bigint[], double precision[], text[]) from public;

comment on function kwollect.store_rows(uuid, bigint, bigint[], bigint[], double precision[], text[]) is
'Stores the samples of a batch one by one; those that cannot be stored go to kwollect.dead_letters.
Which they are is said in an INFO of SQLSTATE KW001, whose detail is a JSON array of series_id, reason and values (their number).';
