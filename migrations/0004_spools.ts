import type { MigrationBuilder } from 'node-pg-migrate'

/** Exactly once: the number of the last batch stored of every spool, and the rows that no table can hold. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create table kwollect.spools (
      spool_id uuid primary key
    , last_batch bigint not null
    , host text not null
    , stored_at timestamptz not null default now()
    );

    comment on table kwollect.spools is
    'The number of the last batch stored of every spool; a batch seen twice changes nothing.';

    create table kwollect.dead_letters (
      dead_letter_id bigint generated always as identity primary key
    , refused_at timestamptz not null default now()
    , spool_id uuid not null
    , batch bigint not null
    , reason text not null
    -- JSON as text: what makes a row unfit (a NUL, say) is what jsonb refuses, and JSON escapes it
    , sample text not null
    );

    comment on table kwollect.dead_letters is
    'Samples that could not be stored, with the reason; sample is JSON.';
  `)
}

export const down = false
