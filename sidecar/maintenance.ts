import { type DatabaseAddress, reasonOf } from './database.ts'
import type { Log } from './log.ts'
import { PeriodicCall } from './periodic_call.ts'
import type { Clock } from './schedule.ts'

const firstMs = 60_000
const periodMs = 3_600_000
/** Moving a chunk to the archive copies it. */
const patienceMs = 1_800_000

/**
 * Retention and archive where the database has no background jobs for them (the Apache edition); the database
 * decides. One collector is enough, several do no harm: a chunk that is gone is gone.
 */
export function startMaintenance(address: DatabaseAddress, clock: Clock, log: Log): PeriodicCall {
  return new PeriodicCall(address, clock, {
    name: 'kwollector maintenance',
    firstMs,
    periodMs,
    patienceMs,
    async call(sql) {
      await sql`call kwollect.maintain()`
    },
    onNotice: message => log.warning(`the database says: ${message}`),
    onFailure: error =>
      log.error(`old values cannot be dropped or moved: ${reasonOf(error)}; next try in an hour`),
  })
}
