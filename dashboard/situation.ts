import type { Job, Pair } from './api.ts'
import type { Line } from './lines.ts'
import type { Wanted } from './loader.ts'
import type { MetricData } from './metric_data.ts'
import type { PanelState } from './panel.ts'
import { bucketSeconds } from './resolution.ts'
import type { Span } from './time.ts'
import { isCounter } from './units.ts'
import { lineCode, type View } from './view.ts'

/** What is chosen, and what the server has told about it. */
export interface Situation {
  readonly view: View
  readonly job: Job | undefined
  /** The whole time of the view in numbers, zoomed or not. */
  readonly span: Span
  /** What the lists offer. */
  readonly pairs: readonly Pair[]
}

export function devicesOf({ view, job }: Situation): readonly string[] {
  return view.devices.length > 0 ? view.devices : (job?.nodes ?? [])
}

/** Whether the time ends now, so that new values belong to it. */
export function isFollowing({ view, job }: Situation): boolean {
  return view.range.kind === 'last' || (view.range.kind === 'job' && job?.isRunning === true)
}

/** Whether other values have to be read, and not only other parts or lines of them shown. */
export function isOtherChoice(one: View, other: View): boolean {
  const parts = ({ jobId, devices, metrics, range }: View) => JSON.stringify([jobId, devices, metrics, range])
  return parts(one) !== parts(other)
}

/** Whether a metric is shown as its increase per second: as the user said, else counters are. */
export function isRate(view: View, metric: string): boolean {
  return view.rates.get(metric) ?? isCounter(metric)
}

/** @returns the time that the view is about, at a moment */
export function spanOf({ range }: View, job: Job | undefined, moment: number): Span {
  if (range.kind === 'between') return range
  if (range.kind === 'job' && job !== undefined) return job.span
  const seconds = range.kind === 'last' ? range.seconds : 900
  return { start: moment - seconds, end: moment }
}

/** What to ask the server for: these metrics, over that time. */
export function wantedOf(situation: Situation, metrics: readonly string[], span: Span): Wanted {
  const { view } = situation
  return {
    jobId: view.jobId,
    devices: view.devices,
    deviceCount: devicesOf(situation).length,
    metrics,
    span,
    isRate: metric => isRate(view, metric),
  }
}

export function panelStateOf(situation: Situation): PanelState {
  const { view, span } = situation
  const { hidden, zoom } = view
  return {
    span: zoom ?? span,
    isHidden: (metric, key) => hidden.size > 0 && hidden.has(lineCode(metric, key)),
    devices: new Map(devicesOf(situation).map((device, index) => [device, index])),
    withEnergy: view.jobId === undefined,
  }
}

/**
 * The hidden lines after a click on one of a plot: hidden or shown again; with `only` all others of the plot are
 * hidden, and shown again where they are already.
 */
export function hiddenAfter(
  hidden: ReadonlySet<string>,
  clicked: string,
  scope: 'this' | 'only',
  all: readonly string[],
): Set<string> {
  const after = new Set(hidden)
  if (scope === 'this') {
    if (!after.delete(clicked)) after.add(clicked)
    return after
  }
  const others = all.filter(code => code !== clicked)
  const isAlone = !hidden.has(clicked) && others.every(code => hidden.has(code))
  for (const code of others) isAlone ? after.delete(code) : after.add(code)
  after.delete(clicked)
  return after
}

/** Values may come this late: a spool is sent every second or so. Older ones come with the next whole reading. */
const lateSeconds = 15

/** How far back a metric is looked for that had no value up to now. */
const lookBackSeconds = 120

/**
 * From when on values are asked for again while live: a little before the newest, or the last buckets; for a metric
 * without values not from the beginning, since nobody has looked how many there may be.
 */
export function freshStart(known: MetricData | undefined, span: Span): number {
  if (known === undefined) return Math.max(span.start, span.end - lookBackSeconds)
  if (known.summary) return Math.max(span.start, span.end - 3 * bucketSeconds)
  const newest = known.lines.reduce((last, { times }) => Math.max(last, times.at(-1) ?? 0), 0)
  return Math.max(span.start, newest - lateSeconds)
}

/** "Job 7, running · 16 devices · 12 metrics · 69,120 values in 1.3 s" */
export function countsOf(situation: Situation, lines: readonly Line[], milliseconds: number): string {
  const { view, job } = situation
  const values = lines.reduce((sum, { times }) => sum + times.length, 0)
  const count = (amount: number, noun: string) =>
    `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`
  return [
    ...(job === undefined ? [] : [`Job ${job.id}${job.isRunning ? ', running' : ''}`]),
    count(devicesOf(situation).length, 'device'),
    count(view.metrics.length, 'metric'),
    `${count(values, 'value')} in ${(milliseconds / 1000).toFixed(1)} s`,
  ].join(' · ')
}
