-- Brings promotions to what the jobs ask for now. Served as POST /rpc/update_promoted_metrics, called with the token by
-- the scheduler's hooks, and by each kwollector every 10 s. The lock makes concurrent calls one after the other. A
-- call that waited while another one began to ask has its answer already, so hundreds of jobs that begin at once ask
-- the scheduler's database a few times. A statement that would change nothing is not run: it would be announced.
create or replace function api.update_promoted_metrics()
returns table (
  device_id text
, metric_id text
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '4s' -- a hook does not wait longer; with the scheduler's database away each turn takes seconds
as $$
#variable_conflict use_column
declare
  called_at constant timestamptz := clock_timestamp();
  is_answered boolean;
  reason text;
  hostile text;
  hostiles text[];
  ended bigint[];
  nodes text[];
  expressions text[];
begin
  lock table kwollect.promotions in share row exclusive mode;
  select updates.began_at > called_at into is_answered from kwollect.promotion_updates as updates;
  if is_answered then
    return query
    select distinct
           promotions.device_id
         , promotions.metric_id
      from kwollect.promotions
     order by 1, 2;
    return;
  end if;
  update kwollect.promotion_updates set began_at = clock_timestamp();

  with asked as materialized (
    select job.metric_id
         , array_agg(distinct job.node) as nodes
         , coalesce(kwollect.is_regular_expression(job.metric_id), true) as is_usable
      from public.promoted_metrics_per_job as job
     where job.node is not null
     group by job.metric_id
  )
  , wanted as (
    select unnest(asked.nodes) as device_id
         , asked.metric_id
      from asked
     where asked.is_usable
  )
  select array_agg(former.promotion_id) filter (where wanted.device_id is null)
       , array_agg(wanted.device_id) filter (where former.promotion_id is null)
       , array_agg(wanted.metric_id) filter (where former.promotion_id is null)
       , (select array_agg(asked.metric_id) from asked where not asked.is_usable)
    into ended
       , nodes
       , expressions
       , hostiles
    from wanted
    full join (select promotions.* from kwollect.promotions where promotions.by_job) as former
      on (former.device_id, coalesce(former.metric_id, '')) = (wanted.device_id, coalesce(wanted.metric_id, ''))
     and (former.metric_id is null) = (wanted.metric_id is null);

  foreach hostile in array coalesce(hostiles, '{}') loop
    raise warning using
      message = format(
        '%s is no regular expression: the jobs that ask for it get nothing by it'
      , quote_literal(left(hostile, 200))
      );
  end loop;

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
exception
  when connection_exception then
    get stacked diagnostics reason = pg_exception_detail;
    raise sqlstate 'PT503' using
      message = kwollect.job_source_failure('promoted_metrics_per_job')
    , detail = reason;
  when lock_not_available then
    raise sqlstate 'PT503' using
      message = 'other calls of update_promoted_metrics take too long'
    , hint = 'kwollector calls it again within a minute.';
  when query_canceled then
    -- The statement timeout; PostgREST 12 makes a 500 of PostgreSQL's own code.
    raise sqlstate 'PT504' using
      message = 'asking what jobs want took too long: what is promoted stays as it was'
    , hint = 'kwollector asks again within a minute; look at what promoted_metrics_per_job reads from.';
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
