import type { Description } from './descriptions.ts'
import type { Log } from './log.ts'
import { openIpmiHost } from './protocols/ipmi.ts'
import { IpmiDispatcher, type IpmiOptions } from './protocols/ipmi_dispatcher.ts'
import { openPrometheusHost } from './protocols/prometheus.ts'
import { type Host, HostBusy, HostUnreachable, type PollResult } from './protocols/protocol.ts'
import { openSnmpHost } from './protocols/snmp.ts'
import type { Sample } from './sample.ts'
import { type Clock, type Due, HostSchedule, type PollOutcome } from './schedule.ts'
import { type DeviceUrl, hostKey, hostName, phaseKey } from './urls.ts'

/** No answer takes longer than this, however long the period. */
const longestPatienceMs = 5_000
/** The part of the time to the next poll that an answer may take; the rest is for what follows it. */
const patience = 0.8

export interface CollectorOptions {
  readonly clock: Clock
  readonly log: Log
  /** Takes samples at once; they are in the spool with the next batch. */
  readonly take: (samples: readonly Sample[]) => void
  readonly ipmi: Pick<IpmiOptions, 'sdrFolder' | 'processes'>
}

/** Polls all hosts of a set of descriptions. */
export class Collector {
  readonly #options: CollectorOptions
  readonly #stopping = new AbortController()
  readonly #ipmi: IpmiDispatcher
  readonly #hosts = new Map<string, PolledHost>()
  #skipped = new Map<string, number>()

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#ipmi = new IpmiDispatcher({ ...options.ipmi, now: () => options.clock.now() })
  }

  /**
   * What to poll from now on: hosts that are new are opened, those without a description closed.
   * @param atOnce those of them whose first poll does not wait for their period
   */
  async setDescriptions(
    descriptions: readonly Description[],
    atOnce: ReadonlySet<Description> = new Set(),
  ): Promise<void> {
    if (this.#stopping.signal.aborted) return
    const byHost = Map.groupBy(descriptions, ({ url }) => hostKey(url))
    for (const [key, own] of byHost) {
      const url = own[0]?.url
      if (url === undefined) continue
      let host = this.#hosts.get(key)
      if (host === undefined) {
        const opened = openHost(url, this.#options.clock, this.#ipmi)
        host = new PolledHost(opened, url, this.#options, this.#stopping.signal, polls =>
          this.#countSkipped(url, polls),
        )
        this.#hosts.set(key, host)
      }
      host.schedule.setItems(
        own,
        own.filter(description => atOnce.has(description)),
      )
    }
    const gone = [...this.#hosts].filter(([key]) => !byHost.has(key))
    for (const [key] of gone) this.#hosts.delete(key)
    await Promise.all(gone.map(([, host]) => host.close()))
  }

  /** Ends the polls that are under way early and waits for them; what they have is taken. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([...this.#hosts.values()].map(host => host.close()))
    this.#hosts.clear()
    this.reportSkipped()
  }

  /** One line on all polls skipped since the last call, so that a slow device does not fill the log. */
  reportSkipped(): void {
    if (this.#skipped.size === 0) return
    const total = [...this.#skipped.values()].reduce((sum, polls) => sum + polls, 0)
    const worst = [...this.#skipped].sort(([, a], [, b]) => b - a).slice(0, 5)
    this.#options.log.warning(
      `${total} polls were skipped because the one before still ran or the machine was busy, most of ${worst.map(([name, polls]) => `${name} (${polls})`).join(', ')}; give them a longer update_every`,
    )
    this.#skipped = new Map()
  }

  #countSkipped(url: DeviceUrl, polls: number): void {
    const name = hostName(url)
    this.#skipped.set(name, (this.#skipped.get(name) ?? 0) + polls)
  }
}

/** One host: its connection, its schedule, and what the log knows about it. */
class PolledHost {
  readonly schedule: HostSchedule<Description>
  readonly #url: DeviceUrl
  readonly #host: Host
  readonly #options: CollectorOptions
  readonly #signal: AbortSignal
  #unreachableSince: number | undefined
  /** Why descriptions have no value, as the log has it; of those that are due at other moments too. */
  readonly #missing = new WeakMap<Description, string>()
  #warnings: ReadonlySet<string> = new Set()

  constructor(
    host: Host,
    url: DeviceUrl,
    options: CollectorOptions,
    signal: AbortSignal,
    onSkipped: (polls: number) => void,
  ) {
    this.#url = url
    this.#host = host
    this.#options = options
    this.#signal = signal
    this.schedule = new HostSchedule({
      key: phaseKey(url),
      clock: options.clock,
      poll: due => this.#poll(due),
      onSkipped,
    })
  }

  async close(): Promise<void> {
    await this.schedule.stop()
    this.#host.close()
  }

  async #poll({ items, nextInMs }: Due<Description>): Promise<PollOutcome> {
    // Two digits, so that a message which names it is the same from poll to poll.
    const timeoutMs = Number(Math.min(longestPatienceMs, nextInMs * patience).toPrecision(2))
    try {
      const result = await this.#host.poll({ descriptions: items, timeoutMs, signal: this.#signal })
      this.#options.take(result.samples)
      if (!this.#signal.aborted) this.#reportAnswer(result, items)
      return 'answered'
    } catch (error) {
      if (this.#signal.aborted) return 'answered'
      this.#reportFailure(error as Error, items, nextInMs)
      return error instanceof HostUnreachable && !(error instanceof HostBusy) ? 'silent' : 'answered'
    }
  }

  #reportFailure(error: Error, items: readonly Description[], nextInMs: number): void {
    const known = error instanceof HostUnreachable
    if (this.#unreachableSince !== undefined && known) return
    this.#unreachableSince ??= this.#options.clock.now()
    const devices = [...new Set(items.map(({ deviceId }) => deviceId))]
    const shown = devices.length > 3 ? `${devices.slice(0, 3).join(', ')}, …` : devices.join(', ')
    // Anything but HostUnreachable is a mistake of ours: its stack is what a developer needs.
    const reason = known ? error.message : (error.stack ?? error.message)
    const next = Math.max(nextInMs / 1000, 0.1)
    this.#options.log.warning(
      `cannot reach ${hostName(this.#url)} (${shown}): ${reason}; ${items.length.toLocaleString('en')} metrics are not collected, next try in ${next.toFixed(next < 1 ? 1 : 0)} s`,
    )
  }

  #reportAnswer(result: PollResult, items: readonly Description[]): void {
    const { log, clock } = this.#options
    if (this.#unreachableSince !== undefined) {
      const seconds = Math.round((clock.now() - this.#unreachableSince) / 1000)
      log.warning(`${hostName(this.#url)} answers again after ${seconds} s`)
      this.#unreachableSince = undefined
    }
    const missing = new Map(result.missing.map(({ description, reason }) => [description, reason]))
    for (const description of items) this.#reportMissing(description, missing.get(description))
    const warnings = new Set(result.warnings)
    for (const warning of warnings) {
      if (!this.#warnings.has(warning)) log.warning(`${hostName(this.#url)}: ${warning}`)
    }
    this.#warnings = warnings
  }

  /** Says why a description has no value once, until it has one or the reason is another. */
  #reportMissing(description: Description, reason: string | undefined): void {
    const said = this.#missing.get(description)
    if (reason === undefined) this.#missing.delete(description)
    else this.#missing.set(description, reason)
    if (reason === undefined || reason === said) return
    const { name, deviceId, source } = description
    const place = `${source.file}:${source.line}:${source.column}`
    this.#options.log.warning(`${place}: no value of ${name} (${deviceId}): ${reason}`)
  }
}

function openHost(url: DeviceUrl, clock: Clock, ipmi: IpmiDispatcher): Host {
  const now = () => clock.now()
  switch (url.protocol) {
    case 'snmp':
      return openSnmpHost(url, { now })
    case 'ipmisensor':
      return openIpmiHost(url, { dispatcher: ipmi, now })
    case 'prometheus':
      return openPrometheusHost(url, { now })
  }
}
