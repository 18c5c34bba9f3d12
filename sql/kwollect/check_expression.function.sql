-- Refuses what must not be matched: text that is no expression, and back references, which PostgreSQL resolves by trying
-- all ways to divide the name; nine groups and 60 letters take hours, and would hold up the promotions of everybody. All
-- else is matched without going back. Called for each row of promoted_metrics, and before a job's expression gets there.
create or replace function kwollect.check_expression(expression text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- An escaped backslash before a digit is no reference.
  if replace(expression, '\\', '') ~ '\\[1-9]' then
    raise invalid_regular_expression using message = 'back references are not supported, they can take for ever';
  end if;
  perform '' ~ expression;
end
$$;

revoke all on function kwollect.check_expression(text) from public;

comment on function kwollect.check_expression(text) is
'Raises invalid_regular_expression where the text cannot be used as a regular expression; null can.';
