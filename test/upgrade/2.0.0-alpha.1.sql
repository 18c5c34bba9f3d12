-- A database of kwollect 2.0.0-alpha.1, written by scripts/release_fixture.ts; see there. Never edited.

-- Roles belong to the server: pg_dump leaves them out.
do $$
begin
  create role kwollect_owner nologin;
  create role kwollect_writer nologin;
  create role kwollect_reader nologin;
exception
  when duplicate_object then null;
end
$$;

--
-- PostgreSQL database dump
--


-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: timescaledb; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS timescaledb WITH SCHEMA public;


--
-- Name: EXTENSION timescaledb; Type: COMMENT; Schema: -; Owner: 
--



--
-- Name: api; Type: SCHEMA; Schema: -; Owner: kwollect_owner
--

CREATE SCHEMA api;


ALTER SCHEMA api OWNER TO kwollect_owner;

--
-- Name: kwollect; Type: SCHEMA; Schema: -; Owner: kwollect_owner
--

CREATE SCHEMA kwollect;


ALTER SCHEMA kwollect OWNER TO kwollect_owner;

--
-- Name: oar; Type: SCHEMA; Schema: -; Owner: kwollect_owner
--

CREATE SCHEMA oar;


ALTER SCHEMA oar OWNER TO kwollect_owner;

--
-- Name: SCHEMA oar; Type: COMMENT; Schema: -; Owner: kwollect_owner
--

COMMENT ON SCHEMA oar IS 'The OAR database, through postgres_fdw; only public.nodetime_per_job and promoted_metrics_per_job read it.';


--
-- Name: natural_order; Type: COLLATION; Schema: kwollect; Owner: kwollect_owner
--

CREATE COLLATION kwollect.natural_order (provider = icu, locale = 'en-u-kn-true');


ALTER COLLATION kwollect.natural_order OWNER TO kwollect_owner;

--
-- Name: COLLATION natural_order; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON COLLATION kwollect.natural_order IS 'Numbers in names by their value: node-2 before node-10.';


--
-- Name: named_samples; Type: TYPE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TYPE kwollect.named_samples AS (
	series_id bigint,
	device_id text,
	metric_id text,
	labels jsonb,
	origin text,
	group_number bigint,
	range_start timestamp with time zone,
	range_end timestamp with time zone
);


ALTER TYPE kwollect.named_samples OWNER TO kwollect_owner;

--
-- Name: available_metrics(timestamp with time zone, json); Type: FUNCTION; Schema: api; Owner: kwollect_owner
--

