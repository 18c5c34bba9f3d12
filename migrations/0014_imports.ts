import type { MigrationBuilder } from 'node-pg-migrate'

/** What `kwollect-setup-db --import_from` has copied: noted in the transaction that stores it. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    create table kwollect.imported_pieces (
      piece bigint generated always as identity primary key
    , source text not null
    , range_start timestamptz not null
    , range_end timestamptz not null
    , source_rows bigint not null
    -- Exact, whatever the order: double precision would add up to another sum on the other side.
    , source_sum numeric not null
    , source_nans bigint not null
    , refused bigint not null
    , stored_at timestamptz not null default now()
    , constraint pieces_begin_apart unique (source, range_start, range_end)
    );

    comment on table kwollect.imported_pieces is
    'Ranges of time that an import has stored, with the number of rows, the sum of finite values and the number of NaN that
the source had there. range_end does not belong to it; infinity to infinity are the rows without a finite time.';
  `)
}

export const down = false
