-- Adds promotions of a kwollect 1.x database as if they were put by hand. Called by kwollect-setup-db --import_from.
create or replace function kwollect.import_promotions(device_ids text[], metric_ids text[])
returns bigint
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with added as (
    insert into kwollect.promotions (device_id, metric_id)
    select distinct
           wanted.device_id
         , wanted.metric_id
      from unnest(device_ids, metric_ids) as wanted (device_id, metric_id)
     where wanted.device_id is not null
       and not exists (
             select
               from kwollect.promotions as known
              where known.device_id = wanted.device_id
                and known.metric_id is not distinct from wanted.metric_id
           )
    returning 1
  )
  select count(*) from added
$$;

revoke all on function kwollect.import_promotions(text[], text[]) from public;

comment on function kwollect.import_promotions(text[], text[]) is
'Adds the promotions, given as two arrays of equal length, that do not exist yet; returns how many.';
