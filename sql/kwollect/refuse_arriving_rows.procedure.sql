-- Puts the rows of an import's piece that no table can hold to the dead letters. Called by kwollect.store_piece.
create or replace procedure kwollect.refuse_arriving_rows(
  import_id uuid
, piece bigint
, earliest timestamptz
, latest timestamptz
)
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into kwollect.dead_letters (spool_id, batch, reason, sample)
  select import_id
       , piece
       , coalesce(known.refusal, format('no chunk can hold the time %s', coalesce(fresh.timestamp::text, 'null')))
       , json_build_object(
           'timestamp', fresh.timestamp::text
         , 'device_id', fresh.device_id
         , 'metric_id', fresh.metric_id
         , 'labels', fresh.labels::json
         , 'value', fresh.value
         )::text
    from pg_temp.arriving_rows as fresh
    join pg_temp.arriving_series as known
      -- Arrays, in which one null equals another, and a hash join finds it.
      on array[known.device_id, known.metric_id, known.labels] = array[fresh.device_id, fresh.metric_id, fresh.labels]
   where known.refusal is not null
      or fresh.timestamp is null
      or fresh.timestamp < earliest
      or fresh.timestamp >= latest
$$;

revoke all on procedure kwollect.refuse_arriving_rows(uuid, bigint, timestamptz, timestamptz) from public;

comment on procedure kwollect.refuse_arriving_rows(uuid, bigint, timestamptz, timestamptz) is
'Writes the rows of arriving_rows that cannot be stored to kwollect.dead_letters, with the reason.';
