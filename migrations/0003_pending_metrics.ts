import type { MigrationBuilder } from 'node-pg-migrate'

/** Where the rows of one statement on public.metrics wait for its end: those of an INSERT set-wise, others row by row. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create unlogged table kwollect.pending_metrics (
      transaction_id xid8 not null default pg_current_xact_id()
    , operation text not null
    , timestamp timestamptz not null
    , device_id text not null
    , metric_id text not null
    , value double precision not null
    , labels jsonb not null
    );

    -- Rows live for one statement, so the table is all dead rows between two vacuums; without the index
    -- a single-row INSERT would scan them all.
    create index pending_metrics_transaction_id on kwollect.pending_metrics (transaction_id);

    comment on table kwollect.pending_metrics is
    'Rows that COPY and DELETE on public.metrics have collected; empty between statements.';

    -- Found again by number, not by transaction: the dead rows of 10,000 INSERTs in one transaction would all be
    -- scanned by each.
    create unlogged table kwollect.arriving_metrics (
      arrival_number bigint generated always as identity (cache 100)
    , timestamp timestamptz not null
    , device_id text
    , metric_id text
    , value double precision not null
    , labels jsonb not null
    );

    create index arriving_metrics_arrival_number on kwollect.arriving_metrics (arrival_number);

    comment on table kwollect.arriving_metrics is
    'Rows of an INSERT into public.metrics until its trigger has stored them; empty between statements.';
  `)
}

export const down = false
