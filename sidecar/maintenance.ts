import { type DatabaseAddress, reasonOf } from './database.ts'
import type { Log } from './log.ts'
import { isAnswer, PeriodicCall } from './periodic_call.ts'
import type { Clock } from './schedule.ts'

const firstMs = 60_000
const periodMs = 3_600_000
/** Moving a chunk to the archive copies it. */
const patienceMs = 1_800_000

/** In this order: what frees the disk comes first. */
const tasks = [
  ['drop_expired_chunks', 'dropped'],
  ['compress_old_chunks', 'compressed'],
  ['archive_old_chunks', 'moved to the archive'],
] as const

/**
 * Retention, compression and archive where the database has no background jobs that work; the database decides. Each
 * is a statement of its own, so that one that fails costs no other. One collector is enough, several do no harm: a chunk
 * that is gone is gone.
 */
export function startMaintenance(address: DatabaseAddress, clock: Clock, log: Log): PeriodicCall {
  const complain = (fate: string, error: unknown) =>
    log.error(`old values cannot be ${fate}: ${reasonOf(error)}; next try in an hour`)
  return new PeriodicCall(address, clock, {
    name: 'kwollector maintenance',
    firstMs,
    periodMs,
    patienceMs,
    async call(sql) {
      for (const [task, fate] of tasks) {
        try {
          await sql`call kwollect.maintain(${task})`
        } catch (error) {
          if (!isAnswer(error)) throw error
          complain(fate, error)
        }
      }
    },
    onNotice: message => log.warning(`the database says: ${message}`),
    onFailure: error => complain('dropped, compressed or moved', error),
  })
}
