-- A JSON number or a numeric string to the value of a metric; null and absent are NaN. Called by insert_metrics.
create or replace function kwollect.parse_value(input text, argument text)
returns double precision
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(input::double precision, 'NaN');
exception
  when data_exception then
    raise sqlstate 'PT400' using
      message = format('%s is not a number: %s', argument, quote_literal(kwollect.one_line(left(input, 100))))
    , hint = 'Use a JSON number, or one of the strings "NaN", "Infinity" and "-Infinity".';
end
$$;

revoke all on function kwollect.parse_value(text, text) from public;
grant execute on function kwollect.parse_value(text, text) to kwollect_writer;

comment on function kwollect.parse_value(text, text) is
'A number out of JSON text, NaN where there is none; raises PT400.';
