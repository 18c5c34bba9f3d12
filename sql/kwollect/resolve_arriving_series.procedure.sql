-- Finds or makes the series of an import's piece. Called by kwollect.store_piece. A series that cannot be made costs no
-- other: all are tried at once, and one by one where that fails, only those that are new.
create or replace procedure kwollect.resolve_arriving_series()
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  missing record;
begin
  insert into pg_temp.arriving_series (device_id, metric_id, labels, series_labels, sample_labels, refusal)
  select named.device_id
       , named.metric_id
       , named.labels
       , case when named.refusal is null then kwollect.series_labels(named.labels::jsonb) end
       , case when named.refusal is null then kwollect.sample_labels(named.labels::jsonb) end
       , named.refusal
    from (
           select fresh.device_id
                , fresh.metric_id
                , fresh.labels
                , case
                    when fresh.device_id is null or fresh.metric_id is null then 'device_id and metric_id are required'
                    when jsonb_typeof(fresh.labels::jsonb) <> 'object'
                      then format('labels must be a JSON object, got %s', jsonb_typeof(fresh.labels::jsonb))
                    -- as a constraint of kwollect.samples says; those of kwollect.series speak below
                    when octet_length(kwollect.sample_labels(fresh.labels::jsonb)::text) > 65536
                      then 'labels of a sample must have 64 KB at most'
                  end as refusal
             from (
                    select distinct
                           arriving.device_id
                         , arriving.metric_id
                         , arriving.labels
                      from pg_temp.arriving_rows as arriving
                  ) as fresh
         ) as named;
  analyze pg_temp.arriving_series;

  call kwollect.look_up_arriving_series();
  begin
    perform kwollect.add_missing_series(
              array_agg(unknown.device_id)
            , array_agg(unknown.metric_id)
            , array_agg(unknown.series_labels)
            )
       from pg_temp.arriving_series as unknown
      where unknown.series_id is null
        and unknown.refusal is null;
  exception
    when data_exception or integrity_constraint_violation or program_limit_exceeded then
      for missing in
        select distinct
               unknown.device_id
             , unknown.metric_id
             , unknown.series_labels::text as series_labels
          from pg_temp.arriving_series as unknown
         where unknown.series_id is null
           and unknown.refusal is null
      loop
        begin
          perform kwollect.add_missing_series(
                    array[missing.device_id]
                  , array[missing.metric_id]
                  , array[missing.series_labels::jsonb]
                  );
        exception
          when data_exception or integrity_constraint_violation or program_limit_exceeded then
            update pg_temp.arriving_series as refused
               set refusal = sqlerrm
             where refused.device_id = missing.device_id
               and refused.metric_id = missing.metric_id
               and refused.series_labels::text = missing.series_labels;
        end;
      end loop;
  end;
  call kwollect.look_up_arriving_series();

  update pg_temp.arriving_series as refused
     set refusal = 'labels have the hash of another series'' labels'
   where refused.series_id is null
     and refused.refusal is null;
end
$$;

revoke all on procedure kwollect.resolve_arriving_series() from public;

comment on procedure kwollect.resolve_arriving_series() is
'Fills arriving_series from arriving_rows: the number of each series, or why it cannot be stored.';
