import type { Description } from './descriptions.ts'
import type { HostRecord, PolledNow } from './host_status.ts'
import type { Log } from './log.ts'
import { type MissingLog, missingSentence } from './missing_log.ts'
import type { OutageLog } from './outage_log.ts'
import { type Host, HostBusy, HostUnreachable, type PollResult } from './protocols/protocol.ts'
import type { Sample } from './sample.ts'
import { type Clock, type Due, HostSchedule, type PollOutcome } from './schedule.ts'
import { type DeviceUrl, hostName, phaseKey } from './urls.ts'

/** No answer takes longer than this, however long the period. */
const longestPatienceMs = 5_000
/** The part of the time to the next poll that an answer may take; the rest is for what follows it. */
const patience = 0.8
/** Within this a poll has to end that was told to; the end of the program waits for it. */
const closingMs = 2_000

export interface PolledHostOptions {
  readonly host: Host
  readonly url: DeviceUrl
  readonly record: HostRecord
  readonly clock: Clock
  readonly log: Log
  readonly outages: OutageLog
  readonly missingLog: MissingLog
  readonly take: (samples: readonly Sample[]) => void
  readonly onSkipped: (polls: number) => void
  /** Nothing is polled before this has settled: the end of a former connection to the same host. */
  readonly former?: Promise<unknown> | undefined
}

/** One host: its connection, its schedule, and what the log knows about it. */
export class PolledHost implements PolledNow {
  readonly record: HostRecord
  readonly #options: PolledHostOptions
  readonly #schedule: HostSchedule<Description>
  readonly #closing = new AbortController()
  #isClosed = false
  #unreachableSince: number | undefined
  #descriptions: ReadonlySet<Description> = new Set()
  /** Why descriptions have no value, as the log has it; of those that are due at other moments too. */
  #missing = new Map<Description, string>()
  #warnings: ReadonlySet<string> = new Set()

  constructor(options: PolledHostOptions) {
    const { clock, record, url, onSkipped } = options
    this.record = record
    this.#options = options
    this.#schedule = new HostSchedule({
      key: phaseKey(url),
      clock,
      poll: due => this.#poll(due),
      onSkipped(polls) {
        record.skipped(polls)
        onSkipped(polls)
      },
    })
  }

  get metricsPolled(): number {
    return this.#descriptions.size
  }

  get metricsMissing(): number {
    return this.#missing.size
  }

  get nextPollAt(): number | undefined {
    return this.#schedule.nextPollAt
  }

  /** @param atOnce those of them that do not wait for their period */
  setDescriptions(descriptions: readonly Description[], atOnce: readonly Description[]): void {
    this.#descriptions = new Set(descriptions)
    this.#missing = new Map(
      descriptions.flatMap(description => {
        const reason = this.#missing.get(description)
        return reason === undefined ? [] : [[description, reason]]
      }),
    )
    this.#schedule.setItems(descriptions, atOnce)
  }

  /** Ends the poll that is under way early; what it has is taken. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#endOfPoll()
    this.#isClosed = true
    this.#options.host.close()
  }

  /** A poll that does not end although it was told to is a mistake of ours, and must not keep the program from ending. */
  async #endOfPoll(): Promise<void> {
    const { clock, log, url } = this.#options
    const { promise: late, resolve } = Promise.withResolvers<'late'>()
    const cancel = clock.after(closingMs, () => resolve('late'))
    const outcome = await Promise.race([this.#schedule.stop(), late])
    cancel()
    if (outcome === 'late') log.error(`the poll of ${hostName(url)} does not end; it is given up`)
  }

  async #poll({ items, nextInMs }: Due<Description>): Promise<PollOutcome> {
    const { host, former, take, clock, record } = this.#options
    const { signal } = this.#closing
    if (former !== undefined) await former
    if (signal.aborted) return 'answered'
    // Two digits, so that a message which names it is the same from poll to poll.
    const timeoutMs = Number(Math.min(longestPatienceMs, nextInMs * patience).toPrecision(2))
    const began = performance.now()
    const ended = () => ({ at: clock.now(), tookMs: performance.now() - began })
    try {
      const result = await host.poll({ descriptions: items, timeoutMs, signal })
      // Behind the end there is nothing any more that takes.
      if (!this.#isClosed) take(result.samples)
      if (signal.aborted) return 'answered'
      record.answered({ ...ended(), values: result.samples.length })
      this.#reportAnswer(result, items)
      return 'answered'
    } catch (error) {
      if (signal.aborted) return 'answered'
      record.failed({ ...ended(), reason: (error as Error).message })
      this.#reportFailure(error as Error, items, nextInMs)
      return error instanceof HostUnreachable && !(error instanceof HostBusy) ? 'silent' : 'answered'
    }
  }

  #reportFailure(error: Error, items: readonly Description[], nextInMs: number): void {
    const { clock, outages, url } = this.#options
    const known = error instanceof HostUnreachable
    if (this.#unreachableSince !== undefined && known) return
    this.#unreachableSince ??= clock.now()
    outages.unreachable({
      host: hostName(url),
      address: url.host,
      devices: [...new Set(items.map(({ deviceId }) => deviceId))],
      // Anything but HostUnreachable is a mistake of ours: its stack is what a developer needs.
      reason: known ? error.message : (error.stack ?? error.message),
      metrics: items.length,
      nextInMs,
    })
  }

  #reportAnswer(result: PollResult, items: readonly Description[]): void {
    const { log, clock, outages, url } = this.#options
    if (this.#unreachableSince !== undefined) {
      outages.back({ host: hostName(url), afterMs: clock.now() - this.#unreachableSince })
      this.#unreachableSince = undefined
    }
    this.#reportMissing(result, items)
    const warnings = new Set(result.warnings)
    for (const warning of warnings) {
      if (!this.#warnings.has(warning)) log.warning(`${hostName(url)}: ${warning}`)
    }
    this.#warnings = warnings
  }

  /** Says why descriptions have no value once, until they have one or the reason is another. */
  #reportMissing(result: PollResult, items: readonly Description[]): void {
    const { clock, missingLog, record, url } = this.#options
    const reasons = new Map(result.missing.map(({ description, reason }) => [description, reason]))
    for (const description of items) if (!reasons.has(description)) this.#missing.delete(description)
    const [first, ...others] = result.missing.filter(
      ({ description, reason }) =>
        // The poll may have outlived it.
        this.#descriptions.has(description) && this.#missing.get(description) !== reason,
    )
    if (first === undefined) return
    for (const { description, reason } of [first, ...others]) this.#missing.set(description, reason)
    record.complain(clock.now(), missingSentence(hostName(url), [first, ...others]))
    missingLog.report(hostName(url), [first, ...others])
  }
}
