-- Unix seconds or ISO 8601 to timestamptz; the API's only time parser. UTC where no offset is given, whatever
-- the server's time zone. Raises PT400 and names the argument, because a client reads the message.
-- A "Z" is appended instead of "set timezone", which would cost 10,000 values of insert_metrics a tenth of a second.
create or replace function kwollect.parse_time(input text, argument text)
returns timestamptz
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  parsed timestamptz;
begin
  if input is null then
    return null;
  elsif input ~* '^\s*[+-]?\d+(\.\d*)?(e[+-]?\d+)?\s*$' then
    parsed := to_timestamp(input::double precision);
  elsif input ~* '^\s*\d{4,6}-\d\d?-\d\d?([t ]\d\d?(:\d\d(:\d\d([.,]\d*)?)?)?|t\d{4}(\d\d([.,]\d*)?)?)?\s*$' then
    parsed := (
        btrim(translate(input, ',', '.'))
        || case when input ~* '[t ]\d\d?\s*$' then ':00Z' when input ~* '\d[t ]\d' then 'Z' else ' 00:00Z' end
      )::timestamptz;
  -- am, pm, bc and ad are no zones: PostgreSQL would take that of the server.
  elsif input ~* (
      '^\s*\d{4,6}-\d\d?-\d\d?([t ]\d\d?(:\d\d(:\d\d([.,]\d*)?)?)?|t\d{4}(\d\d([.,]\d*)?)?)'
      '\s*(z|[+-]\d\d?(:?\d\d(:?\d\d)?)?| \d\d:?\d\d|[a-z_]+(/[a-z_+-]+\d*)*)\s*$'
      ) and input !~* '[^a-z](am|pm|bc|ad)\s*$' then
    -- A "+" that a client forgot to encode arrives as a blank: "T13:35:00 01:00" meant "+01:00".
    parsed := regexp_replace(translate(input, ',', '.'), '(\d:\d\d(?:\.\d*)?) (\d\d:?\d\d)\s*$', '\1+\2')::timestamptz;
  end if;
  -- Some way from PostgreSQL's own limits, so that the API can add and subtract a range without an overflow.
  if parsed is null or parsed not between timestamptz '4000-01-01 BC' and timestamptz '290000-01-01' then
    raise invalid_datetime_format;
  end if;
  return parsed;
exception
  when data_exception then
    raise sqlstate 'PT400' using
      message = format('%s is not a time: %s', argument, quote_literal(kwollect.one_line(left(input, 100))))
    , hint = 'Use ISO 8601, for example 2020-01-06T13:35:00 (UTC) or 2020-01-06T13:35:00+01:00 (write + as %2B in a URL), or Unix seconds, for example 1578317700.5.';
end
$$;

revoke all on function kwollect.parse_time(text, text) from public;
grant execute on function kwollect.parse_time(text, text) to kwollect_reader, kwollect_writer;

comment on function kwollect.parse_time(text, text) is
'Unix seconds (with fraction) or ISO 8601 (UTC where no offset is given) to timestamptz; raises PT400.';
