import type { MigrationBuilder } from 'node-pg-migrate'

/** What the kwollectors report of themselves and of the hosts that they poll, every few seconds. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create table kwollect.kwollectors (
      spool_id uuid primary key
    , host text not null
    , spool_dir text not null
    , version text not null
    , started_at timestamptz not null
    , reported_at timestamptz not null
    , has_stopped boolean not null
    , spool_batches bigint not null
    , spool_bytes bigint not null
    , spool_age interval
    , batches_stored bigint not null
    , values_stored bigint not null
    , values_lost bigint not null
    );

    comment on table kwollect.kwollectors is
    'The last report of every kwollector; a row goes a week after its last one.';

    -- Unlogged: 600 hosts every 10 s would be 1.1 GB of WAL a day, for rows that are written anew within seconds of a
    -- crash. Half-empty pages keep the updates off the index.
    create unlogged table kwollect.polled_hosts (
      spool_id uuid not null references kwollect.kwollectors on delete cascade
    , protocol text not null
    , host text not null
    , devices text[] not null
    , metrics_described bigint not null
    , metrics_polled bigint not null
    , metrics_missing bigint not null
    , up boolean
    , since timestamptz
    , last_success timestamptz
    , last_error_at timestamptz
    , last_error text
    , last_duration interval
    , polls bigint not null
    , polls_failed bigint not null
    , polls_skipped bigint not null
    , values_collected bigint not null
    , next_poll timestamptz
    , primary key (spool_id, protocol, host)
    ) with (fillfactor = 50);

    comment on table kwollect.polled_hosts is
    'What every kwollector last reported of the hosts that it polls.';
  `)
}

export const down = false
