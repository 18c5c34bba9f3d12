import postgres from 'postgres'
import { type BatchRow, decodeBatch, type SeriesKey, seriesOf } from './batch.ts'
import type { Log } from './log.ts'
import type { Spool, SpooledBatch } from './spool.ts'

/** How to reach the database. */
export interface DatabaseAddress {
  /** Name, address or folder of the socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
}

/** A connection pool of one connection; used by the store and by the promotions. */
export function connect(
  address: DatabaseAddress,
  name: string,
  onWarning: (message: string) => void,
): postgres.Sql {
  return postgres({
    host: address.host,
    port: address.port,
    database: address.database,
    username: address.user,
    ...(address.password === undefined ? {} : { password: address.password }),
    max: 1,
    connect_timeout: 5,
    keep_alive: 10,
    backoff: false, // the callers wait between tries themselves
    onnotice: notice => onWarning([notice.message, notice.hint].filter(Boolean).join(' ')),
    connection: { application_name: name, statement_timeout: 0 },
  })
}

const retryMs = 1_000
// A server that vanished without a word (its machine lost power) keeps a statement waiting for ever.
const patienceMs = 60_000
const stopPatienceMs = 3_000

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
  readonly #stopping = new AbortController()
  /** Numbers of series as this connection learnt them: a database restored from a backup numbers anew. */
  #series = new Map<SeriesKey, string>()
  #sql: postgres.Sql | undefined
  #spoolChecked = false
  #awaySince: number | undefined
  #wake: (() => void) | undefined
  #done: Promise<void> | undefined

  /** @param host names this machine in kwollect.spools */
  constructor(address: DatabaseAddress, spool: Spool, host: string, log: Log) {
    this.#address = address
    this.#spool = spool
    this.#host = host
    this.#log = log
  }

  /** Stores whatever waits, and what comes, until `stop`. */
  start(): void {
    this.#done = this.#run()
  }

  /** Says that the spool has a new batch. */
  notify(): void {
    this.#wake?.()
  }

