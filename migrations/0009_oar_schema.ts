import type { MigrationBuilder } from 'node-pg-migrate'

/** Where the tables of an OAR database are seen from here; empty until kwollect-setup-db-oar connects one. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create schema oar;

    comment on schema oar is
    'The OAR database, through postgres_fdw; only public.nodetime_per_job and promoted_metrics_per_job read it.';
  `)
}

export const down = false
