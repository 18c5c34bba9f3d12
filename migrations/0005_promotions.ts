import type { MigrationBuilder } from 'node-pg-migrate'

/** What public.promoted_metrics shows, with the origin of each row, which users of kwollect 1.0 do not see. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create table kwollect.promotions (
      promotion_id bigint generated always as identity primary key
    , device_id text not null
    , metric_id text
    , by_job boolean not null default false
    );

    comment on table kwollect.promotions is
    'Optional metrics that are collected now; by_job tells what update_promoted_metrics wrote from what somebody put by hand.';
  `)
}

export const down = false
