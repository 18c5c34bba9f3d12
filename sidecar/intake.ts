import type { Log } from './log.ts'
import type { Sample } from './sample.ts'
import type { Clock } from './schedule.ts'
import type { Overflow, Spool } from './spool.ts'

/** How long samples wait in memory for others to share one fsync with. */
const flushMs = 500
/** With a disk that takes nothing, this many samples are kept in memory; then the oldest go. */
const mostSamples = 500_000

/** Gathers samples into batches and puts these into the spool. */
export class Intake {
  readonly #spool: Spool
  readonly #clock: Clock
  readonly #log: Log
  readonly #onBatch: () => void
  #samples: Sample[] = []
  #cancel: (() => void) | undefined
  #failing = false

  /** @param onBatch called after each batch that is on disk */
  constructor(spool: Spool, clock: Clock, log: Log, onBatch: () => void) {
    this.#spool = spool
    this.#clock = clock
    this.#log = log
    this.#onBatch = onBatch
  }

  /** Takes samples; they are on disk half a second later. */
  readonly take = (samples: readonly Sample[]): void => {
    for (const sample of samples) this.#samples.push(sample)
    if (this.#samples.length > 0) this.#cancel ??= this.#clock.after(flushMs, () => this.flush())
  }

  /** Puts what is gathered on disk now. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#samples.length === 0) return
    try {
      const { number, overflow } = this.#spool.append(this.#samples)
      this.#log.debug(`spooled batch ${number}: ${this.#samples.length} values`)
      this.#samples = []
      this.#reportSuccess(overflow)
      this.#onBatch()
    } catch (error) {
      this.#keepInMemory(error as Error)
    }
  }

  #reportSuccess({ batches, samples }: Overflow): void {
    if (this.#failing) this.#log.warning('the spool can be written again')
    this.#failing = false
    if (batches > 0) {
      this.#log.error(
        `the spool is full (spool_max_mb): its ${batches} oldest batches with ${samples} values are lost; the database must come back`,
      )
    }
  }

  #keepInMemory(error: Error): void {
    const lost = this.#samples.splice(0, Math.max(0, this.#samples.length - mostSamples)).length
    if (!this.#failing || lost > 0) {
      const loss = lost > 0 ? `${lost} values are lost` : 'values wait in memory'
      this.#log.error(`cannot write the spool: ${error.message}; ${loss}, next try in ${flushMs} ms`)
    }
    this.#failing = true
    this.#cancel = this.#clock.after(flushMs, () => this.flush())
  }
}
