import type { MigrationBuilder } from 'node-pg-migrate'

/** Refused rows are found by their spool, and go with the values of their time. */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction() // the set-up wraps all migrations and all of sql/ in one
  pgm.sql(`
    -- Not concurrently, which no transaction can: a refused row waits in its spool meanwhile.
    -- squawk-ignore require-concurrent-index-creation
    create index dead_letters_spool_id_batch on kwollect.dead_letters (spool_id, batch);

    -- Takes a task now, so that one that fails costs no other.
    drop procedure if exists kwollect.maintain();
    -- Became promotion_pattern.
    drop function if exists kwollect.check_expression(text);
  `)
}

export const down = false
