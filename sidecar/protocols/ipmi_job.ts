import type { BmcRequest } from './ipmi_dispatcher.ts'
import { explain, isCaching, isUnknownRecord, readRow, type SensorRow } from './ipmi_output.ts'

/** What came back for one BMC. */
export interface BmcAnswer {
  /** The sensors that were read, in the order of the SDR. */
  readonly rows: readonly SensorRow[]
  /** Unix milliseconds: when the process was started. Undefined: it never was. */
  readonly sentAt: number | undefined
  /** Why not all came that was asked for, in words; undefined: all came. */
  readonly failure: string | undefined
  /** A record id that was asked for is not in the SDR. */
  readonly isUnknownRecord: boolean
  /** Lines that are no sensors. */
  readonly unreadable: readonly string[]
}

/** A BMC that sends its SDR for longer has a fault, or never comes to the end. */
const LONGEST_MS = 120_000
/**
 * How long a poll that is stopped may go on. A BMC has few sessions, and keeps one that was not closed for a
 * minute: ipmi-sensors closes its session at its end, and at no signal. Shorter than what the end of a host waits.
 */
const STOPPING_MS = 1500
const STOPPED = 'the poll was stopped before the answer came'
const CHANGED = 'the list of its sensors has changed'
/** A process needs some time to start. */
const SHORTEST_MS = 20

/** One question to one BMC, from the moment it is asked until it is answered or given up. */
export class BmcJob {
  readonly request: BmcRequest
  readonly answer: Promise<BmcAnswer>
  readonly #settle: (answer: BmcAnswer) => void
  readonly #rows: SensorRow[] = []
  readonly #wanted: Set<number> | undefined
  readonly #unreadable: string[] = []
  readonly #askedAt = performance.now()
  #heardAt = Number.NEGATIVE_INFINITY
  #sentAt: number | undefined
  #timer: NodeJS.Timeout
  #complaint: string | undefined
  #isUnknownRecord = false
  #isCaching = false
  #isStopping = false
  #isSettled = false

  constructor(request: BmcRequest) {
    const { promise, resolve } = Promise.withResolvers<BmcAnswer>()
    this.request = request
    this.answer = promise
    this.#settle = resolve
    this.#wanted = request.records === 'all' ? undefined : new Set(request.records)
    this.#timer = setTimeout(this.#giveUp, Math.max(0, request.deadline - performance.now()))
    if (request.signal.aborted) this.#stop()
    else request.signal.addEventListener('abort', this.#stop, { once: true })
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  leftMs(): number {
    return Math.max(SHORTEST_MS, this.request.deadline - performance.now())
  }

  /** @param sentAt Unix milliseconds */
  start(sentAt: number): void {
    this.#sentAt = sentAt
  }

  /**
   * A line of the process about this BMC. The one that brings the rest ends the job, not the end of the process,
   * which also waits for the others; in a stop the session has to be closed first.
   */
  hear(line: string): void {
    this.#heardAt = performance.now()
    if (isUnknownRecord(line)) {
      this.#isUnknownRecord = true
      if (!this.#isStopping) this.#finish(CHANGED)
      return
    }
    const row = readRow(line)
    if (row === undefined) {
      this.#unreadable.push(line)
      return
    }
    this.#rows.push(row)
    this.#wanted?.delete(row.id)
    if (this.#hasAll() && !this.#isStopping) this.#finish(undefined)
  }

  complain(complaint: string): void {
    this.#isCaching = isCaching(complaint)
    if (this.#isCaching) this.#heardAt = performance.now()
    else this.#complaint = complaint
  }

  /** @param how the process ended */
  end(how: string): void {
    if (this.#hasAll() || (this.#wanted === undefined && how === 'exit status 0')) this.#finish(undefined)
    else if (this.#isUnknownRecord) this.#finish(CHANGED)
    else if (this.#complaint !== undefined) this.#finish(this.#explained(this.#complaint))
    else if (/^(exit|signal)/.test(how)) this.#finish(`ipmi-sensors ended early (${how})`)
    else this.#finish(how)
  }

  #hasAll(): boolean {
    return this.#wanted?.size === 0
  }

  /** FreeIPMI's time-out and ours are the same moment: one sentence for both. */
  #explained(complaint: string): string {
    return /^(ipmi-sensors: )?(connection|session) timeout$/.test(complaint)
      ? this.#silence()
      : explain(complaint)
  }

  readonly #stop = (): void => {
    const giveUp = () => this.#finish(this.#hasAll() ? undefined : STOPPED)
    this.#isStopping = true
    clearTimeout(this.#timer)
    if (this.#sentAt === undefined) giveUp()
    else this.#timer = setTimeout(giveUp, STOPPING_MS)
  }

  readonly #giveUp = (): void => {
    const now = performance.now()
    const { company, timeoutMs } = this.request
    const nextMs = Math.min(this.#heardAt + timeoutMs, this.#askedAt + LONGEST_MS) - now
    if (company === 'alone' && nextMs > 0) this.#timer = setTimeout(this.#giveUp, nextMs)
    else this.#finish(this.#silence())
  }

  #silence(): string {
    const { timeoutMs } = this.request
    const seconds = `${Math.round(timeoutMs) / 1000} s`
    if (this.#sentAt === undefined) {
      return `all processes of ipmi-sensors were busy for ${seconds}; a higher number of them (option worker) may help`
    }
    if (this.#isCaching) return 'the SDR with the list of its sensors cannot be read to its end'
    return this.#heardAt > 0
      ? `no answer within the ${seconds} of the poll`
      : `no answer to IPMI in ${seconds}`
  }

  #finish(failure: string | undefined): void {
    if (this.#isSettled) return
    this.#isSettled = true
    clearTimeout(this.#timer)
    this.request.signal.removeEventListener('abort', this.#stop)
    this.#settle({
      rows: this.#rows,
      sentAt: this.#sentAt,
      failure,
      isUnknownRecord: this.#isUnknownRecord,
      unreadable: this.#unreadable,
    })
  }
}
