import { type Batch, type BatchRow, decodeBatch, type SeriesKey, seriesOf } from './batch.ts'

/** A batch as `kwollect.store_batch` takes it; the first four are of equal length, the last three too. */
export interface BatchColumns {
  /** Since the Unix epoch. */
  readonly microseconds: (number | string)[]
  readonly seriesIds: string[]
  readonly values: (number | string)[]
  /** JSON; null where no row of the batch has any, which is nearly always. */
  readonly labels: (string | null)[] | null
  /** Why a sample goes to kwollect.dead_letters, and the sample as JSON. */
  readonly reasons: string[]
  readonly letters: string[]
  /** The series of such a sample; undefined for a batch that cannot be read. */
  readonly refusedSeries: (SeriesKey | undefined)[]
}

/** What a batch holds; a batch that cannot be read is one dead letter, not the end of those behind it. */
export interface ReadBatch extends Batch {
  readonly unreadable?: { readonly reason: string; readonly content: string }
}

export function readBatch(content: string): ReadBatch {
  try {
    return decodeBatch(content)
  } catch (error) {
    const reason = `the batch in the spool is damaged: ${(error as Error).message}`
    return { series: [], rows: [], unreadable: { reason, content } }
  }
}

/**
 * @param ids number of each series that the database knows
 * @param refused why the database refuses a series
 */
export function columnsOf(
  { series, rows, unreadable }: ReadBatch,
  ids: Pick<ReadonlyMap<SeriesKey, string>, 'get'>,
  refused: ReadonlyMap<SeriesKey, string>,
): BatchColumns {
  const hasLabels = rows.some(row => row[3] !== undefined)
  const labels: (string | null)[] = []
  const columns: BatchColumns = {
    microseconds: [],
    seriesIds: [],
    values: [],
    labels: hasLabels ? labels : null,
    reasons: unreadable === undefined ? [] : [unreadable.reason],
    letters: unreadable === undefined ? [] : [JSON.stringify(unreadable.content)],
    refusedSeries: unreadable === undefined ? [] : [undefined],
  }
  for (const row of rows) {
    const [timestamp, position, value, sampleLabels] = row
    const key = series[position] ?? ''
    const id = ids.get(key)
    if (id === undefined || !Number.isSafeInteger(timestamp)) {
      const reason =
        id === undefined ? 'its labels collide with those of another series' : 'it has no timestamp'
      columns.reasons.push(refused.get(key) ?? reason)
      columns.letters.push(letterOf(key, row))
      columns.refusedSeries.push(key)
      continue
    }
    columns.microseconds.push(timestamp)
    columns.seriesIds.push(id)
    columns.values.push(value)
    if (hasLabels) labels.push(sampleLabels === undefined ? null : JSON.stringify(sampleLabels))
  }
  return columns
}

/** The same form as `kwollect.store_rows` gives to a sample that the database refuses. */
function letterOf(key: SeriesKey, [timestamp, , value, sampleLabels]: BatchRow): string {
  const { deviceId, metricId, labels } = seriesOf(key)
  return JSON.stringify({
    timestamp,
    device_id: deviceId,
    metric_id: metricId,
    labels,
    value,
    sample_labels: sampleLabels === undefined ? null : JSON.stringify(sampleLabels),
  })
}

/** Numbers need no quoting in an array literal, which postgres.js would check item by item. */
export function numberArray(numbers: readonly (number | string)[]): string {
  return `{${numbers.join(',')}}`
}
