import { Connection, type DatabaseAddress, reasonOf } from './database.ts'
import type { Log } from './log.ts'
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
  readonly #address: DatabaseAddress
  readonly #clock: Clock
  readonly #log: Log
  #cancel: () => void
  #connection: Connection | undefined
  #running: Promise<void> | undefined
  /** What has been logged and still holds. */
  #said: ReadonlySet<string> = new Set()
  #isStopped = false

  constructor(address: DatabaseAddress, clock: Clock, log: Log) {
    this.#address = address
    this.#clock = clock
    this.#log = log
    this.#cancel = clock.after(0, () => this.#start())
  }

  /** Ends at once, whatever the database does. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#connection?.end()
    await this.#running
  }

  #start(): void {
    this.#running = this.#update().then(() => {
      if (!this.#isStopped) this.#cancel = this.#clock.after(periodMs, () => this.#start())
    })
  }

  async #update(): Promise<void> {
    const heard = new Set<string>()
    const connection = new Connection(this.#address, {
      name: 'kwollector job promotions',
      onNotice: message => this.#sayOnce(message, heard),
    })
    this.#connection = connection
    try {
      await connection.answerWithin(
        patienceMs,
        connection.sql`select count(*) from api.update_promoted_metrics()`,
      )
    } catch (error) {
      this.#reportFailure(error, heard)
    } finally {
      this.#said = heard
      this.#connection = undefined
      await connection.end()
    }
  }

  #reportFailure(error: unknown, heard: Set<string>): void {
    if (this.#isStopped) return
    const sentence = `optional metrics do not follow the jobs: ${reasonOf(error)}`
    // The store tells of a database of kwollect that is away; this is about the scheduler's.
    const hasAnswered = /^(?!08|57)[0-9A-Z]{5}$/.test((error as { code?: string }).code ?? '')
    if (hasAnswered) this.#sayOnce(sentence, heard)
    else this.#log.debug(sentence)
  }

  #sayOnce(message: string, heard: Set<string>): void {
    heard.add(message)
    if (!this.#said.has(message)) this.#log.warning(message)
  }
}
