-- public.metrics_by_job for HTTP: GET /metrics_by_job with PostgREST's own filters.
create or replace view api.metrics_by_job as
select served.timestamp
     , served.device_id
     , served.metric_id
     , served.value
     , served.labels
     , served.start_time
     , served.stop_time
     , served.job_id
  from public.metrics_by_job as served;

revoke all on api.metrics_by_job from public;
grant select on api.metrics_by_job to kwollect_reader, kwollect_writer;

comment on view api.metrics_by_job is
'Values of a job''s nodes between its start and stop (now while it runs).
Filter on job_id, for example /metrics_by_job?job_id=eq.1234&metric_id=eq.node_load; without, the request is stopped after a while.';
