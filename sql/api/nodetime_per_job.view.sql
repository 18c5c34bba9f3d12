-- public.nodetime_per_job for HTTP: GET /nodetime_per_job with PostgREST's own filters.
create or replace view api.nodetime_per_job as
select served.job_id
     , served.start_time
     , served.stop_time
     , served.node
  from public.nodetime_per_job as served;

revoke all on api.nodetime_per_job from public;
grant select on api.nodetime_per_job to kwollect_reader, kwollect_writer;

comment on view api.nodetime_per_job is
'Nodes of each job, one row a node; stop_time is null while the job runs.
For example /nodetime_per_job?job_id=eq.1234.';
