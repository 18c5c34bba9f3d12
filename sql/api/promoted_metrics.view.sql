-- public.promoted_metrics for HTTP: GET /promoted_metrics. Read by the graphical view, which says whether a metric without
-- values is an optional one that nobody has promoted.
create or replace view api.promoted_metrics as
select promoted.device_id
     , promoted.metric_id
  from public.promoted_metrics as promoted;

revoke all on api.promoted_metrics from public;
grant select on api.promoted_metrics to kwollect_reader, kwollect_writer;

comment on view api.promoted_metrics is
'Optional metrics that are collected now; metric_id is a regular expression, null means all of the device.
For example /promoted_metrics?device_id=eq.node-1.';
