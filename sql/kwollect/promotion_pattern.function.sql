-- How the expression of a promotion is matched: at the start of a name. Called for each row of promoted_metrics, and
-- before a job's expression gets there; whoever may submit a job writes one, so it must cost little.
--
-- PostgreSQL matches without going back, except for back references: nine groups and 60 letters take hours. Compiling
-- is cubic in what may be empty or repeated, and a bound copies what it repeats: (x*|y*|z*){255} takes 20 s. What is
-- allowed here takes less than 0.1 s; a statement timeout instead would cost the promotions of everybody.
create or replace function kwollect.promotion_pattern(expression text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- As Python has it, in which kwollect 1.0 matched; PostgreSQL knows options at the beginning only.
  options constant text := coalesce(substring(expression from '^\(\?i\)'), '');
  body constant text := substr(expression, length(options) + 1);
  pattern constant text := options || '^(?:' || body || ')';
  -- Without what stands for a character: an escape, a bracket expression.
  skeleton constant text := regexp_replace(
    regexp_replace(left(body, 2001), '\\.', 'x', 'g')
  , '\[\^?\]?(\[[:.=][^]]*\]|[^]])*\]', 'x', 'g'
  );
begin
  if replace(body, '\\', '') ~ '\\[1-9]' then
    raise invalid_regular_expression using message = 'back references are not supported, they can take for ever';
  elsif body ~ '^(\*\*\*|\(\?[a-z]+\))' then
    raise invalid_regular_expression using message = 'the only option that is supported is (?i)';
  elsif length(body) > 2000 then
    raise invalid_regular_expression using message = format('it has %s characters, more than 2,000', length(body));
  elsif skeleton ~ '\)\{' then
    raise invalid_regular_expression using message = 'a group cannot have a number of repetitions, they can take for ever; * + ? can be used';
  elsif length(regexp_replace(skeleton, '[^{]', '', 'g')) > 10 then
    raise invalid_regular_expression using message = 'it has more than 10 numbers of repetitions';
  elsif length(regexp_replace(skeleton, '[^(*+?]', '', 'g')) > 100 then
    raise invalid_regular_expression using message = 'it has more than 100 groups and repetitions';
  end if;
  -- By itself first: "a)|(b" is no expression, but in the parentheses below it becomes one that matches anywhere.
  perform '' ~ body;
  perform '' ~ pattern;
  return pattern;
end
$$;

revoke all on function kwollect.promotion_pattern(text) from public;

comment on function kwollect.promotion_pattern(text) is
'The regular expression that a name must match for a promotion, null for null. Raises invalid_regular_expression or
program_limit_exceeded where the text cannot be used.';
