-- Gives the series of an import's piece that exist their numbers. Called by kwollect.resolve_arriving_series, before and
-- after it makes the new ones.
create or replace procedure kwollect.look_up_arriving_series()
language sql
set search_path = pg_catalog, pg_temp
as $$
  update pg_temp.arriving_series as arriving
     set series_id = series.series_id
    from kwollect.series
   where arriving.series_id is null
     and arriving.refusal is null
     and series.device_id = arriving.device_id
     and series.metric_id = arriving.metric_id
     and series.labels_hash = md5(arriving.series_labels::text)::uuid
     and series.labels = arriving.series_labels
$$;

revoke all on procedure kwollect.look_up_arriving_series() from public;

comment on procedure kwollect.look_up_arriving_series() is
'Numbers those rows of arriving_series whose series exists.';
