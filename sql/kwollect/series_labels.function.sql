-- The part of a metric's labels that belongs to its series; sample_labels is the other part.
-- Called by the triggers of public.metrics; inlined, hence no search_path.
create or replace function kwollect.series_labels(labels jsonb)
returns jsonb
language sql
immutable
parallel safe
return labels - kwollect.sample_label_keys();

revoke all on function kwollect.series_labels(jsonb) from public;

comment on function kwollect.series_labels(jsonb) is
'Labels of the series out of all labels of a metric.';
