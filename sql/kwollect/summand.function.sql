-- A value as a sum may take it: PostgreSQL refuses a sum of finite values that overflows, so one absurd value (which
-- anybody with the token can push) would make its alias unreadable. Called by the views; inlined, hence no search_path.
create or replace function kwollect.summand(value double precision)
returns double precision
language sql
immutable
parallel safe
return case when value between -1e300 and 1e300 then value else value * 'Infinity' end;

revoke all on function kwollect.summand(double precision) from public;
grant execute on function kwollect.summand(double precision) to kwollect_reader, kwollect_writer;

comment on function kwollect.summand(double precision) is
'The value, or an infinity beyond 1e300, so that no sum of millions of them overflows.';
