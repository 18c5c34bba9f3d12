-- How long a statement takes inside the server, its result written out as for a client but not sent: neither the
-- network nor a client's parser is measured. Run by databases.ts before each bench.
create or replace function bench.milliseconds(statement text)
returns double precision
language plpgsql
volatile
as $$
declare
  start constant timestamptz := clock_timestamp();
begin
  execute statement;
  return extract(epoch from clock_timestamp() - start) * 1000;
end
$$;
