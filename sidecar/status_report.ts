import { Connection, type DatabaseAddress, reasonOf } from './database.ts'
import type { DeliveryStatus } from './delivery.ts'
import type { HostStatus } from './host_status.ts'
import type { Log } from './log.ts'
import { isAnswer, PeriodicCall } from './periodic_call.ts'
import type { Clock } from './schedule.ts'

/** Late enough for the first polls. */
const firstMs = 2_000
/** Beyond 45 s without a report, the view kwollectors calls a kwollector silent. */
const periodMs = 10_000
const patienceMs = 10_000
/** The last report, while somebody waits for the end of the program. */
const lastPatienceMs = 1_000

const applicationName = 'kwollector status'

export interface StatusSources {
  readonly hosts: () => readonly HostStatus[]
  readonly delivery: () => DeliveryStatus
  /** What stays the same in this run. */
  readonly identity: {
    /** Name of the machine. */
    readonly host: string
    readonly spoolDir: string
    readonly version: string
  }
}

/**
 * Tells the database every 10 s how the collector and its hosts fare, for the views kwollectors and
 * kwollector_status. Not through the spool, because a report that is late is worth nothing.
 */
export class StatusReport {
  readonly #address: DatabaseAddress
  readonly #log: Log
  readonly #sources: StatusSources
  readonly #startedAt: number
  readonly #now: () => number
  readonly #calls: PeriodicCall
  #deadLetters: number | undefined
  /** The failure that the log has. */
  #said = ''

  constructor(address: DatabaseAddress, clock: Clock, log: Log, sources: StatusSources) {
    this.#address = address
    this.#log = log
    this.#sources = sources
    this.#startedAt = clock.now()
    this.#now = () => clock.now()
    this.#calls = new PeriodicCall(address, clock, {
      name: applicationName,
      firstMs,
      periodMs,
      patienceMs,
      givenUp: 'ended',
      call: async sql => {
        await this.#report(sql, 'running')
        this.#said = ''
      },
      onNotice: message => log.warning(`the database says: ${message}`),
      onFailure: error => this.#reportFailure(error),
    })
  }

  /** How many samples of this spool are in kwollect.dead_letters, as the last report learnt. */
  get deadLetters(): number | undefined {
    return this.#deadLetters
  }

  /** Says that the program was asked to stop; takes a second at most. */
  async stop(): Promise<void> {
    await this.#calls.stop()
    const connection = new Connection(this.#address, { name: applicationName, onNotice: () => {} })
    try {
      await connection.answerWithin(lastPatienceMs, this.#report(connection.sql, 'stopped'))
    } catch (error) {
      this.#reportFailure(error)
    } finally {
      await connection.end()
    }
  }

  async #report(sql: Connection['sql'], state: 'running' | 'stopped'): Promise<void> {
    const delivery = this.#sources.delivery()
    const [row] = await sql<[{ dead_letters: string }]>`
      select kwollect.report_status(
               ${delivery.spoolId}::uuid, ${JSON.stringify(this.#ownRow(delivery, state))}::text::json
             , ${JSON.stringify(this.#sources.hosts().map(hostRow))}::text::json
             ) as dead_letters`
    this.#deadLetters = Number(row.dead_letters)
  }

  /** The columns of kwollect.kwollectors; a moment of this machine's clock is not compared with the server's. */
  #ownRow({ oldestAt, ...counts }: DeliveryStatus, state: 'running' | 'stopped') {
    const { identity } = this.#sources
    return {
      host: identity.host,
      spool_dir: identity.spoolDir,
      version: identity.version,
      started_at: moment(this.#startedAt),
      has_stopped: state === 'stopped',
      spool_batches: counts.waitingBatches,
      spool_bytes: counts.waitingBytes,
      spool_age: oldestAt === undefined ? null : seconds(Math.max(0, this.#now() - oldestAt)),
      batches_stored: counts.storedBatches,
      values_stored: counts.storedValues,
      values_lost: counts.lostValues,
    }
  }

  #reportFailure(error: unknown): void {
    const sentence = `cannot report the status for the view kwollector_status: ${reasonOf(error)}`
    if (isAnswer(error) && sentence !== this.#said) {
      this.#said = sentence
      this.#log.warning(sentence)
    } else {
      this.#log.debug(sentence)
    }
  }
}

/** The columns of kwollect.polled_hosts. */
function hostRow(status: HostStatus) {
  return {
    protocol: status.protocol,
    host: status.host,
    devices: status.devices,
    metrics_described: status.metricsDescribed,
    metrics_polled: status.metricsPolled,
    metrics_missing: status.metricsMissing,
    up: status.up ?? null,
    since: moment(status.since),
    last_success: moment(status.lastSuccessAt),
    last_error_at: moment(status.lastErrorAt),
    last_error: status.lastError ?? null,
    last_duration: seconds(status.lastDurationMs),
    polls: status.polls,
    polls_failed: status.failedPolls,
    polls_skipped: status.skippedPolls,
    values_collected: status.values,
    next_poll: moment(status.nextPollAt),
  }
}

/** Unix milliseconds as timestamptz reads them. */
function moment(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}

/** Milliseconds as interval reads them. */
function seconds(ms: number | undefined): string | null {
  return ms === undefined ? null : `${(ms / 1000).toFixed(6)} seconds`
}
