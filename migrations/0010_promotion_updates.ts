import type { MigrationBuilder } from 'node-pg-migrate'

/** Lets calls of update_promoted_metrics that wait for each other share one look at the scheduler. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create table kwollect.promotion_updates (
      began_at timestamptz not null
    );

    insert into kwollect.promotion_updates values ('-infinity');

    comment on table kwollect.promotion_updates is
    'One row: when the last successful update_promoted_metrics began to ask what jobs want.';
  `)
}

export const down = false
