-- What both layouts of `npm run bench -- sql` hold, row by row the same: who is measured (bench.origins), what
-- each answers when (bench.values_between), and which job had which nodes. Run once by dataset.ts in every database.
create schema bench;

-- One row: the size, and how far the data set has come, so that an interrupted run goes on where it was.
create table bench.extent (
  nodes integer not null
, hours integer not null
, data_end timestamptz not null
, stored_until timestamptz not null
, prepared_for text not null
);

create table bench.origins (
  origin_id integer primary key
, device_id text not null
, metric_id text not null
, labels jsonb not null
, is_port boolean not null
);

-- 12 metrics a node, each with one label as an exporter or a BMC gives them, and a power port for each node,
-- whose one label is the node's name.
create procedure bench.make_origins(nodes integer)
language sql
begin atomic
  insert into bench.origins (origin_id, device_id, metric_id, labels, is_port)
  select (node - 1) * 12 + metric.position
       , format('node-%s', node)
       , metric.name
       , jsonb_build_object(metric.label, metric.content)
       , false
    from generate_series(1, nodes) as node
   cross join (
           values (1, 'bmc_node_power_watt', 'sensor', 'board')
                , (2, 'bmc_ambient_temp_celsius', 'sensor', 'inlet')
                , (3, 'bmc_cpu_temp_celsius', 'sensor', 'cpu0')
                , (4, 'bmc_fan_speed_rpm', 'sensor', 'fan1')
                , (5, 'network_ifacein_bytes_total', 'interface', 'eth0')
                , (6, 'network_ifaceout_bytes_total', 'interface', 'eth0')
                , (7, 'network_ifacein_packets_total', 'interface', 'eth0')
                , (8, 'network_ifaceout_packets_total', 'interface', 'eth0')
                , (9, 'prom_node_load1', 'origin', 'exporter')
                , (10, 'prom_node_cpu_seconds_total', 'cpu', '0')
                , (11, 'prom_node_memory_MemFree_bytes', 'origin', 'exporter')
                , (12, 'prom_node_filesystem_free_bytes', 'device', '/dev/sda1')
         ) as metric (position, name, label, content);

  insert into bench.origins (origin_id, device_id, metric_id, labels, is_port)
  select nodes * 12 + node
       , format('wattmetre%s-port%s', (node - 1) / 42 + 1, (node - 1) % 42)
       , 'wattmetre_power_watt'
       , jsonb_build_object('_device_alias', format('node-%s', node))
       , true
    from generate_series(1, nodes) as node;
end;

-- Every 10 s a value of each node's metric, every second one of each port from ports_start on, in the order in
-- which a collector would send them. The values are a function of origin and time, so that any two runs agree.
create function bench.values_between(range_start timestamptz, range_end timestamptz, ports_start timestamptz)
returns table (measured_at timestamptz, origin_id integer, value double precision)
language sql
stable
rows 1000000
begin atomic
  select answer.measured_at
       , answer.origin_id
       , ((answer.origin_id * 7919 + extract(epoch from answer.measured_at)::bigint * 31) % 10007) / 10.0::double precision
    from generate_series(range_start, range_end - interval '1 second', interval '10 seconds') as tick
   cross join lateral (
           select tick as measured_at
                , origin.origin_id
             from bench.origins as origin
            where not origin.is_port
            union all
           select tick + second * interval '1 second'
                , origin.origin_id
             from generate_series(0, 9) as second
            cross join bench.origins as origin
            where origin.is_port
              and tick >= ports_start
         ) as answer;
end;

-- A history of jobs, as a scheduler has one. Every job has 16 nodes for an hour; job 8 has 8. The measured ones,
-- 8 and 16, are those of the hour that ends half an hour before the data do.
create table bench.jobs (
  job_id integer not null
, start_time timestamptz not null
, stop_time timestamptz
, node text not null
);

create index jobs_job_id on bench.jobs (job_id);

create procedure bench.make_jobs(data_end timestamptz)
language sql
begin atomic
  insert into bench.jobs (job_id, start_time, stop_time, node)
  select job.job_id
       , job.stop_time - interval '1 hour'
       , job.stop_time
       , format('node-%s', node)
    from (
           select job_id
                , data_end - interval '30 minutes' - abs(job_id - 16) * interval '10 minutes' as stop_time
             from generate_series(1, 1000) as job_id
            where job_id <> 8
            union all
           select 8
                , data_end - interval '30 minutes'
         ) as job
   cross join generate_series(1, case job.job_id when 8 then 8 else 16 end) as node;
end;