CREATE FUNCTION api.available_metrics(at timestamp with time zone DEFAULT now(), params json DEFAULT NULL::json) RETURNS TABLE(device_id text, metric_id text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  -- Over GET the JSON arrives as a string that holds it.
  wanted json := case json_typeof(params) when 'string' then (params #>> '{}')::json else params end;
  device_ids text[];
begin
  if wanted ->> 'job_id' is not null then
    select coalesce(array_agg(span.device_id), '{}')
      into device_ids
      from kwollect.job_spans((wanted ->> 'job_id')::integer, null) as span;
  elsif json_typeof(wanted -> 'devices') = 'array' then
    select coalesce(array_agg(distinct split_part(device.name, '.', 1)), '{}')
      into device_ids
      from json_array_elements_text(wanted -> 'devices') as device (name);
  elsif coalesce(json_strip_nulls(wanted)::text, 'null') not in ('null', '{}') then
    raise sqlstate 'PT400' using
      message = 'params names neither devices nor a job_id'
    , hint = 'Use {"devices": ["node-1"]} or {"job_id": 1234}, or leave params out for all devices.';
  end if;

  return query
  select available.device_id
       , available.metric_id
    from kwollect.available_metrics(device_ids, at - interval '1 minute', at) as available
   order by available.device_id collate kwollect.natural_order
       , available.metric_id collate kwollect.natural_order;
exception
  when datetime_field_overflow then
    raise sqlstate 'PT400' using
      message = 'at is further back than times reach'
    , hint = 'Use a moment since values are collected, for example 2020-01-06T13:35:00Z, or leave at out for now.';
  when query_canceled then
    -- as in get_metrics
    raise sqlstate 'PT504' using
      message = 'the query took too long'
    , hint = 'Name devices or a job_id in params.';
  when data_exception then
    raise sqlstate 'PT400' using
      message = format('params cannot be read: %s', kwollect.one_line(left(sqlerrm, 500)))
    , hint = 'Use {"devices": ["node-1"]} or {"job_id": 1234}, or leave params out for all devices.';
end
$$;


ALTER FUNCTION api.available_metrics(at timestamp with time zone, params json) OWNER TO kwollect_owner;

--
-- Name: FUNCTION available_metrics(at timestamp with time zone, params json); Type: COMMENT; Schema: api; Owner: kwollect_owner
--

COMMENT ON FUNCTION api.available_metrics(at timestamp with time zone, params json) IS 'Devices and metrics that have a value in the minute before a moment.

`at`: the moment, now where absent.
`params`: `{"devices": ["node-1"]}` or `{"job_id": 1234}`, all devices where absent.

Devices stand under their own names and their aliases, node-2 before node-10.

Example: `/rpc/available_metrics?params={"devices":["node-1"]}`';


--
-- Name: get_metrics(integer, text, text, text, text, text, boolean, boolean); Type: FUNCTION; Schema: api; Owner: kwollect_owner
--

CREATE FUNCTION api.get_metrics(job_id integer DEFAULT NULL::integer, nodes text DEFAULT NULL::text, devices text DEFAULT NULL::text, metrics text DEFAULT NULL::text, start_time text DEFAULT NULL::text, end_time text DEFAULT NULL::text, summary boolean DEFAULT false, as_rate boolean DEFAULT false) RETURNS TABLE("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET work_mem TO '64MB'
    AS $$
#variable_conflict use_column
declare
  range_length constant interval := interval '5 minutes';
  metric_ids constant text[] := kwollect.parse_list(metrics);
  first_time constant timestamptz := kwollect.parse_time(start_time, 'start_time');
  last_time constant timestamptz := kwollect.parse_time(end_time, 'end_time');
  device_ids text[];
  range_starts timestamptz[];
  range_ends timestamptz[];
begin
  select array_agg(distinct split_part(device.name, '.', 1))
    into device_ids
    from unnest(kwollect.parse_list(nodes) || kwollect.parse_list(devices)) as device (name);
  if device_ids is null and get_metrics.job_id is null then
    raise sqlstate 'PT400' using
      message = 'one of nodes, devices and job_id is required'
    , hint = 'For example /rpc/get_metrics?devices=node-1,node-2 or /rpc/get_metrics?job_id=1234.';
  end if;

  if get_metrics.job_id is null then
    range_ends := array_fill(coalesce(last_time, first_time + range_length, now()), array[cardinality(device_ids)]);
    range_starts := array_fill(coalesce(first_time, range_ends[1] - range_length), array[cardinality(device_ids)]);
  else
    select array_agg(span.device_id)
         , array_agg(greatest(span.start_time, first_time))
         , array_agg(least(span.stop_time, last_time))
      into device_ids
         , range_starts
         , range_ends
      from kwollect.job_spans(get_metrics.job_id, device_ids) as span;
  end if;

  if as_rate then
    return query
    select rate.timestamp, rate.device_id, rate.metric_id, rate.value, rate.labels
      from kwollect.read_rates(device_ids, range_starts, range_ends, metric_ids, coalesce(summary, false)) as rate;
  elsif summary then
    return query
    select bucket.timestamp, bucket.device_id, bucket.metric_id, bucket.value, bucket.labels
      from kwollect.read_summary(device_ids, range_starts, range_ends, metric_ids) as bucket;
  else
    return query
    select metric.timestamp, metric.device_id, metric.metric_id, metric.value, metric.labels
      from kwollect.read_metrics(device_ids, range_starts, range_ends, metric_ids) as metric;
  end if;
exception
  when query_canceled then
    -- The statement timeout; PostgREST 12 makes a 500 of PostgreSQL's own code.
    raise sqlstate 'PT504' using
      message = 'the query took too long'
    , hint = 'Narrow the time range or use summary=true.';
end
$$;


ALTER FUNCTION api.get_metrics(job_id integer, nodes text, devices text, metrics text, start_time text, end_time text, summary boolean, as_rate boolean) OWNER TO kwollect_owner;

--
-- Name: FUNCTION get_metrics(job_id integer, nodes text, devices text, metrics text, start_time text, end_time text, summary boolean, as_rate boolean); Type: COMMENT; Schema: api; Owner: kwollect_owner
--

COMMENT ON FUNCTION api.get_metrics(job_id integer, nodes text, devices text, metrics text, start_time text, end_time text, summary boolean, as_rate boolean) IS 'Values of devices or of a job in a time range.

`nodes` and `devices` mean the same and add up: comma-separated names, of which a domain is cut at the first dot.
`job_id`: the job''s nodes, or the devices given, during the job (up to now if it runs).
`metrics`: comma-separated names, all where absent.
`start_time` and `end_time`: ISO 8601 (UTC where no offset is given) or Unix seconds with fraction. Without both: the
last 5 minutes; with one: 5 minutes from the start, or up to the end. With a job they narrow its time.
`summary`: 5-minute buckets (the average, or the maximum of a metric whose name ends in _total).
`as_rate`: the increase per second of counters; a smaller value counts as a reset to zero.

Rows in order of timestamp, device_id, metric_id. NaN and infinities are strings.

Example: `/rpc/get_metrics?devices=node-1,node-2&start_time=2020-01-06T13:35:00&end_time=2020-01-06T14:35:00`';


--
-- Name: insert_metrics(json); Type: FUNCTION; Schema: api; Owner: kwollect_owner
--

CREATE FUNCTION api.insert_metrics(json) RETURNS TABLE("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;


ALTER FUNCTION api.insert_metrics(json) OWNER TO kwollect_owner;

--
-- Name: FUNCTION insert_metrics(json); Type: COMMENT; Schema: api; Owner: kwollect_owner
--

COMMENT ON FUNCTION api.insert_metrics(json) IS 'Stores one value, or an array of values, all or nothing.

Each is an object with `device_id` and `metric_id`, and optionally `value` (a number, or "NaN", "Infinity",
"-Infinity"), `timestamp` (ISO 8601, UTC where no offset is given, or Unix seconds; now where absent) and `labels` (an object).
Needs the API token: `Authorization: Bearer $TOKEN`. Returns the rows stored.

All objects of an array have the same fields (null where one has none), or the address ends in
`?columns=device_id,metric_id`: PostgREST 12 refuses other arrays itself ("All object keys must match").

Example: `[{"device_id": "node-2", "metric_id": "example_metric1", "value": 42}]`';


--
-- Name: update_promoted_metrics(); Type: FUNCTION; Schema: api; Owner: kwollect_owner
--

CREATE FUNCTION api.update_promoted_metrics() RETURNS TABLE(device_id text, metric_id text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '4s'
    AS $$
#variable_conflict use_column
declare
  called_at constant timestamptz := clock_timestamp();
  is_answered boolean;
  reason text;
  hostile text;
  hostiles text[];
  ended bigint[];
  nodes text[];
  expressions text[];
begin
  lock table kwollect.promotions in share row exclusive mode;
  select updates.began_at > called_at into is_answered from kwollect.promotion_updates as updates;
  if is_answered then
    return query
    select distinct
           promotions.device_id
         , promotions.metric_id
      from kwollect.promotions
     order by 1, 2;
    return;
  end if;
  update kwollect.promotion_updates set began_at = clock_timestamp();

  with asked as materialized (
    select job.metric_id
         , array_agg(distinct job.node) as nodes
         , coalesce(kwollect.is_regular_expression(job.metric_id), true) as is_usable
      from public.promoted_metrics_per_job as job
     where job.node is not null
     group by job.metric_id
  )
  , wanted as (
    select unnest(asked.nodes) as device_id
         , asked.metric_id
      from asked
     where asked.is_usable
  )
  select array_agg(former.promotion_id) filter (where wanted.device_id is null)
       , array_agg(wanted.device_id) filter (where former.promotion_id is null)
       , array_agg(wanted.metric_id) filter (where former.promotion_id is null)
       , (select array_agg(asked.metric_id) from asked where not asked.is_usable)
    into ended
       , nodes
       , expressions
       , hostiles
    from wanted
    full join (select promotions.* from kwollect.promotions where promotions.by_job) as former
      on (former.device_id, coalesce(former.metric_id, '')) = (wanted.device_id, coalesce(wanted.metric_id, ''))
     and (former.metric_id is null) = (wanted.metric_id is null);

  foreach hostile in array coalesce(hostiles, '{}') loop
    raise warning using
      message = format(
        '%s is no regular expression: the jobs that ask for it get nothing by it'
      , quote_literal(left(hostile, 200))
      );
  end loop;

  if ended is not null then
    delete from kwollect.promotions
     where promotions.promotion_id = any (ended);
  end if;
  if nodes is not null then
    insert into kwollect.promotions (device_id, metric_id, by_job)
    select fresh.device_id
         , fresh.metric_id
         , true
      from unnest(nodes, expressions) as fresh (device_id, metric_id);
  end if;

  return query
  select distinct
         promotions.device_id
       , promotions.metric_id
    from kwollect.promotions
   order by 1, 2;
exception
  when connection_exception then
    get stacked diagnostics reason = pg_exception_detail;
    raise sqlstate 'PT503' using
      message = kwollect.job_source_failure('promoted_metrics_per_job')
    , detail = reason;
  when lock_not_available then
    raise sqlstate 'PT503' using
      message = 'other calls of update_promoted_metrics take too long'
    , hint = 'kwollector calls it again within a minute.';
end
$$;


ALTER FUNCTION api.update_promoted_metrics() OWNER TO kwollect_owner;

--
-- Name: FUNCTION update_promoted_metrics(); Type: COMMENT; Schema: api; Owner: kwollect_owner
--

COMMENT ON FUNCTION api.update_promoted_metrics() IS 'Promotes the optional metrics that running jobs ask for, and no others.

Reads `promoted_metrics_per_job`; rows that somebody inserted into `promoted_metrics` by hand stay. Concurrent
calls are safe. An expression that does not compile is skipped with a warning.
Needs the API token: `Authorization: Bearer $TOKEN`. Returns what is promoted now.

Example: `curl -X POST -H "Authorization: Bearer $TOKEN" http://kwollect.host:3000/rpc/update_promoted_metrics`';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: series; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TABLE kwollect.series (
    series_id bigint NOT NULL,
    device_id text NOT NULL,
    metric_id text NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    device_alias text GENERATED ALWAYS AS ((labels ->> '_device_alias'::text)) STORED,
    labels_hash uuid GENERATED ALWAYS AS ((md5((labels)::text))::uuid) STORED,
    CONSTRAINT device_id_of_1_to_1024_bytes CHECK (((octet_length(device_id) >= 1) AND (octet_length(device_id) <= 1024))),
    CONSTRAINT labels_are_an_object CHECK ((jsonb_typeof(labels) = 'object'::text)),
    CONSTRAINT labels_of_at_most_64_kb CHECK ((octet_length((labels)::text) <= 65536)),
    CONSTRAINT metric_id_of_1_to_1024_bytes CHECK (((octet_length(metric_id) >= 1) AND (octet_length(metric_id) <= 1024)))
);


ALTER TABLE kwollect.series OWNER TO kwollect_owner;

--
-- Name: TABLE series; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.series IS 'What samples of the same origin share: device, metric and labels.';


--
-- Name: add_missing_series(text[], text[], jsonb[]); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.add_missing_series(device_ids text[], metric_ids text[], labels jsonb[]) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 INSERT INTO kwollect.series (device_id, metric_id, labels)  SELECT DISTINCT ON (wanted.device_id, wanted.metric_id, (wanted.labels)::text) wanted.device_id,
             wanted.metric_id,
             wanted.labels
            FROM UNNEST(add_missing_series.device_ids, add_missing_series.metric_ids, add_missing_series.labels) wanted(device_id, metric_id, labels)
           WHERE (NOT (EXISTS ( SELECT
                    FROM kwollect.series series_1
                   WHERE ((series_1.device_id = wanted.device_id) AND (series_1.metric_id = wanted.metric_id) AND (series_1.labels_hash = (md5((wanted.labels)::text))::uuid)))))
           ORDER BY wanted.device_id, wanted.metric_id, (wanted.labels)::text ON CONFLICT DO NOTHING;
END;


ALTER FUNCTION kwollect.add_missing_series(device_ids text[], metric_ids text[], labels jsonb[]) OWNER TO kwollect_owner;

--
-- Name: FUNCTION add_missing_series(device_ids text[], metric_ids text[], labels jsonb[]); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.add_missing_series(device_ids text[], metric_ids text[], labels jsonb[]) IS 'Makes the series, given as three arrays of equal length, that do not exist yet.';


--
-- Name: announce_promotions(); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.announce_promotions() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform pg_notify('kwollect_promotions', current_database());
  return null;
end
$$;


ALTER FUNCTION kwollect.announce_promotions() OWNER TO kwollect_owner;

--
-- Name: FUNCTION announce_promotions(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.announce_promotions() IS 'Trigger of kwollect.promotions: tells the collectors that promotions changed.';


--
-- Name: archive_old_chunks(integer, jsonb); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.archive_old_chunks(IN job_id integer DEFAULT NULL::integer, IN config jsonb DEFAULT NULL::jsonb)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  archive constant text := kwollect.setting('archive_tablespace');
  relation record;
begin
  if archive is null then
    return;
  end if;
  for relation in
    with old as (
      -- A compressed chunk takes its compressed half with it, but for the half's index: an entry per thousand values.
      select format('%I.%I', chunks.chunk_schema, chunks.chunk_name)::regclass as oid
        from timescaledb_information.chunks
       where chunks.hypertable_schema = 'kwollect'
         and chunks.hypertable_name = 'samples'
         and chunks.range_end < now() - make_interval(hours => kwollect.setting('chunk_compress_hour')::integer)
    )
    , part as (
      select old.oid
        from old
      union all
      select index.indexrelid
        from old
        join pg_index as index
          on index.indrelid = old.oid
    )
    select class.oid::regclass as name
         , class.relkind
      from part
      join pg_class as class
        on class.oid = part.oid
     where class.reltablespace is distinct from (select space.oid from pg_tablespace as space where space.spcname = archive)
  loop
    execute format(
      case relation.relkind when 'i' then 'alter index %s set tablespace %I' else 'alter table %s set tablespace %I' end
    , relation.name
    , archive
    );
  end loop;
end
$$;


ALTER PROCEDURE kwollect.archive_old_chunks(IN job_id integer, IN config jsonb) OWNER TO kwollect_owner;

--
-- Name: PROCEDURE archive_old_chunks(IN job_id integer, IN config jsonb); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.archive_old_chunks(IN job_id integer, IN config jsonb) IS 'Moves chunks older than chunk_compress_hour to the tablespace of archive_path; nothing where that is not set.';


--
-- Name: assert_catalog(); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.assert_catalog()
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  offence text;
begin
  select string_agg(distinct found.what, '; ')
    into offence
    from (
           select format('%s may be executed by PUBLIC', proc.oid::regprocedure) as what
             from pg_proc as proc
            cross join lateral aclexplode(coalesce(proc.proacl, acldefault('f', proc.proowner))) as privilege
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and privilege.grantee = 0
           union all
           select format('%s is overloaded', proc.oid::regprocedure)
             from pg_proc as proc
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and exists (
                    select
                      from pg_proc as twin
                     where twin.pronamespace = proc.pronamespace
                       and twin.proname = proc.proname
                       and twin.oid <> proc.oid
                  )
           union all
           select format('%s has no comment', proc.oid::regprocedure)
             from pg_proc as proc
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and obj_description(proc.oid, 'pg_proc') is null
           union all
           select format('%s runs with its owner''s rights and takes its search_path from the caller', proc.oid::regprocedure)
             from pg_proc as proc
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and proc.prosecdef
              and not coalesce(proc.proconfig::text like '%search_path=%', false)
           union all
           select format('%s belongs to %s, a role that can log in', relation.oid::regclass, role.rolname)
             from pg_class as relation
             join pg_roles as role
               on role.oid = relation.relowner
            where relation.relnamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and role.rolcanlogin
           union all
           select format('%s belongs to %s, a role that can log in', proc.oid::regprocedure, role.rolname)
             from pg_proc as proc
             join pg_roles as role
               on role.oid = proc.proowner
            where proc.pronamespace in ('kwollect'::regnamespace, 'api'::regnamespace, 'oar'::regnamespace)
              and role.rolcanlogin
         ) as found;
  if offence is not null then
    raise exception using message = format('the catalog breaks a rule: %s', offence);
  end if;
end
$$;


ALTER PROCEDURE kwollect.assert_catalog() OWNER TO kwollect_owner;

--
-- Name: PROCEDURE assert_catalog(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.assert_catalog() IS 'Raises where an object of kwollect has rights, owners or names that it must not have.';


--
-- Name: available_metrics(text[], timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.available_metrics(device_ids text[], after timestamp with time zone, upto timestamp with time zone) RETURNS TABLE(device_id text, metric_id text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
#variable_conflict use_column
begin
  return query
  select named.device_id
       , named.metric_id
    from (
           select series.series_id
                , series.device_id
                , series.metric_id
             from kwollect.series
            where device_ids is null
               or series.device_id = any (device_ids)
           union all
           select series.series_id
                , series.device_alias
                , series.metric_id
             from kwollect.series
            where series.device_alias is not null
              and (device_ids is null or series.device_alias = any (device_ids))
         ) as named
   cross join lateral (
           select
             from kwollect.samples as sample
            where sample.series_id = named.series_id
              and sample.timestamp > after
              and sample.timestamp <= upto
            limit 1
         ) as probe
   group by named.device_id
       , named.metric_id;
end
$$;


ALTER FUNCTION kwollect.available_metrics(device_ids text[], after timestamp with time zone, upto timestamp with time zone) OWNER TO kwollect_owner;

--
-- Name: FUNCTION available_metrics(device_ids text[], after timestamp with time zone, upto timestamp with time zone); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.available_metrics(device_ids text[], after timestamp with time zone, upto timestamp with time zone) IS 'Devices (null: all), under their names and aliases, and metrics with a value in a time range.';


--
-- Name: check_expression(text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.check_expression(expression text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- An escaped backslash before a digit is no reference.
  if replace(expression, '\\', '') ~ '\\[1-9]' then
    raise invalid_regular_expression using message = 'back references are not supported, they can take for ever';
  end if;
  perform '' ~ expression;
end
$$;


ALTER FUNCTION kwollect.check_expression(expression text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION check_expression(expression text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.check_expression(expression text) IS 'Raises invalid_regular_expression where the text cannot be used as a regular expression; null can.';


--
-- Name: close_timescaledb(); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.close_timescaledb()
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  routine regprocedure;
begin
  for routine in
    select proc.oid
      from pg_proc as proc
      join pg_depend as membership
        on membership.classid = 'pg_proc'::regclass
       and membership.objid = proc.oid
       and membership.refclassid = 'pg_extension'::regclass
       and membership.deptype = 'e'
      join pg_extension as extension
        on extension.oid = membership.refobjid
     cross join lateral aclexplode(coalesce(proc.proacl, acldefault('f', proc.proowner))) as privilege
     where extension.extname = 'timescaledb'
       and (proc.provolatile = 'v' or proc.proname = 'get_telemetry_report')
       and proc.proname not in ('time_bucket_gapfill', 'locf', 'interpolate')
       and privilege.grantee = 0
  loop
    execute format('revoke execute on routine %s from public', routine);
    execute format('grant execute on routine %s to kwollect_owner', routine);
  end loop;
end
$$;


ALTER PROCEDURE kwollect.close_timescaledb() OWNER TO kwollect_owner;

--
-- Name: PROCEDURE close_timescaledb(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.close_timescaledb() IS 'Leaves the functions of TimescaleDB that may write to the owner of kwollect alone.';


--
-- Name: compress_old_chunks(integer, jsonb); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.compress_old_chunks(IN job_id integer DEFAULT NULL::integer, IN config jsonb DEFAULT NULL::jsonb)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  chunk regclass;
begin
  if current_setting('timescaledb.license') <> 'timescale' then
    return;
  end if;
  for chunk in
    select format('%I.%I', chunks.chunk_schema, chunks.chunk_name)::regclass
      from timescaledb_information.chunks
     where chunks.hypertable_schema = 'kwollect'
       and chunks.hypertable_name = 'samples'
       and not chunks.is_compressed
       and chunks.range_end < now() - make_interval(hours => kwollect.setting('chunk_compress_hour')::integer)
     order by chunks.range_end
     limit 8
  loop
    perform public.compress_chunk(chunk, if_not_compressed => true);
  end loop;
end
$$;


ALTER PROCEDURE kwollect.compress_old_chunks(IN job_id integer, IN config jsonb) OWNER TO kwollect_owner;

--
-- Name: PROCEDURE compress_old_chunks(IN job_id integer, IN config jsonb); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.compress_old_chunks(IN job_id integer, IN config jsonb) IS 'Compresses the oldest chunks beyond chunk_compress_hour, up to eight a run; nothing on the Apache edition.';


--
-- Name: configure_login(text, text, text[], text); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.configure_login(IN login text, IN verifier text, IN groups text[], IN timeout text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  group_role text;
begin
  if exists (
       select
         from pg_roles as role
        where role.rolname = login
          and (role.rolsuper or role.rolcreaterole or role.rolcreatedb or role.rolreplication or role.rolbypassrls)
     ) then
    raise exception using
      message = format('the role %s has rights that a user of kwollect must not have', login)
    , hint = 'Give another kwollect_user; it needs no attribute but LOGIN.';
  end if;
  if not exists (select from pg_roles as role where role.rolname = login) then
    execute format('create role %I login', login);
  end if;
  if exists (select from pg_roles as role where role.rolname = login and not role.rolcanlogin) then
    execute format('alter role %I login', login);
  end if;
  if verifier is not null then
    execute format('alter role %I password %L', login, verifier);
  end if;
  foreach group_role in array groups loop
    if not exists (
         select
           from pg_auth_members as membership
          where membership.roleid = to_regrole(quote_ident(group_role))
            and membership.member = to_regrole(quote_ident(login))
       ) then
      execute format('grant %I to %I', group_role, login);
    end if;
  end loop;
  execute format('grant connect on database %I to %I', current_database(), login);
  -- Not "in database": PostgREST, which becomes this role after its login as another, reads only these settings.
  if timeout is not null and not exists (
       select
         from pg_db_role_setting as setting
        where setting.setrole = to_regrole(quote_ident(login))
          and setting.setdatabase = 0
          and format('statement_timeout=%s', timeout) = any (setting.setconfig)
     ) then
    execute format('alter role %I set statement_timeout = %L', login, timeout);
  end if;
end
$$;


ALTER PROCEDURE kwollect.configure_login(IN login text, IN verifier text, IN groups text[], IN timeout text) OWNER TO kwollect_owner;

--
-- Name: PROCEDURE configure_login(IN login text, IN verifier text, IN groups text[], IN timeout text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.configure_login(IN login text, IN verifier text, IN groups text[], IN timeout text) IS 'Makes a login role a member of groups; verifier (null: unchanged) is its SCRAM password, timeout its statement_timeout.';


--
-- Name: configure_storage(interval); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.configure_storage(IN chunk_interval interval)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  job text;
begin
  if chunk_interval <> (
       select dimension.time_interval
         from timescaledb_information.dimensions as dimension
        where dimension.hypertable_schema = 'kwollect'
          and dimension.hypertable_name = 'samples'
     ) then
    perform public.set_chunk_time_interval('kwollect.samples', chunk_interval);
  end if;

  if current_setting('timescaledb.license') <> 'timescale' then
    return;
  end if;
  if not exists (
       select
         from timescaledb_information.hypertables as hypertable
        where hypertable.hypertable_schema = 'kwollect'
          and hypertable.hypertable_name = 'samples'
          and hypertable.compression_enabled
     ) then
    alter table kwollect.samples set (
      timescaledb.compress
    , timescaledb.compress_segmentby = 'series_id'
    , timescaledb.compress_orderby = 'timestamp desc'
    );
  end if;
  foreach job in array array['refresh_summary', 'compress_old_chunks', 'drop_expired_chunks', 'archive_old_chunks'] loop
    if not exists (
         select
           from timescaledb_information.jobs
          where jobs.proc_schema = 'kwollect'
            and jobs.proc_name = job
       ) then
      perform public.add_job(
                format('kwollect.%I', job)::regproc
              , case job when 'refresh_summary' then interval '10 minutes' else interval '1 hour' end
              );
    end if;
  end loop;
end
$$;


ALTER PROCEDURE kwollect.configure_storage(IN chunk_interval interval) OWNER TO kwollect_owner;

--
-- Name: PROCEDURE configure_storage(IN chunk_interval interval); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.configure_storage(IN chunk_interval interval) IS 'Sets the length of new chunks; on the community edition also compression and the background jobs.';


--
-- Name: drop_expired_chunks(integer, jsonb); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.drop_expired_chunks(IN job_id integer DEFAULT NULL::integer, IN config jsonb DEFAULT NULL::jsonb)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  oldest constant timestamptz := now() - make_interval(days => kwollect.setting('retention_day')::integer);
begin
  if oldest is null then
    return;
  end if;
  perform public.drop_chunks('kwollect.samples', older_than => oldest);
  if exists (
       select
         from timescaledb_information.continuous_aggregates as aggregate
        where aggregate.view_schema = 'kwollect'
          and aggregate.view_name = 'samples_summary'
     ) then
    perform public.drop_chunks('kwollect.samples_summary', older_than => oldest);
  end if;
end
$$;


ALTER PROCEDURE kwollect.drop_expired_chunks(IN job_id integer, IN config jsonb) OWNER TO kwollect_owner;

--
-- Name: PROCEDURE drop_expired_chunks(IN job_id integer, IN config jsonb); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.drop_expired_chunks(IN job_id integer, IN config jsonb) IS 'Drops chunks older than retention_day; nothing where that is not set.';


--
-- Name: drop_object(text, text); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.drop_object(IN schema_name text, IN object_name text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  routine regprocedure;
  relation regclass := to_regclass(format('%I.%I', schema_name, object_name));
  dependent record;
begin
  for routine in
    select proc.oid
      from pg_proc as proc
     where proc.pronamespace = to_regnamespace(quote_ident(schema_name))
       and proc.proname = object_name
  loop
    execute format('drop routine %s', routine);
  end loop;

  if relation is null then
    return;
  end if;
  for dependent in
    select distinct
           space.nspname as schema_name
         , class.relname as object_name
      from pg_depend as dependency
      join pg_rewrite as rule
        on rule.oid = dependency.objid
      join pg_class as class
        on class.oid = rule.ev_class
      join pg_namespace as space
        on space.oid = class.relnamespace
      join kwollect.applied_files as file
        on file.path = format('%s/%s.view.sql', space.nspname, class.relname)
     where dependency.classid = 'pg_rewrite'::regclass
       and dependency.refobjid = relation
       and class.oid <> relation
  loop
    call kwollect.drop_object(dependent.schema_name, dependent.object_name);
  end loop;
  if exists (
       select
         from timescaledb_information.continuous_aggregates as aggregate
        where aggregate.view_schema = schema_name
          and aggregate.view_name = object_name
     ) then
    execute format('drop materialized view %s', relation);
  else
    execute format('drop view if exists %s', relation);
  end if;
end
$$;


ALTER PROCEDURE kwollect.drop_object(IN schema_name text, IN object_name text) OWNER TO kwollect_owner;

--
-- Name: PROCEDURE drop_object(IN schema_name text, IN object_name text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.drop_object(IN schema_name text, IN object_name text) IS 'Drops the view, continuous aggregate, function or procedure whose file is gone from sql/, and our views on it.';


--
-- Name: is_regular_expression(text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.is_regular_expression(expression text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform kwollect.check_expression(expression);
  return true;
exception
  when invalid_regular_expression or program_limit_exceeded then
    return false;
end
$$;


ALTER FUNCTION kwollect.is_regular_expression(expression text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION is_regular_expression(expression text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.is_regular_expression(expression text) IS 'Whether the text can be used as a regular expression (kwollect.check_expression).';


--
-- Name: job_source(text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.job_source(view_name text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select case
           when exists (
                select
                  from pg_depend as dependency
                  join pg_class as relation
                    on relation.oid = dependency.refobjid
                  join pg_namespace as space
                    on space.oid = relation.relnamespace
                 where dependency.classid = 'pg_rewrite'::regclass
                   and dependency.objid = rule.oid
                   and dependency.refclassid = 'pg_class'::regclass
                   and space.nspname = 'oar'
                   and relation.relname = view_name
              )
           then 'oar'
           when pg_get_viewdef(rule.ev_class) like '%WHERE false;' then 'none'
           else 'administrator'
         end
    from pg_rewrite as rule
   where rule.ev_class = format('public.%I', view_name)::regclass
     and rule.rulename = '_RETURN'
$$;


ALTER FUNCTION kwollect.job_source(view_name text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION job_source(view_name text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.job_source(view_name text) IS 'Who fills a job view: oar, administrator, or none where it is empty as the set-up made it.';


--
-- Name: job_source_failure(text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.job_source_failure(view_name text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select format(
           '%s does not answer%s: jobs cannot be looked up. Queries by device work.'
         , case when oar.host is null then 'The job scheduler''s database' else 'The OAR database' end
         , ' (' || oar.host || ':' || oar.port || ')'
         )
    from (
           select max(option.option_value) filter (where option.option_name = 'host') as host
                , max(option.option_value) filter (where option.option_name = 'port') as port
             from pg_foreign_server as server
            cross join pg_options_to_table(server.srvoptions) as option
            where server.srvname = 'OAR database'
              and kwollect.job_source(view_name) = 'oar'
         ) as oar
$$;


ALTER FUNCTION kwollect.job_source_failure(view_name text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION job_source_failure(view_name text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.job_source_failure(view_name text) IS 'What to tell a user when the database behind a job view does not answer.';


--
-- Name: job_spans(integer, text[]); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.job_spans(job_id integer, device_ids text[]) RETURNS TABLE(device_id text, start_time timestamp with time zone, stop_time timestamp with time zone)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  reason text;
begin
  return query
  select coalesce(named.device_id, job.node)
       , min(job.start_time)
       , max(coalesce(job.stop_time, now()))
    from public.nodetime_per_job as job
    left join unnest(device_ids) as named (device_id)
      on true
   where job.job_id = job_spans.job_id
     and job.start_time is not null
   group by coalesce(named.device_id, job.node);
exception
  when connection_exception then
    get stacked diagnostics reason = pg_exception_detail;
    raise sqlstate 'PT503' using
      message = kwollect.job_source_failure('nodetime_per_job')
    , detail = reason;
end
$$;


ALTER FUNCTION kwollect.job_spans(job_id integer, device_ids text[]) OWNER TO kwollect_owner;

--
-- Name: FUNCTION job_spans(job_id integer, device_ids text[]); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.job_spans(job_id integer, device_ids text[]) IS 'Start and stop of a job for its nodes, or for the devices given; no rows for an unknown job.';


--
-- Name: job_works(text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.job_works(name text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select exists (
           select
             from timescaledb_information.jobs as job
             left join timescaledb_information.job_stats as statistics
               on statistics.job_id = job.job_id
            where job.proc_schema = 'kwollect'
              and job.proc_name = job_works.name
              and statistics.last_run_status is distinct from 'Failed'
         )
$$;


ALTER FUNCTION kwollect.job_works(name text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION job_works(name text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.job_works(name text) IS 'Whether a background job of kwollect exists and did not fail when it last ran.';


--
-- Name: keep_setting(text, text); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.keep_setting(IN name text, IN value text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if value is null then
    delete from kwollect.settings
     where settings.name = keep_setting.name;
  elsif value is distinct from kwollect.setting(name) then
    insert into kwollect.settings as settings (name, value)
    values (keep_setting.name, keep_setting.value)
        on conflict on constraint settings_pkey do update
           set value = excluded.value;
  end if;
end
$$;


ALTER PROCEDURE kwollect.keep_setting(IN name text, IN value text) OWNER TO kwollect_owner;

--
-- Name: PROCEDURE keep_setting(IN name text, IN value text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.keep_setting(IN name text, IN value text) IS 'Keeps a setting; null forgets it.';


--
-- Name: last_batch(uuid); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.last_batch(spool_id uuid) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select spool.last_batch
    from kwollect.spools as spool
   where spool.spool_id = last_batch.spool_id
$$;


ALTER FUNCTION kwollect.last_batch(spool_id uuid) OWNER TO kwollect_owner;

--
-- Name: FUNCTION last_batch(spool_id uuid); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.last_batch(spool_id uuid) IS 'Number of the last batch stored of a spool, null where there is none.';


--
-- Name: maintain(); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.maintain()
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not kwollect.job_works('drop_expired_chunks') then
    call kwollect.drop_expired_chunks();
  end if;
  if not kwollect.job_works('compress_old_chunks') then
    call kwollect.compress_old_chunks();
  end if;
  if not kwollect.job_works('archive_old_chunks') then
    call kwollect.archive_old_chunks();
  end if;
end
$$;


ALTER PROCEDURE kwollect.maintain() OWNER TO kwollect_owner;

--
-- Name: PROCEDURE maintain(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.maintain() IS 'Drops expired chunks, compresses and moves old ones where no background job does it.';


--
-- Name: metrics_collect_row(); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.metrics_collect_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if tg_op = 'DELETE' then
    insert into kwollect.pending_metrics (operation, timestamp, device_id, metric_id, value, labels)
    values (tg_op, old.timestamp, old.device_id, old.metric_id, old.value, old.labels);
    return old;
  end if;

  -- Here, not only where the rows are stored: the message of COPY names the line that it is at.
  if new.device_id is null or new.metric_id is null then
    raise not_null_violation using
      message = 'device_id and metric_id are required'
    , hint = 'Give both; timestamp, value and labels have defaults: now(), NaN and {}.';
  end if;
  new.timestamp := coalesce(new.timestamp, now());
  new.value := coalesce(new.value, 'NaN');
  new.labels := coalesce(new.labels, '{}');
  insert into kwollect.pending_metrics (operation, timestamp, device_id, metric_id, value, labels)
  values (tg_op, new.timestamp, new.device_id, new.metric_id, new.value, new.labels);
  return new;
end
$$;


ALTER FUNCTION kwollect.metrics_collect_row() OWNER TO kwollect_owner;

--
-- Name: FUNCTION metrics_collect_row(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.metrics_collect_row() IS 'Trigger of public.metrics: collects the rows of a COPY or DELETE.';


--
-- Name: metrics_delete_collected(); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.metrics_delete_collected() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  first_timestamp timestamptz;
  last_timestamp timestamptz;
begin
  select min(pending.timestamp)
       , max(pending.timestamp)
    into first_timestamp
       , last_timestamp
    from kwollect.pending_metrics as pending
   where pending.transaction_id = pg_current_xact_id()
     and pending.operation = 'DELETE';

  with doomed as (
    delete from kwollect.pending_metrics as pending
     where pending.transaction_id = pg_current_xact_id()
       and pending.operation = 'DELETE'
    returning pending.*
         , kwollect.series_labels(pending.labels) as series_labels
  )
  delete from kwollect.samples as sample
   using doomed
    join kwollect.series
      on series.device_id = doomed.device_id
     and series.metric_id = doomed.metric_id
     and series.labels_hash = md5(doomed.series_labels::text)::uuid
     and series.labels = doomed.series_labels
   where sample.series_id = series.series_id
     and sample.timestamp = doomed.timestamp
     and sample.value = doomed.value
     and sample.labels is not distinct from kwollect.sample_labels(doomed.labels)
     -- bounds that are known when the statement starts: all other chunks are left alone
     and sample.timestamp between first_timestamp and last_timestamp;
  return null;
end
$$;


ALTER FUNCTION kwollect.metrics_delete_collected() OWNER TO kwollect_owner;

--
-- Name: FUNCTION metrics_delete_collected(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.metrics_delete_collected() IS 'Trigger of public.metrics: deletes the rows that a statement collected.';


--
-- Name: metrics_store_collected(); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.metrics_store_collected() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  with moved as (
    delete from kwollect.pending_metrics as pending
     where pending.transaction_id = pg_current_xact_id()
       and pending.operation = 'INSERT'
    returning pending.*
  )
  insert into kwollect.arriving_metrics (timestamp, device_id, metric_id, value, labels)
  select moved.timestamp
       , moved.device_id
       , moved.metric_id
       , moved.value
       , moved.labels
    from moved;
  return null;
end
$$;


ALTER FUNCTION kwollect.metrics_store_collected() OWNER TO kwollect_owner;

--
-- Name: FUNCTION metrics_store_collected(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.metrics_store_collected() IS 'Trigger of public.metrics: stores the rows that a COPY collected.';


--
-- Name: named_series(text[], text[]); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.named_series(device_ids text[], metric_ids text[]) RETURNS TABLE(series_id bigint, device_id text, metric_id text, labels jsonb, origin text, group_number bigint, members bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  with named as (
    select series.series_id
         , series.device_id
         , series.metric_id
         , series.labels - '_device_alias' as labels
         , null::text as origin
      from kwollect.series
     where series.device_id = any (device_ids)
       and (metric_ids is null or series.metric_id = any (metric_ids))
    union all
    select series.series_id
         , series.device_alias
         , series.metric_id
         , series.labels - '_device_alias'
         , series.device_id
      from kwollect.series
     where series.device_alias = any (device_ids)
       and (metric_ids is null or series.metric_id = any (metric_ids))
  )
  select named.series_id
       , named.device_id
       , named.metric_id
       , named.labels
       , named.origin
       , dense_rank() over (order by named.device_id, named.metric_id, named.labels, named.origin is null)
       , case
           when named.origin is null then 1
           else count(*) over (partition by named.device_id, named.metric_id, named.labels, named.origin is null)
         end
    from named
$$;


ALTER FUNCTION kwollect.named_series(device_ids text[], metric_ids text[]) OWNER TO kwollect_owner;

--
-- Name: FUNCTION named_series(device_ids text[], metric_ids text[]); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.named_series(device_ids text[], metric_ids text[]) IS 'Series of devices by name (origin is null) and by alias (origin is the device).
group_number is in order of device_id and metric_id; the series that an alias sums up share it.';


--
-- Name: one_line(text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.one_line(input text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN regexp_replace(input, '[\u0001-\u001f\u007f-\u009f]'::text, ' '::text, 'g'::text);


ALTER FUNCTION kwollect.one_line(input text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION one_line(input text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.one_line(input text) IS 'The text with a blank for each control character.';


--
-- Name: parse_list(text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.parse_list(input text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select array_agg(distinct btrim(item.name))
    from unnest(string_to_array(input, ',')) as item (name)
   where btrim(item.name) <> ''
$$;


ALTER FUNCTION kwollect.parse_list(input text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION parse_list(input text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.parse_list(input text) IS 'Items of a comma-separated list, each once; null where there is none.';


--
-- Name: parse_time(text, text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.parse_time(input text, argument text) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  parsed timestamptz;
begin
  if input is null then
    return null;
  elsif input ~* '^\s*[+-]?\d+(\.\d*)?(e[+-]?\d+)?\s*$' then
    parsed := to_timestamp(input::double precision);
  elsif input ~ '^\s*\d{4,6}-\d\d?-\d\d?([T ]\d\d?(:\d\d(:\d\d([.,]\d+)?)?)?)?\s*$' then
    parsed := (btrim(translate(input, ',', '.')) || case when input ~ '[T ]\s*\d\d?\s*$' then ':00Z' when input ~ ':' then 'Z' else ' 00:00Z' end)::timestamptz;
  elsif input ~ '^\s*\d{4,6}-\d' then
    -- A "+" that a client forgot to encode arrives as a blank: "T13:35:00 01:00" meant "+01:00".
    parsed := regexp_replace(input, '(\d:\d\d(?:[.,]\d+)?) (\d\d:?\d\d)\s*$', '\1+\2')::timestamptz;
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
$_$;


ALTER FUNCTION kwollect.parse_time(input text, argument text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION parse_time(input text, argument text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.parse_time(input text, argument text) IS 'Unix seconds (with fraction) or ISO 8601 (UTC where no offset is given) to timestamptz; raises PT400.';


--
-- Name: parse_value(text, text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.parse_value(input text, argument text) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return coalesce(input::double precision, 'NaN');
exception
  when data_exception then
    raise sqlstate 'PT400' using
      message = format('%s is not a number: %s', argument, quote_literal(kwollect.one_line(left(input, 100))))
    , hint = 'Use a JSON number, or one of the strings "NaN", "Infinity" and "-Infinity".';
end
$$;


ALTER FUNCTION kwollect.parse_value(input text, argument text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION parse_value(input text, argument text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.parse_value(input text, argument text) IS 'A number out of JSON text, NaN where there is none; raises PT400.';


--
-- Name: promoted_descriptions(text[], text[], text[]); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.promoted_descriptions(names text[], device_ids text[], device_aliases text[]) RETURNS bigint[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  promotion record;
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
      -- By itself first: "a)|(b" is no expression, but in the parentheses below it becomes one that matches anywhere.
      perform kwollect.check_expression(promotion.metric_id);
      select array_agg(description.position)
        into matching
        from unnest(names, device_ids, device_aliases)
             with ordinality as description (name, device_id, device_alias, position)
       where promotion.device_id in (description.device_id, description.device_alias)
         and (promotion.metric_id is null or description.name ~ ('^(?:' || promotion.metric_id || ')'));
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


ALTER FUNCTION kwollect.promoted_descriptions(names text[], device_ids text[], device_aliases text[]) OWNER TO kwollect_owner;

--
-- Name: FUNCTION promoted_descriptions(names text[], device_ids text[], device_aliases text[]); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.promoted_descriptions(names text[], device_ids text[], device_aliases text[]) IS 'Positions, counted from 1, of the optional descriptions that are promoted.
A row of promoted_metrics matches where its device_id is the description''s device or alias and its regular
expression matches at the start of the name. An invalid expression is skipped with a warning.';


--
-- Name: read_metrics(text[], timestamp with time zone[], timestamp with time zone[], text[]); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.read_metrics(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) RETURNS TABLE("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    SET work_mem TO '64MB'
    AS $$
#variable_conflict use_column
declare
  first_start constant timestamptz := (select min(range_start) from unnest(range_starts) as range_start);
  last_end constant timestamptz := (select max(range_end) from unnest(range_ends) as range_end);
  single kwollect.named_samples[];
  summed kwollect.named_samples[];
  single_ids bigint[];
  summed_ids bigint[];
begin
  select array_agg(named.series) filter (where named.members = 1)
       , array_agg(named.series) filter (where named.members > 1)
       , array_agg(named.series_id) filter (where named.members = 1)
       , array_agg(named.series_id) filter (where named.members > 1)
    into single
       , summed
       , single_ids
       , summed_ids
    from (
           select series.series_id
                , series.members
                , row (
                    series.series_id
                  , series.device_id
                  , series.metric_id
                  , case
                      when series.origin is null or series.members > 1 then series.labels
                      else series.labels || jsonb_build_object('_device_orig', array[series.origin])
                    end
                  , series.origin
                  , series.group_number
                  , span.range_start
                  , span.range_end
                  )::kwollect.named_samples as series
             from kwollect.named_series(device_ids, metric_ids) as series
             join unnest(device_ids, range_starts, range_ends) as span (device_id, range_start, range_end)
               on span.device_id = series.device_id
         ) as named;

  return query
  select found.timestamp
       , found.device_id
       , found.metric_id
       , found.value
       , found.labels
    from (
           select sample.timestamp
                , named.device_id
                , named.metric_id
                , sample.value
                , case when sample.labels is null then named.labels else named.labels || sample.labels end as labels
                , named.group_number
             from kwollect.samples as sample
             join unnest(single) as named
               on named.series_id = sample.series_id
            where sample.series_id = any (single_ids)
              and sample.timestamp between first_start and last_end
              and sample.timestamp between named.range_start and named.range_end
           union all
           select sample.timestamp
                , named.device_id
                , named.metric_id
                , sum(kwollect.summand(sample.value))
                , named.labels
                  || coalesce(sample.labels, '{}')
                  || jsonb_build_object('_device_orig', array_agg(distinct named.origin order by named.origin))
                , named.group_number
             from kwollect.samples as sample
             join unnest(summed) as named
               on named.series_id = sample.series_id
            where sample.series_id = any (summed_ids)
              and sample.timestamp between first_start and last_end
              and sample.timestamp between named.range_start and named.range_end
            group by sample.timestamp
                , named.group_number
                , named.device_id
                , named.metric_id
                , named.labels
                , sample.labels
         ) as found
   order by found.timestamp
       , found.group_number;
end
$$;


ALTER FUNCTION kwollect.read_metrics(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) OWNER TO kwollect_owner;

--
-- Name: FUNCTION read_metrics(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.read_metrics(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) IS 'Values of devices, by name and alias, each in its own time range (arrays of equal length), bounds included.
In order of timestamp, device_id, metric_id. metric_ids is null for all.';


--
-- Name: read_rates(text[], timestamp with time zone[], timestamp with time zone[], text[], boolean); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.read_rates(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[], summary boolean) RETURNS TABLE("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select step.timestamp
       , step.device_id
       , step.metric_id
       -- A division whose result is too small for a double is an error to PostgreSQL.
       , case when abs(step.increase) < 1e-290 then 0 else step.increase / step.seconds end
       , step.labels
    from (
           select counter.timestamp
                , counter.device_id
                , counter.metric_id
                , counter.labels
                -- A counter that is smaller than before began again at zero.
                , case
                    when counter.value >= lag(counter.value) over line then counter.value - lag(counter.value) over line
                    else counter.value
                  end as increase
                , extract(epoch from counter.timestamp - lag(counter.timestamp) over line)::double precision as seconds
             from (
                    select metric.timestamp
                         , metric.device_id
                         , metric.metric_id
                         , kwollect.summand(metric.value) as value
                         -- what differs from sample to sample would make a counter of each
                         , metric.labels - kwollect.sample_label_keys() as labels
                      from kwollect.read_metrics(device_ids, range_starts, range_ends, metric_ids) as metric
                     where not summary
                    union all
                    select bucket.timestamp
                         , bucket.device_id
                         , bucket.metric_id
                         , kwollect.summand(bucket.value)
                         , bucket.labels
                      from kwollect.read_summary(device_ids, range_starts, range_ends, metric_ids) as bucket
                     where summary
                  ) as counter
            where counter.value <> 'NaN'
           window line as (
                    partition by counter.device_id, counter.metric_id, counter.labels
                        order by counter.timestamp
                               , counter.value
                  )
         ) as step
   where step.seconds > 0
   order by step.timestamp
       , step.device_id
       , step.metric_id
$$;


ALTER FUNCTION kwollect.read_rates(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[], summary boolean) OWNER TO kwollect_owner;

--
-- Name: FUNCTION read_rates(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[], summary boolean); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.read_rates(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[], summary boolean) IS 'Increase per second of each (device, metric, labels), from the samples or from the five-minute summary.';


--
-- Name: read_summary(text[], timestamp with time zone[], timestamp with time zone[], text[]); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.read_summary(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) RETURNS TABLE("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
#variable_conflict use_column
declare
  bucket_width constant interval := interval '5 minutes';
  first_start constant timestamptz := (select min(range_start) from unnest(range_starts) as range_start);
  last_end constant timestamptz := (select max(range_end) from unnest(range_ends) as range_end);
begin
  return query
  select bucket.timestamp
       , bucket.device_id
       , bucket.metric_id
       , bucket.value
       , bucket.labels
    from public.metrics_by_device_summary as bucket
    join unnest(device_ids, range_starts, range_ends) as span (device_id, range_start, range_end)
      on span.device_id = bucket.device_id
   where bucket.device_id = any (device_ids)
     and (metric_ids is null or bucket.metric_id = any (metric_ids))
     -- the bucket that the range begins in belongs to it
     and bucket.timestamp between public.time_bucket(bucket_width, first_start) and last_end
     and bucket.timestamp between public.time_bucket(bucket_width, span.range_start) and span.range_end
   order by bucket.timestamp
       , bucket.device_id
       , bucket.metric_id;
end
$$;


ALTER FUNCTION kwollect.read_summary(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) OWNER TO kwollect_owner;

--
-- Name: FUNCTION read_summary(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.read_summary(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) IS 'Five-minute buckets of devices, by name and alias, each in its own time range (arrays of equal length).
In order of timestamp, device_id, metric_id. metric_ids is null for all.';


--
-- Name: refresh_summary(integer, jsonb); Type: PROCEDURE; Schema: kwollect; Owner: kwollect_owner
--

CREATE PROCEDURE kwollect.refresh_summary(IN job_id integer DEFAULT NULL::integer, IN config jsonb DEFAULT NULL::jsonb)
    LANGUAGE plpgsql
    AS $$
begin
  call public.refresh_continuous_aggregate('kwollect.samples_summary', null, pg_catalog.now() - interval '10 minutes');
end
$$;


ALTER PROCEDURE kwollect.refresh_summary(IN job_id integer, IN config jsonb) OWNER TO kwollect_owner;

--
-- Name: PROCEDURE refresh_summary(IN job_id integer, IN config jsonb); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON PROCEDURE kwollect.refresh_summary(IN job_id integer, IN config jsonb) IS 'Background job: refreshes the five-minute summary, late values included.';


--
-- Name: refuse_write(); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.refuse_write() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise sqlstate 'PT405' using
    message = format('%s can only be read', tg_table_name)
  , hint = 'Values are pushed with POST /rpc/insert_metrics.';
end
$$;


ALTER FUNCTION kwollect.refuse_write() OWNER TO kwollect_owner;

--
-- Name: FUNCTION refuse_write(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.refuse_write() IS 'Trigger of the views of the API: they can only be read.';


--
-- Name: resolve_series(text[], text[], jsonb[]); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.resolve_series(device_ids text[], metric_ids text[], labels jsonb[]) RETURNS TABLE(ordinal bigint, series_id bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform kwollect.add_missing_series(device_ids, metric_ids, resolve_series.labels);

  return query
  select wanted.ordinal
       , series.series_id
    from unnest(device_ids, metric_ids, resolve_series.labels)
         with ordinality as wanted (device_id, metric_id, labels, ordinal)
    join kwollect.series
      on series.device_id = wanted.device_id
     and series.metric_id = wanted.metric_id
     and series.labels_hash = md5(wanted.labels::text)::uuid
     and series.labels = wanted.labels;
end
$$;


ALTER FUNCTION kwollect.resolve_series(device_ids text[], metric_ids text[], labels jsonb[]) OWNER TO kwollect_owner;

--
-- Name: FUNCTION resolve_series(device_ids text[], metric_ids text[], labels jsonb[]); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.resolve_series(device_ids text[], metric_ids text[], labels jsonb[]) IS 'Numbers of the series given as three arrays of equal length; ordinal counts from 1.
A series that is new is made. Raises check_violation for an empty or over-long name and for labels over 64 KB.';


--
-- Name: sample_label_keys(); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.sample_label_keys() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY['value_str'::text, '_metric_scrape_time'::text];


ALTER FUNCTION kwollect.sample_label_keys() OWNER TO kwollect_owner;

--
-- Name: FUNCTION sample_label_keys(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.sample_label_keys() IS 'Names of the labels that are kept with each sample instead of its series.';


--
-- Name: sample_labels(jsonb); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.sample_labels(labels jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN CASE WHEN (labels ?| kwollect.sample_label_keys()) THEN (SELECT jsonb_object_agg(label.key, label.value) AS jsonb_object_agg FROM jsonb_each(sample_labels.labels) label(key, value) WHERE (label.key = ANY (kwollect.sample_label_keys()))) ELSE NULL::jsonb END;


ALTER FUNCTION kwollect.sample_labels(labels jsonb) OWNER TO kwollect_owner;

--
-- Name: FUNCTION sample_labels(labels jsonb); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.sample_labels(labels jsonb) IS 'Labels kept with the sample out of all labels of a metric; null where there is none.';


--
-- Name: series_labels(jsonb); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.series_labels(labels jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (labels - kwollect.sample_label_keys());


ALTER FUNCTION kwollect.series_labels(labels jsonb) OWNER TO kwollect_owner;

--
-- Name: FUNCTION series_labels(labels jsonb); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.series_labels(labels jsonb) IS 'Labels of the series out of all labels of a metric.';


--
-- Name: setting(text); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.setting(name text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select settings.value
    from kwollect.settings
   where settings.name = setting.name
$$;


ALTER FUNCTION kwollect.setting(name text) OWNER TO kwollect_owner;

--
-- Name: FUNCTION setting(name text); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.setting(name text) IS 'Value of a setting that the set-up keeps; null where there is none.';


--
-- Name: store_arrivals(); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.store_arrivals() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  few constant integer := 10;
  planning constant text := current_setting('plan_cache_mode');
  arrival record;
begin
  for arrival in
    select fresh.device_id
         , fresh.metric_id
         , jsonb_typeof(fresh.labels) as labels_type
      from arrivals as fresh
     where fresh.device_id is null
        or fresh.metric_id is null
        or jsonb_typeof(fresh.labels) <> 'object'
     limit 1
  loop
    if arrival.device_id is null or arrival.metric_id is null then
      raise not_null_violation using
        message = 'device_id and metric_id are required'
      , hint = 'Give both; timestamp, value and labels have defaults: now(), NaN and {}.';
    end if;
    raise check_violation using
      message = format('labels must be a JSON object, got %s', arrival.labels_type)
    , hint = 'For example {"_device_alias": "node-3"}.';
  end loop;

  if (select count(*) from (select from arrivals limit few + 1) as counted) <= few then
    for arrival in select fresh.* from arrivals as fresh loop
      perform kwollect.store_metric(arrival.timestamp, arrival.device_id, arrival.metric_id, arrival.value, arrival.labels);
      delete from kwollect.arriving_metrics
       where arrival_number = arrival.arrival_number;
    end loop;
    return null;
  end if;

  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  perform kwollect.add_missing_series(
            array_agg(wanted.device_id)
          , array_agg(wanted.metric_id)
          , array_agg(kwollect.series_labels(wanted.labels::jsonb))
          )
     from (
            select distinct
                   fresh.device_id
                 , fresh.metric_id
                 , fresh.labels::text as labels
              from arrivals as fresh
          ) as wanted;

  insert into kwollect.samples (timestamp, series_id, value, labels)
  select fresh.timestamp
       , known.series_id
       , fresh.value
       , known.sample_labels
    from arrivals as fresh
    -- Each set of labels is looked up once, however many rows have it. left, so that a row whose labels collide with
    -- another series' hash fails on series_id, loudly.
    left join (
           select wanted.device_id
                , wanted.metric_id
                , wanted.labels
                , series.series_id
                , kwollect.sample_labels(wanted.labels::jsonb) as sample_labels
             from (
                    select distinct
                           named.device_id
                         , named.metric_id
                         , named.labels::text as labels
                      from arrivals as named
                  ) as wanted
             join kwollect.series
               on series.device_id = wanted.device_id
              and series.metric_id = wanted.metric_id
              and series.labels_hash = md5(kwollect.series_labels(wanted.labels::jsonb)::text)::uuid
              and series.labels = kwollect.series_labels(wanted.labels::jsonb)
         ) as known
      on known.device_id = fresh.device_id
     and known.metric_id = fresh.metric_id
     and known.labels = fresh.labels::text
   -- A series' new index entries side by side: 415 ms instead of 700 for 100,000 rows of 3,000 series.
   order by known.series_id
       , fresh.timestamp;

  -- Rows of others within these numbers are not visible here.
  delete from kwollect.arriving_metrics
   where arrival_number between (select min(fresh.arrival_number) from arrivals as fresh)
                            and (select max(fresh.arrival_number) from arrivals as fresh);
  perform set_config('plan_cache_mode', planning, true);
  return null;
end
$$;


ALTER FUNCTION kwollect.store_arrivals() OWNER TO kwollect_owner;

--
-- Name: FUNCTION store_arrivals(); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.store_arrivals() IS 'Trigger of kwollect.arriving_metrics: stores the rows of a statement.';


--
-- Name: store_batch(uuid, bigint, text, bigint[], bigint[], double precision[], text[], text[], text[]); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.store_batch(spool_id uuid, batch bigint, host text, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[], refused_reasons text[], refused_samples text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  -- The row lock makes a second copy of the batch wait, and then find it stored.
  insert into kwollect.spools as spool (spool_id, last_batch, host)
  values (store_batch.spool_id, store_batch.batch, store_batch.host)
      on conflict (spool_id) do update
         set last_batch = excluded.last_batch
           , host = excluded.host
           , stored_at = excluded.stored_at
       where spool.last_batch < excluded.last_batch;
  if not found then
    return false;
  end if;

  insert into kwollect.dead_letters (spool_id, batch, reason, sample)
  select store_batch.spool_id
       , store_batch.batch
       , refused.reason
       , refused.sample
    from unnest(refused_reasons, refused_samples) as refused (reason, sample);

  begin
    insert into kwollect.samples (timestamp, series_id, value, labels)
    select timestamptz 'epoch' + fresh.microseconds * interval '1 microsecond'
         , fresh.series_id
         , fresh.value
         , fresh.labels::jsonb
      from unnest(microseconds, series_ids, measured, sample_labels) as fresh (microseconds, series_id, value, labels)
     where fresh.labels is null
        or strpos(fresh.labels, '"_metric_scrape_time"') = 0
     -- Index entries of a series side by side: 154 ms instead of 243 for 20,000 values in random order of series.
     order by fresh.series_id
         , fresh.microseconds;

    -- A custom metric with a time of its own stays in the exporter's file and is scraped again and again;
    -- the sidecar remembers it until it restarts, the database for ever. Most batches have none.
    if exists (
         select
           from unnest(sample_labels) as fresh (labels)
          where strpos(fresh.labels, '"_metric_scrape_time"') > 0
       ) then
      insert into kwollect.samples (timestamp, series_id, value, labels)
      select distinct on (custom.timestamp, custom.series_id, custom.value)
             custom.timestamp
           , custom.series_id
           , custom.value
           , custom.labels::jsonb
        from (
               select timestamptz 'epoch' + fresh.microseconds * interval '1 microsecond'
                    , fresh.series_id
                    , fresh.value
                    , fresh.labels
                 from unnest(microseconds, series_ids, measured, sample_labels) as fresh (microseconds, series_id, value, labels)
                where strpos(fresh.labels, '"_metric_scrape_time"') > 0
             ) as custom (timestamp, series_id, value, labels)
       where not exists (
               select
                 from kwollect.samples as known
                where known.series_id = custom.series_id
                  and known.timestamp = custom.timestamp
                  and known.value = custom.value
             );
    end if;
  exception
    when data_exception or integrity_constraint_violation or program_limit_exceeded then
      perform kwollect.store_rows(spool_id, batch, microseconds, series_ids, measured, sample_labels);
  end;
  return true;
end
$$;


ALTER FUNCTION kwollect.store_batch(spool_id uuid, batch bigint, host text, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[], refused_reasons text[], refused_samples text[]) OWNER TO kwollect_owner;

--
-- Name: FUNCTION store_batch(spool_id uuid, batch bigint, host text, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[], refused_reasons text[], refused_samples text[]); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.store_batch(spool_id uuid, batch bigint, host text, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[], refused_reasons text[], refused_samples text[]) IS 'Stores a batch of a spool, or nothing where it is stored already; returns whether it was new.
Four arrays of equal length hold the samples (microseconds since the Unix epoch, series, value, labels as JSON or null),
two the samples that the sidecar refused, with the reason. A row that cannot be stored goes to kwollect.dead_letters.';


--
-- Name: store_metric(timestamp with time zone, text, text, double precision, jsonb); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.store_metric("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  series_labels constant jsonb := kwollect.series_labels(store_metric.labels);
begin
  perform kwollect.add_missing_series(array[store_metric.device_id], array[store_metric.metric_id], array[series_labels]);

  -- left, so that labels that collide with another series' hash fail on series_id, loudly
  insert into kwollect.samples (timestamp, series_id, value, labels)
  select store_metric.timestamp
       , known.series_id
       , store_metric.value
       , kwollect.sample_labels(store_metric.labels)
    from (values (true)) as one
    left join (
           select series.series_id
             from kwollect.series
            where series.device_id = store_metric.device_id
              and series.metric_id = store_metric.metric_id
              and series.labels_hash = md5(series_labels::text)::uuid
              and series.labels = series_labels
         ) as known
      on true;
end
$$;


ALTER FUNCTION kwollect.store_metric("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb) OWNER TO kwollect_owner;

--
-- Name: FUNCTION store_metric("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.store_metric("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb) IS 'Stores one value of public.metrics.';


--
-- Name: store_rows(uuid, bigint, bigint[], bigint[], double precision[], text[]); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.store_rows(spool_id uuid, batch bigint, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  fresh record;
begin
  for fresh in
    select row.microseconds
         , row.series_id
         , row.value
         , row.labels
      from unnest(microseconds, series_ids, measured, sample_labels) as row (microseconds, series_id, value, labels)
  loop
    begin
      insert into kwollect.samples (timestamp, series_id, value, labels)
      select timestamptz 'epoch' + fresh.microseconds * interval '1 microsecond'
           , fresh.series_id
           , fresh.value
           , fresh.labels::jsonb
       -- a custom metric once, as in store_batch
       where fresh.labels is null
          or strpos(fresh.labels, '"_metric_scrape_time"') = 0
          or not exists (
               select
                 from kwollect.samples as known
                where known.series_id = fresh.series_id
                  and known.timestamp = timestamptz 'epoch' + fresh.microseconds * interval '1 microsecond'
                  and known.value = fresh.value
             );
    exception
      when data_exception or integrity_constraint_violation or program_limit_exceeded then
        insert into kwollect.dead_letters (spool_id, batch, reason, sample)
        select store_rows.spool_id
             , store_rows.batch
             , sqlerrm
             , json_build_object(
                 'timestamp', fresh.microseconds
               , 'device_id', series.device_id
               , 'metric_id', series.metric_id
               , 'labels', series.labels
               , 'value', fresh.value
               , 'sample_labels', fresh.labels
               )::text
          from (values (fresh.series_id)) as refused (series_id)
          left join kwollect.series
            on series.series_id = refused.series_id;
    end;
  end loop;
end
$$;


ALTER FUNCTION kwollect.store_rows(spool_id uuid, batch bigint, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[]) OWNER TO kwollect_owner;

--
-- Name: FUNCTION store_rows(spool_id uuid, batch bigint, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[]); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.store_rows(spool_id uuid, batch bigint, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[]) IS 'Stores the samples of a batch one by one; those that cannot be stored go to kwollect.dead_letters.';


--
-- Name: summand(double precision); Type: FUNCTION; Schema: kwollect; Owner: kwollect_owner
--

CREATE FUNCTION kwollect.summand(value double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((value >= ('-1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric)::double precision) AND (value <= ('1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric)::double precision)) THEN value ELSE (value * 'Infinity'::double precision) END;


ALTER FUNCTION kwollect.summand(value double precision) OWNER TO kwollect_owner;

--
-- Name: FUNCTION summand(value double precision); Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON FUNCTION kwollect.summand(value double precision) IS 'The value, or an infinity beyond 1e300, so that no sum of millions of them overflows.';


--
-- Name: connect(text, integer, text, text, text); Type: PROCEDURE; Schema: oar; Owner: kwollect_owner
--

CREATE PROCEDURE oar.connect(IN host text, IN port integer, IN database text, IN login text, IN password text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  -- As its name stands in PostgreSQL's own message: could not connect to server "OAR database".
  server constant text := 'OAR database';
  owner constant text := 'kwollect_owner';
  server_options constant text[] := array[
    'host=' || host
  , 'port=' || port
  , 'dbname=' || database
    -- A new connection for each transaction: one that was kept would occupy a place in OAR's server for each of
    -- PostgREST's connections, and would hang, not fail, where that server has vanished.
  , 'keep_connections=off'
  , 'connect_timeout=3'
  , 'keepalives_idle=5'
  , 'keepalives_interval=2'
  , 'keepalives_count=3'
  , 'fetch_size=10000'
    -- Nobody analyzes OAR's tables from here, so the planner knows nothing of their sizes: that each query and each
    -- row is dear makes it send joins and groups as one, instead of fetching tables of millions of rows.
  , 'fdw_startup_cost=1000'
  , 'fdw_tuple_cost=100'
  , 'updatable=false'
  , 'truncatable=false'
  ];
  -- Without a password the server's own means count (a .pgpass file, trust), which only a superuser may allow.
  login_options constant text[] := array['user=' || login]
    || case when password is null then 'password_required=false' else 'password=' || password end;
  current_options text[];
begin
  select foreign_server.srvoptions
    into current_options
    from pg_foreign_server as foreign_server
   where foreign_server.srvname = server;
  if not found then
    execute format('create server %I foreign data wrapper postgres_fdw', server);
    execute format('comment on server %I is %L', server, 'Made by kwollect-setup-db-oar, which also changes it.');
    execute format('grant usage on foreign server %I to %I', server, owner);
  end if;
  if current_options is distinct from server_options then
    if current_options is not null then
      execute format('alter server %I options (%s)', server, (
        select string_agg(format('drop %I', option.option_name), ', ') from pg_options_to_table(current_options) as option
      ));
    end if;
    execute format('alter server %I options (%s)', server, (
      select string_agg(format('add %I %L', option.option_name, option.option_value), ', ' order by option.position)
        from pg_options_to_table(server_options) with ordinality as option (option_name, option_value, position)
    ));
  end if;

  select mapping.umoptions
    into current_options
    from pg_user_mappings as mapping
   where mapping.srvname = server
     and mapping.usename = owner;
  if current_options is distinct from login_options then
    execute format('drop user mapping if exists for %I server %I', owner, server);
    execute format('create user mapping for %I server %I options (%s)', owner, server, (
      select string_agg(format('%I %L', option.option_name, option.option_value), ', ')
        from pg_options_to_table(login_options) as option
    ));
  end if;
end
$$;


ALTER PROCEDURE oar.connect(IN host text, IN port integer, IN database text, IN login text, IN password text) OWNER TO kwollect_owner;

--
-- Name: PROCEDURE connect(IN host text, IN port integer, IN database text, IN login text, IN password text); Type: COMMENT; Schema: oar; Owner: kwollect_owner
--

COMMENT ON PROCEDURE oar.connect(IN host text, IN port integer, IN database text, IN login text, IN password text) IS 'Connects the OAR database at host and port; password is null where the server asks for none.';


--
-- Name: serve_jobs(); Type: PROCEDURE; Schema: oar; Owner: kwollect_owner
--

CREATE PROCEDURE oar.serve_jobs()
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  view_name text;
begin
  foreach view_name in array array['nodetime_per_job', 'promoted_metrics_per_job'] loop
    if kwollect.job_source(view_name) = 'oar' then
      continue;
    end if;
    -- The login to OAR is for this role alone, and a view reads with the rights of its owner.
    execute format('alter view public.%I owner to kwollect_owner', view_name);
    execute format(
      'create or replace view public.%I as select %s from oar.%I as job'
    , view_name
    , (
        select string_agg(format('job.%I', attribute.attname), ', ' order by attribute.attnum)
          from pg_attribute as attribute
         where attribute.attrelid = format('oar.%I', view_name)::regclass
           and attribute.attnum > 0
      )
    , view_name
    );
  end loop;
end
$$;


ALTER PROCEDURE oar.serve_jobs() OWNER TO kwollect_owner;

--
-- Name: PROCEDURE serve_jobs(); Type: COMMENT; Schema: oar; Owner: kwollect_owner
--

COMMENT ON PROCEDURE oar.serve_jobs() IS 'Points public.nodetime_per_job and public.promoted_metrics_per_job at the OAR database.';


--
-- Name: samples; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TABLE kwollect.samples (
    "timestamp" timestamp with time zone NOT NULL,
    series_id bigint NOT NULL,
    value double precision DEFAULT 'NaN'::double precision NOT NULL,
    labels jsonb,
    CONSTRAINT sample_labels_of_at_most_64_kb CHECK ((octet_length((labels)::text) <= 65536))
);


ALTER TABLE kwollect.samples OWNER TO kwollect_owner;

--
-- Name: TABLE samples; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.samples IS 'Every value; labels only those that differ from sample to sample.';


--
-- Name: metrics_by_device; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.metrics_by_device AS
 SELECT sample."timestamp",
    series.device_id,
    series.metric_id,
    sample.value,
        CASE
            WHEN (sample.labels IS NULL) THEN (series.labels - '_device_alias'::text)
            ELSE ((series.labels - '_device_alias'::text) || sample.labels)
        END AS labels
   FROM (kwollect.samples sample
     JOIN kwollect.series ON ((series.series_id = sample.series_id)))
UNION ALL
 SELECT sample."timestamp",
    series.device_alias AS device_id,
    series.metric_id,
    sum(kwollect.summand(sample.value)) AS value,
    (((series.labels - '_device_alias'::text) || COALESCE(sample.labels, '{}'::jsonb)) || jsonb_build_object('_device_orig', array_agg(DISTINCT series.device_id ORDER BY series.device_id))) AS labels
   FROM (kwollect.samples sample
     JOIN kwollect.series ON ((series.series_id = sample.series_id)))
  WHERE (series.device_alias IS NOT NULL)
  GROUP BY sample."timestamp", series.device_alias, series.metric_id, (series.labels - '_device_alias'::text), sample.labels;


ALTER TABLE public.metrics_by_device OWNER TO kwollect_owner;

--
-- Name: VIEW metrics_by_device; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.metrics_by_device IS 'Every stored value, and the sum over all devices with the same _device_alias under that name.
Filter on device_id; metric_id and timestamp narrow it further, all by index. Labels of a sum name its devices in _device_orig.';


--
-- Name: metrics_by_device; Type: VIEW; Schema: api; Owner: kwollect_owner
--

CREATE VIEW api.metrics_by_device AS
 SELECT served."timestamp",
    served.device_id,
    served.metric_id,
    served.value,
    served.labels
   FROM public.metrics_by_device served;


ALTER TABLE api.metrics_by_device OWNER TO kwollect_owner;

--
-- Name: VIEW metrics_by_device; Type: COMMENT; Schema: api; Owner: kwollect_owner
--

COMMENT ON VIEW api.metrics_by_device IS 'Values of devices, under their own names and their aliases.
Filter on device_id, for example /metrics_by_device?device_id=eq.node-1&timestamp=gte.2020-01-06T13:35:00Z; without, the request is stopped after a while.';


--
-- Name: nodetime_per_job; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.nodetime_per_job AS
 SELECT NULL::integer AS job_id,
    NULL::timestamp with time zone AS start_time,
    NULL::timestamp with time zone AS stop_time,
    NULL::text AS node
  WHERE false;


ALTER TABLE public.nodetime_per_job OWNER TO kwollect_owner;

--
-- Name: VIEW nodetime_per_job; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.nodetime_per_job IS 'Nodes of each job, one row a node; stop_time is NULL while the job runs.
Redefine it with "create or replace view" to tell kwollect about the jobs of a scheduler.';


--
-- Name: metrics_by_job; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.metrics_by_job AS
 SELECT sample."timestamp",
    job.node AS device_id,
    series.metric_id,
    sample.value,
        CASE
            WHEN (sample.labels IS NULL) THEN (series.labels - '_device_alias'::text)
            ELSE ((series.labels - '_device_alias'::text) || sample.labels)
        END AS labels,
    job.start_time,
    job.stop_time,
    job.job_id
   FROM ((public.nodetime_per_job job
     JOIN kwollect.series ON ((series.device_id = job.node)))
     CROSS JOIN LATERAL ( SELECT measured."timestamp",
            measured.value,
            measured.labels
           FROM kwollect.samples measured
          WHERE ((measured.series_id = series.series_id) AND (measured."timestamp" >= job.start_time) AND (measured."timestamp" <= COALESCE(job.stop_time, now())))
        UNION ALL
         SELECT NULL::timestamp with time zone AS timestamptz,
            NULL::double precision AS float8,
            NULL::jsonb AS jsonb
          WHERE false) sample)
UNION ALL
 SELECT sample."timestamp",
    job.node AS device_id,
    series.metric_id,
    sum(kwollect.summand(sample.value)) AS value,
    (((series.labels - '_device_alias'::text) || COALESCE(sample.labels, '{}'::jsonb)) || jsonb_build_object('_device_orig', array_agg(DISTINCT series.device_id ORDER BY series.device_id))) AS labels,
    job.start_time,
    job.stop_time,
    job.job_id
   FROM ((public.nodetime_per_job job
     JOIN kwollect.series ON ((series.device_alias = job.node)))
     CROSS JOIN LATERAL ( SELECT measured."timestamp",
            measured.value,
            measured.labels
           FROM kwollect.samples measured
          WHERE ((measured.series_id = series.series_id) AND (measured."timestamp" >= job.start_time) AND (measured."timestamp" <= COALESCE(job.stop_time, now())))
        UNION ALL
         SELECT NULL::timestamp with time zone AS timestamptz,
            NULL::double precision AS float8,
            NULL::jsonb AS jsonb
          WHERE false) sample)
  GROUP BY sample."timestamp", job.node, series.metric_id, (series.labels - '_device_alias'::text), sample.labels, job.start_time, job.stop_time, job.job_id;


ALTER TABLE public.metrics_by_job OWNER TO kwollect_owner;

--
-- Name: VIEW metrics_by_job; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.metrics_by_job IS 'Values of a job''s nodes between its start and stop (now while it runs).
Filter on job_id; metric_id and timestamp narrow it further, all by index.';


--
-- Name: metrics_by_job; Type: VIEW; Schema: api; Owner: kwollect_owner
--

CREATE VIEW api.metrics_by_job AS
 SELECT served."timestamp",
    served.device_id,
    served.metric_id,
    served.value,
    served.labels,
    served.start_time,
    served.stop_time,
    served.job_id
   FROM public.metrics_by_job served;


ALTER TABLE api.metrics_by_job OWNER TO kwollect_owner;

--
-- Name: VIEW metrics_by_job; Type: COMMENT; Schema: api; Owner: kwollect_owner
--

COMMENT ON VIEW api.metrics_by_job IS 'Values of a job''s nodes between its start and stop (now while it runs).
Filter on job_id, for example /metrics_by_job?job_id=eq.1234&metric_id=eq.node_load; without, the request is stopped after a while.';


--
-- Name: nodetime_per_job; Type: VIEW; Schema: api; Owner: kwollect_owner
--

CREATE VIEW api.nodetime_per_job AS
 SELECT served.job_id,
    served.start_time,
    served.stop_time,
    served.node
   FROM public.nodetime_per_job served;


ALTER TABLE api.nodetime_per_job OWNER TO kwollect_owner;

--
-- Name: VIEW nodetime_per_job; Type: COMMENT; Schema: api; Owner: kwollect_owner
--

COMMENT ON VIEW api.nodetime_per_job IS 'Nodes of each job, one row a node; stop_time is null while the job runs.
For example /nodetime_per_job?job_id=eq.1234.';


--
-- Name: applied_files; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TABLE kwollect.applied_files (
    path text NOT NULL,
    sha256 text NOT NULL
);


ALTER TABLE kwollect.applied_files OWNER TO kwollect_owner;

--
-- Name: TABLE applied_files; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.applied_files IS 'The files of sql/ as they were last applied; the set-up re-applies all when one differs.';


--
-- Name: arriving_metrics; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE UNLOGGED TABLE kwollect.arriving_metrics (
    arrival_number bigint NOT NULL,
    "timestamp" timestamp with time zone NOT NULL,
    device_id text,
    metric_id text,
    value double precision NOT NULL,
    labels jsonb NOT NULL
);


ALTER TABLE kwollect.arriving_metrics OWNER TO kwollect_owner;

--
-- Name: TABLE arriving_metrics; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.arriving_metrics IS 'Rows of an INSERT into public.metrics until its trigger has stored them; empty between statements.';


--
-- Name: arriving_metrics_arrival_number_seq; Type: SEQUENCE; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE kwollect.arriving_metrics ALTER COLUMN arrival_number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME kwollect.arriving_metrics_arrival_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 100
);


--
-- Name: dead_letters; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TABLE kwollect.dead_letters (
    dead_letter_id bigint NOT NULL,
    refused_at timestamp with time zone DEFAULT now() NOT NULL,
    spool_id uuid NOT NULL,
    batch bigint NOT NULL,
    reason text NOT NULL,
    sample text NOT NULL
);


ALTER TABLE kwollect.dead_letters OWNER TO kwollect_owner;

--
-- Name: TABLE dead_letters; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.dead_letters IS 'Samples that could not be stored, with the reason; sample is JSON.';


--
-- Name: dead_letters_dead_letter_id_seq; Type: SEQUENCE; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE kwollect.dead_letters ALTER COLUMN dead_letter_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME kwollect.dead_letters_dead_letter_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: migrations; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TABLE kwollect.migrations (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    run_on timestamp without time zone NOT NULL
);


ALTER TABLE kwollect.migrations OWNER TO kwollect_owner;

--
-- Name: migrations_id_seq; Type: SEQUENCE; Schema: kwollect; Owner: kwollect_owner
--

CREATE SEQUENCE kwollect.migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE kwollect.migrations_id_seq OWNER TO kwollect_owner;

--
-- Name: migrations_id_seq; Type: SEQUENCE OWNED BY; Schema: kwollect; Owner: kwollect_owner
--

ALTER SEQUENCE kwollect.migrations_id_seq OWNED BY kwollect.migrations.id;


--
-- Name: pending_metrics; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE UNLOGGED TABLE kwollect.pending_metrics (
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    operation text NOT NULL,
    "timestamp" timestamp with time zone NOT NULL,
    device_id text NOT NULL,
    metric_id text NOT NULL,
    value double precision NOT NULL,
    labels jsonb NOT NULL
);


ALTER TABLE kwollect.pending_metrics OWNER TO kwollect_owner;

--
-- Name: TABLE pending_metrics; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.pending_metrics IS 'Rows that COPY and DELETE on public.metrics have collected; empty between statements.';


--
-- Name: promotion_updates; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TABLE kwollect.promotion_updates (
    began_at timestamp with time zone NOT NULL
);


ALTER TABLE kwollect.promotion_updates OWNER TO kwollect_owner;

--
-- Name: TABLE promotion_updates; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.promotion_updates IS 'One row: when the last successful update_promoted_metrics began to ask what jobs want.';


--
-- Name: promotions; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TABLE kwollect.promotions (
    promotion_id bigint NOT NULL,
    device_id text NOT NULL,
    metric_id text,
    by_job boolean DEFAULT false NOT NULL
);


ALTER TABLE kwollect.promotions OWNER TO kwollect_owner;

--
-- Name: TABLE promotions; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.promotions IS 'Optional metrics that are collected now; by_job tells what update_promoted_metrics wrote from what somebody put by hand.';


--
-- Name: promotions_promotion_id_seq; Type: SEQUENCE; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE kwollect.promotions ALTER COLUMN promotion_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME kwollect.promotions_promotion_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: samples_summary; Type: VIEW; Schema: kwollect; Owner: kwollect_owner
--

CREATE VIEW kwollect.samples_summary AS
 SELECT public.time_bucket('00:05:00'::interval, sample."timestamp") AS "timestamp",
    sample.series_id,
    avg(
        CASE
            WHEN ((sample.value >= ('-100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric)::double precision) AND (sample.value <= ('100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric)::double precision)) THEN sample.value
            ELSE (sample.value * 'Infinity'::double precision)
        END) FILTER (WHERE (sample.value <> 'NaN'::double precision)) AS average,
    max(sample.value) FILTER (WHERE (sample.value <> 'NaN'::double precision)) AS largest
   FROM kwollect.samples sample
  GROUP BY (public.time_bucket('00:05:00'::interval, sample."timestamp")), sample.series_id;


ALTER TABLE kwollect.samples_summary OWNER TO kwollect_owner;

--
-- Name: VIEW samples_summary; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON VIEW kwollect.samples_summary IS 'Average and largest value of each series in buckets of five minutes; null where all values are NaN.';


--
-- Name: series_series_id_seq; Type: SEQUENCE; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE kwollect.series ALTER COLUMN series_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME kwollect.series_series_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: settings; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TABLE kwollect.settings (
    name text NOT NULL,
    value text NOT NULL
);


ALTER TABLE kwollect.settings OWNER TO kwollect_owner;

--
-- Name: TABLE settings; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.settings IS 'What the set-up keeps from run to run; holds the JWT secret, so nobody but the owner reads it.';


--
-- Name: spools; Type: TABLE; Schema: kwollect; Owner: kwollect_owner
--

CREATE TABLE kwollect.spools (
    spool_id uuid NOT NULL,
    last_batch bigint NOT NULL,
    host text NOT NULL,
    stored_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE kwollect.spools OWNER TO kwollect_owner;

--
-- Name: TABLE spools; Type: COMMENT; Schema: kwollect; Owner: kwollect_owner
--

COMMENT ON TABLE kwollect.spools IS 'The number of the last batch stored of every spool; a batch seen twice changes nothing.';


--
-- Name: background_jobs; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.background_jobs AS
 SELECT job.proc_name AS job,
    job.schedule_interval,
    job.next_start,
    statistics.last_run_started_at,
    statistics.last_successful_finish,
    statistics.last_run_status,
    statistics.total_runs,
    statistics.total_failures
   FROM (timescaledb_information.jobs job
     LEFT JOIN timescaledb_information.job_stats statistics ON ((statistics.job_id = job.job_id)))
  WHERE (job.proc_schema = 'kwollect'::name);


ALTER TABLE public.background_jobs OWNER TO kwollect_owner;

--
-- Name: VIEW background_jobs; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.background_jobs IS 'Background jobs of kwollect: refresh of the summary, compression, archive, retention.
last_run_status is Failed where the last run failed; timescaledb_information.job_errors has the reason for the administrator.';


--
-- Name: metrics; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.metrics AS
 SELECT sample."timestamp",
    series.device_id,
    series.metric_id,
    sample.value,
        CASE
            WHEN (sample.labels IS NULL) THEN series.labels
            ELSE (series.labels || sample.labels)
        END AS labels
   FROM (kwollect.samples sample
     JOIN kwollect.series ON ((series.series_id = sample.series_id)));


ALTER TABLE public.metrics OWNER TO kwollect_owner;

--
-- Name: VIEW metrics; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.metrics IS 'Every stored value.
INSERT and COPY need device_id and metric_id; timestamp, value and labels default to now(), NaN and {}.';


--
-- Name: metrics_by_device_summary; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.metrics_by_device_summary AS
 SELECT bucket."timestamp",
    series.device_id,
    series.metric_id,
    COALESCE(
        CASE
            WHEN (series.metric_id ~~ '%\_total'::text) THEN bucket.largest
            ELSE bucket.average
        END, 'NaN'::double precision) AS value,
    (series.labels - '_device_alias'::text) AS labels
   FROM (kwollect.series
     CROSS JOIN LATERAL ( SELECT summary."timestamp",
            summary.average,
            summary.largest
           FROM kwollect.samples_summary summary
          WHERE (summary.series_id = series.series_id)
        UNION ALL
         SELECT NULL::timestamp with time zone AS timestamptz,
            NULL::double precision AS float8,
            NULL::double precision AS float8
          WHERE false) bucket)
UNION ALL
 SELECT bucket."timestamp",
    series.device_alias AS device_id,
    series.metric_id,
    sum(kwollect.summand(COALESCE(
        CASE
            WHEN (series.metric_id ~~ '%\_total'::text) THEN bucket.largest
            ELSE bucket.average
        END, 'NaN'::double precision))) AS value,
    ((series.labels - '_device_alias'::text) || jsonb_build_object('_device_orig', array_agg(DISTINCT series.device_id ORDER BY series.device_id))) AS labels
   FROM (kwollect.series
     CROSS JOIN LATERAL ( SELECT summary."timestamp",
            summary.average,
            summary.largest
           FROM kwollect.samples_summary summary
          WHERE (summary.series_id = series.series_id)
        UNION ALL
         SELECT NULL::timestamp with time zone AS timestamptz,
            NULL::double precision AS float8,
            NULL::double precision AS float8
          WHERE false) bucket)
  WHERE (series.device_alias IS NOT NULL)
  GROUP BY bucket."timestamp", series.device_alias, series.metric_id, (series.labels - '_device_alias'::text);


ALTER TABLE public.metrics_by_device_summary OWNER TO kwollect_owner;

--
-- Name: VIEW metrics_by_device_summary; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.metrics_by_device_summary IS 'Five-minute buckets of metrics_by_device: the average, or the maximum where metric_id ends in _total.
An alias has the sum of its devices'' buckets. Filter on device_id; metric_id and timestamp narrow it further.';


--
-- Name: metrics_by_job_summary; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.metrics_by_job_summary AS
 SELECT bucket."timestamp",
    job.node AS device_id,
    series.metric_id,
    COALESCE(
        CASE
            WHEN (series.metric_id ~~ '%\_total'::text) THEN bucket.largest
            ELSE bucket.average
        END, 'NaN'::double precision) AS value,
    (series.labels - '_device_alias'::text) AS labels,
    job.start_time,
    job.stop_time,
    job.job_id
   FROM ((public.nodetime_per_job job
     JOIN kwollect.series ON ((series.device_id = job.node)))
     CROSS JOIN LATERAL ( SELECT summary."timestamp",
            summary.average,
            summary.largest
           FROM kwollect.samples_summary summary
          WHERE ((summary.series_id = series.series_id) AND (summary."timestamp" >= public.time_bucket('00:05:00'::interval, job.start_time)) AND (summary."timestamp" <= COALESCE(job.stop_time, now())))
        UNION ALL
         SELECT NULL::timestamp with time zone AS timestamptz,
            NULL::double precision AS float8,
            NULL::double precision AS float8
          WHERE false) bucket)
UNION ALL
 SELECT bucket."timestamp",
    job.node AS device_id,
    series.metric_id,
    sum(kwollect.summand(COALESCE(
        CASE
            WHEN (series.metric_id ~~ '%\_total'::text) THEN bucket.largest
            ELSE bucket.average
        END, 'NaN'::double precision))) AS value,
    ((series.labels - '_device_alias'::text) || jsonb_build_object('_device_orig', array_agg(DISTINCT series.device_id ORDER BY series.device_id))) AS labels,
    job.start_time,
    job.stop_time,
    job.job_id
   FROM ((public.nodetime_per_job job
     JOIN kwollect.series ON ((series.device_alias = job.node)))
     CROSS JOIN LATERAL ( SELECT summary."timestamp",
            summary.average,
            summary.largest
           FROM kwollect.samples_summary summary
          WHERE ((summary.series_id = series.series_id) AND (summary."timestamp" >= public.time_bucket('00:05:00'::interval, job.start_time)) AND (summary."timestamp" <= COALESCE(job.stop_time, now())))
        UNION ALL
         SELECT NULL::timestamp with time zone AS timestamptz,
            NULL::double precision AS float8,
            NULL::double precision AS float8
          WHERE false) bucket)
  GROUP BY bucket."timestamp", job.node, series.metric_id, (series.labels - '_device_alias'::text), job.start_time, job.stop_time, job.job_id;


ALTER TABLE public.metrics_by_job_summary OWNER TO kwollect_owner;

--
-- Name: VIEW metrics_by_job_summary; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.metrics_by_job_summary IS 'Five-minute buckets of metrics_by_job.
Filter on job_id; metric_id and timestamp narrow it further. The first bucket begins before the job does.';


--
-- Name: metrics_summary; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.metrics_summary AS
 SELECT summary."timestamp",
    series.device_id,
    series.metric_id,
    COALESCE(
        CASE
            WHEN (series.metric_id ~~ '%\_total'::text) THEN summary.largest
            ELSE summary.average
        END, 'NaN'::double precision) AS value,
    series.labels
   FROM (kwollect.series
     CROSS JOIN LATERAL ( SELECT bucket."timestamp",
            bucket.average,
            bucket.largest
           FROM kwollect.samples_summary bucket
          WHERE (bucket.series_id = series.series_id)
        UNION ALL
         SELECT NULL::timestamp with time zone AS timestamptz,
            NULL::double precision AS float8,
            NULL::double precision AS float8
          WHERE false) summary);


ALTER TABLE public.metrics_summary OWNER TO kwollect_owner;

--
-- Name: VIEW metrics_summary; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.metrics_summary IS 'Five-minute buckets of every metric: the average, or the maximum where metric_id ends in _total.
timestamp is the begin of the bucket. NaN values do not count; a bucket of nothing else is NaN.';


--
-- Name: nodetime_by_job; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.nodetime_by_job AS
 SELECT job.job_id,
    job.start_time,
    job.stop_time,
    job.node
   FROM public.nodetime_per_job job;


ALTER TABLE public.nodetime_by_job OWNER TO kwollect_owner;

--
-- Name: VIEW nodetime_by_job; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.nodetime_by_job IS 'Nodes of each job, one row a node; stop_time is NULL while the job runs.
The same as nodetime_per_job.';


--
-- Name: promoted_metrics; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.promoted_metrics AS
 SELECT promotion.device_id,
    promotion.metric_id
   FROM kwollect.promotions promotion;


ALTER TABLE public.promoted_metrics OWNER TO kwollect_owner;

--
-- Name: VIEW promoted_metrics; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.promoted_metrics IS 'Optional metrics that are collected now.
metric_id is a regular expression that matches at the start of a metric''s name; NULL means all of the device.';


--
-- Name: promoted_metrics_per_job; Type: VIEW; Schema: public; Owner: kwollect_owner
--

CREATE VIEW public.promoted_metrics_per_job AS
 SELECT NULL::integer AS job_id,
    NULL::text AS node,
    NULL::text AS metric_id
  WHERE false;


ALTER TABLE public.promoted_metrics_per_job OWNER TO kwollect_owner;

--
-- Name: VIEW promoted_metrics_per_job; Type: COMMENT; Schema: public; Owner: kwollect_owner
--

COMMENT ON VIEW public.promoted_metrics_per_job IS 'Optional metrics that running jobs ask for; metric_id is a regular expression.
Redefine it with "create or replace view", then call update_promoted_metrics when jobs begin and end.';


--
-- Name: migrations id; Type: DEFAULT; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE ONLY kwollect.migrations ALTER COLUMN id SET DEFAULT nextval('kwollect.migrations_id_seq'::regclass);


--
-- Name: metrics timestamp; Type: DEFAULT; Schema: public; Owner: kwollect_owner
--

ALTER TABLE ONLY public.metrics ALTER COLUMN "timestamp" SET DEFAULT now();


--
-- Name: metrics value; Type: DEFAULT; Schema: public; Owner: kwollect_owner
--

ALTER TABLE ONLY public.metrics ALTER COLUMN value SET DEFAULT 'NaN'::double precision;


--
-- Name: metrics labels; Type: DEFAULT; Schema: public; Owner: kwollect_owner
--

ALTER TABLE ONLY public.metrics ALTER COLUMN labels SET DEFAULT '{}'::jsonb;


--
-- Data for Name: applied_files; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.applied_files (path, sha256) FROM stdin;
kwollect/sample_label_keys.function.sql	2f6418729710ae89470c0296fb03da16c492a05881aa9882c36f6da4a9fbe0b2
kwollect/series_labels.function.sql	a9b822dae7cd400adb9f0ed9eadef8042be5bb72fa7894ee577223608039530e
kwollect/sample_labels.function.sql	bdedd1e9b0329b21a95ae2ed0528ea8643e4cda9a90a5ae8be5468b10b47efc3
kwollect/summand.function.sql	a4e78a7782d9bdd1af0b80c89c2098a7b8eab83e93a46db5218c9de0522f93c8
kwollect/add_missing_series.function.sql	b4141045a6d5fca4cc2b8e6c3fe3745d804731cb809bbbe49e037a1013b601f9
kwollect/resolve_series.function.sql	d464f56ae2fce42b2f564f14b13945fee8ee43df4aa84559dd7756d27a3ad4be
kwollect/last_batch.function.sql	a0447e3599fb6b303448837d57df5eb5efe80ff05467544895579fe25bce8ab6
kwollect/store_rows.function.sql	bc4b386a071b0a20dcb8ed4e92e84171791c21f85b3ff2afbba6f1154284647f
kwollect/store_batch.function.sql	4c91de9b52fe247e38d8192f3a10d294082eec219ffe885a91175ce63f39e0a6
kwollect/store_metric.function.sql	a8ae2a2ff60bf0d46bd568b6096d1695d6d3c12b95992bd6a94d0514c8d264e4
kwollect/store_arrivals.function.sql	597d610574e63dfb54f184fb7fa43aba49ffd1d0b3b443335b86c48ade9180a2
kwollect/arriving_metrics.trigger.sql	e77f6c17e1136305c939fd059f6fbcec39c4a065ad0842a4e3b4da2e83cd536a
kwollect/metrics_collect_row.function.sql	47b97f07d14ff2208ef382c9cda581322571984b3243dab070b3073b76a1dc50
kwollect/metrics_store_collected.function.sql	3a8ff1335eac1a316116119c7fc35e4be697d1de9c2ec98a09358c3e42ab4af5
kwollect/metrics_delete_collected.function.sql	0b33080256d423beafd02f82f66171d0898eb8c6604a4267fd79043bb3db7773
kwollect/announce_promotions.function.sql	3c05c9fce5a4bbd6a5d98b0532d8e7fc80ff20e83c75b84cc20dedc7e4989641
kwollect/refuse_write.function.sql	2e89742de68feee70b0b616e7b966155ce17e217577a1117636e4ff5246cb731
kwollect/promotions.trigger.sql	c9993ae3da738001a7105c42a2389309045664bc299c499fd7d6d40bda93643b
kwollect/check_expression.function.sql	696286ddb5bf0faa7e1eb0ec8a56c9e3c3243816a1cf451b303366b058cb9028
kwollect/promoted_descriptions.function.sql	32363f501e34fc850dec9f1e51f17def905ece8374131b614ce5baa4f2008965
kwollect/is_regular_expression.function.sql	f0e35644017ea93e7a55475a81d1e0087fd190f2e3b88d989fe9b00657222f81
kwollect/available_metrics.function.sql	423a4dfee6a282d331fe298634028b10f5919e22fd8402e96a0eac85dcafc119
kwollect/parse_list.function.sql	5456d848797c6d7441f287ab27c88b90e227d45dc47a380cfbde96af1df0d787
kwollect/one_line.function.sql	87107c64aa923cca9f59689a3cbb754ad5386eca118377bff7451d62690aec73
kwollect/parse_time.function.sql	1f9c13b0fab86dd3bd5ec9e54d0fd53ee36f90b09eb58bb5b7915f8eb2aea933
kwollect/parse_value.function.sql	afea0131bdb319845e67303e3c530d7ee3504186891abb1a96a6772b0c0a56c6
kwollect/setting.function.sql	2b477cb46b650136b3166593b0f0645ae2462b3ba79c2bb268bbeda690a8a6d7
kwollect/keep_setting.procedure.sql	72ce0d70cc844aa0ab896d0fdbac4eb3dd9f68cda6fa23898ec51fe0c153a20e
kwollect/refresh_summary.procedure.sql	bd7398e9082689880f0759c658bfb774b60aa02faa4a58a2ae4573588679e209
kwollect/compress_old_chunks.procedure.sql	dfe8ae8a0118f0318ff0774565e0e586e3427bb039b4bac21e2ff9cc3f3a4e67
kwollect/drop_expired_chunks.procedure.sql	896bd3c46dfc38d82d004c63ff62b8a0432a0d047dbda519ffdac0fb35ea0f28
kwollect/archive_old_chunks.procedure.sql	609d4276f7343906837efac56c391398d73e03406b62f40fe3315b078065c884
kwollect/job_works.function.sql	daa13abf6d5134de275d117e980ecca77e347f8e53eb5065a39d29c602f0d451
kwollect/maintain.procedure.sql	24ef9192853830a07440acbe2bb9324afbe0ad085dbe62a223bea15002b97308
kwollect/drop_object.procedure.sql	55e94806a0a351f083624595c30bf33ad48dd0f6295bf82b99391ba69b45d094
kwollect/job_source.function.sql	d15875fae7a8f568853c0f5de69379b215ec73c7a1880ab00345a2acb84a6b1f
kwollect/job_source_failure.function.sql	10c7d16c132c1ed558a136e6fa97d9170bd3e09ae02b9c8fff1d05e71b535d36
kwollect/configure_login.procedure.sql	d108fcf0522dfc97465b33e715e6ed86f31718cafcaf5b1e69e6daf5d1a1432f
kwollect/close_timescaledb.procedure.sql	5d160125fa9f990f9f966d2e4910e9bb6c012370b2e14d421460b03ede65007c
kwollect/configure_storage.procedure.sql	7e7e573f7ba924edc5df1287282ba7a9fa9623f82c3f15ed5b905160c894d92e
kwollect/assert_catalog.procedure.sql	2c4201bfa6232340b85afd032622b1b4c8b11e205dfe446a4b565071517293e0
public/metrics.view.sql	ead83340c60f529d7b45acf3121b4223b1b241014739dbcb1aa54d83cc18f724
public/metrics.trigger.sql	ad4d30f5588645e17a14b07af0c3fb9110cbd1e16705a3a38926de9a6d2bea58
public/metrics.rule.sql	7285c1ccbd0935008360d69ddc0a0e2fd2ffa3236a72a1a717af6f56f7d6b012
public/metrics_by_device.view.sql	b509187d6645072005f7a00cfeeade89cefc17c1574ed4da27c5a8f7951b8636
public/nodetime_per_job.view.sql	e8fe1a9c98e54c0105c1778d05198960572c41148873df36a7df29b8689feaf6
public/nodetime_by_job.view.sql	21557a2aa02f87fecdec4e9507b1daa9b710473b1019b11a3fa7d3eed75b0d31
public/metrics_by_job.view.sql	c3b6680c1f5f80526847ebc2dff9600f7341453296b06fb647ddd1c962b999ba
kwollect/samples_summary.view.sql	cfef89eee3db231bbbd4b813f9c1889e507366c843ca4051ec70380847d04a50
public/metrics_summary.view.sql	413681aadb4070f401e31f586a635517512f5248b4b097e271713b1d5028b359
public/metrics_by_device_summary.view.sql	62b03229b31d8ba45d507ace000720e85aa4e9fe91bd0ddbe152bea928742580
public/metrics_by_job_summary.view.sql	89285dd5e37057603f8aa94be53f332c7bd9150438ef7ee3c8eae960ea28db5d
public/background_jobs.view.sql	cb23d399813c59a06116a6926bebb8fc06a7d2d54566aaaa3f21c13749475c82
public/promoted_metrics.view.sql	089fd357933cb7b3def681e40da65b8b57508044992d5fae20c80fd8fa382e1d
public/promoted_metrics_per_job.view.sql	9d73466065f6149d5aef03ff4c3446eb947f9281ebe13fc463a05fc4df5ad19d
kwollect/named_series.function.sql	33e308bf4ef67012f3bf3c2dcabdf570c4c961d906f684552d494aef6243d919
kwollect/read_metrics.function.sql	3413d08c0b48199d7ee677fa8814b02f74cc2a91a58c53c28d54e7afa9495504
kwollect/read_summary.function.sql	720c2692f2a70f1dcc6bda976ae43e7bab77670322edaee2f3a575abeed30596
kwollect/read_rates.function.sql	5b9cd7a13c3efeb3d7bb6e323a4bd11735d84553ec9551bd4f6bc86b769186ed
kwollect/job_spans.function.sql	327ba6e122cec161b47ae128401c6e832dfcb635741addc3a8ca8fae7f5260f4
api/get_metrics.function.sql	cf8bc9b8664e5706faf705955836d5c41c3d747eb6e65d278774e5eea7be3f07
api/insert_metrics.function.sql	e3da38d5e1649498043da5e412da505fd11bd708f9ab730308533027ddc1495e
api/available_metrics.function.sql	1e9b98ca4e8b7e7692887f27452c5bcbca59f0f045dcda1aadd487f922026cd8
api/update_promoted_metrics.function.sql	4c62f2f55d00660e66cc42710e6851023748ee46058e5f074851b3d09b19024b
api/nodetime_per_job.view.sql	3ce739c1ed96b9726a125a337348854905e8b9f7e9ca70ae96966f8362b032ac
api/nodetime_per_job.trigger.sql	7caf329696aeb5103a46c2ab0943455ddb8414cc22b159e15f4feceb6d964917
api/metrics_by_device.view.sql	87e8abd7159efa425e519f65d374ce229d50e386a5d5d4812dde233cb59c7ce8
api/metrics_by_device.trigger.sql	364345f1929a014f58a8479299f7fada5a4178d01d3691d63121086a9ead6fc2
api/metrics_by_job.view.sql	8430fae31fe69e95215580b8092dd20d615e0a64e72c23378cf9b0e5b256fae4
api/metrics_by_job.trigger.sql	077252448aad6c4d0e8aa74d3ae4c8cbe04536b12388a2f77924520406f7421e
oar/connect.procedure.sql	61732df7dda9b59d0a881cf014c05117c8ae9d6c6e083f8319fc4dca23edab3c
oar/serve_jobs.procedure.sql	be5a26645312c2c84fbb0fd10fc3dd42563f92acb215650eae0b16d90adafe21
\.


--
-- Data for Name: arriving_metrics; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.arriving_metrics (arrival_number, "timestamp", device_id, metric_id, value, labels) FROM stdin;
\.


--
-- Data for Name: dead_letters; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.dead_letters (dead_letter_id, refused_at, spool_id, batch, reason, sample) FROM stdin;
\.


--
-- Data for Name: migrations; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.migrations (id, name, run_on) FROM stdin;
1	0001_roles_and_schemas	2026-11-23 04:59:04.623041
2	0002_series_and_samples	2026-11-23 04:59:04.623041
3	0003_pending_metrics	2026-11-23 04:59:04.623041
4	0004_spools	2026-11-23 04:59:04.623041
5	0005_promotions	2026-11-23 04:59:04.623041
6	0006_settings	2026-11-23 04:59:04.623041
7	0007_natural_order	2026-11-23 04:59:04.623041
8	0008_named_samples	2026-11-23 04:59:04.623041
9	0009_oar_schema	2026-11-23 04:59:04.623041
10	0010_promotion_updates	2026-11-23 04:59:04.623041
\.


--
-- Data for Name: pending_metrics; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.pending_metrics (transaction_id, operation, "timestamp", device_id, metric_id, value, labels) FROM stdin;
\.


--
-- Data for Name: promotion_updates; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.promotion_updates (began_at) FROM stdin;
-infinity
\.


--
-- Data for Name: promotions; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.promotions (promotion_id, device_id, metric_id, by_job) FROM stdin;
1	node-1	bmc_.*	f
2	node-2	\N	f
\.


--
-- Data for Name: samples; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.samples ("timestamp", series_id, value, labels) FROM stdin;
\.


--
-- Data for Name: series; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.series (series_id, device_id, metric_id, labels) FROM stdin;
1	node-0	bmc_node_power_watt	{"_device_alias": "rack-0"}
2	node-0	bmc_node_power_watt	{"_device_alias": "rack-1"}
3	node-1	bmc_node_power_watt	{"_device_alias": "rack-0"}
4	node-1	bmc_node_power_watt	{"_device_alias": "rack-1"}
5	node-2	bmc_node_power_watt	{"_device_alias": "rack-0"}
6	node-2	bmc_node_power_watt	{"_device_alias": "rack-1"}
7	node-1	status	{}
8	nœud "2"	status	{}
\.


--
-- Data for Name: settings; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.settings (name, value) FROM stdin;
chunk_compress_hour	24
jwt_secret	of a fixture, known to everybody.
\.


--
-- Data for Name: spools; Type: TABLE DATA; Schema: kwollect; Owner: kwollect_owner
--

COPY kwollect.spools (spool_id, last_batch, host, stored_at) FROM stdin;
\.


--
-- Name: arriving_metrics_arrival_number_seq; Type: SEQUENCE SET; Schema: kwollect; Owner: kwollect_owner
--

SELECT pg_catalog.setval('kwollect.arriving_metrics_arrival_number_seq', 100, true);


--
-- Name: dead_letters_dead_letter_id_seq; Type: SEQUENCE SET; Schema: kwollect; Owner: kwollect_owner
--

SELECT pg_catalog.setval('kwollect.dead_letters_dead_letter_id_seq', 1, false);


--
-- Name: migrations_id_seq; Type: SEQUENCE SET; Schema: kwollect; Owner: kwollect_owner
--

SELECT pg_catalog.setval('kwollect.migrations_id_seq', 10, true);


--
-- Name: promotions_promotion_id_seq; Type: SEQUENCE SET; Schema: kwollect; Owner: kwollect_owner
--

SELECT pg_catalog.setval('kwollect.promotions_promotion_id_seq', 2, true);


--
-- Name: series_series_id_seq; Type: SEQUENCE SET; Schema: kwollect; Owner: kwollect_owner
--

SELECT pg_catalog.setval('kwollect.series_series_id_seq', 8, true);


--
-- Name: applied_files applied_files_pkey; Type: CONSTRAINT; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE ONLY kwollect.applied_files
    ADD CONSTRAINT applied_files_pkey PRIMARY KEY (path);


--
-- Name: dead_letters dead_letters_pkey; Type: CONSTRAINT; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE ONLY kwollect.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id);


--
-- Name: migrations migrations_pkey; Type: CONSTRAINT; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE ONLY kwollect.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (id);


--
-- Name: promotions promotions_pkey; Type: CONSTRAINT; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE ONLY kwollect.promotions
    ADD CONSTRAINT promotions_pkey PRIMARY KEY (promotion_id);


--
-- Name: series series_pkey; Type: CONSTRAINT; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE ONLY kwollect.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (series_id);


--
-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE ONLY kwollect.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (name);


--
-- Name: spools spools_pkey; Type: CONSTRAINT; Schema: kwollect; Owner: kwollect_owner
--

ALTER TABLE ONLY kwollect.spools
    ADD CONSTRAINT spools_pkey PRIMARY KEY (spool_id);


--
-- Name: arriving_metrics_arrival_number; Type: INDEX; Schema: kwollect; Owner: kwollect_owner
--

CREATE INDEX arriving_metrics_arrival_number ON kwollect.arriving_metrics USING btree (arrival_number);


--
-- Name: pending_metrics_transaction_id; Type: INDEX; Schema: kwollect; Owner: kwollect_owner
--

CREATE INDEX pending_metrics_transaction_id ON kwollect.pending_metrics USING btree (transaction_id);


--
-- Name: samples_series_id_timestamp; Type: INDEX; Schema: kwollect; Owner: kwollect_owner
--

CREATE INDEX samples_series_id_timestamp ON kwollect.samples USING btree (series_id, "timestamp");


--
-- Name: series_device_alias; Type: INDEX; Schema: kwollect; Owner: kwollect_owner
--

CREATE INDEX series_device_alias ON kwollect.series USING btree (device_alias, metric_id) WHERE (device_alias IS NOT NULL);


--
-- Name: series_key; Type: INDEX; Schema: kwollect; Owner: kwollect_owner
--

CREATE UNIQUE INDEX series_key ON kwollect.series USING btree (device_id, metric_id, labels_hash);


--
-- Name: series_metric_id; Type: INDEX; Schema: kwollect; Owner: kwollect_owner
--

CREATE INDEX series_metric_id ON kwollect.series USING btree (metric_id);


--
-- Name: metrics metrics_insert; Type: RULE; Schema: public; Owner: kwollect_owner
--

CREATE RULE metrics_insert AS
    ON INSERT TO public.metrics DO INSTEAD  INSERT INTO kwollect.arriving_metrics ("timestamp", device_id, metric_id, value, labels)
  VALUES (COALESCE(new."timestamp", now()), new.device_id, new.metric_id, COALESCE(new.value, 'NaN'::double precision), COALESCE(new.labels, '{}'::jsonb))
  RETURNING arriving_metrics."timestamp",
    arriving_metrics.device_id,
    arriving_metrics.metric_id,
    arriving_metrics.value,
    arriving_metrics.labels;


--
-- Name: metrics_by_device metrics_by_device_refuse_write; Type: TRIGGER; Schema: api; Owner: kwollect_owner
--

CREATE TRIGGER metrics_by_device_refuse_write INSTEAD OF INSERT OR DELETE OR UPDATE ON api.metrics_by_device FOR EACH ROW EXECUTE FUNCTION kwollect.refuse_write();


--
-- Name: metrics_by_job metrics_by_job_refuse_write; Type: TRIGGER; Schema: api; Owner: kwollect_owner
--

CREATE TRIGGER metrics_by_job_refuse_write INSTEAD OF INSERT OR DELETE OR UPDATE ON api.metrics_by_job FOR EACH ROW EXECUTE FUNCTION kwollect.refuse_write();


--
-- Name: nodetime_per_job nodetime_per_job_refuse_write; Type: TRIGGER; Schema: api; Owner: kwollect_owner
--

CREATE TRIGGER nodetime_per_job_refuse_write INSTEAD OF INSERT OR DELETE OR UPDATE ON api.nodetime_per_job FOR EACH ROW EXECUTE FUNCTION kwollect.refuse_write();


--
-- Name: arriving_metrics arriving_metrics_store; Type: TRIGGER; Schema: kwollect; Owner: kwollect_owner
--

CREATE TRIGGER arriving_metrics_store AFTER INSERT ON kwollect.arriving_metrics REFERENCING NEW TABLE AS arrivals FOR EACH STATEMENT EXECUTE FUNCTION kwollect.store_arrivals();


--
-- Name: promotions promotions_announce; Type: TRIGGER; Schema: kwollect; Owner: kwollect_owner
--

CREATE TRIGGER promotions_announce AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON kwollect.promotions FOR EACH STATEMENT EXECUTE FUNCTION kwollect.announce_promotions();


--
-- Name: samples ts_insert_blocker; Type: TRIGGER; Schema: kwollect; Owner: kwollect_owner
--



--
-- Name: metrics metrics_collect_row; Type: TRIGGER; Schema: public; Owner: kwollect_owner
--

CREATE TRIGGER metrics_collect_row INSTEAD OF INSERT OR DELETE ON public.metrics FOR EACH ROW EXECUTE FUNCTION kwollect.metrics_collect_row();


--
-- Name: metrics metrics_delete_collected; Type: TRIGGER; Schema: public; Owner: kwollect_owner
--

CREATE TRIGGER metrics_delete_collected AFTER DELETE ON public.metrics FOR EACH STATEMENT EXECUTE FUNCTION kwollect.metrics_delete_collected();


--
-- Name: metrics metrics_store_collected; Type: TRIGGER; Schema: public; Owner: kwollect_owner
--

CREATE TRIGGER metrics_store_collected AFTER INSERT ON public.metrics FOR EACH STATEMENT EXECUTE FUNCTION kwollect.metrics_store_collected();


--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner
--

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO kwollect_owner;
GRANT USAGE ON SCHEMA public TO kwollect_reader;
GRANT USAGE ON SCHEMA public TO kwollect_writer;


--
-- Name: SCHEMA api; Type: ACL; Schema: -; Owner: kwollect_owner
--

GRANT USAGE ON SCHEMA api TO kwollect_reader;
GRANT USAGE ON SCHEMA api TO kwollect_writer;


--
-- Name: SCHEMA kwollect; Type: ACL; Schema: -; Owner: kwollect_owner
--

GRANT USAGE ON SCHEMA kwollect TO kwollect_reader;
GRANT USAGE ON SCHEMA kwollect TO kwollect_writer;


--
-- Name: FUNCTION available_metrics(at timestamp with time zone, params json); Type: ACL; Schema: api; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION api.available_metrics(at timestamp with time zone, params json) FROM PUBLIC;
GRANT ALL ON FUNCTION api.available_metrics(at timestamp with time zone, params json) TO kwollect_reader;
GRANT ALL ON FUNCTION api.available_metrics(at timestamp with time zone, params json) TO kwollect_writer;


--
-- Name: FUNCTION get_metrics(job_id integer, nodes text, devices text, metrics text, start_time text, end_time text, summary boolean, as_rate boolean); Type: ACL; Schema: api; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION api.get_metrics(job_id integer, nodes text, devices text, metrics text, start_time text, end_time text, summary boolean, as_rate boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION api.get_metrics(job_id integer, nodes text, devices text, metrics text, start_time text, end_time text, summary boolean, as_rate boolean) TO kwollect_reader;
GRANT ALL ON FUNCTION api.get_metrics(job_id integer, nodes text, devices text, metrics text, start_time text, end_time text, summary boolean, as_rate boolean) TO kwollect_writer;


--
-- Name: FUNCTION insert_metrics(json); Type: ACL; Schema: api; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION api.insert_metrics(json) FROM PUBLIC;
GRANT ALL ON FUNCTION api.insert_metrics(json) TO kwollect_writer;


--
-- Name: FUNCTION update_promoted_metrics(); Type: ACL; Schema: api; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION api.update_promoted_metrics() FROM PUBLIC;
GRANT ALL ON FUNCTION api.update_promoted_metrics() TO kwollect_writer;


--
-- Name: FUNCTION add_missing_series(device_ids text[], metric_ids text[], labels jsonb[]); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.add_missing_series(device_ids text[], metric_ids text[], labels jsonb[]) FROM PUBLIC;


--
-- Name: FUNCTION announce_promotions(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.announce_promotions() FROM PUBLIC;


--
-- Name: PROCEDURE archive_old_chunks(IN job_id integer, IN config jsonb); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.archive_old_chunks(IN job_id integer, IN config jsonb) FROM PUBLIC;


--
-- Name: PROCEDURE assert_catalog(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.assert_catalog() FROM PUBLIC;


--
-- Name: FUNCTION available_metrics(device_ids text[], after timestamp with time zone, upto timestamp with time zone); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.available_metrics(device_ids text[], after timestamp with time zone, upto timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.available_metrics(device_ids text[], after timestamp with time zone, upto timestamp with time zone) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.available_metrics(device_ids text[], after timestamp with time zone, upto timestamp with time zone) TO kwollect_writer;


--
-- Name: FUNCTION check_expression(expression text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.check_expression(expression text) FROM PUBLIC;


--
-- Name: PROCEDURE close_timescaledb(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.close_timescaledb() FROM PUBLIC;


--
-- Name: PROCEDURE compress_old_chunks(IN job_id integer, IN config jsonb); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.compress_old_chunks(IN job_id integer, IN config jsonb) FROM PUBLIC;


--
-- Name: PROCEDURE configure_login(IN login text, IN verifier text, IN groups text[], IN timeout text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.configure_login(IN login text, IN verifier text, IN groups text[], IN timeout text) FROM PUBLIC;


--
-- Name: PROCEDURE configure_storage(IN chunk_interval interval); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.configure_storage(IN chunk_interval interval) FROM PUBLIC;


--
-- Name: PROCEDURE drop_expired_chunks(IN job_id integer, IN config jsonb); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.drop_expired_chunks(IN job_id integer, IN config jsonb) FROM PUBLIC;


--
-- Name: PROCEDURE drop_object(IN schema_name text, IN object_name text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.drop_object(IN schema_name text, IN object_name text) FROM PUBLIC;


--
-- Name: FUNCTION is_regular_expression(expression text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.is_regular_expression(expression text) FROM PUBLIC;


--
-- Name: FUNCTION job_source(view_name text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.job_source(view_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.job_source(view_name text) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.job_source(view_name text) TO kwollect_writer;


--
-- Name: FUNCTION job_source_failure(view_name text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.job_source_failure(view_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.job_source_failure(view_name text) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.job_source_failure(view_name text) TO kwollect_writer;


--
-- Name: FUNCTION job_spans(job_id integer, device_ids text[]); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.job_spans(job_id integer, device_ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.job_spans(job_id integer, device_ids text[]) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.job_spans(job_id integer, device_ids text[]) TO kwollect_writer;


--
-- Name: FUNCTION job_works(name text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.job_works(name text) FROM PUBLIC;


--
-- Name: PROCEDURE keep_setting(IN name text, IN value text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.keep_setting(IN name text, IN value text) FROM PUBLIC;


--
-- Name: FUNCTION last_batch(spool_id uuid); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.last_batch(spool_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.last_batch(spool_id uuid) TO kwollect_writer;


--
-- Name: PROCEDURE maintain(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.maintain() FROM PUBLIC;
GRANT ALL ON PROCEDURE kwollect.maintain() TO kwollect_writer;


--
-- Name: FUNCTION metrics_collect_row(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.metrics_collect_row() FROM PUBLIC;


--
-- Name: FUNCTION metrics_delete_collected(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.metrics_delete_collected() FROM PUBLIC;


--
-- Name: FUNCTION metrics_store_collected(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.metrics_store_collected() FROM PUBLIC;


--
-- Name: FUNCTION named_series(device_ids text[], metric_ids text[]); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.named_series(device_ids text[], metric_ids text[]) FROM PUBLIC;


--
-- Name: FUNCTION one_line(input text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.one_line(input text) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.one_line(input text) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.one_line(input text) TO kwollect_writer;


--
-- Name: FUNCTION parse_list(input text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.parse_list(input text) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.parse_list(input text) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.parse_list(input text) TO kwollect_writer;


--
-- Name: FUNCTION parse_time(input text, argument text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.parse_time(input text, argument text) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.parse_time(input text, argument text) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.parse_time(input text, argument text) TO kwollect_writer;


--
-- Name: FUNCTION parse_value(input text, argument text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.parse_value(input text, argument text) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.parse_value(input text, argument text) TO kwollect_writer;


--
-- Name: FUNCTION promoted_descriptions(names text[], device_ids text[], device_aliases text[]); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.promoted_descriptions(names text[], device_ids text[], device_aliases text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.promoted_descriptions(names text[], device_ids text[], device_aliases text[]) TO kwollect_writer;


--
-- Name: FUNCTION read_metrics(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.read_metrics(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.read_metrics(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.read_metrics(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) TO kwollect_writer;


--
-- Name: FUNCTION read_rates(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[], summary boolean); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.read_rates(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[], summary boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.read_rates(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[], summary boolean) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.read_rates(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[], summary boolean) TO kwollect_writer;


--
-- Name: FUNCTION read_summary(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.read_summary(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.read_summary(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.read_summary(device_ids text[], range_starts timestamp with time zone[], range_ends timestamp with time zone[], metric_ids text[]) TO kwollect_writer;


--
-- Name: PROCEDURE refresh_summary(IN job_id integer, IN config jsonb); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE kwollect.refresh_summary(IN job_id integer, IN config jsonb) FROM PUBLIC;


--
-- Name: FUNCTION refuse_write(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.refuse_write() FROM PUBLIC;


--
-- Name: FUNCTION resolve_series(device_ids text[], metric_ids text[], labels jsonb[]); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.resolve_series(device_ids text[], metric_ids text[], labels jsonb[]) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.resolve_series(device_ids text[], metric_ids text[], labels jsonb[]) TO kwollect_writer;


--
-- Name: FUNCTION sample_label_keys(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.sample_label_keys() FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.sample_label_keys() TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.sample_label_keys() TO kwollect_writer;


--
-- Name: FUNCTION sample_labels(labels jsonb); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.sample_labels(labels jsonb) FROM PUBLIC;


--
-- Name: FUNCTION series_labels(labels jsonb); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.series_labels(labels jsonb) FROM PUBLIC;


--
-- Name: FUNCTION setting(name text); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.setting(name text) FROM PUBLIC;


--
-- Name: FUNCTION store_arrivals(); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.store_arrivals() FROM PUBLIC;


--
-- Name: FUNCTION store_batch(spool_id uuid, batch bigint, host text, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[], refused_reasons text[], refused_samples text[]); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.store_batch(spool_id uuid, batch bigint, host text, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[], refused_reasons text[], refused_samples text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.store_batch(spool_id uuid, batch bigint, host text, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[], refused_reasons text[], refused_samples text[]) TO kwollect_writer;


--
-- Name: FUNCTION store_metric("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.store_metric("timestamp" timestamp with time zone, device_id text, metric_id text, value double precision, labels jsonb) FROM PUBLIC;


--
-- Name: FUNCTION store_rows(spool_id uuid, batch bigint, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[]); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.store_rows(spool_id uuid, batch bigint, microseconds bigint[], series_ids bigint[], measured double precision[], sample_labels text[]) FROM PUBLIC;


--
-- Name: FUNCTION summand(value double precision); Type: ACL; Schema: kwollect; Owner: kwollect_owner
--

REVOKE ALL ON FUNCTION kwollect.summand(value double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION kwollect.summand(value double precision) TO kwollect_reader;
GRANT ALL ON FUNCTION kwollect.summand(value double precision) TO kwollect_writer;


--
-- Name: PROCEDURE connect(IN host text, IN port integer, IN database text, IN login text, IN password text); Type: ACL; Schema: oar; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE oar.connect(IN host text, IN port integer, IN database text, IN login text, IN password text) FROM PUBLIC;


--
-- Name: PROCEDURE serve_jobs(); Type: ACL; Schema: oar; Owner: kwollect_owner
--

REVOKE ALL ON PROCEDURE oar.serve_jobs() FROM PUBLIC;


--
-- Name: TABLE metrics_by_device; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.metrics_by_device TO kwollect_reader;
GRANT SELECT ON TABLE public.metrics_by_device TO kwollect_writer;


--
-- Name: TABLE metrics_by_device; Type: ACL; Schema: api; Owner: kwollect_owner
--

GRANT SELECT ON TABLE api.metrics_by_device TO kwollect_reader;
GRANT SELECT ON TABLE api.metrics_by_device TO kwollect_writer;


--
-- Name: TABLE nodetime_per_job; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.nodetime_per_job TO kwollect_reader;
GRANT SELECT ON TABLE public.nodetime_per_job TO kwollect_writer;


--
-- Name: TABLE metrics_by_job; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.metrics_by_job TO kwollect_reader;
GRANT SELECT ON TABLE public.metrics_by_job TO kwollect_writer;


--
-- Name: TABLE metrics_by_job; Type: ACL; Schema: api; Owner: kwollect_owner
--

GRANT SELECT ON TABLE api.metrics_by_job TO kwollect_reader;
GRANT SELECT ON TABLE api.metrics_by_job TO kwollect_writer;


--
-- Name: TABLE nodetime_per_job; Type: ACL; Schema: api; Owner: kwollect_owner
--

GRANT SELECT ON TABLE api.nodetime_per_job TO kwollect_reader;
GRANT SELECT ON TABLE api.nodetime_per_job TO kwollect_writer;


--
-- Name: TABLE background_jobs; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.background_jobs TO kwollect_reader;
GRANT SELECT ON TABLE public.background_jobs TO kwollect_writer;


--
-- Name: TABLE metrics; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.metrics TO kwollect_reader;
GRANT SELECT,INSERT ON TABLE public.metrics TO kwollect_writer;


--
-- Name: TABLE metrics_by_device_summary; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.metrics_by_device_summary TO kwollect_reader;
GRANT SELECT ON TABLE public.metrics_by_device_summary TO kwollect_writer;


--
-- Name: TABLE metrics_by_job_summary; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.metrics_by_job_summary TO kwollect_reader;
GRANT SELECT ON TABLE public.metrics_by_job_summary TO kwollect_writer;


--
-- Name: TABLE metrics_summary; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.metrics_summary TO kwollect_reader;
GRANT SELECT ON TABLE public.metrics_summary TO kwollect_writer;


--
-- Name: TABLE nodetime_by_job; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.nodetime_by_job TO kwollect_reader;
GRANT SELECT ON TABLE public.nodetime_by_job TO kwollect_writer;


--
-- Name: TABLE promoted_metrics; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.promoted_metrics TO kwollect_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.promoted_metrics TO kwollect_writer;


--
-- Name: TABLE promoted_metrics_per_job; Type: ACL; Schema: public; Owner: kwollect_owner
--

GRANT SELECT ON TABLE public.promoted_metrics_per_job TO kwollect_reader;
GRANT SELECT ON TABLE public.promoted_metrics_per_job TO kwollect_writer;


--
-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: -; Owner: kwollect_owner
--

ALTER DEFAULT PRIVILEGES FOR ROLE kwollect_owner REVOKE ALL ON FUNCTIONS  FROM PUBLIC;


--
-- PostgreSQL database dump complete
--



select public.create_hypertable(
         'kwollect.samples'
       , public.by_range('timestamp', interval '06:00:00')
       , create_default_indexes => false
       );

COPY kwollect.samples ("timestamp", series_id, value, labels) FROM stdin;
2024-02-29 23:59:50+00	1	0	\N
2024-02-29 23:59:56+00	1	1.5	\N
2024-03-01 00:00:02+00	1	3	\N
2024-03-01 00:00:08+00	1	4.5	\N
2024-03-01 00:00:14+00	1	6	\N
2024-03-01 00:00:20+00	1	7.5	\N
2024-03-01 00:00:26+00	1	9	\N
2024-03-01 00:00:32+00	1	10.5	\N
2024-03-01 00:00:38+00	1	12	\N
2024-03-01 00:00:44+00	1	13.5	\N
2024-02-29 23:59:53+00	2	0.75	\N
2024-02-29 23:59:59+00	2	2.25	\N
2024-03-01 00:00:05+00	2	3.75	\N
2024-03-01 00:00:11+00	2	5.25	\N
2024-03-01 00:00:17+00	2	6.75	\N
2024-03-01 00:00:23+00	2	8.25	\N
2024-03-01 00:00:29+00	2	9.75	\N
2024-03-01 00:00:35+00	2	11.25	\N
2024-03-01 00:00:41+00	2	12.75	\N
2024-03-01 00:00:47+00	2	14.25	\N
2024-02-29 23:59:54+00	3	1	\N
2024-03-01 00:00:00+00	3	2.5	\N
2024-03-01 00:00:06+00	3	4	\N
2024-03-01 00:00:12+00	3	5.5	\N
2024-03-01 00:00:18+00	3	7	\N
2024-03-01 00:00:24+00	3	8.5	\N
2024-03-01 00:00:30+00	3	10	\N
2024-03-01 00:00:36+00	3	11.5	\N
2024-03-01 00:00:42+00	3	13	\N
2024-03-01 00:00:48+00	3	14.5	\N
2024-02-29 23:59:51+00	4	0.25	\N
2024-02-29 23:59:57+00	4	1.75	\N
2024-03-01 00:00:03+00	4	3.25	\N
2024-03-01 00:00:09+00	4	4.75	\N
2024-03-01 00:00:15+00	4	6.25	\N
2024-03-01 00:00:21+00	4	7.75	\N
2024-03-01 00:00:27+00	4	9.25	\N
2024-03-01 00:00:33+00	4	10.75	\N
2024-03-01 00:00:39+00	4	12.25	\N
2024-03-01 00:00:45+00	4	13.75	\N
2024-02-29 23:59:52+00	5	0.5	\N
2024-02-29 23:59:58+00	5	2	\N
2024-03-01 00:00:04+00	5	3.5	\N
2024-03-01 00:00:10+00	5	5	\N
2024-03-01 00:00:16+00	5	6.5	\N
2024-03-01 00:00:22+00	5	8	\N
2024-03-01 00:00:28+00	5	9.5	\N
2024-03-01 00:00:34+00	5	11	\N
2024-03-01 00:00:40+00	5	12.5	\N
2024-03-01 00:00:46+00	5	14	\N
2024-02-29 23:59:55+00	6	1.25	\N
2024-03-01 00:00:01+00	6	2.75	\N
2024-03-01 00:00:07+00	6	4.25	\N
2024-03-01 00:00:13+00	6	5.75	\N
2024-03-01 00:00:19+00	6	7.25	\N
2024-03-01 00:00:25+00	6	8.75	\N
2024-03-01 00:00:31+00	6	10.25	\N
2024-03-01 00:00:37+00	6	11.75	\N
2024-03-01 00:00:43+00	6	13.25	\N
2024-03-01 00:00:49+00	6	14.75	\N
2024-03-01 12:00:00+00	7	NaN	{"value_str": "on fire"}
2024-03-01 12:00:00+00	7	NaN	{"value_str": "on fire"}
2024-03-01 12:00:01+00	8	Infinity	\N
\.
