-- get_metrics of the wide layout in PL/Python, the language of kwollect 1.0 (its documentation asks for
-- postgresql-plpython3): a statement with names and times as constants, each row through a Python object.
-- Run by databases.ts after wide_views.sql, where the server has the language.
create extension if not exists plpython3u;

create or replace function public.get_metrics(
  job_id integer
, devices text
, metrics text
, start_time timestamptz
, end_time timestamptz
)
returns setof public.metrics
language plpython3u
stable
as $$
names = devices.split(",") if devices is not None else None
first, last = start_time, end_time
if job_id is not None:
    job = plpy.execute(
        "select min(start_time) as first, max(coalesce(stop_time, now())) as last, array_agg(node) as nodes"
        " from public.nodetime_per_job where job_id = %d" % job_id
    )[0]
    first, last, names = first or job["first"], last or job["last"], names or job["nodes"]

def quoted(texts):
    return ",".join(plpy.quote_literal(text) for text in texts)

conditions = [
    "device_id in (%s)" % quoted(names),
    "timestamp >= %s" % plpy.quote_literal(first),
    "timestamp <= %s" % plpy.quote_literal(last),
]
if metrics is not None:
    conditions.append("metric_id in (%s)" % quoted(metrics.split(",")))
return plpy.execute(
    "select timestamp, device_id, metric_id, value, labels from public.metrics_by_device where %s order by timestamp"
    % " and ".join(conditions)
)
$$;
