-- One row per kwollector and kwollector-wattmetre, for administrators and monitoring: does it run, and do its values reach the database?
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
'One row per kwollector and kwollector-wattmetre, as it last reported, every 10 s.
A row goes a week after its last report.';

comment on column public.kwollectors.kwollector is 'The machine that it runs on.';
comment on column public.kwollectors.state is 'running; stopped: as it was asked to; silent: killed, or cut off from this database (no report for 45 s).';
comment on column public.kwollectors.reported_at is 'When it last reported; it does every 10 s.';
comment on column public.kwollectors.started_at is 'When it was started; the counts begin there.';
comment on column public.kwollectors.version is 'The version of kwollector.';
comment on column public.kwollectors.hosts is 'How many hosts it polls.';
comment on column public.kwollectors.hosts_down is 'How many of them did not answer the last time.';
comment on column public.kwollectors.spool_batches is 'How many batches wait on its disk.';
comment on column public.kwollectors.spool_bytes is 'How many bytes they have.';
comment on column public.kwollectors.spool_age is 'The age of the oldest of them; NULL where none waits.';
comment on column public.kwollectors.batches_stored is 'Batches stored in this database since started_at.';
comment on column public.kwollectors.values_stored is 'Values in them.';
comment on column public.kwollectors.values_lost is 'Values that went because the spool was full or its disk took nothing, since started_at.';
comment on column public.kwollectors.dead_letters is 'Rows of kwollect.dead_letters that came from it.';
comment on column public.kwollectors.spool_dir is 'Its folder with the spool; that of a kwollector-wattmetre ends with its wattmetre_id.';
comment on column public.kwollectors.spool_id is 'The number of its spool, which stays when it is started again.';
