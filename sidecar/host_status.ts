import type { Description } from './descriptions.ts'
import { type DeviceUrl, hostName } from './urls.ts'

/** One host as it is reported. Moments are Unix milliseconds; counts begin with the program. */
export interface HostStatus {
  /** As messages show it, see `hostName`. */
  readonly host: string
  readonly protocol: DeviceUrl['protocol'] | 'wattmetre'
  /** Sorted, each once. */
  readonly devices: readonly string[]
  /** Optional ones included. */
  readonly metricsDescribed: number
  readonly metricsPolled: number
  /** Of those polled, how many had no value last time although the host answered. */
  readonly metricsMissing: number
  /** Whether the last poll was answered; undefined before the first has ended. */
  readonly up: boolean | undefined
  /** When `up` changed last. */
  readonly since: number | undefined
  readonly lastSuccessAt: number | undefined
  readonly lastErrorAt: number | undefined
  /** A sentence without secrets: why the host did not answer, or had no value of a metric. */
  readonly lastError: string | undefined
  /** Of the last poll, answered or not. */
  readonly lastDurationMs: number | undefined
  readonly polls: number
  /** Polls that brought nothing: time-outs and refusals. */
  readonly failedPolls: number
  readonly skippedPolls: number
  readonly values: number
  readonly nextPollAt: number | undefined
}

/** What a host is polled for at this moment. */
export interface PolledNow {
  readonly metricsPolled: number
  readonly metricsMissing: number
  readonly nextPollAt: number | undefined
}

/** How one poll ended. */
interface EndedPoll {
  readonly at: number
  readonly tookMs: number
}

const longestError = 300

/** What is remembered of one host for as long as it is described, polled or not. */
export class HostRecord {
  readonly #host: string
  readonly #protocol: DeviceUrl['protocol']
  #devices: readonly string[] = []
  #metricsDescribed = 0
  #up: boolean | undefined
  #since: number | undefined
  #lastSuccessAt: number | undefined
  #lastErrorAt: number | undefined
  #lastError: string | undefined
  #lastDurationMs: number | undefined
  #polls = 0
  #failedPolls = 0
  #skippedPolls = 0
  #values = 0

  constructor(url: DeviceUrl) {
    this.#host = storable(hostName(url))
    this.#protocol = url.protocol
  }

  describe(descriptions: readonly Description[]): void {
    this.#devices = [...new Set(descriptions.map(({ deviceId }) => deviceId))].sort()
    this.#metricsDescribed = descriptions.length
  }

  answered({ at, tookMs, values }: EndedPoll & { readonly values: number }): void {
    this.#end({ at, tookMs }, true)
    this.#lastSuccessAt = at
    this.#values += values
  }

  failed({ at, tookMs, reason }: EndedPoll & { readonly reason: string }): void {
    this.#end({ at, tookMs }, false)
    this.#failedPolls += 1
    this.complain(at, reason)
  }

  /** Of a metric without a value, say. */
  complain(at: number, reason: string): void {
    this.#lastErrorAt = at
    this.#lastError = storable(reason)
  }

  skipped(polls: number): void {
    this.#skippedPolls += polls
  }

  status(polled: readonly PolledNow[]): HostStatus {
    const nextPolls = polled.flatMap(({ nextPollAt }) => nextPollAt ?? [])
    return {
      host: this.#host,
      protocol: this.#protocol,
      devices: this.#devices,
      metricsDescribed: this.#metricsDescribed,
      metricsPolled: polled.reduce((sum, { metricsPolled }) => sum + metricsPolled, 0),
      metricsMissing: polled.reduce((sum, { metricsMissing }) => sum + metricsMissing, 0),
      up: this.#up,
      since: this.#since,
      lastSuccessAt: this.#lastSuccessAt,
      lastErrorAt: this.#lastErrorAt,
      lastError: this.#lastError,
      lastDurationMs: this.#lastDurationMs,
      polls: this.#polls,
      failedPolls: this.#failedPolls,
      skippedPolls: this.#skippedPolls,
      values: this.#values,
      nextPollAt: nextPolls.length > 0 ? Math.min(...nextPolls) : undefined,
    }
  }

  #end({ at, tookMs }: EndedPoll, up: boolean): void {
    if (this.#up !== up) this.#since = at
    this.#up = up
    this.#polls += 1
    this.#lastDurationMs = tookMs
  }
}

/**
 * The records of all hosts that are described. Descriptions with different credentials for one host share a
 * record: what tells them apart is secret.
 */
export class HostRecords {
  readonly #records = new Map<string, HostRecord>()

  /** @param descriptions all that there are, optional ones included; hosts without one are forgotten */
  describe(descriptions: readonly Description[]): void {
    const byHost = Map.groupBy(descriptions, ({ url }) => recordKey(url))
    for (const key of this.#records.keys()) if (!byHost.has(key)) this.#records.delete(key)
    for (const [first, ...others] of byHost.values()) {
      if (first !== undefined) this.of(first.url).describe([first, ...others])
    }
  }

  of(url: DeviceUrl): HostRecord {
    const key = recordKey(url)
    let record = this.#records.get(key)
    if (record === undefined) {
      record = new HostRecord(url)
      this.#records.set(key, record)
    }
    return record
  }

  all(): readonly HostRecord[] {
    return [...this.#records.values()]
  }
}

function recordKey(url: DeviceUrl): string {
  return `${url.protocol} ${hostName(url).toLowerCase()}`
}

/** A sentence may quote a device: no control characters, nothing that PostgreSQL's text cannot hold. */
function storable(text: string): string {
  return text
    .replace(/\p{Cc}/gu, '\ufffd')
    .slice(0, longestError)
    .toWellFormed()
}
