import type { Log } from '../log.ts'
import type { Clock } from '../schedule.ts'
import { shownValue } from '../spelling.ts'
import type { SkipReason } from './line.ts'

/** The first are told soon, because then the whole set-up may be wrong; together with those that follow at once. */
const firstReportMs = 1_000
const reportMs = 60_000

/** Counts what is not stored, and says so once a minute, not once a line. */
export class SkippedLines {
  readonly #log: Log
  readonly #after: Clock['after']
  readonly #hint: () => string
  readonly #lines = new Map<SkipReason, number>()
  #example = ''
  #late = 0
  #cancel: (() => void) | undefined

  /** @param hint ends the report on lines */
  constructor(log: Log, after: Clock['after'], hint: () => string) {
    this.#log = log
    this.#after = after
    this.#hint = hint
  }

  skip(reason: SkipReason, line: string): void {
    this.#lines.set(reason, (this.#lines.get(reason) ?? 0) + 1)
    this.#example = line
    this.#plan(firstReportMs)
  }

  /** Measurements of lines that were good, but came after the average of their second was handed on. */
  late(measurements: number): void {
    this.#late += measurements
    this.#plan(firstReportMs)
  }

  /** Says what is left to say. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#report()
  }

  #plan(ms: number): void {
    this.#cancel ??= this.#after(ms, () => {
      this.#cancel = undefined
      if (this.#report()) this.#plan(reportMs)
    })
  }

  /** @returns whether there was anything to say */
  #report(): boolean {
    const [lines, late] = [[...this.#lines].sort(([, a], [, b]) => b - a), this.#late]
    this.#lines.clear()
    this.#late = 0
    if (lines.length > 0) {
      const counts = lines.map(([reason, count]) => `${count.toLocaleString('en')} ${reason}`)
      const last = shownValue(this.#example)
      this.#log.warning(`lines skipped: ${counts.join(', ')}; the last one: ${last}${this.#hint()}`)
    }
    if (late > 0) {
      this.#log.warning(
        `${late.toLocaleString('en')} measurements are lost because they came after the average of their second was stored: is a clock being set?`,
      )
    }
    return lines.length > 0 || late > 0
  }
}
