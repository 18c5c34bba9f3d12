-- The storage of kwollect 1.0, to compare with: one wide hypertable with TimescaleDB's own index on the time, one
-- on the device and one on the alias. Run once by dataset.ts; wide_views.sql has what its users query.
create extension if not exists timescaledb schema public;

create table public.metrics (
  timestamp timestamptz not null default now()
, device_id text not null
, metric_id text not null
, value double precision default 'NaN'
, labels jsonb default '{}'
);

select public.create_hypertable('public.metrics', 'timestamp', chunk_time_interval => interval '6 hours');

create index metrics_device_id_timestamp on public.metrics (device_id, timestamp desc);
create index metrics_alias_timestamp on public.metrics ((labels ->> '_device_alias'), timestamp desc)
 where labels ? '_device_alias';

create procedure bench.prepare()
language sql
begin atomic
end;

create procedure bench.store(range_start timestamptz, range_end timestamptz, ports_start timestamptz)
language sql
begin atomic
  insert into public.metrics (timestamp, device_id, metric_id, value, labels)
  select measured.measured_at
       , origin.device_id
       , origin.metric_id
       , measured.value
       , origin.labels
    from bench.values_between(range_start, range_end, ports_start) as measured
    join bench.origins as origin
      on origin.origin_id = measured.origin_id;
end;
