-- One row per host and kwollector that polls it, and per wattmetre, for administrators and monitoring. Written by kwollect.report_status.
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
'One row per host that a kwollector polls and per kwollector-wattmetre, as it last reported, every 10 s.
The columns from reported_at on stand for the kwollector as a whole, and mean what they mean in kwollectors.';

comment on column public.kwollector_status.kwollector_state is 'The state of the kwollector: see kwollectors.';
comment on column public.kwollector_status.host is 'The address that is polled, without user and password; of a wattmetre its wattmetre_id.';
comment on column public.kwollector_status.protocol is 'As in its urls: snmp, ipmisensor or prometheus; or wattmetre, whose polls are lines.';
comment on column public.kwollector_status.devices is 'The device_id of the metrics that it answers.';
comment on column public.kwollector_status.up is 'Whether the last poll was answered; of a wattmetre, whether a line came within 10 s. NULL: none was asked for yet, nothing is polled, or the kwollector does not run.';
comment on column public.kwollector_status.since is 'When up last changed.';
comment on column public.kwollector_status.last_success is 'When a poll was last answered.';
comment on column public.kwollector_status.last_error is 'In words: of a host without an answer, or of a metric without a value.';
comment on column public.kwollector_status.last_error_at is 'When that was.';
comment on column public.kwollector_status.next_poll is 'When it is polled next: a host that is down less and less often, but once a minute at least.';
comment on column public.kwollector_status.last_duration is 'How long the last poll took.';
comment on column public.kwollector_status.metrics_described is 'How many metrics are described.';
comment on column public.kwollector_status.metrics_polled is 'How many of them are polled now: the others are optional and not promoted.';
comment on column public.kwollector_status.metrics_missing is 'How many of those polled the host answered without.';
comment on column public.kwollector_status.polls is 'Polls since started_at.';
comment on column public.kwollector_status.polls_failed is 'Polls that ended with a time-out or a refusal; lines that could not be read.';
comment on column public.kwollector_status.polls_skipped is 'Polls that were due while the former one still ran.';
comment on column public.kwollector_status.values_collected is 'Values taken from it.';
