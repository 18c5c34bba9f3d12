-- The graphical view: one page that holds all it needs and asks the other functions of this API. Served as
-- /rpc/dashboard, opened by people. What it shows stands behind the # of the address, which never reaches a server.
-- Security definer, because readers have no rights on pages.
create or replace function api.dashboard()
returns api."text/html"
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  page kwollect.pages;
  -- empty outside of a request
  headers constant json := nullif(current_setting('request.headers', true), '')::json;
  -- Who accepts anything (curl) gets the text as a JSON string from PostgREST, which must not be called a page.
  is_page constant boolean := headers ->> 'accept' like '%text/html%';
begin
  select *
    into strict page
    from kwollect.pages
   where pages.name = 'dashboard';
  if is_page is not true then
    return page.content;
  end if;

  perform set_config(
            'response.headers'
          , json_build_array(
              json_build_object('Content-Type', 'text/html; charset=utf-8')
            , json_build_object('Content-Security-Policy', page.security_policy)
            , json_build_object('X-Content-Type-Options', 'nosniff')
            , json_build_object('Referrer-Policy', 'no-referrer')
            -- kept by the browser, asked for each time: a set-up that brings a new page is seen at once
            , json_build_object('Cache-Control', 'no-cache')
            , json_build_object('ETag', '"' || page.sha256 || '"')
            )::text
          , true
          );
  -- A list, weak where a proxy compressed the page: the hash is long enough to be looked for as it is.
  if position(page.sha256 in headers ->> 'if-none-match') > 0 then
    perform set_config('response.status', '304', true);
    return '';
  end if;
  return page.content;
end
$$;

revoke all on function api.dashboard() from public;
grant execute on function api.dashboard() to kwollect_reader, kwollect_writer;

comment on function api.dashboard() is
'The graphical view: a web page to choose devices or a job, metrics and a time range, and to look at the plots.

Open it in a browser. What it shows can be named behind a `#`, as the page''s own links do: `job_id`, `devices`,
`metrics`, `range` (`15m`, `6h`, `7d`) or `start_time` and `end_time` as in get_metrics.

Example: `/rpc/dashboard`';
