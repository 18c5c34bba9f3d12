-- Optional metrics that are collected now: filled by update_promoted_metrics or by hand, read by the collectors.
-- Updatable as it stands, being a plain selection of one table.
create or replace view public.promoted_metrics as
select promotion.device_id
     , promotion.metric_id
  from kwollect.promotions as promotion;

revoke all on public.promoted_metrics from public;
grant select on public.promoted_metrics to kwollect_reader, kwollect_writer;
grant insert, update, delete on public.promoted_metrics to kwollect_writer;

comment on view public.promoted_metrics is
'Optional metrics that are collected now.
metric_id is a regular expression that matches at the start of a metric''s name; NULL means all of the device.';

comment on column public.promoted_metrics.device_id is 'The device_id or the _device_alias of descriptions.';
comment on column public.promoted_metrics.metric_id is 'A regular expression that matches at the start of the name of a description; NULL: all of the device.';
