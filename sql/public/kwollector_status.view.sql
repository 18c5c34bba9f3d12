-- One row per host and kwollector that polls it, for administrators and monitoring. Written by kwollect.report_status.
-- What stands for the kwollector as a whole is repeated, so that one query answers "why has this node no values?".
create or replace view public.kwollector_status as
-- Materialized, or the dead letters would be counted for each host.
with kwollector as materialized (
  select service.kwollector
       , service.state
       , service.reported_at
       , service.spool_batches
       , service.spool_bytes
       , service.spool_age
       , service.batches_stored
       , service.dead_letters
       , service.spool_id
    from public.kwollectors as service
)
select kwollector.kwollector
     , kwollector.state as kwollector_state
     , polled.host
     , polled.protocol
     , polled.devices
     , case when kwollector.state = 'running' and polled.metrics_polled > 0 then polled.up end as up
     , polled.since
     , polled.last_success
     , polled.last_error
     , polled.last_error_at
     , polled.next_poll
     , polled.last_duration
     , polled.metrics_described
     , polled.metrics_polled
     , polled.metrics_missing
     , polled.polls
     , polled.polls_failed
     , polled.polls_skipped
     , polled.values_collected
     , kwollector.reported_at
     , kwollector.spool_batches
     , kwollector.spool_bytes
     , kwollector.spool_age
     , kwollector.batches_stored
     , kwollector.dead_letters
     , kwollector.spool_id
  from kwollector
  join kwollect.polled_hosts as polled
    on polled.spool_id = kwollector.spool_id;

revoke all on public.kwollector_status from public;
grant select on public.kwollector_status to kwollect_reader, kwollect_writer;

comment on view public.kwollector_status is
'One row per host that a kwollector polls, as it last reported, every 10 s.
up: whether the last poll was answered; NULL where none was asked for yet, nothing is polled, or the kwollector does not
run (kwollector_state: see kwollectors). since: when that changed last. last_error: in words, of a host without an answer or
a metric without a value. metrics_missing: of those polled, how many the host answered without. polls_failed: time-outs
and refusals; polls_skipped: due while the former one still ran; all counts since the kwollector started. A host that is
down is polled less often, see next_poll. The columns from reported_at on stand for the kwollector as a whole.';
