-- The wide layout that ours is compared with, from the words of kwollect 1.0's manual ("each metric data is associated
-- with" a timestamp, a device, a metric, a value and labels) and from the project's specification: one hypertable in
-- chunks of 6 hours, found by device and time, and by alias and time where there is one. create_hypertable adds
-- the index on the time alone. Run once by dataset.ts; wide_views.sql has what users query.
create extension if not exists timescaledb schema public;

create table public.metrics (
  timestamp timestamptz not null default now()
, device_id text not null
, metric_id text not null
, value double precision not null default 'NaN'
, labels jsonb not null default '{}'
);

select public.create_hypertable('public.metrics', public.by_range('timestamp', interval '6 hours'));

create index on public.metrics (device_id, timestamp desc);
create index on public.metrics ((labels ->> '_device_alias'), timestamp desc)
 where labels ->> '_device_alias' is not null;

-- Nothing is made before the values: each row says itself whose it is.
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
