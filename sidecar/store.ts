import { columnsOf, numberArray, readBatch } from './batch_columns.ts'
import { Connection, type DatabaseAddress, type Notice, reasonOf } from './database.ts'
import { KnownSeries } from './known_series.ts'
import { learnSeries } from './learn_series.ts'
import type { Log } from './log.ts'
import { RefusalLog } from './refusal_log.ts'
import { refusalsIn, refusalsOf, refusedRowsCode } from './refusals.ts'
import type { Spool, SpooledBatch } from './spool.ts'

export interface StorePatience {
  /** Until the next try, after one that failed. */
  readonly retryMs: number
  /** For one statement: a server whose machine lost power would keep it waiting for ever. */
  readonly answerMs: number
  /** For what is under way and what waits in the spool, once asked to stop. */
  readonly stopMs: number
}

const usualPatience: StorePatience = { retryMs: 1_000, answerMs: 60_000, stopMs: 3_000 }

/** A connection, and what was learnt through it: a database restored from a backup numbers its series anew. */
interface Link {
  readonly connection: Connection
  readonly series: KnownSeries
  /** What the database said that it refused of the batch that is stored. */
  refusedRows: string | undefined
}

type Progress = 'stored' | 'nothing to store' | 'failed'

/**
 * Carries batches from the spool to the database, in order, each exactly once: `kwollect.store_batch` stores a
 * batch and its number in one statement, and does nothing for a number that it knows. So a batch is forgotten
 * only after the database said yes, and said twice where the answer was lost.
 */
export class Store {
  readonly #address: DatabaseAddress
  readonly #spool: Spool
  readonly #log: Log
  readonly #host: string
  readonly #patience: StorePatience
  readonly #refusals: RefusalLog
  readonly #stopping = new AbortController()
  #link: Link | undefined
  #spoolChecked = false
  /** Number of the newest batch that was sent in this run. */
  #lastTried = 0
  /** The time to stop is over. */
  #hasGivenUp = false
  #awaySince: number | undefined
  #stored = { batches: 0, values: 0 }
  #wake: (() => void) | undefined
  #done: Promise<void> | undefined

  /** @param host names this machine in kwollect.spools */
  constructor(
    address: DatabaseAddress,
    spool: Spool,
    host: string,
    log: Log,
    patience: StorePatience = usualPatience,
  ) {
    this.#address = address
    this.#spool = spool
    this.#host = host
    this.#log = log
    this.#patience = patience
    this.#refusals = new RefusalLog(log)
  }

  /** Stores whatever waits, and what comes, until `stop`. */
  start(): void {
    this.#done = this.#run()
  }

  /** What this run has stored. */
  get stored(): { readonly batches: number; readonly values: number } {
    return this.#stored
  }

  /** Says that the spool has a new batch. */
  notify(): void {
    this.#wake?.()
  }

  /**
   * Ends once the spool is empty, the database away, or the time over; what is not stored stays in the spool.
   * A second call may be less patient than the first.
   */
  async stop(patienceMs = this.#patience.stopMs): Promise<void> {
    this.#stopping.abort()
    this.#wake?.()
    const timer = setTimeout(() => {
      this.#hasGivenUp = true
      void this.#disconnect()
    }, patienceMs)
    await this.#done
    clearTimeout(timer)
    await this.#disconnect()
  }

  async #run(): Promise<void> {
    while (!this.#hasGivenUp) {
      const progress = await this.#storeNext()
      if (progress === 'stored') continue
      if (this.#stopping.signal.aborted) return
      await this.#sleep(progress === 'failed' ? this.#patience.retryMs : undefined)
    }
  }

  /** Until `notify`, `stop` or the time given. */
  async #sleep(ms: number | undefined): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
      // A new batch does not shorten the wait for a database that is away.
      this.#wake = () => {
        if (ms !== undefined && !this.#stopping.signal.aborted) return
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  /** Never throws: neither the database nor the disk may end the loop. */
  async #storeNext(): Promise<Progress> {
    try {
      const link = this.#connect()
      await this.#checkSpool(link)
      // Only now: the check may have dropped what was the oldest.
      const batch = this.#spool.oldest()
      const isStored = batch === undefined || (await this.#store(link, batch))
      this.#reportBack()
      if (batch === undefined) return 'nothing to store'
      if (isStored) this.#forget(batch)
      return 'stored'
    } catch (error) {
      this.#reportFailure(error)
      await this.#disconnect()
      return 'failed'
    }
  }

  #forget(batch: SpooledBatch): void {
    this.#spool.remove(batch)
    const { batches, values } = this.#stored
    this.#stored = { batches: batches + 1, values: values + batch.samples }
  }

