import { type DatabaseAddress, reasonOf } from './database.ts'
import type { Log } from './log.ts'
import { isAnswer, PeriodicCall } from './periodic_call.ts'
import type { Clock } from './schedule.ts'

/**
 * A hook that failed is made up for within this, and an end that OAR commits after the epilogue has looked twice: jobs
 * of type noop that are killed together end in one transaction. One query in OAR's database, a few ms.
 */
const periodMs = 10_000
/** The time-out of a connection to the scheduler's database, and of the wait for other calls, are below it. */
const patienceMs = 20_000

/**
 * Has the database look at what jobs ask for, should a scheduler's hook have failed or not be installed. Where no
 * scheduler is connected this finds no jobs and changes nothing. What changes is announced to `Promotions`. On a
 * connection of its own, because a scheduler's database that is away takes seconds to say so.
 */
export class JobPromotions {
  readonly #log: Log
  readonly #calls: PeriodicCall
  /** What the last call said; it has been logged and still held then. */
  #said: ReadonlySet<string> = new Set()
  /** What this one says. */
  #heard = new Set<string>()

  constructor(address: DatabaseAddress, clock: Clock, log: Log) {
    this.#log = log
    this.#calls = new PeriodicCall(address, clock, {
      name: 'kwollector job promotions',
      firstMs: 0,
      periodMs,
      patienceMs,
      givenUp: 'ended',
      call: async sql => {
        this.#said = this.#heard
        this.#heard = new Set()
        await sql`select count(*) from api.update_promoted_metrics()`
      },
      onNotice: message => this.#sayOnce(message),
      onFailure: error => this.#reportFailure(error),
    })
  }

  /** Ends at once, whatever the database does. */
  stop(): Promise<void> {
    return this.#calls.stop()
  }

  #reportFailure(error: unknown): void {
    const sentence = `optional metrics do not follow the jobs: ${reasonOf(error)}`
    // The store tells of a database of kwollect that is away; this is about the scheduler's.
    if (isAnswer(error)) this.#sayOnce(sentence)
    else this.#log.debug(sentence)
  }

  #sayOnce(message: string): void {
    this.#heard.add(message)
    if (!this.#said.has(message)) this.#log.warning(message)
  }
}
