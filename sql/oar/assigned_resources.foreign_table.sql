-- apply: where OAR is connected
-- What OAR gave to each job. moldable_job_id is jobs.assigned_moldable_job, which is another number than job_id
-- as soon as somebody has submitted with several -l.
create foreign table if not exists oar.assigned_resources (
  moldable_job_id integer not null
, resource_id integer not null
)
server "OAR database"
options (schema_name 'public', table_name 'assigned_resources');

revoke all on oar.assigned_resources from public;

comment on foreign table oar.assigned_resources is
'Resources of each job of OAR, under the number of its moldable description.';
