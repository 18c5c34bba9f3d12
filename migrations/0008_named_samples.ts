import type { MigrationBuilder } from 'node-pg-migrate'

/** What kwollect.read_metrics has to know of a series while it reads its samples. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create type kwollect.named_samples as (
      series_id bigint
    , device_id text
    , metric_id text
    , labels jsonb
    , origin text
    , group_number bigint
    , range_start timestamptz
    , range_end timestamptz
    );
  `)
}

export const down = false