  /** Ends within seconds; what is not stored stays in the spool. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake?.()
    const timer = setTimeout(() => void this.#disconnect(), stopPatienceMs)
    await this.#done
    clearTimeout(timer)
    await this.#disconnect()
  }

  async #run(): Promise<void> {
    while (true) {
      const batch = this.#spool.oldest()
      if (batch === undefined) {
        if (this.#stopping.signal.aborted) return
        await this.#sleep(undefined)
      } else if (await this.#tryToStore(batch)) {
        this.#spool.remove(batch)
      } else {
        if (this.#stopping.signal.aborted) return
        await this.#sleep(retryMs)
      }
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

  async #tryToStore(batch: SpooledBatch): Promise<boolean> {
    const patience = setTimeout(() => void this.#disconnect(), patienceMs)
    try {
      await this.#store(batch)
      this.#reportBack()
      return true
    } catch (error) {
      this.#reportAway(error as Error)
      await this.#disconnect()
      return false
    } finally {
      clearTimeout(patience)
    }
  }

  async #store(batch: SpooledBatch): Promise<void> {
    this.#sql ??= connect(this.#address, 'kwollector', message =>
      this.#log.warning(`the database says: ${message}`),
    )
    await this.#checkSpool(this.#sql)
    // Names that the spool's rows use, then rows; both may hold what the database refuses.
    const { series, rows } = decodeBatch(batch.content)
    const refused = await this.#learnSeries(this.#sql, series)
    const columns = columnsOf(series, rows, this.#series, refused)
    if (columns.reasons.length > 0) {
      this.#log.error(
        `${columns.reasons.length} values of batch ${batch.number} cannot be stored (${columns.reasons[0]}); they are kept in kwollect.dead_letters`,
      )
    }
    const id = this.#spool.id
    const [row] = await this.#sql<[{ fresh: boolean }]>`
      select kwollect.store_batch(
               ${id}::uuid, ${batch.number}::bigint, ${this.#host}
             , ${array(columns.microseconds)}::bigint[], ${array(columns.seriesIds)}::bigint[]
             , ${array(columns.values)}::double precision[], ${columns.labels}::text[]
             , ${columns.reasons}::text[], ${columns.letters}::text[]
             ) as fresh`
    this.#log.debug(
      row.fresh
        ? `stored batch ${batch.number}: ${batch.samples} values`
        : `batch ${batch.number} was stored already; nothing changed`,
    )
  }

  /** Once a run, before its first batch: see `Spool.takeNewIdIfOlderThan`. */
  async #checkSpool(sql: postgres.Sql): Promise<void> {
    if (this.#spoolChecked) return
    const [row] = await sql<
      [{ last: string | null }]
    >`select kwollect.last_batch(${this.#spool.id}::uuid) as last`
    if (row.last !== null && this.#spool.takeNewIdIfOlderThan(Number(row.last))) {
      this.#log.error(
        `the spool is an older copy: the database has its batches up to ${row.last}; what was spooled since goes on under a new id`,
      )
    }
    this.#spoolChecked = true
  }

  /** @returns the series that the database refused, with its reason */
  async #learnSeries(sql: postgres.Sql, keys: readonly SeriesKey[]): Promise<ReadonlyMap<SeriesKey, string>> {
    const unknown = keys.filter(key => !this.#series.has(key))
    const refused = new Map<SeriesKey, string>()
    if (unknown.length === 0) return refused
    try {
      await this.#resolve(sql, unknown)
    } catch (error) {
      if (!isRefusal(error)) throw error
      // One that cannot be stored costs no other: each on its own, and only in this rare case.
      for (const key of unknown) {
        try {
          await this.#resolve(sql, [key])
        } catch (refusal) {
          if (!isRefusal(refusal)) throw refusal
          refused.set(key, (refusal as Error).message)
        }
      }
    }
    return refused
  }

  async #resolve(sql: postgres.Sql, keys: readonly SeriesKey[]): Promise<void> {
    const series = keys.map(seriesOf)
    const rows = await sql<{ ordinal: string; series_id: string }[]>`
      select ordinal, series_id
        from kwollect.resolve_series(
               ${series.map(({ deviceId }) => deviceId)}::text[]
             , ${series.map(({ metricId }) => metricId)}::text[]
             , ${series.map(({ labels }) => JSON.stringify(labels))}::text[]::jsonb[]
             )`
    for (const { ordinal, series_id } of rows) {
      const key = keys[Number(ordinal) - 1]
      if (key !== undefined) this.#series.set(key, series_id)
    }
  }

  async #disconnect(): Promise<void> {
    const sql = this.#sql
    this.#sql = undefined
    this.#series = new Map()
    await sql?.end({ timeout: 0 })
  }

  #reportAway(error: Error): void {
    if (this.#awaySince !== undefined || this.#stopping.signal.aborted) return
    this.#awaySince = Date.now()
    const { host, port, database, user } = this.#address
    this.#log.error(
      `cannot store in database ${database} on ${host}:${port} as ${user}: ${error.message}; values are kept in the spool, next try in ${retryMs / 1000} s`,
    )
  }

  #reportBack(): void {
    if (this.#awaySince === undefined) return
    const seconds = Math.round((Date.now() - this.#awaySince) / 1000)
    this.#awaySince = undefined
    this.#log.warning(
      `the database stores again after ${seconds} s; ${this.#spool.length} batches wait in the spool`,
    )
  }
}

interface Columns {
  readonly microseconds: (number | string)[]
  readonly seriesIds: string[]
  readonly values: (number | string)[]
  readonly labels: (string | null)[] | null
  readonly reasons: string[]
  readonly letters: string[]
}

function columnsOf(
  series: readonly SeriesKey[],
  rows: readonly BatchRow[],
  ids: ReadonlyMap<SeriesKey, string>,
  refused: ReadonlyMap<SeriesKey, string>,
): Columns {
  const labelled = rows.some(row => row[3] !== undefined)
  const labels: (string | null)[] = []
  const columns: Columns = {
    microseconds: [],
    seriesIds: [],
    values: [],
    labels: labelled ? labels : null,
    reasons: [],
    letters: [],
  }
  for (const row of rows) {
    const [timestamp, position, value, sampleLabels] = row
    const key = series[position] ?? ''
    const id = ids.get(key)
    if (id === undefined || !Number.isSafeInteger(timestamp)) {
      columns.reasons.push(
        refused.get(key) ?? (id === undefined ? 'its labels collide' : `no timestamp: ${timestamp}`),
      )
      columns.letters.push(JSON.stringify([key, ...row]))
      continue
    }
    columns.microseconds.push(timestamp)
    columns.seriesIds.push(id)
    columns.values.push(value)
    if (labelled) labels.push(sampleLabels === undefined ? null : JSON.stringify(sampleLabels))
  }
  return columns
}

/** Numbers need no quoting in an array literal, which postgres.js would check item by item. */
function array(numbers: readonly (number | string)[]): string {
  return `{${numbers.join(',')}}`
}

/** The database understood and said no: what it was asked to store is at fault, not the connection. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: string }
  return typeof code === 'string' && /^(22|23|54)...$/.test(code)
}
