import type { MigrationBuilder } from 'node-pg-migrate'

/** What api.get_metrics knows before it reads: made by kwollect.series_to_read, taken by read_metrics and its siblings. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create type kwollect.reading as (
      single kwollect.named_samples[]
    , summed kwollect.named_samples[]
    , single_ids bigint[]
    , summed_ids bigint[]
    , first_start timestamptz
    , last_end timestamptz
    );

    -- Their arguments were names and times; now they take a reading.
    drop function if exists kwollect.read_rates(text[], timestamptz[], timestamptz[], text[], boolean);
    drop function if exists kwollect.read_summary(text[], timestamptz[], timestamptz[], text[]);
    drop function if exists kwollect.read_metrics(text[], timestamptz[], timestamptz[], text[]);
  `)
}

export const down = false
