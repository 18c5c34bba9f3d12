-- Statement trigger of kwollect.arriving_metrics: stores set-wise what an INSERT into public.metrics, or the end of a
-- COPY, put there. A transition table, because a view's triggers cannot have one.
create or replace function kwollect.store_arrivals()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  bad record;
begin
  select arrival.device_id
       , arrival.metric_id
       , jsonb_typeof(arrival.labels) as labels_type
    into bad
    from arrivals as arrival
   where arrival.device_id is null
      or arrival.metric_id is null
      or jsonb_typeof(arrival.labels) <> 'object'
   limit 1;
  if found then
    if bad.device_id is null or bad.metric_id is null then
      raise not_null_violation using
        message = 'device_id and metric_id are required'
      , hint = 'Give both; timestamp, value and labels have defaults: now(), NaN and {}.';
    end if;
    raise check_violation using
      message = format('labels must be a JSON object, got %s', bad.labels_type)
    , hint = 'For example {"_device_alias": "node-3"}.';
  end if;

  perform kwollect.add_missing_series(
            array_agg(wanted.device_id)
          , array_agg(wanted.metric_id)
          , array_agg(kwollect.series_labels(wanted.labels::jsonb))
          )
     from (
            select distinct
                   arrival.device_id
                 , arrival.metric_id
                 , arrival.labels::text as labels
              from arrivals as arrival
          ) as wanted
  having count(*) > 0;

  insert into kwollect.samples (timestamp, series_id, value, labels)
  select arrival.timestamp
       , known.series_id
       , arrival.value
       , known.sample_labels
    from arrivals as arrival
    -- Each set of labels is looked up once, however many rows have it. left, so that a row whose labels collide with
    -- another series' hash fails on series_id, loudly.
    left join (
           select wanted.device_id
                , wanted.metric_id
                , wanted.labels
                , series.series_id
                , kwollect.sample_labels(wanted.labels::jsonb) as sample_labels
             from (
                    select distinct
                           arrival.device_id
                         , arrival.metric_id
                         , arrival.labels::text as labels
                      from arrivals as arrival
                  ) as wanted
             join kwollect.series
               on series.device_id = wanted.device_id
              and series.metric_id = wanted.metric_id
              and series.labels_hash = md5(kwollect.series_labels(wanted.labels::jsonb)::text)::uuid
              and series.labels = kwollect.series_labels(wanted.labels::jsonb)
         ) as known
      on known.device_id = arrival.device_id
     and known.metric_id = arrival.metric_id
     and known.labels = arrival.labels::text;

  delete from kwollect.arriving_metrics
   where transaction_id = pg_current_xact_id();
  return null;
end
$$;

revoke all on function kwollect.store_arrivals() from public;

comment on function kwollect.store_arrivals() is
'Trigger of kwollect.arriving_metrics: stores the rows of a statement.';
