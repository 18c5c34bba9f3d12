/**
 * Custom metrics: `kwollect_custom{_metric_id="my_metric",_timestamp="1606389005.1234"} 42` in a file of
 * node_exporter's textfile collector becomes the metric `my_metric` at that time.
 *
 * The exporter gives every sample of a family the labels of all others, empty where they lack them, so an
 * empty label is an absent one here; for other metrics labels are kept as they stand.
 */
import type { Labels } from '../sample.ts'
import { parseNumber } from './exposition.ts'
import { copyOf, forgetOld } from './page_memory.ts'

export const CUSTOM_METRIC = 'kwollect_custom'

/** What the labels of a custom sample say. */
export interface Custom {
  readonly metricId: string
  /** Unix microseconds; undefined: the moment of the scrape. */
  readonly timestamp: number | undefined
  /**
   * The others, and `_metric_origin`: the metric_id by the general rule, as `_device_orig` has the original
   * devices. Not the exporter's address: it is in device_id, and would make a new series whenever it moves.
   */
  readonly labels: Labels
}

/** @returns a string says what is wrong with it */
export function parseCustom(exposed: Labels): Custom | string {
  const { _metric_id: metricId, _timestamp: time, ...others } = exposed
  if (metricId === undefined || metricId === '') return `${CUSTOM_METRIC} without _metric_id`
  const timestamp = time === undefined || time === '' ? undefined : microseconds(time)
  if (Number.isNaN(timestamp)) return '_timestamp is not a Unix time in seconds'
  const labels: Record<string, string> = Object.create(null)
  for (const [key, value] of Object.entries(others)) if (value !== '') labels[key] = value
  labels._metric_origin = `prom_${CUSTOM_METRIC}`
  return { metricId, timestamp, labels }
}

/** NaN where it is no time; milliseconds taken for seconds are beyond what a double holds exactly. */
function microseconds(seconds: string): number {
  const number = parseNumber(seconds, 0, seconds.length) ?? Number.NaN
  const result = Math.round(number * 1e6)
  return Number.isSafeInteger(result) ? result : Number.NaN
}

/**
 * The custom samples with a time of their own that a host has handed out. The file that has them is read at
 * each scrape, but each counts once. Kept for the host and not for a description, because a reload of the
 * descriptions must not hand them out again; after a restart of the program the database has to decide.
 */
export interface CustomMemory {
  /**
   * Remembers the sample.
   *
   * @param series the line's text, which has the `_timestamp` in it
   * @param target device and labels that it goes to
   * @returns whether it is the first, or another value than at the last time
   */
  isNew(series: string, target: string, value: number): boolean
  /** After a page that came whole and whose custom samples were taken: what it lacked is on its way out. */
  endPage(): void
}

/** An exporter that never sends a whole page must not fill the memory. */
const MOST_REMEMBERED = 100_000

export function createCustomMemory(): CustomMemory {
  const lines = new Map<string, { page: number; readonly given: Map<string, number> }>()
  let page = 0
  return {
    isNew(series, target, value) {
      let line = lines.get(series)
      if (line === undefined) {
        if (lines.size >= MOST_REMEMBERED) lines.clear()
        line = { page, given: new Map() }
        lines.set(copyOf(series), line)
      }
      line.page = page
      const isKnown = line.given.has(target) && Object.is(line.given.get(target), value)
      line.given.set(target, value)
      return !isKnown
    },
    endPage() {
      forgetOld(lines, page)
      page++
    },
  }
}
