import type { Sample, SampleLabels, Series } from './sample.ts'

/**
 * A batch as it lies in the spool: each series once, as the text that is its key, and a row a sample.
 * JSON, because a spool outlives the program that wrote it and somebody may have to read it by hand;
 * numbers that JSON lacks (NaN, the infinities) are strings.
 */
export interface Batch {
  readonly series: readonly SeriesKey[]
  readonly rows: readonly BatchRow[]
}

/**
 * `[device_id, metric_id, [[label, value], …]]` as JSON, sorted by label: equal series have equal keys. Pairs, not an
 * object: V8's JSON.parse (Node 24.21) takes a name of one escaped character for another that it saw in its place.
 */
export type SeriesKey = string

/** Timestamp in microseconds since the Unix epoch, position in `Batch.series`, value, labels of the sample. */
export type BatchRow = readonly [
  timestamp: number | string,
  series: number,
  value: number | string,
  labels?: SampleLabels,
]

const keys = new WeakMap<Series, SeriesKey>()

function keyOf(series: Series): SeriesKey {
  let key = keys.get(series)
  if (key === undefined) {
    const labels = Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1))
    key = JSON.stringify([series.deviceId, series.metricId, labels])
    keys.set(series, key)
  }
  return key
}

/** The series that a key stands for. */
export function seriesOf(key: SeriesKey): Series {
  const [deviceId, metricId, labels] = JSON.parse(key) as [string, string, [string, string][]]
  return { deviceId, metricId, labels: Object.fromEntries(labels) }
}

export function encodeBatch(samples: readonly Sample[]): string {
  const series: SeriesKey[] = []
  const positions = new Map<SeriesKey, number>()
  const rows = samples.map((sample): BatchRow => {
    const key = keyOf(sample.series)
    let position = positions.get(key)
    if (position === undefined) {
      position = series.push(key) - 1
      positions.set(key, position)
    }
    const [timestamp, value] = [jsonNumber(sample.timestamp), jsonNumber(sample.value)]
    return sample.labels === undefined
      ? [timestamp, position, value]
      : [timestamp, position, value, sample.labels]
  })
  return JSON.stringify({ series, rows } satisfies Batch)
}

export function decodeBatch(content: string): Batch {
  return JSON.parse(content) as Batch
}

function jsonNumber(number: number): number | string {
  // -0 is a value of its own in IEEE 754 but not in JSON.stringify.
  return Number.isFinite(number) && !Object.is(number, -0)
    ? number
    : Object.is(number, -0)
      ? '-0'
      : String(number)
}
