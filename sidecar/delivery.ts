import { hostname } from 'node:os'
import type { DatabaseAddress } from './database.ts'
import { Intake } from './intake.ts'
import { KeptPromotions } from './kept_promotions.ts'
import type { Log } from './log.ts'
import type { Sample } from './sample.ts'
import { systemClock } from './schedule.ts'
import { Spool } from './spool.ts'
import { Store } from './store.ts'

/** What waits, and what became of the rest since the start. */
export interface DeliveryStatus {
  readonly spoolId: string
  readonly waitingBatches: number
  readonly waitingBytes: number
  /** Unix milliseconds: when the oldest batch that waits was spooled. */
  readonly oldestAt: number | undefined
  readonly storedBatches: number
  readonly storedValues: number
  /** Gone for good: the spool was full, or its disk took nothing. */
  readonly lostValues: number
}

/** The way of samples from a program to the database: gathered, spooled, stored exactly once. */
export interface Delivery {
  /** Takes samples; they are on disk half a second later. */
  readonly take: (samples: readonly Sample[]) => void
  readonly keptPromotions: KeptPromotions
  /** After the stop: what it was then. */
  status(): DeliveryStatus
  /**
   * All that was taken is on disk at once, and stored where the database answers.
   *
   * @param patienceMs how long the database may take for what waits; seconds unless told. A second call may
   *   be less patient than the first.
   */
  stop(patienceMs?: number): Promise<void>
}

/**
 * @param spool its folder, and the size in MiB from which on the oldest batches go
 * @throws {SpoolUnusable}
 */
export function openDelivery(
  database: DatabaseAddress,
  spool: { readonly folder: string; readonly limitMb: number },
  log: Log,
): Delivery {
  const opened = Spool.open(spool.folder, spool.limitMb, log)
  const store = new Store(database, opened, hostname(), log)
  // Not at once: what is due meanwhile is polled between writing a batch and storing it.
  const intake = new Intake(opened, systemClock, log, () => setImmediate(() => store.notify()))
  const status = (): DeliveryStatus => ({
    spoolId: opened.id,
    waitingBatches: opened.length,
    waitingBytes: opened.bytes,
    oldestAt: opened.oldestAt(),
    storedBatches: store.stored.batches,
    storedValues: store.stored.values,
    lostValues: intake.lostValues,
  })
  let last: DeliveryStatus | undefined
  store.start()
  return {
    take: intake.take,
    keptPromotions: new KeptPromotions(opened, log),
    status: () => last ?? status(),
    async stop(patienceMs) {
      intake.stop()
      await store.stop(patienceMs)
      if (last !== undefined) return
      last = status()
      const { waitingBatches } = last
      if (waitingBatches > 0)
        log.warning(`batches that wait in the spool: ${waitingBatches}; the next start stores them`)
      opened.close()
    },
  }
}
