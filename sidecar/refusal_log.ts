import type { SeriesKey } from './batch.ts'
import type { BatchColumns } from './batch_columns.ts'
import type { Log } from './log.ts'

/** Beyond this all are forgotten, and said once more. */
const mostRemembered = 10_000

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
  report(
    batch: number,
    { reasons, refusedSeries }: Pick<BatchColumns, 'reasons' | 'refusedSeries'>,
    series: readonly SeriesKey[],
  ): void {
    if (reasons.length === 0 && this.#said.size === 0) return
    const news = reasons.filter((reason, index) => {
      const key = refusedSeries[index]
      return key === undefined || !this.#said.get(key)?.has(reason)
    })
    this.#remember(reasons, refusedSeries, series)
    if (news.length > 0) {
      this.#log.error(
        `${news.length} values of batch ${batch} cannot be stored (${news[0]}); they are kept in kwollect.dead_letters, and the same of these series is not said again`,
      )
    }
    const known = reasons.length - news.length
    if (known > 0) this.#log.debug(`${known} values of batch ${batch} are refused as those before`)
  }

  #remember(
    reasons: readonly string[],
    refusedSeries: readonly (SeriesKey | undefined)[],
    series: readonly SeriesKey[],
  ): void {
    const refused = Map.groupBy(reasons.keys(), index => refusedSeries[index])
    for (const key of series) if (!refused.has(key)) this.#said.delete(key)
    if (this.#said.size + refused.size > mostRemembered) this.#said.clear()
    for (const [key, indexes] of refused) {
      // A batch that cannot be read at all is no series: the next one is another misfortune.
      if (key !== undefined) this.#said.set(key, new Set(indexes.map(index => reasons[index] ?? '')))
    }
  }
}
