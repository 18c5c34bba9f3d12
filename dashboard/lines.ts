import { readCsv, readTimestamp } from './csv.ts'
import type { Span } from './time.ts'

/** The values of one device and one set of labels, in order of time. */
export interface Line {
  /** Device and labels as one text: what makes it this line. */
  readonly key: string
  readonly device: string
  /** Labels without those that differ from value to value. */
  readonly labels: Readonly<Record<string, unknown>>
  /** Unix seconds. */
  readonly times: Float64Array
  /** NaN where the device gave no number. */
  readonly values: Float64Array
  /** The newest answer that was text and no number (label value_str). */
  readonly text: string | undefined
}

/** Kept beside each value instead of its series: kwollect.sample_label_keys(). */
const sampleLabels = ['value_str', '_metric_scrape_time']

interface Growing {
  readonly key: string
  readonly device: string
  readonly labels: Readonly<Record<string, unknown>>
  readonly times: number[]
  readonly values: number[]
  text: string | undefined
}

/** The columns that {@link readLines} reads, for the parameter `select`. */
export const lineColumns = 'timestamp,device_id,value,labels'

/** @param csv of get_metrics for one metric, with the columns {@link lineColumns} in order of time */
export async function readLines(csv: string): Promise<Line[]> {
  const byText = new Map<string, Growing>()
  const byKey = new Map<string, Growing>()
  await readCsv(csv, ([timestamp = '', device = '', value = '', labels = '{}']) => {
    const text = `${device}\n${labels}`
    let line = byText.get(text)
    if (line === undefined) {
      const { shared, own } = splitLabels(labels)
      const key = `${device}\n${JSON.stringify(shared)}`
      line = byKey.get(key) ?? { key, device, labels: shared, times: [], values: [], text: undefined }
      byKey.set(key, line)
      if (own === undefined) byText.set(text, line)
      else line.text = own.value_str === undefined ? line.text : String(own.value_str)
    }
    line.times.push(readTimestamp(timestamp))
    line.values.push(readValue(value))
  })
  return inOrder(
    [...byKey.values()].map(line => ({
      ...line,
      times: new Float64Array(line.times),
      values: new Float64Array(line.values),
    })),
  )
}

const naturally = new Intl.Collator('en', { numeric: true })

/** node-2 before node-10: values come in order of time, and so lines in the order of their first values. */
function inOrder(lines: readonly Line[]): Line[] {
  return lines.toSorted(
    (one, other) => naturally.compare(one.device, other.device) || naturally.compare(one.key, other.key),
  )
}

/** "Infinity" is no value that a plot could show. */
function readValue(text: string): number {
  const value = text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : Number.NaN
}

type Labels = Record<string, unknown>

/** @returns the labels of the series, and those of the single value where it has any */
function splitLabels(json: string): { shared: Labels; own: Labels | undefined } {
  const labels = JSON.parse(json) as Labels
  const isOwn = ([name]: [string, unknown]) => sampleLabels.includes(name)
  const entries = Object.entries(labels)
  if (!entries.some(isOwn)) return { shared: labels, own: undefined }
  return {
    shared: Object.fromEntries(entries.filter(entry => !isOwn(entry))),
    own: Object.fromEntries(entries.filter(isOwn)),
  }
}

/**
 * Names that tell the lines of one plot apart: the device, and the labels in which lines differ.
 *
 * @returns in the order of the lines
 */
export function lineNames(lines: readonly Line[]): string[] {
  const labels = new Set(lines.flatMap(line => Object.keys(line.labels)))
  const texts = (name: string) => new Set(lines.map(line => JSON.stringify(line.labels[name])))
  // Where an alias sums devices up differs with the device, and is no name.
  const telling = [...labels].filter(name => name !== '_device_orig' && texts(name).size > 1)
  return lines.map(({ device, labels: own }) => {
    const parts = telling
      .filter(name => own[name] !== undefined)
      .map(name => `${name}=${typeof own[name] === 'string' ? own[name] : JSON.stringify(own[name])}`)
    return shortened([device, ...parts].join(' '))
  })
}

