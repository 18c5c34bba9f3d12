import type { HostStatus } from '../host_status.ts'
import type { Log } from '../log.ts'
import type { Sample } from '../sample.ts'
import type { Clock } from '../schedule.ts'
import { InputRecord } from './input_record.ts'
import { type LineVersion, readLine, type SkipReason } from './line.ts'
import { LineCutter, type LineEnd } from './line_cutter.ts'
import { emptyMapping, type Mapping, unknownPorts } from './mapping.ts'
import { type Port, Ports } from './ports.ts'
import { Seconds } from './seconds.ts'
import { SkippedLines } from './skipped_lines.ts'

export interface WattmetreOptions {
  readonly id: string
  readonly version: LineVersion
  readonly log: Log
  readonly clock: Clock
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly take: (samples: readonly Sample[]) => void
  /** The ports that can be promoted: called when the input shows more of them, and after a new mapping. */
  readonly onPorts: (ports: readonly Port[]) => void
}

/** How often seconds are closed where the input stands still. */
const closeMs = 1_000

/** Turns the bytes of a wattmetre's reading program into samples. */
export class Wattmetre {
  readonly #options: WattmetreOptions
  readonly #lines: LineCutter
  readonly #skipped: SkippedLines
  readonly #record: InputRecord
  readonly #seconds: Seconds
  #mapping = emptyMapping
  #ports: Ports
  #promoted: ReadonlySet<number> = new Set()
  /** The most ports that a line had, and those of the last line. */
  #portCount = 0
  #lastCount: number | undefined
  #cancel: (() => void) | undefined

  constructor(options: WattmetreOptions) {
    const { id, log, clock, now, take } = options
    this.#options = options
    this.#ports = new Ports(id, emptyMapping.devices)
    this.#lines = new LineCutter((line, end) => this.#readLine(line, end))
    this.#skipped = new SkippedLines(log, clock.after, () => this.#hint())
    this.#record = new InputRecord(id, () => clock.now())
    this.#seconds = new Seconds({
      now,
      take: samples => {
        this.#record.values(samples.length)
        take(samples)
      },
      portsInUse: () => ({ ports: this.#ports, promoted: this.#promoted }),
      onLate: measurements => this.#skipped.late(measurements),
    })
  }

  /** From the next second on. */
  useMapping(mapping: Mapping): void {
    this.#mapping = mapping
    this.#ports = new Ports(this.#options.id, mapping.devices)
    if (this.#portCount > 0) this.#announcePorts()
  }

  /** From the next second on. @param ports all that are promoted */
  setPromoted(ports: readonly Port[]): void {
    this.#promoted = new Set(ports.map(({ number }) => number))
  }

  read(piece: Buffer): void {
    this.#lines.push(piece)
    this.#cancel ??= this.#options.clock.after(closeMs, () => this.#closeOld())
  }

  /** Reads the last line, which may lack its line feed. Not to be called where reading was broken off. */
  endOfInput(): void {
    this.#lines.end()
  }

  /** How the input fares, as a host among those that a kwollector polls. */
  status(): HostStatus {
    return this.#record.status()
  }

  /** Hands on what is gathered. */
  stop(): void {
    this.#cancel?.()
    this.#seconds.closeAll()
    this.#skipped.stop()
  }

  #closeOld(): void {
    this.#seconds.closeOld()
    this.#cancel = this.#options.clock.after(closeMs, () => this.#closeOld())
  }

  #readLine(line: string, end: LineEnd): void {
    if (end === 'too long') {
      this.#skip('longer than 128 KiB', line)
      return
    }
    const read = readLine(this.#options.version, line)
    if (read === 'no measurements') return
    if (typeof read === 'string') {
      this.#skip(read, line)
      return
    }
    const { length } = read.powers
    // The reading program's last line often lacks its end, because it is killed while it writes.
    if (end === 'cut off' && this.#lastCount !== undefined && length !== this.#lastCount) {
      this.#skip('cut off by the end of the input', line)
      return
    }
    this.#record.goodLine()
    this.#lastCount = length
    if (length > this.#portCount) {
      this.#portCount = length
      this.#announcePorts()
    }
    this.#seconds.add(read)
  }

  #skip(reason: SkipReason, line: string): void {
    this.#record.badLine(reason)
    this.#skipped.skip(reason, line)
  }

  /** Lines of another version are all bad: whoever reads the report should think of that first. */
  #hint(): string {
    if (this.#lastCount !== undefined) return ''
    return `; no line was good yet: is wattmetre_version ${this.#options.version} right?`
  }

  #announcePorts(): void {
    const { id, log, onPorts } = this.#options
    for (const sentence of unknownPorts(this.#mapping, id, this.#portCount)) log.error(sentence)
    const ports = this.#ports.upTo(this.#portCount)
    this.#record.usePorts(ports)
    onPorts(ports)
  }
}
