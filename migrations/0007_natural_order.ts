import type { MigrationBuilder } from 'node-pg-migrate'

/** Names of machines in the order people expect: node-2 before node-10. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create collation kwollect.natural_order (provider = icu, locale = 'en-u-kn-true');

    comment on collation kwollect.natural_order is
    'Numbers in names by their value: node-2 before node-10.';
  `)
}

export const down = false
