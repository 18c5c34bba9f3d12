import type postgres from 'postgres'
import { Connection, type ConnectionOptions, type DatabaseAddress } from './database.ts'
import type { Clock } from './schedule.ts'

export interface PeriodicCallOptions extends Pick<ConnectionOptions, 'name' | 'onNotice' | 'givenUp'> {
  /** From the start to the first call. */
  readonly firstMs: number
  /** From the end of a call to the next. */
  readonly periodMs: number
  /** For one call; the connection is given up then. */
  readonly patienceMs: number
  readonly call: (sql: postgres.Sql) => PromiseLike<void>
  /** Not called for what a stop breaks off. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Calls the database again and again, on a connection of its own that is kept as long as it works: nothing else waits
 * for it, and where the database is away it costs one attempt in each period.
 */
export class PeriodicCall {
  readonly #address: DatabaseAddress
  readonly #clock: Clock
  readonly #options: PeriodicCallOptions
  #cancel: () => void
  #connection: Connection | undefined
  #running: Promise<void> | undefined
  #isStopped = false

  constructor(address: DatabaseAddress, clock: Clock, options: PeriodicCallOptions) {
    this.#address = address
    this.#clock = clock
    this.#options = options
    this.#cancel = clock.after(options.firstMs, () => this.#start())
  }

  /** Ends at once: what is half done is rolled back by the database. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#disconnect()
    await this.#running
  }

  #start(): void {
    this.#running = this.#call().then(() => {
      if (!this.#isStopped) this.#cancel = this.#clock.after(this.#options.periodMs, () => this.#start())
    })
  }

  async #call(): Promise<void> {
    const { call, onFailure, patienceMs } = this.#options
    try {
      const connection = await this.#connect()
      await connection.answerWithin(patienceMs, call(connection.sql))
    } catch (error) {
      if (!this.#isStopped) onFailure(error)
      await this.#disconnect()
    }
  }

  async #connect(): Promise<Connection> {
    if (this.#connection?.isLost) await this.#disconnect()
    this.#connection ??= new Connection(this.#address, this.#options)
    return this.#connection
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.end()
  }
}

/** The database carried a call out and said no, in contrast to one that is away or shuts down: the store tells of that. */
export function isAnswer(error: unknown): boolean {
  return /^(?!08|57)[0-9A-Z]{5}$/.test((error as { code?: string }).code ?? '')
}
