-- apply: where OAR is connected
-- Jobs of OAR, running and past; times are Unix seconds, stop_time is 0 while a job runs. job_id is a bigint there,
-- but an integer here as everywhere in OAR's other tables: with a cast, OAR could not use its index.
create foreign table if not exists oar.jobs (
  job_id integer not null
, state text not null
, start_time integer not null
, stop_time integer not null
, assigned_moldable_job integer
)
server "OAR database"
options (schema_name 'public', table_name 'jobs');

revoke all on oar.jobs from public;

comment on foreign table oar.jobs is
'Jobs of OAR: Unix seconds, stop_time 0 while a job runs.';
