import type { MigrationBuilder } from 'node-pg-migrate'

/**
 * Where kwollect-setup-db puts the page that api.dashboard serves. A table, because the page is built (bundled with
 * its library) and not SQL that a file could hold; the domain here, because sql/ has one file a function or view.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create table kwollect.pages (
      name text primary key
    , content text not null
    , security_policy text not null
    , sha256 text not null
    );

    comment on table kwollect.pages is
    'Web pages as the set-up installed them, with the Content-Security-Policy that permits their own script alone.';

    create domain api."text/html" as text;

    comment on domain api."text/html" is
    'PostgREST serves what a function returns in this domain as a web page.';
  `)
}

export const down = false
