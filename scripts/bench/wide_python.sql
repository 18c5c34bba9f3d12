-- get_metrics of the wide layout in PL/Python: the manual of kwollect 1.0 has its administrator install
-- postgresql-plpython3. The same statement as get_metrics_in_plpgsql of wide_views.sql, its rows handed on as they come
-- from plpy. Run by databases.ts where the server has the language.
create extension if not exists plpython3u;

create or replace function public.get_metrics_in_python(
  job_id integer
, devices text
, metrics text
, start_time timestamptz
, end_time timestamptz
)
returns setof public.metrics_by_device
language plpython3u
stable
as $$
def constants(names):
    return ", ".join(plpy.quote_literal(name) for name in names)

wanted_devices = devices.split(",") if devices else None
first_time, last_time = start_time, end_time
if job_id is not None:
    job = plpy.execute(f"""
        select array_agg(node) as nodes
             , greatest({plpy.quote_nullable(start_time)}, min(start_time)) as first_time
             , least({plpy.quote_nullable(end_time)}, max(coalesce(stop_time, now()))) as last_time
          from public.nodetime_per_job
         where job_id = {job_id}""")[0]
    wanted_devices = wanted_devices or job["nodes"]
    first_time, last_time = job["first_time"], job["last_time"]

return plpy.execute(f"""
    select timestamp, device_id, metric_id, value, labels
      from public.metrics_by_device
     where device_id in ({constants(wanted_devices)})
       and timestamp between {plpy.quote_literal(first_time)} and {plpy.quote_literal(last_time)}
       {f"and metric_id in ({constants(metrics.split(','))})" if metrics else ""}
     order by timestamp, device_id, metric_id""")
$$;
