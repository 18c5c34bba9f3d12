import { type SeriesKey, seriesOf } from './batch.ts'
import type { Log } from './log.ts'
import type { Refusal } from './refusals.ts'

/** Beyond this all are forgotten, and said once more. */
const mostRemembered = 10_000
/** Of a device or metric in a message. */
const longestName = 100

/**
 * Tells of values that no table can hold. What is wrong stays wrong in the file of an exporter, which is scraped each few
 * seconds: a series is told of once for each reason, until a batch has it without.
 */
export class RefusalLog {
  readonly #log: Pick<Log, 'error' | 'debug'>
  readonly #said = new Map<SeriesKey, ReadonlySet<string>>()

  constructor(log: Pick<Log, 'error' | 'debug'>) {
    this.#log = log
  }

  /**
   * @param batch number of the batch
   * @param series all that the batch has
   */
  report(batch: number, refusals: readonly Refusal[], series: readonly SeriesKey[]): void {
    if (refusals.length === 0 && this.#said.size === 0) return
    const news = refusals.filter(
      ({ series, reason }) => series === undefined || !this.#said.get(series)?.has(reason),
    )
    this.#remember(refusals, series)
    const [first] = news
    if (first !== undefined) {
      this.#log.error(
        `${valuesOf(news)} values of batch ${batch} cannot be stored, ${inWords(first)}. They are kept in kwollect.dead_letters, and the same of these series is not said again`,
      )
    }
    const known = valuesOf(refusals) - valuesOf(news)
    if (known > 0) this.#log.debug(`${known} values of batch ${batch} are refused as those before`)
  }

  #remember(refusals: readonly Refusal[], series: readonly SeriesKey[]): void {
    const refused = Map.groupBy(refusals, refusal => refusal.series)
    for (const key of series) if (!refused.has(key)) this.#said.delete(key)
    if (this.#said.size + refused.size > mostRemembered) this.#said.clear()
    for (const [key, own] of refused) {
      // A batch that cannot be read at all is no series: the next one is another misfortune.
      if (key !== undefined) this.#said.set(key, new Set(own.map(({ reason }) => reason)))
    }
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
