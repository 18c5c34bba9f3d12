-- Brings chunks to what the options say. Called by kwollect-setup-db; a changed option acts on new chunks.
create or replace procedure kwollect.configure_storage(chunk_interval interval)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if chunk_interval <> (
       select dimension.time_interval
         from timescaledb_information.dimensions as dimension
        where dimension.hypertable_schema = 'kwollect'
          and dimension.hypertable_name = 'samples'
     ) then
    perform public.set_chunk_time_interval('kwollect.samples', chunk_interval);
  end if;
end
$$;

revoke all on procedure kwollect.configure_storage(interval) from public;

comment on procedure kwollect.configure_storage(interval) is
'Sets the length of new chunks.';
