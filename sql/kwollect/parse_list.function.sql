-- A comma-separated argument to an array: blanks around an item and empty items do not count.
-- Null and an empty list give null, so that coalesce chooses. PL/pgSQL, which keeps its plan: SQL plans at each call.
create or replace function kwollect.parse_list(input text)
returns text[]
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select array_agg(distinct btrim(item.name))
      from unnest(string_to_array(input, ',')) as item (name)
     where btrim(item.name) <> ''
  );
end
$$;

revoke all on function kwollect.parse_list(text) from public;
grant execute on function kwollect.parse_list(text) to kwollect_reader, kwollect_writer;

comment on function kwollect.parse_list(text) is
'Items of a comma-separated list, each once; null where there is none.';
