-- Stores a piece of an import, which the caller has copied into arriving_rows. Called by kwollect-setup-db --import_from
-- in one transaction with that COPY. Afterwards each row of the source is here as often as there, whatever was here
-- before: a piece that comes twice, or rows that another way has brought, change nothing.
create or replace function kwollect.store_piece(
  source text
, range_start timestamptz
, range_end timestamptz
, source_rows bigint
, source_sum numeric
, source_nans bigint
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set work_mem = '128MB'
as $$
#variable_conflict use_variable
declare
  -- Those of dead_letters, in which a source stands like the spool of a kwollector.
  import_id constant uuid := md5(source)::uuid;
  -- TimescaleDB has no chunks beyond; the day is for the length of the last one.
  earliest constant timestamptz := '4713-01-01 00:00:00+00 BC';
  latest constant timestamptz := '294246-01-01 00:00:00+00';
  number bigint;
  stored bigint;
  refused bigint;
  found_here record;
begin
  with replaced as (
    delete from kwollect.imported_pieces as piece
     where piece.source = source
       and ((piece.range_start = range_start and piece.range_end = range_end)
         or (piece.range_start < range_end and piece.range_end > range_start))
    returning piece.piece
  )
  delete from kwollect.dead_letters as letter
   using replaced
   where letter.spool_id = import_id
     and letter.batch = replaced.piece;

  call kwollect.resolve_arriving_series();
  insert into pg_temp.arriving_samples (timestamp, series_id, value, labels)
  select fresh.timestamp
       , known.series_id
       , fresh.value
       , known.sample_labels
    from pg_temp.arriving_rows as fresh
    join pg_temp.arriving_series as known
      on known.device_id = fresh.device_id
     and known.metric_id = fresh.metric_id
     and known.labels = fresh.labels
   where known.refusal is null
     and fresh.timestamp >= earliest
     and fresh.timestamp < latest;
  get diagnostics refused = row_count;
  refused := source_rows - refused;

  insert into kwollect.samples (timestamp, series_id, value, labels)
  select missing.timestamp
       , missing.series_id
       , missing.value
       , missing.labels
    from (
           select arriving.timestamp, arriving.series_id, arriving.value, arriving.labels
             from pg_temp.arriving_samples as arriving
           except all
           select beside.timestamp, beside.series_id, beside.value, beside.labels
             from kwollect.samples_beside_arriving() as beside
         ) as missing
   order by missing.series_id
       , missing.timestamp;
  get diagnostics stored = row_count;

  insert into kwollect.imported_pieces as piece (
    source, range_start, range_end, source_rows, source_sum, source_nans, refused
  )
  values (source, range_start, range_end, source_rows, source_sum, source_nans, refused)
  returning piece.piece into number;

  if refused > 0 then
    call kwollect.refuse_arriving_rows(import_id, number, earliest, latest);
  end if;

  select count(*) as rows
       , coalesce(sum(case when counted.value not in ('NaN', 'Infinity', '-Infinity') then counted.value::numeric end), 0) as sum
       , count(*) filter (where counted.value = 'NaN') as nans
    into found_here
    from (
           select both_have.value
             from (
                    select arriving.timestamp, arriving.series_id, arriving.value, arriving.labels
                      from pg_temp.arriving_samples as arriving
                    intersect all
                    select beside.timestamp, beside.series_id, beside.value, beside.labels
                      from kwollect.samples_beside_arriving() as beside
                  ) as both_have
            union all
           select (letter.sample::json ->> 'value')::double precision
             from kwollect.dead_letters as letter
            where letter.spool_id = import_id
              and letter.batch = number
         ) as counted;
  if (found_here.rows, found_here.sum, found_here.nans) is distinct from (source_rows, source_sum, source_nans) then
    raise exception using
      message = format(
        'from %s to %s the source has %s rows with the sum %s and %s NaN, but %s rows with the sum %s and %s NaN arrived'
      , range_start, range_end, source_rows, source_sum, source_nans, found_here.rows, found_here.sum, found_here.nans
      );
  end if;
  return stored;
end
$$;

revoke all on function kwollect.store_piece(text, timestamptz, timestamptz, bigint, numeric, bigint) from public;

comment on function kwollect.store_piece(text, timestamptz, timestamptz, bigint, numeric, bigint) is
'Stores the rows of arriving_rows that are not here yet and notes the piece; returns how many were new.
Raises where what is here afterwards is not what the source says that it has.';
