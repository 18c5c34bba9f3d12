-- Brings promotions to what the jobs ask for now. Served as POST /rpc/update_promoted_metrics, called by the
-- scheduler's hooks with the token. The lock makes concurrent calls one after the other, each with what jobs
-- ask for when its turn comes. A statement that would change nothing is not run: it would be announced.
create or replace function api.update_promoted_metrics()
returns table (
  device_id text
, metric_id text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  hostile text;
  ended bigint[];
  nodes text[];
  expressions text[];
begin
  lock table kwollect.promotions in share row exclusive mode;

  for hostile in
    select distinct
           job.metric_id
      from public.promoted_metrics_per_job as job
     where not kwollect.is_regular_expression(job.metric_id)
  loop
    raise warning using
      message = format(
        '%s is no regular expression: the jobs that ask for it get nothing by it'
      , quote_literal(left(hostile, 200))
      );
  end loop;

  with wanted as (
    select distinct
           job.node as device_id
         , job.metric_id
      from public.promoted_metrics_per_job as job
     where job.node is not null
       and coalesce(kwollect.is_regular_expression(job.metric_id), true)
  )
  select array_agg(former.promotion_id) filter (where wanted.device_id is null)
       , array_agg(wanted.device_id) filter (where former.promotion_id is null)
       , array_agg(wanted.metric_id) filter (where former.promotion_id is null)
    into ended
       , nodes
       , expressions
    from wanted
    full join (select promotions.* from kwollect.promotions where promotions.by_job) as former
      on (former.device_id, coalesce(former.metric_id, '')) = (wanted.device_id, coalesce(wanted.metric_id, ''))
     and (former.metric_id is null) = (wanted.metric_id is null);

  if ended is not null then
    delete from kwollect.promotions
     where promotions.promotion_id = any (ended);
  end if;
  if nodes is not null then
    insert into kwollect.promotions (device_id, metric_id, by_job)
    select fresh.device_id
         , fresh.metric_id
         , true
      from unnest(nodes, expressions) as fresh (device_id, metric_id);
  end if;

  return query
  select distinct
         promotions.device_id
       , promotions.metric_id
    from kwollect.promotions
   order by 1, 2;
end
$$;

revoke all on function api.update_promoted_metrics() from public;
grant execute on function api.update_promoted_metrics() to kwollect_writer;

comment on function api.update_promoted_metrics() is
'Promotes the optional metrics that running jobs ask for, and no others.

Reads `promoted_metrics_per_job`; rows that somebody inserted into `promoted_metrics` by hand stay. Concurrent
calls are safe. An expression that does not compile is skipped with a warning.
Needs the API token: `Authorization: Bearer $TOKEN`. Returns what is promoted now.

Example: `curl -X POST -H "Authorization: Bearer $TOKEN" http://kwollect.host:3000/rpc/update_promoted_metrics`';
