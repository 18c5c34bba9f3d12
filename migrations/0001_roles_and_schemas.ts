import type { MigrationBuilder } from 'node-pg-migrate'

/**
 * Three group roles, none of which can log in. The login roles get their names from the set-up's options
 * and become members, so that every grant in sql/ names a role that is the same everywhere. Group roles
 * are shared by all databases of a server; CONNECT on one database, granted by name to its login roles,
 * keeps installations apart.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create schema api; -- schema kwollect is there already, it holds the table of migrations

    grant usage on schema kwollect, api to kwollect_reader, kwollect_writer;

    -- The form without a schema is the only one with an effect on PostgreSQL 15.
    alter default privileges revoke execute on functions from public;
  `)
}

export const down = false
