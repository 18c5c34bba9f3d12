-- public.metrics_by_device for HTTP: GET /metrics_by_device with PostgREST's own filters.
create or replace view api.metrics_by_device as
select served.timestamp
     , served.device_id
     , served.metric_id
     , served.value
     , served.labels
  from public.metrics_by_device as served;

revoke all on api.metrics_by_device from public;
grant select on api.metrics_by_device to kwollect_reader, kwollect_writer;

comment on view api.metrics_by_device is
'Values of devices, under their own names and their aliases.
Filter on device_id, for example /metrics_by_device?device_id=eq.node-1&timestamp=gte.2020-01-06T13:35:00Z; without, the request is stopped after a while.';
