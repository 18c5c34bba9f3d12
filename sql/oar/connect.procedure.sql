-- Makes or corrects the foreign server and the login to OAR. Called by kwollect-setup-db-oar as a superuser; each
-- statement runs only where it changes something. A procedure, so that the password travels as a parameter and not in
-- a statement's text, where pg_stat_activity and the server's log would show it.
create or replace procedure oar.connect(host text, port integer, database text, login text, password text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
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

revoke all on procedure oar.connect(text, integer, text, text, text) from public;

comment on procedure oar.connect(text, integer, text, text, text) is
'Connects the OAR database at host and port; password is null where the server asks for none.';
