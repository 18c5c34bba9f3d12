-- apply: where OAR is connected
-- What jobs were submitted with (oarsub -t), such as monitor=prom_.*.
create foreign table if not exists oar.job_types (
  job_id integer not null
, type text not null
)
server "OAR database"
options (schema_name 'public', table_name 'job_types');

revoke all on oar.job_types from public;

comment on foreign table oar.job_types is
'Types that jobs of OAR were submitted with.';