  /** The connection that there is, or a new one where it was lost, which no statement has to find out. */
  #connect(): Link {
    if (this.#link === undefined || this.#link.connection.isLost) {
      const onNotice = (message: string, { code, detail }: Notice) => {
        if (code === refusedRowsCode) link.refusedRows = detail
        else this.#log.warning(`the database says: ${message}`)
      }
      const connection = new Connection(this.#address, { name: 'kwollector', onNotice })
      const link: Link = { connection, series: new KnownSeries(), refusedRows: undefined }
      this.#link = link
    }
    return this.#link
  }

  /** @returns false where it is to be stored again, under the new id of the spool */
  async #store(link: Link, batch: SpooledBatch): Promise<boolean> {
    const { connection, series } = link
    const content = readBatch(batch.content)
    const refused = await learnSeries(
      { connection, known: series, answerMs: this.#patience.answerMs },
      content.series,
    )
    const columns = columnsOf(content, series, refused)
    link.refusedRows = undefined
    const isFirstTry = batch.number > this.#lastTried
    this.#lastTried = batch.number
    const [row] = await connection.answerWithin(
      this.#patience.answerMs,
      connection.sql<[{ fresh: boolean }]>`
        select kwollect.store_batch(
                 ${this.#spool.id}::uuid, ${batch.number}::bigint, ${this.#host}
               , ${numberArray(columns.microseconds)}::bigint[], ${numberArray(columns.seriesIds)}::bigint[]
               , ${numberArray(columns.values)}::double precision[], ${columns.labels}::text[]
               , ${columns.reasons}::text[], ${columns.letters}::text[]
               ) as fresh`,
    )
    if (!row.fresh && isFirstTry && this.#spool.isOfThisRun(batch)) {
      this.#lastTried = batch.number - 1 // under the new id it was never sent
      this.#spool.takeNewId()
      this.#log.error(
        'another machine uses a copy of this spool: the database has a batch of this number that was never sent; it goes on under a new id',
      )
      return false
    }
    // Those of a batch that was stored already, too: the answer that would have told of them was lost.
    const refusals = [...refusalsOf(columns), ...refusalsIn(link.refusedRows, content.series, series)]
    this.#refusals.report(batch.number, refusals, content.series)
    this.#log.debug(
      row.fresh
        ? `stored batch ${batch.number}: ${batch.samples} values`
        : `batch ${batch.number} was stored already; nothing changed`,
    )
    return true
  }

  /** Once a run, before its first batch: see `Spool.takeNewIdIfOlderThan`. */
  async #checkSpool({ connection }: Link): Promise<void> {
    if (this.#spoolChecked) return
    const [row] = await connection.answerWithin(
      this.#patience.answerMs,
      connection.sql<[{ last: string | null }]>`select kwollect.last_batch(${this.#spool.id}::uuid) as last`,
    )
    if (row.last !== null && this.#spool.takeNewIdIfOlderThan(Number(row.last))) {
      this.#log.error(
        `the spool is an older copy: the database has its batches up to ${row.last}; what was spooled since goes on under a new id`,
      )
    }
    this.#spoolChecked = true
  }

  async #disconnect(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    await link?.connection.end()
  }

  #reportFailure(error: unknown): void {
    if (this.#awaySince !== undefined || this.#hasGivenUp) return
    this.#awaySince = performance.now()
    const { host, port, database, user } = this.#address
    const isDisk = (error as { code?: string }).code === 'ERR_SQLITE_ERROR'
    const what = isDisk
      ? 'cannot use the spool'
      : `cannot store in database ${database} on ${host}:${port} as ${user}`
    const next = this.#stopping.signal.aborted ? 'at the next start' : `in ${this.#patience.retryMs / 1000} s`
    this.#log.error(`${what}: ${reasonOf(error)}; values are kept in the spool, next try ${next}`)
  }

  #reportBack(): void {
    if (this.#awaySince === undefined) return
    const seconds = Math.round((performance.now() - this.#awaySince) / 1000)
    this.#awaySince = undefined
    this.#log.warning(
      `the database stores again after ${seconds} s; ${this.#spool.length} batches wait in the spool`,
    )
  }
}
