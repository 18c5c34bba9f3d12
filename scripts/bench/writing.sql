-- The same new rows for both layouts, to write into a chunk of their own behind the data. Run by databases.ts before
-- each bench. bench.make_batch fills the table; each batch begins where the one before ended.
create unlogged table if not exists bench.batch (
  timestamp timestamptz not null
, device_id text not null
, metric_id text not null
, value double precision not null
, labels jsonb not null
);

create or replace procedure bench.make_batch(range_start timestamptz, row_count integer)
language sql
begin atomic
  delete from bench.batch;

  insert into bench.batch (timestamp, device_id, metric_id, value, labels)
  select measured.measured_at
       , origin.device_id
       , origin.metric_id
       , measured.value
       , origin.labels
    from bench.values_between(
           range_start
         , range_start + interval '10 seconds' * (row_count / (select count(*) from bench.origins where not is_port) + 1)
         , 'infinity'
         ) as measured
    join bench.origins as origin
      on origin.origin_id = measured.origin_id
   limit row_count;
end;
