-- Statement trigger of kwollect.arriving_metrics: stores what an INSERT into public.metrics, or the end of a COPY, put
-- there. A transition table, because a view's triggers cannot have one.
--
-- A few rows are stored one by one, with plans made once a session; more are stored set-wise, with plans made for
-- their number: a plan that was made for one row joins 100,000 by nested loops, for minutes.
create or replace function kwollect.store_arrivals()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  few constant integer := 10;
  planning constant text := current_setting('plan_cache_mode');
  arrival record;
begin
  for arrival in
    select fresh.device_id
         , fresh.metric_id
         , jsonb_typeof(fresh.labels) as labels_type
      from arrivals as fresh
     where fresh.device_id is null
        or fresh.metric_id is null
        or jsonb_typeof(fresh.labels) <> 'object'
     limit 1
  loop
    if arrival.device_id is null or arrival.metric_id is null then
      raise not_null_violation using
        message = 'device_id and metric_id are required'
      , hint = 'Give both; timestamp, value and labels have defaults: now(), NaN and {}.';
    end if;
    raise check_violation using
      message = format('labels must be a JSON object, got %s', arrival.labels_type)
    , hint = 'For example {"_device_alias": "node-3"}.';
  end loop;

  if (select count(*) from (select from arrivals limit few + 1) as counted) <= few then
    for arrival in select fresh.* from arrivals as fresh loop
      perform kwollect.store_metric(arrival.timestamp, arrival.device_id, arrival.metric_id, arrival.value, arrival.labels);
      delete from kwollect.arriving_metrics
       where arrival_number = arrival.arrival_number;
    end loop;
    return null;
  end if;

  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  perform kwollect.add_missing_series(
            array_agg(wanted.device_id)
          , array_agg(wanted.metric_id)
          , array_agg(kwollect.series_labels(wanted.labels::jsonb))
          )
     from (
            select distinct
                   fresh.device_id
                 , fresh.metric_id
                 , fresh.labels::text as labels
              from arrivals as fresh
          ) as wanted;

  insert into kwollect.samples (timestamp, series_id, value, labels)
  select fresh.timestamp
       , known.series_id
       , fresh.value
       , known.sample_labels
    from arrivals as fresh
    -- Each set of labels is looked up once, however many rows have it. Found as above and not kept from there: arrays of
    -- all texts, value_str and its like among them, take gigabytes where labels are long. left, so that a row whose labels collide with
    -- another series' hash fails on series_id, loudly.
    left join (
           select wanted.device_id
                , wanted.metric_id
                , wanted.labels
                , series.series_id
                , kwollect.sample_labels(wanted.labels::jsonb) as sample_labels
             from (
                    select distinct
                           named.device_id
                         , named.metric_id
                         , named.labels::text as labels
                      from arrivals as named
                  ) as wanted
             join kwollect.series
               on series.device_id = wanted.device_id
              and series.metric_id = wanted.metric_id
              and series.labels_hash = md5(kwollect.series_labels(wanted.labels::jsonb)::text)::uuid
              and series.labels = kwollect.series_labels(wanted.labels::jsonb)
         ) as known
      on known.device_id = fresh.device_id
     and known.metric_id = fresh.metric_id
     and known.labels = fresh.labels::text
   -- A series' new index entries side by side: 415 ms instead of 700 for 100,000 rows of 3,000 series.
   order by known.series_id
       , fresh.timestamp;

  -- Rows of others within these numbers are not visible here.
  delete from kwollect.arriving_metrics
   where arrival_number between (select min(fresh.arrival_number) from arrivals as fresh)
                            and (select max(fresh.arrival_number) from arrivals as fresh);
  perform set_config('plan_cache_mode', planning, true);
  return null;
end
$$;

revoke all on function kwollect.store_arrivals() from public;

comment on function kwollect.store_arrivals() is
'Trigger of kwollect.arriving_metrics: stores the rows of a statement.';
