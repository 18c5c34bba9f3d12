-- The part of a metric's labels that differs from sample to sample, null where there is none (nearly always).
-- Called by the triggers of public.metrics. The value may be any JSON, so nothing is stripped of nulls.
create or replace function kwollect.sample_labels(labels jsonb)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
return case
  when labels operator(pg_catalog.?|) kwollect.sample_label_keys() then (
    select jsonb_object_agg(label.key, label.value)
      from jsonb_each(labels) as label
     where label.key = any (kwollect.sample_label_keys())
  )
end;

revoke all on function kwollect.sample_labels(jsonb) from public;

comment on function kwollect.sample_labels(jsonb) is
'Labels kept with the sample out of all labels of a metric; null where there is none.';
