-- Fills a fresh database of OAR with jobs of the past, numbered from 1, and 1,000 that run and ask for metrics, all of
-- 10 nodes each, of 10,000 nodes. Run by jobs_history.ts as the owner of that database, in one transaction, with the
-- number of jobs in the setting bench.jobs. Indexes are made afterwards, as in OAR's own schema: many times faster.
insert into resources (network_address, state)
select 'node-' || number || '.site.example.org', 'Alive'
  from generate_series(1, 10000) as number;

alter table assigned_resources drop constraint assigned_resources_pkey;
drop index mjob_id;
drop index log;

-- The number of a job's moldable description is another than its own, as soon as somebody submits with two -l.
insert into jobs (job_id, state, start_time, stop_time, assigned_moldable_job, job_user, queue_name, launching_directory, checkpoint_signal)
select number
     , case when number % 20 = 0 then 'Error' else 'Terminated' end
     , 1500000000 + number * 60
     , 1500000000 + number * 60 + 3600
     , number + 5
     , 'user-' || number % 500
     , 'default'
     , '/home'
     , 12
  from generate_series(1, current_setting('bench.jobs')::integer) as number;

insert into assigned_resources (moldable_job_id, resource_id, assigned_resource_index)
select number + 5
     , (number::bigint * 7 + part * 997) % 10000 + 1
     , 'LOG'
  from generate_series(1, current_setting('bench.jobs')::integer) as number
 cross join generate_series(0, 9) as part;

insert into job_types (job_id, type, types_index)
select number
     , case when number % 4 = 0 then 'monitor' else 'deploy' end
     , 'LOG'
  from generate_series(1, current_setting('bench.jobs')::integer, 3) as number;

insert into jobs (job_id, state, start_time, assigned_moldable_job, job_user, queue_name, launching_directory, checkpoint_signal)
select current_setting('bench.jobs')::integer + number
     , 'Running'
     , extract(epoch from now()) - number
     , current_setting('bench.jobs')::integer + number + 5
     , 'user-1'
     , 'default'
     , '/home'
     , 12
  from generate_series(1, 1000) as number;

insert into assigned_resources (moldable_job_id, resource_id)
select current_setting('bench.jobs')::integer + number + 5
     , (number - 1) * 10 + part
  from generate_series(1, 1000) as number
 cross join generate_series(1, 10) as part;

insert into job_types (job_id, type)
select current_setting('bench.jobs')::integer + number
     , 'monitor=prom_.*'
  from generate_series(1, 1000) as number;

alter table assigned_resources add primary key (moldable_job_id, resource_id);
create index mjob_id on assigned_resources (moldable_job_id);
create index log on assigned_resources (assigned_resource_index);

analyze;
