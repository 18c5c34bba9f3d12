-- Statement trigger of kwollect.promotions: a hint for the collectors to ask again, without content.
create or replace function kwollect.announce_promotions()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_notify('kwollect_promotions', current_database());
  return null;
end
$$;

revoke all on function kwollect.announce_promotions() from public;

comment on function kwollect.announce_promotions() is
'Trigger of kwollect.promotions: tells the collectors that promotions changed.';
