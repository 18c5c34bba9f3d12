-- One row per kwollector, for administrators and monitoring: does it run, and do its values reach the database?
-- Written by kwollect.report_status.
create or replace view public.kwollectors as
select kwollector.host as kwollector
     , case
         when kwollector.has_stopped then 'stopped'
         -- It reports every 10 s; up to three reports may be lost with a connection that had to be given up.
         when kwollector.reported_at < now() - interval '45 seconds' then 'silent'
         else 'running'
       end as state
     , kwollector.reported_at
     , kwollector.started_at
     , kwollector.version
     , counted.hosts
     , counted.hosts_down
     , kwollector.spool_batches
     , kwollector.spool_bytes
     , kwollector.spool_age
     , kwollector.batches_stored
     , kwollector.values_stored
     , kwollector.values_lost
     , (
         select count(*)
           from kwollect.dead_letters as letter
          where letter.spool_id = kwollector.spool_id
       ) as dead_letters
     , kwollector.spool_dir
     , kwollector.spool_id
  from kwollect.kwollectors as kwollector
 cross join lateral (
         select count(*) as hosts
              , count(*) filter (where not host.up) as hosts_down
           from kwollect.polled_hosts as host
          where host.spool_id = kwollector.spool_id
       ) as counted;

revoke all on public.kwollectors from public;
grant select on public.kwollectors to kwollect_reader, kwollect_writer;

comment on view public.kwollectors is
'One row per kwollector, as it last reported, every 10 s.
state: running; stopped, as it was asked to; silent: killed, or cut off from this database. spool_*: what waits on its
disk, spool_age is the age of the oldest value. batches_stored, values_stored, values_lost (the spool was full): since
started_at. dead_letters: rows of kwollect.dead_letters. A row goes a week after its last report.';
