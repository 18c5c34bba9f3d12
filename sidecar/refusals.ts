import type { SeriesKey } from './batch.ts'
import type { BatchColumns } from './batch_columns.ts'

/** Values of one series that no table can hold, for one reason. */
export interface Refusal {
  /** Undefined for a batch that cannot be read. */
  readonly series: SeriesKey | undefined
  readonly reason: string
  readonly values: number
}

/** SQLSTATE of what kwollect.store_rows says of the rows that it refused. */
export const refusedRowsCode = 'KW001'

/** What was refused before the batch was sent. */
export function refusalsOf({ reasons, refusedSeries }: BatchColumns): Refusal[] {
  return reasons.map((reason, index) => ({ series: refusedSeries[index], reason, values: 1 }))
}

/**
 * What the database refused of a batch.
 *
 * @param detail of the notice with {@link refusedRowsCode}: a JSON array of objects with `series_id`, `reason` and
 *   `values`; undefined where there was none
 * @param series all that the batch has
 * @param ids the numbers that the database knows them by
 */
export function refusalsIn(
  detail: string | undefined,
  series: readonly SeriesKey[],
  ids: Pick<ReadonlyMap<SeriesKey, string>, 'get'>,
): Refusal[] {
  if (detail === undefined) return []
  const keys = new Map(series.map(key => [ids.get(key), key]))
  const rows = JSON.parse(detail) as { series_id: number; reason: string; values: number }[]
  return rows.map(({ series_id, reason, values }) => ({
    series: keys.get(String(series_id)),
    reason,
    values,
  }))
}
