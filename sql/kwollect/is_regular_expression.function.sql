-- Can it be used? Called by update_promoted_metrics, before an expression of a user's job gets any further.
create or replace function kwollect.is_regular_expression(expression text)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  perform kwollect.promotion_pattern(expression);
  return true;
exception
  when invalid_regular_expression or program_limit_exceeded then
    return false;
end
$$;

revoke all on function kwollect.is_regular_expression(text) from public;

comment on function kwollect.is_regular_expression(text) is
'Whether the text can be used as a regular expression (kwollect.promotion_pattern).';
