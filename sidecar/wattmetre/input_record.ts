import type { HostStatus } from '../host_status.ts'
import type { SkipReason } from './line.ts'
import type { Port } from './ports.ts'

/** A wattmetre sends many lines a second; without one for so long it is down, as a host that does not answer. */
const silentMs = 10_000

/** What has come from a wattmetre, told as of a host that is polled: a line is an answer, a bad line a failure. */
export class InputRecord {
  readonly #id: string
  readonly #now: () => number
  #ports: readonly Port[] = []
  #lines = 0
  #badLines = 0
  #values = 0
  #upSince: number | undefined
  #lastLineAt: number | undefined
  #lastErrorAt: number | undefined
  #lastError: SkipReason | undefined

  /** @param now Unix milliseconds */
  constructor(id: string, now: () => number) {
    this.#id = id
    this.#now = now
  }

  /** @param ports all that the input has shown */
  usePorts(ports: readonly Port[]): void {
    this.#ports = ports
  }

  goodLine(): void {
    const now = this.#now()
    if (!this.#isUp(now)) this.#upSince = now
    this.#lastLineAt = now
    this.#lines += 1
  }

  badLine(reason: SkipReason): void {
    this.#lines += 1
    this.#badLines += 1
    this.#lastErrorAt = this.#now()
    this.#lastError = reason
  }

  values(count: number): void {
    this.#values += count
  }

  status(): HostStatus {
    const up = this.#isUp(this.#now())
    const downSince = this.#lastLineAt === undefined ? undefined : this.#lastLineAt + silentMs
    return {
      host: this.#id,
      protocol: 'wattmetre',
      devices: this.#ports.map(({ deviceId }) => deviceId),
      metricsDescribed: this.#ports.length,
      metricsPolled: this.#ports.length,
      metricsMissing: 0,
      up,
      since: up ? this.#upSince : downSince,
      lastSuccessAt: this.#lastLineAt,
      lastErrorAt: this.#lastErrorAt,
      lastError: this.#lastError === undefined ? undefined : `lines skipped: ${this.#lastError}`,
      lastDurationMs: undefined,
      polls: this.#lines,
      failedPolls: this.#badLines,
      skippedPolls: 0,
      values: this.#values,
      nextPollAt: undefined,
    }
  }

  #isUp(now: number): boolean {
    // A clock that was set back makes no wattmetre silent.
    return this.#lastLineAt !== undefined && now - this.#lastLineAt < silentMs
  }
}
