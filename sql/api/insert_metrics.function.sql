-- Pushes values from scripts. Served as POST /rpc/insert_metrics, with the token.
-- One unnamed argument, because PostgREST gives a function with named ones only the first object of an array.
-- json, not jsonb, so that a bad string is met here, where the message can say which item it is.
create or replace function api.insert_metrics(json)
returns table (
  "timestamp" timestamptz
, device_id text
, metric_id text
, value double precision
, labels jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  items constant json := case json_typeof($1) when 'array' then $1 else json_build_array($1) end;
  bad record;
begin
  select item.position
       , json_typeof(item.content) as kind
       , unknown.name as unknown_name
    into bad
    from json_array_elements(items) with ordinality as item (content, position)
    left join lateral (
           select field.name
             from json_object_keys(case json_typeof(item.content) when 'object' then item.content else '{}' end) as field (name)
            where field.name <> all ('{timestamp,device_id,metric_id,value,labels}')
            limit 1
         ) as unknown on true
   where json_typeof(item.content) <> 'object'
      or unknown.name is not null
      or item.content ->> 'device_id' is null
      or item.content ->> 'metric_id' is null
      or json_typeof(item.content -> 'device_id') not in ('string', 'number')
      or json_typeof(item.content -> 'metric_id') not in ('string', 'number')
   order by item.position
   limit 1;
  if found then
    raise sqlstate 'PT400' using
      message = case
        when bad.kind <> 'object' then format('item %s is no object but %s', bad.position, bad.kind)
        when bad.unknown_name is not null then
          format('item %s has an unknown field %s', bad.position, quote_literal(kwollect.one_line(left(bad.unknown_name, 100))))
        else format('item %s lacks device_id or metric_id, or one of them is no string', bad.position)
      end
    , hint = 'Send {"device_id": "node-1", "metric_id": "example_metric", "value": 42} or an array of such objects; timestamp and labels are optional. Nothing of this request was stored.';
  end if;

  return query
  insert into public.metrics (timestamp, device_id, metric_id, value, labels)
  select coalesce(kwollect.parse_time(item.content ->> 'timestamp', format('timestamp of item %s', item.position)), now())
       , item.content ->> 'device_id'
       , item.content ->> 'metric_id'
       , kwollect.parse_value(item.content ->> 'value', format('value of item %s', item.position))
       , case json_typeof(item.content -> 'labels') when 'null' then '{}' else coalesce((item.content -> 'labels')::jsonb, '{}') end
    from json_array_elements(items) with ordinality as item (content, position)
  returning metrics.timestamp
       , metrics.device_id
       , metrics.metric_id
       , metrics.value
       , metrics.labels;
exception
  -- What a table or a type refuses is the client's mistake too; the words are PostgreSQL's and name the rule.
  when data_exception or integrity_constraint_violation then
    raise sqlstate 'PT400' using
      message = format('the values cannot be stored: %s', kwollect.one_line(left(sqlerrm, 500)))
    , hint = 'Nothing of this request was stored; correct the item and send it again.';
  when query_canceled then
    -- as in get_metrics
    raise sqlstate 'PT504' using
      message = 'the values took too long to store'
    , hint = 'Nothing of this request was stored; send it again, in smaller parts.';
end
$$;

revoke all on function api.insert_metrics(json) from public;
grant execute on function api.insert_metrics(json) to kwollect_writer;

comment on function api.insert_metrics(json) is
'Stores one value, or an array of values, all or nothing.

Each is an object with `device_id` and `metric_id`, and optionally `value` (a number, or "NaN", "Infinity",
"-Infinity"), `timestamp` (ISO 8601, UTC where no offset is given, or Unix seconds; now where absent) and `labels` (an object).
Needs the API token: `Authorization: Bearer $TOKEN`. Returns the rows stored.

All objects of an array have the same fields (null where one has none), or the address ends in
`?columns=device_id,metric_id`: PostgREST 12 refuses other arrays itself ("All object keys must match").

Example: `[{"device_id": "node-2", "metric_id": "example_metric1", "value": 42}]`';
