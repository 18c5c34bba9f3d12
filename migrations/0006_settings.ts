import type { MigrationBuilder } from 'node-pg-migrate'

/** What a second set-up must find again; the JWT secret, so only the owner reads it. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create table kwollect.settings (
      name text primary key
    , value text not null
    );

    comment on table kwollect.settings is
    'What the set-up keeps from run to run; holds the JWT secret, so nobody but the owner reads it.';

    create table kwollect.applied_files (
      path text primary key
    , sha256 text not null
    );

    comment on table kwollect.applied_files is
    'The files of sql/ as they were last applied; the set-up re-applies all when one differs.';
  `)
}

export const down = false
