-- The custom metrics among the samples of a batch, each once: one with a time of its own stays in the exporter's file and
-- is scraped again and again; the sidecar remembers it until it restarts, the database for ever. Called by store_batch
-- and store_rows.
--
-- Day by day, and planned for the day: one statement for all touches every chunk there is, or, with the bounds of the
-- batch, all from the oldest file that some exporter still shows up to now.
create or replace function kwollect.store_custom_metrics(
  microseconds bigint[]
, series_ids bigint[]
, measured double precision[]
, sample_labels text[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  custom record;
begin
  for custom in
    select date_bin('1 day', scraped.timestamp, timestamptz 'epoch') as first
         , date_bin('1 day', scraped.timestamp, timestamptz 'epoch') + interval '1 day' as last
         , array_agg(scraped.timestamp) as timestamps
         , array_agg(scraped.series_id) as series_ids
         , array_agg(scraped.value) as values
         , array_agg(scraped.labels) as labels
      from (
             select timestamptz 'epoch' + fresh.microseconds * interval '1 microsecond' as timestamp
                  , fresh.series_id
                  , fresh.value
                  , fresh.labels
               from unnest(microseconds, store_custom_metrics.series_ids, measured, sample_labels)
                    as fresh (microseconds, series_id, value, labels)
              where strpos(fresh.labels, '"_metric_scrape_time"') > 0
           ) as scraped
     group by 1
         , 2
  loop
    insert into kwollect.samples (timestamp, series_id, value, labels)
    select distinct on (scraped.timestamp, scraped.series_id, scraped.value)
           scraped.timestamp
         , scraped.series_id
         , scraped.value
         , scraped.labels::jsonb
      from unnest(custom.timestamps, custom.series_ids, custom.values, custom.labels)
           as scraped (timestamp, series_id, value, labels)
     where not exists (
             select
               from kwollect.samples as known
              where known.series_id = scraped.series_id
                and known.timestamp = scraped.timestamp
                and known.value = scraped.value
                and known.timestamp between custom.first and custom.last
              offset 0 -- one probe of the index a sample; in a join TimescaleDB 2.19 does not see the bounds
           );
  end loop;
end
$$;

revoke all on function kwollect.store_custom_metrics(bigint[], bigint[], double precision[], text[]) from public;

comment on function kwollect.store_custom_metrics(bigint[], bigint[], double precision[], text[]) is
'Stores those of a batch''s samples whose labels have _metric_scrape_time and which are not stored yet. Four arrays of
equal length: microseconds since the Unix epoch, series, value, labels as JSON or null.';
