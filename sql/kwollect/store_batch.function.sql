-- Stores one batch of a spool, exactly once. Called by the sidecar, one statement a batch: nothing can die between
-- its parts. Measured against COPY of the same rows in a transaction of its own: as fast, and a quarter of
-- the sidecar's CPU (14-29 ms instead of 66-120 for 50,000 rows), since the numbers need no formatting.
create or replace function kwollect.store_batch(
  spool_id uuid
, batch bigint
, host text
, microseconds bigint[]
, series_ids bigint[]
, measured double precision[]
, sample_labels text[]
, refused_reasons text[]
, refused_samples text[]
)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  -- The row lock makes a second copy of the batch wait, and then find it stored.
  insert into kwollect.spools as spool (spool_id, last_batch, host)
  values (store_batch.spool_id, store_batch.batch, store_batch.host)
      on conflict (spool_id) do update
         set last_batch = excluded.last_batch
           , host = excluded.host
           , stored_at = excluded.stored_at
       where spool.last_batch < excluded.last_batch;
  if not found then
    return false;
  end if;

  insert into kwollect.dead_letters (spool_id, batch, reason, sample)
  select store_batch.spool_id
       , store_batch.batch
       , refused.reason
       , refused.sample
    from unnest(refused_reasons, refused_samples) as refused (reason, sample);

  begin
    insert into kwollect.samples (timestamp, series_id, value, labels)
    select timestamptz 'epoch' + fresh.microseconds * interval '1 microsecond'
         , fresh.series_id
         , fresh.value
         , fresh.labels::jsonb
      from unnest(microseconds, series_ids, measured, sample_labels) as fresh (microseconds, series_id, value, labels)
     where fresh.labels is null
        or strpos(fresh.labels, '"_metric_scrape_time"') = 0
     -- Index entries of a series side by side: 154 ms instead of 243 for 20,000 values in random order of series.
     order by fresh.series_id
         , fresh.microseconds;

    -- Most batches have none.
    if exists (
         select
           from unnest(sample_labels) as fresh (labels)
          where strpos(fresh.labels, '"_metric_scrape_time"') > 0
       ) then
      perform kwollect.store_custom_metrics(microseconds, series_ids, measured, sample_labels);
    end if;
  exception
    when data_exception or integrity_constraint_violation or program_limit_exceeded then
      perform kwollect.store_rows(spool_id, batch, microseconds, series_ids, measured, sample_labels);
  end;
  return true;
end
$$;

revoke all on function kwollect.store_batch(uuid, bigint, text, bigint[], bigint[], double precision[], text[], text[], text[]) from public;
grant execute on function kwollect.store_batch(uuid, bigint, text, bigint[], bigint[], double precision[], text[], text[], text[]) to kwollect_writer;

comment on function kwollect.store_batch(uuid, bigint, text, bigint[], bigint[], double precision[], text[], text[], text[]) is
'Stores a batch of a spool, or nothing where it is stored already; returns whether it was new.
Four arrays of equal length hold the samples (microseconds since the Unix epoch, series, value, labels as JSON or null),
two the samples that the sidecar refused, with the reason. A row that cannot be stored goes to kwollect.dead_letters.';
