import { formatDuration, isoTime, parseDuration, parseTime, type Range, type Span } from './time.ts'

/** All that a user has chosen: what a link restores. */
export interface View {
  readonly jobId: number | undefined
  /** With a job, empty means all of its nodes. */
  readonly devices: readonly string[]
  readonly metrics: readonly string[]
  readonly range: Range
  /** A part of the range, or beside it. */
  readonly zoom: Span | undefined
  /** Metrics shown in the other way than their name suggests: true is a rate. */
  readonly rates: ReadonlyMap<string, boolean>
  /** Lines that were clicked away, by {@link lineCode}. */
  readonly hidden: ReadonlySet<string>
}

export const emptyView: View = {
  jobId: undefined,
  devices: [],
  metrics: [],
  range: { kind: 'last', seconds: 900 },
  zoom: undefined,
  rates: new Map(),
  hidden: new Set(),
}

/** Reads the part of an address behind "#"; what cannot be read is left out. Names as get_metrics has them. */
export function parseView(hash: string): View {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''))
  const list = (name: string) => [
    ...new Set(
      parameters
        .getAll(name)
        .flatMap(text => text.split(','))
        .filter(Boolean),
    ),
  ]
  const jobId = parseJobId(parameters.get('job_id') ?? '')
  return {
    jobId,
    devices: list('devices'),
    metrics: list('metrics'),
    range: parseRange(parameters) ?? (jobId === undefined ? emptyView.range : { kind: 'job' }),
    zoom: parseSpan(...(parameters.get('zoom')?.split(',') ?? [])),
    rates: new Map([
      ...list('rates').map(metric => [metric, true] as const),
      ...list('values').map(metric => [metric, false] as const),
    ]),
    hidden: new Set(list('hidden')),
  }
}

/** @returns the text behind "#", empty for the view that a first visit has */
export function formatView(view: View): string {
  const { jobId, devices, metrics, range, zoom, rates, hidden } = view
  const ratesOf = (wanted: boolean) =>
    [...rates].filter(([, isRate]) => isRate === wanted).map(([metric]) => metric)
  const isChosen = jobId !== undefined || devices.length > 0 || metrics.length > 0
  const parts: [name: string, value: string][] = [
    ['job_id', jobId === undefined ? '' : String(jobId)],
    ['devices', devices.map(encode).join(',')],
    ['metrics', metrics.map(encode).join(',')],
    ['range', range.kind === 'last' && isChosen ? formatDuration(range.seconds) : ''],
    ['start_time', range.kind === 'between' ? isoTime(range.start) : ''],
    ['end_time', range.kind === 'between' ? isoTime(range.end) : ''],
    ['zoom', zoom === undefined ? '' : `${isoTime(zoom.start)},${isoTime(zoom.end)}`],
    ['rates', ratesOf(true).map(encode).join(',')],
    ['values', ratesOf(false).map(encode).join(',')],
    ['hidden', [...hidden].join(',')],
  ]
  return parts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** A job's number is a positive integer of PostgreSQL. */
export function parseJobId(text: string): number | undefined {
  const number = /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= 2_147_483_647 ? number : undefined
}

function parseRange(parameters: URLSearchParams): Range | undefined {
  const seconds = parseDuration(parameters.get('range') ?? '')
  if (seconds !== undefined) return { kind: 'last', seconds }
  const span = parseSpan(parameters.get('start_time') ?? '', parameters.get('end_time') ?? '')
  return span && { kind: 'between', ...span }
}

function parseSpan(first = '', last = ''): Span | undefined {
  const [start, end] = [parseTime(first), parseTime(last)]
  return start !== undefined && end !== undefined && start < end ? { start, end } : undefined
}

/** Readable where it can be: only what ends a parameter, and what a mail program would cut, is encoded. */
function encode(name: string): string {
  return encodeURIComponent(name).replaceAll('%3A', ':').replaceAll('%2F', '/')
}

/** A short name of one line of one metric for links: its whole labels may have 64 KB. FNV-1a of 32 bits. */
export function lineCode(metric: string, lineKey: string): string {
  let hash = 0x811c9dc5
  for (const character of `${metric}\n${lineKey}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  }
  return hash.toString(36)
}
