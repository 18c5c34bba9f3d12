-- Which optional descriptions are to be polled now. Called by the sidecar, which sends all its optional
-- descriptions. An expression that does not compile is reported and costs no other, so every row is tried
-- on its own; a join would fail as a whole.
create or replace function kwollect.promoted_descriptions(names text[], device_ids text[], device_aliases text[])
returns bigint[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  promotion record;
  pattern text;
  matching bigint[];
  promoted bigint[] := '{}';
begin
  for promotion in
    select distinct
           promotions.device_id
         , promotions.metric_id
      from kwollect.promotions
  loop
    begin
      pattern := kwollect.promotion_pattern(promotion.metric_id);
      select array_agg(description.position)
        into matching
        from unnest(names, device_ids, device_aliases)
             with ordinality as description (name, device_id, device_alias, position)
       where promotion.device_id in (description.device_id, description.device_alias)
         and (pattern is null or description.name ~ pattern);
      promoted := promoted || matching;
    exception
      when invalid_regular_expression or program_limit_exceeded then
        raise warning using
          message = format('promoted_metrics: %s is no regular expression: %s', quote_literal(left(promotion.metric_id, 200)), sqlerrm)
        , hint = format('The row for %s is skipped, all others work; correct or delete it.', promotion.device_id);
    end;
  end loop;
  return array(select distinct unnest(promoted) order by 1);
end
$$;

revoke all on function kwollect.promoted_descriptions(text[], text[], text[]) from public;
grant execute on function kwollect.promoted_descriptions(text[], text[], text[]) to kwollect_writer;

comment on function kwollect.promoted_descriptions(text[], text[], text[]) is
'Positions, counted from 1, of the optional descriptions that are promoted.
A row of promoted_metrics matches where its device_id is the description''s device or alias and its regular
expression matches at the start of the name. An invalid expression is skipped with a warning.';