/** A name may have 64 KB; what is left out is in the title of its row up to a bound too. */
export function shortened(text: string, length = 160): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

/** @returns the index of the first time that is not before the given one */
export function firstIndex(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0) < time) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * How far apart two values may be to belong together: three usual intervals, but at least a minute. Where a line
 * breaks and what energy counts as covered is the same, and the same as in api.get_job_energy.
 */
export function longestGap(times: Float64Array): number {
  const known = gaps.get(times)
  if (known !== undefined) return known
  const gap = Math.max(60, 3 * medianInterval(times))
  gaps.set(times, gap)
  return gap
}

/** Times never change once they are read, and every frame asks. */
const gaps = new WeakMap<Float64Array, number>()

/** @returns the usual distance of the values in seconds; 0 where there are fewer than two */
export function medianInterval(times: Float64Array): number {
  if (times.length < 2) return 0
  const intervals = new Float64Array(times.length - 1)
  for (let index = 1; index < times.length; index++)
    intervals[index - 1] = (times[index] ?? 0) - (times[index - 1] ?? 0)
  intervals.sort()
  return intervals[intervals.length >> 1] ?? 0
}

/** @returns the value nearest to a moment, NaN where there is none within a gap */
export function valueAt(line: Line, time: number, gap: number): number {
  const after = firstIndex(line.times, time)
  const [before, next] = [line.times[after - 1], line.times[after]]
  const isBefore = next === undefined || (before !== undefined && time - before < next - time)
  const nearest = isBefore ? after - 1 : after
  const distance = Math.abs((line.times[nearest] ?? Number.POSITIVE_INFINITY) - time)
  return distance <= gap ? (line.values[nearest] ?? Number.NaN) : Number.NaN
}

/** Joins newly read lines to those shown: what both have is as it was read last, what is before `start` goes. */
export function joinLines(shown: readonly Line[], fresh: readonly Line[], start: number): Line[] {
  const byKey = new Map(fresh.map(line => [line.key, line]))
  const joined = shown.map(line => {
    const newer = byKey.get(line.key)
    byKey.delete(line.key)
    return join(line, newer, start)
  })
  return inOrder([...joined, ...byKey.values()].filter(line => line.times.length > 0))
}

function join(old: Line, newer: Line | undefined, start: number): Line {
  const from = firstIndex(old.times, start)
  const to = newer === undefined ? old.times.length : firstIndex(old.times, newer.times[0] ?? start)
  const times = new Float64Array(Math.max(0, to - from) + (newer?.times.length ?? 0))
  const values = new Float64Array(times.length)
  times.set(old.times.subarray(from, Math.max(from, to)))
  values.set(old.values.subarray(from, Math.max(from, to)))
  if (newer !== undefined) {
    times.set(newer.times, times.length - newer.times.length)
    values.set(newer.values, times.length - newer.times.length)
  }
  return { ...old, times, values, text: newer?.text ?? old.text }
}

/** Smallest, greatest and mean of the values in a span; `count` is 0 where there is none. */
interface Extent {
  readonly minimum: number
  readonly maximum: number
  readonly mean: number
  readonly last: number
  readonly count: number
}

export function extentOf(line: Line, span: Span): Extent {
  let [minimum, maximum, sum, count, last] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    0,
    Number.NaN,
  ]
  const { times, values } = line
  for (let index = firstIndex(times, span.start); index < times.length; index++) {
    if ((times[index] ?? 0) > span.end) break
    const value = values[index] ?? Number.NaN
    if (Number.isNaN(value)) continue
    if (value < minimum) minimum = value
    if (value > maximum) maximum = value
    sum += value
    last = value
    count++
  }
  return { minimum, maximum, mean: count === 0 ? Number.NaN : sum / count, last, count }
}
