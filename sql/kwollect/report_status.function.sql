-- Takes the report of one kwollector. Called by the sidecar every 10 s, one statement a report. JSON instead of an array
-- for each column: 18 arrays of 600 hosts would be 18 places to get out of step, for a report that takes 10 ms.
create or replace function kwollect.report_status(spool_id uuid, report json, hosts json)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  insert into kwollect.kwollectors as known (
    spool_id
  , host
  , spool_dir
  , version
  , started_at
  , reported_at
  , has_stopped
  , spool_batches
  , spool_bytes
  , spool_age
  , batches_stored
  , values_stored
  , values_lost
  )
  select report_status.spool_id
       , fresh.host
       , fresh.spool_dir
       , fresh.version
       , fresh.started_at
       , now()
       , fresh.has_stopped
       , fresh.spool_batches
       , fresh.spool_bytes
       , fresh.spool_age
       , fresh.batches_stored
       , fresh.values_stored
       , fresh.values_lost
    from json_populate_record(null::kwollect.kwollectors, report) as fresh
      on conflict (spool_id) do update
         set host = excluded.host
           , spool_dir = excluded.spool_dir
           , version = excluded.version
           , started_at = excluded.started_at
           , reported_at = excluded.reported_at
           , has_stopped = excluded.has_stopped
           , spool_batches = excluded.spool_batches
           , spool_bytes = excluded.spool_bytes
           , spool_age = excluded.spool_age
           , batches_stored = excluded.batches_stored
           , values_stored = excluded.values_stored
           , values_lost = excluded.values_lost;

  -- Hosts whose descriptions are gone.
  delete from kwollect.polled_hosts as known
   where known.spool_id = report_status.spool_id
     and not exists (
           select
             from json_populate_recordset(null::kwollect.polled_hosts, hosts) as fresh
            where fresh.protocol = known.protocol
              and fresh.host = known.host
         );

  insert into kwollect.polled_hosts as known (
    spool_id
  , protocol
  , host
  , devices
  , metrics_described
  , metrics_polled
  , metrics_missing
  , up
  , since
  , last_success
  , last_error_at
  , last_error
  , last_duration
  , polls
  , polls_failed
  , polls_skipped
  , values_collected
  , next_poll
  )
  select report_status.spool_id
       , fresh.protocol
       , fresh.host
       , fresh.devices
       , fresh.metrics_described
       , fresh.metrics_polled
       , fresh.metrics_missing
       , fresh.up
       , fresh.since
       , fresh.last_success
       , fresh.last_error_at
       , fresh.last_error
       , fresh.last_duration
       , fresh.polls
       , fresh.polls_failed
       , fresh.polls_skipped
       , fresh.values_collected
       , fresh.next_poll
    from json_populate_recordset(null::kwollect.polled_hosts, hosts) as fresh
      on conflict (spool_id, protocol, host) do update
         set devices = excluded.devices
           , metrics_described = excluded.metrics_described
           , metrics_polled = excluded.metrics_polled
           , metrics_missing = excluded.metrics_missing
           , up = excluded.up
           , since = excluded.since
           , last_success = excluded.last_success
           , last_error_at = excluded.last_error_at
           , last_error = excluded.last_error
           , last_duration = excluded.last_duration
           , polls = excluded.polls
           , polls_failed = excluded.polls_failed
           , polls_skipped = excluded.polls_skipped
           , values_collected = excluded.values_collected
           , next_poll = excluded.next_poll;

  -- Those that were moved or taken out of service; until then the view says that they are silent.
  delete from kwollect.kwollectors as known
   where known.reported_at < now() - interval '7 days';

  return (
    select count(*)
      from kwollect.dead_letters as letter
     where letter.spool_id = report_status.spool_id
  );
end
$$;

revoke all on function kwollect.report_status(uuid, json, json) from public;
grant execute on function kwollect.report_status(uuid, json, json) to kwollect_writer;

comment on function kwollect.report_status(uuid, json, json) is
'Replaces what is known of a kwollector, an object with the columns of kwollect.kwollectors, and of the hosts that it
polls, an array of objects with those of kwollect.polled_hosts; returns how many dead letters its spool has.
Rows of kwollectors that have not reported for a week go.';
