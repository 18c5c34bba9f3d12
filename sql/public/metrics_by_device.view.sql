-- The metrics of a device under its own name and under its aliases. Read by get_metrics, metrics_by_job, users.
-- The sum of an alias is grouped by what a user filters on, so that device_id, metric_id and timestamp
-- reach the indexes; series that differ in nothing but the device are told apart by sample.labels only.
create or replace view public.metrics_by_device as
select sample.timestamp
     , series.device_id
     , series.metric_id
     , sample.value
     , case
         when sample.labels is null then series.labels - '_device_alias'
         else (series.labels - '_device_alias') || sample.labels
       end as labels
  from kwollect.samples as sample
  join kwollect.series
    on series.series_id = sample.series_id
union all
select sample.timestamp
     , series.device_alias as device_id
     , series.metric_id
     , sum(kwollect.summand(sample.value)) as value
     , (series.labels - '_device_alias')
       || coalesce(sample.labels, '{}')
       || jsonb_build_object('_device_orig', array_agg(distinct series.device_id order by series.device_id)) as labels
  from kwollect.samples as sample
  join kwollect.series
    on series.series_id = sample.series_id
 where series.device_alias is not null
 group by sample.timestamp
     , series.device_alias
     , series.metric_id
     , series.labels - '_device_alias'
     , sample.labels;

revoke all on public.metrics_by_device from public;
grant select on public.metrics_by_device to kwollect_reader, kwollect_writer;

comment on view public.metrics_by_device is
'Every stored value, and the sum over all devices with the same _device_alias under that name.
Filter on device_id; metric_id and timestamp narrow it further, all by index. Labels of a sum name its devices in _device_orig.';
