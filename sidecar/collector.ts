import type { Description } from './descriptions.ts'
import { HostRecords, type HostStatus } from './host_status.ts'
import type { Log } from './log.ts'
import { MissingLog } from './missing_log.ts'
import { OutageLog } from './outage_log.ts'
import { PolledHost } from './polled_host.ts'
import { openIpmiHost } from './protocols/ipmi.ts'
import { IpmiDispatcher, type IpmiOptions } from './protocols/ipmi_dispatcher.ts'
import { openPrometheusHost } from './protocols/prometheus.ts'
import type { Host } from './protocols/protocol.ts'
import { openSnmpHost } from './protocols/snmp.ts'
import type { Sample } from './sample.ts'
import type { Clock } from './schedule.ts'
import { type DeviceUrl, hostKey, hostName } from './urls.ts'

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
  readonly #ipmi: IpmiDispatcher
  readonly #outages: OutageLog
  readonly #missing: MissingLog
  readonly #hosts = new Map<string, PolledHost>()
  /** The ends of hosts that are wanted no more, by the same key. */
  readonly #closing = new Map<string, Promise<unknown>>()
  readonly #records = new HostRecords()
  #skipped = new Map<string, number>()
  #isStopped = false

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#ipmi = new IpmiDispatcher({ ...options.ipmi, now: () => options.clock.now() })
    this.#outages = new OutageLog(options.clock, options.log)
    this.#missing = new MissingLog(options.clock, options.log)
  }

  /** @param descriptions all that there are, for the status of their hosts; polls none of them */
  describe(descriptions: readonly Description[]): void {
    this.#records.describe(descriptions)
  }

  /**
   * What to poll from now on: hosts that are new are opened, those without a description closed. Waits for none of them:
   * one that hangs would delay what is promoted next.
   * @param atOnce those of them whose first poll does not wait for their period
   */
  setDescriptions(descriptions: readonly Description[], atOnce: ReadonlySet<Description> = new Set()): void {
    if (this.#isStopped) return
    const byHost = Map.groupBy(descriptions, ({ url }) => hostKey(url))
    for (const [key, own] of byHost) {
      const url = own[0]?.url
      if (url === undefined) continue
      const host = this.#hosts.get(key) ?? this.#open(key, url)
      this.#hosts.set(key, host)
      host.setDescriptions(
        own,
        own.filter(description => atOnce.has(description)),
      )
    }
    for (const [key, host] of this.#hosts) if (!byHost.has(key)) this.#close(key, host)
  }

  /** Every host that is described, polled or not. */
  status(): HostStatus[] {
    const polled = Map.groupBy(this.#hosts.values(), host => host.record)
    return this.#records.all().map(record => record.status(polled.get(record) ?? []))
  }

  /** Ends the polls that are under way early and waits for them; what they have is taken. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const [key, host] of this.#hosts) this.#close(key, host)
    await Promise.all(this.#closing.values())
    this.#outages.stop()
    this.#missing.stop()
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

  #open(key: string, url: DeviceUrl): PolledHost {
    const { clock, log, take } = this.#options
    return new PolledHost({
      host: openHost(url, clock, this.#ipmi),
      url,
      record: this.#records.of(url),
      clock,
      log,
      outages: this.#outages,
      missingLog: this.#missing,
      take,
      onSkipped: polls => this.#countSkipped(url, polls),
      former: this.#closing.get(key),
    })
  }

  #close(key: string, host: PolledHost): void {
    this.#hosts.delete(key)
    // With the former's: it may not even have begun to poll, for waiting.
    const closing = Promise.all([this.#closing.get(key), host.close()]).then(() => {
      if (this.#closing.get(key) === closing) this.#closing.delete(key)
    })
    this.#closing.set(key, closing)
  }

  #countSkipped(url: DeviceUrl, polls: number): void {
    const name = hostName(url)
    this.#skipped.set(name, (this.#skipped.get(name) ?? 0) + polls)
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
