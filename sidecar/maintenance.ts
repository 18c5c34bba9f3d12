import { Connection, type DatabaseAddress, reasonOf } from './database.ts'
import type { Log } from './log.ts'
import type { Clock } from './schedule.ts'

const firstMs = 60_000
const periodMs = 3_600_000
/** Moving a chunk to the archive copies it. */
const patienceMs = 1_800_000

/**
 * Retention and archive where the database has no background jobs for them (the Apache edition); the database
 * decides. One collector is enough, several do no harm: a chunk that is gone is gone.
 */
export class Maintenance {
  readonly #address: DatabaseAddress
  readonly #clock: Clock
  readonly #log: Log
  #cancel: () => void
  #connection: Connection | undefined
  #running: Promise<void> | undefined
  #isStopped = false

  constructor(address: DatabaseAddress, clock: Clock, log: Log) {
    this.#address = address
    this.#clock = clock
    this.#log = log
    this.#cancel = clock.after(firstMs, () => this.#start())
  }

  /** Ends at once: what is half done is rolled back by the database. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#connection?.end()
    await this.#running
  }

  #start(): void {
    this.#running = this.#maintain()
    this.#cancel = this.#clock.after(periodMs, () => this.#start())
  }

  async #maintain(): Promise<void> {
    const connection = new Connection(this.#address, {
      name: 'kwollector maintenance',
      onNotice: message => this.#log.warning(`the database says: ${message}`),
    })
    this.#connection = connection
    try {
      await connection.answerWithin(patienceMs, connection.sql`call kwollect.maintain()`)
    } catch (error) {
      if (!this.#isStopped) {
        this.#log.error(`old values cannot be dropped or moved: ${reasonOf(error)}; next try in an hour`)
      }
    } finally {
      this.#connection = undefined
      await connection.end()
    }
  }
}
