-- Every stored value, in the shape of kwollect 1.0: the table that users know, as a view over series and samples.
-- INSERT, COPY and DELETE go through its triggers (metrics.trigger.sql).
create or replace view public.metrics as
select sample.timestamp
     , series.device_id
     , series.metric_id
     , sample.value
     , case when sample.labels is null then series.labels else series.labels || sample.labels end as labels
  from kwollect.samples as sample
  join kwollect.series
    on series.series_id = sample.series_id;

alter view public.metrics alter column timestamp set default now();
alter view public.metrics alter column value set default 'NaN';
alter view public.metrics alter column labels set default '{}';

revoke all on public.metrics from public;
grant select on public.metrics to kwollect_reader, kwollect_writer;
grant insert on public.metrics to kwollect_writer;

comment on view public.metrics is
'Every stored value.
INSERT and COPY need device_id and metric_id; timestamp, value and labels default to now(), NaN and {}.';

comment on column public.metrics.timestamp is 'When it was measured: the moment at which the request was sent, or the time that came with the value.';
comment on column public.metrics.device_id is 'The device that is measured.';
comment on column public.metrics.metric_id is 'The name of the metric.';
comment on column public.metrics.value is 'A double. NaN where the answer was no number; the label value_str has it then.';
comment on column public.metrics.labels is 'A JSON object, {} where there are none; 64 KB at most. _device_alias is another name of the device.';
