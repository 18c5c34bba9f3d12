import { type SeriesKey, seriesOf } from './batch.ts'
import type { Log } from './log.ts'
import type { Refusal } from './refusals.ts'

/** A series that is stored and refused in turn is told of once in this time for each reason. */
const againMs = 60_000
/** Series, and reasons of each. Beyond this all are forgotten, and said once more. */
const [mostRemembered, mostReasons] = [10_000, 10]
/** Of a device or metric in a message. */
const longestName = 100

/**
 * Tells of values that no table can hold. What is wrong stays wrong in the file of an exporter, which is scraped each few
 * seconds: a series is told of once for each reason, until a batch has it without, and not twice a minute.
 */
export class RefusalLog {
  readonly #log: Pick<Log, 'error' | 'debug'>
  readonly #now: () => number
  /** When each reason was told of. */
  readonly #said = new Map<SeriesKey, Map<string, number>>()

  /** @param now milliseconds from any moment on, which no clock that is set changes */
  constructor(log: Pick<Log, 'error' | 'debug'>, now = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /**
   * @param batch number of the batch
   * @param series all that the batch has
   */
  report(batch: number, refusals: readonly Refusal[], series: readonly SeriesKey[]): void {
    if (refusals.length === 0 && this.#said.size === 0) return
    this.#forget(refusals, series)
    const news = refusals.filter(
      ({ series, reason }) => series === undefined || !this.#said.get(series)?.has(reason),
    )
    // Before, not between them: a batch with more would be told of again and again.
    if (news.length > 0 && this.#said.size > mostRemembered) this.#said.clear()
    for (const refusal of news) this.#remember(refusal)
    const [first] = news
    if (first !== undefined) {
      this.#log.error(
        `${valuesOf(news)} values of batch ${batch} cannot be stored, ${inWords(first)}. They are kept in kwollect.dead_letters, and the same of these series is said once a minute at most`,
      )
    }
    const known = valuesOf(refusals) - valuesOf(news)
    if (known > 0) this.#log.debug(`${known} values of batch ${batch} are refused as those before`)
  }

  /** What a batch is without, a minute after it was told of. */
  #forget(refusals: readonly Refusal[], series: readonly SeriesKey[]): void {
    if (this.#said.size === 0) return
    const refused = Map.groupBy(refusals, refusal => refusal.series)
    for (const key of series) {
      const said = this.#said.get(key)
      if (said === undefined) continue
      const lasting = new Set(refused.get(key)?.map(({ reason }) => reason))
      for (const [reason, at] of said)
        if (!lasting.has(reason) && this.#now() - at >= againMs) said.delete(reason)
      if (said.size === 0) this.#said.delete(key)
    }
  }

  #remember({ series, reason }: Refusal): void {
    // A batch that cannot be read at all is no series: the next one is another misfortune.
    if (series === undefined) return
    const said = this.#said.get(series) ?? new Map<string, number>()
    if (said.has(reason)) return
    if (said.size >= mostReasons) said.clear()
    this.#said.set(series, said.set(reason, this.#now()))
  }
}

function valuesOf(refusals: readonly Refusal[]): number {
  return refusals.reduce((sum, { values }) => sum + values, 0)
}

/** Without labels, which may be long and private; a name that is refused for its length is cut. */
function inWords({ series, reason }: Refusal): string {
  if (series === undefined) return reason
  const { metricId, deviceId } = seriesOf(series)
  return `the first of ${cut(metricId)} (${cut(deviceId)}): ${reason}; correct its description or its device`
}

function cut(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name
}
