import type { Log } from './log.ts'
import type { Sample } from './sample.ts'
import type { SteadyClock } from './schedule.ts'
import type { Overflow, Spool } from './spool.ts'

/** How long samples wait in memory for others to share one fsync with. */
const flushMs = 500
/**
 * So many go to disk before half a second is over: writing and storing a large batch keeps the program from polling on
 * time. A site of 12,000 values a second was polled 39 ms late (p99) with two batches a second, and is 6 ms late now.
 */
const enoughForBatch = 1_000
/** More than 20 batches a second cost more than they gain: at 50,000 values a second each has 2,500, and polls are 6 ms late. */
const shortestFlushMs = 50
/** A disk whose fsync is slow is busy with this part of the time at most. */
const shareOfDisk = 0.1
/** With a disk that takes nothing, this many samples are kept in memory; then the oldest go. */
const mostSamples = 500_000
/** A batch must be stored well within the patience of the store, row by row too if one of them is refused. */
const mostInBatch = 50_000

/** Gathers samples into batches and puts these into the spool. */
export class Intake {
  readonly #spool: Spool
  readonly #clock: SteadyClock
  readonly #log: Log
  readonly #onBatch: () => void
  #samples: Sample[] = []
  #cancel: (() => void) | undefined
  #failing = false
  /** Before this, only the timer writes. By the monotonic clock: a wall clock that is set back would leave all to the timer. */
  #mayWriteAt = Number.NEGATIVE_INFINITY
  /** Samples that went since the disk refuses, and how many the log knows of. */
  #lost = 0
  #lostSaid = 0
  #lostInAll = 0

  /** @param onBatch called after each batch that is on disk */
  constructor(spool: Spool, clock: SteadyClock, log: Log, onBatch: () => void) {
    this.#spool = spool
    this.#clock = clock
    this.#log = log
    this.#onBatch = onBatch
  }

  /** Values that this run has lost, because the spool was full or its disk took nothing. */
  get lostValues(): number {
    return this.#lostInAll
  }

  /** Takes samples; they are on disk half a second later, or at once where they are many. */
  readonly take = (samples: readonly Sample[]): void => {
    for (const sample of samples) this.#samples.push(sample)
    const isBatch = this.#samples.length >= enoughForBatch && !this.#failing
    if (isBatch && this.#clock.monotonic() >= this.#mayWriteAt) this.flush()
    else if (this.#samples.length > 0) this.#cancel ??= this.#clock.after(flushMs, () => this.flush())
  }

  /** Puts what is gathered on disk now; tries again later where the disk refuses. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const begun = this.#clock.monotonic()
    try {
      this.#spoolBatch()
      // Between two batches of a flood, what is due is polled.
      if (this.#samples.length > 0) this.#cancel = this.#clock.after(0, () => this.flush())
    } catch (error) {
      this.#keepInMemory(error as Error)
    }
    const ended = this.#clock.monotonic()
    this.#mayWriteAt = begun + Math.max(shortestFlushMs, (ended - begun) / shareOfDisk)
  }

  /** The last flush: what the disk does not take now is lost, and counted in the log. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    try {
      while (this.#samples.length > 0) this.#spoolBatch()
    } catch (error) {
      this.#lostInAll += this.#samples.length
      this.#log.error(
        `cannot write the spool: ${(error as Error).message}; ${this.#samples.length} values are lost`,
      )
    }
  }

  #spoolBatch(): void {
    if (this.#samples.length === 0) return
    const { number, overflow } = this.#spool.append(this.#samples.slice(0, mostInBatch))
    const spooled = this.#samples.splice(0, mostInBatch).length
    this.#log.debug(`spooled batch ${number}: ${spooled} values`)
    this.#reportSuccess(overflow)
    this.#onBatch()
  }

  #reportSuccess({ batches, samples }: Overflow): void {
    if (this.#failing) {
      this.#log.warning(`the spool can be written again; ${this.#lost} values were lost`)
      this.#failing = false
      this.#lost = 0
      this.#lostSaid = 0
    }
    if (batches > 0) {
      this.#lostInAll += samples
      this.#log.error(
        `the spool is full (spool_max_mb): its ${batches} oldest batches with ${samples} values are lost; the database must come back`,
      )
    }
  }

  #keepInMemory(error: Error): void {
    const lost = this.#samples.splice(0, Math.max(0, this.#samples.length - mostSamples)).length
    this.#lost += lost
    this.#lostInAll += lost
    // At the beginning, at the first loss, and then each time ten times as much is lost.
    if (!this.#failing || this.#lost > this.#lostSaid * 10) {
      const loss = this.#lost > 0 ? `${this.#lost} values are lost` : 'values wait in memory'
      this.#log.error(`cannot write the spool: ${error.message}; ${loss}, next try in ${flushMs} ms`)
      this.#lostSaid = this.#lost
    }
    this.#failing = true
    this.#cancel = this.#clock.after(flushMs, () => this.flush())
  }
}
