import { heardFromServer } from './clock.ts'
import { readCsv, readTimestamp } from './csv.ts'
import { type Line, lineColumns, readLines } from './lines.ts'
import { isoTime, type Span } from './time.ts'

/** The API refused or did not answer; `hint` says what to do. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** Which values: the arguments of get_metrics. */
export interface Query {
  readonly jobId: number | undefined
  readonly devices: readonly string[]
  readonly metrics: readonly string[]
  readonly span: Span
  readonly summary: boolean
  readonly asRate: boolean
}

/** When and where a job ran. */
export interface Job {
  readonly id: number
  readonly nodes: readonly string[]
  readonly span: Span
  /** It has not stopped on every node: the span ends now. */
  readonly isRunning: boolean
}

/** What a node, or all nodes of a job, consumed by one metric, and how much of that is known. */
export interface Energy {
  /** NaN where no two values belong together. */
  readonly joules: number
  /** The time in seconds: that of all nodes for all of them. */
  readonly seconds: number
  /** The part of it that is measured, 1 for all. */
  readonly coveredShare: number
  /** Seconds. */
  readonly longestGap: number
  readonly samples: number
}

/** The energy of a job by one metric: an energy counter, or a power that the server integrates by trapezoid. */
export interface MetricEnergy {
  readonly metric: string
  readonly source: 'counter' | 'power'
  /** In natural order; without those that have no value. */
  readonly nodes: readonly (Energy & { readonly node: string })[]
  /** Nodes without a value are in its time too. */
  readonly total: Energy
}

/** One device and one metric that had a value. */
export interface Pair {
  readonly device: string
  readonly metric: string
}

/** Longer addresses are refused by proxies; the arguments then go in the body of a POST. */
const longestAddress = 4000

/**
 * One request to the PostgREST that the page came from: addresses are relative to /rpc/dashboard, so that a path
 * prefix in front of it stays.
 *
 * @param path "get_metrics", or "../nodetime_per_job"
 * @param filters of PostgREST: always in the address
 */
async function ask(
  path: string,
  callArguments: Readonly<Record<string, string>>,
  filters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const headers = { accept: 'text/csv' }
  const address = `${path}?${new URLSearchParams({ ...callArguments, ...filters })}`
  const isLong = address.length > longestAddress
  const body = JSON.stringify(callArguments)
  const request = isLong
    ? { method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' } }
    : { headers }
  const url = isLong ? `${path}?${new URLSearchParams(filters)}` : address
  const response = await fetch(url, { ...request, signal }).catch((failure: unknown) => {
    signal.throwIfAborted()
    throw new ApiError('The server does not answer.', `Is PostgREST running? (${String(failure)})`)
  })
  heardFromServer(response.headers.get('date'))
  const text = await textOf(response)
  if (!response.ok) throw describeFailure(response.status, text)
  return text
}

/** The body, decoded as it comes: response.text() decodes all of it at once, which for 100,000 values takes 50 ms. */
async function textOf({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (value === undefined) return text + decoder.decode()
    text += decoder.decode(value, { stream: true })
  }
}

/** PostgREST's errors are JSON; those of a proxy in front of it are not. */
function describeFailure(status: number, text: string): ApiError {
  try {
    const { message, hint, details } = JSON.parse(text) as Readonly<Record<string, string | null>>
    return new ApiError(message ?? `HTTP status ${status}`, hint ?? details ?? '')
  } catch {
    return new ApiError(`The server answered with HTTP status ${status}.`, '')
  }
}

/** The arguments of get_metrics; a job keeps its own limits on each node. */
function argumentsOf({ jobId, devices, metrics, span, summary, asRate }: Query): Record<string, string> {
  return {
    ...(jobId === undefined ? {} : { job_id: String(jobId) }),
    ...(devices.length === 0 ? {} : { devices: devices.join(',') }),
    ...(metrics.length === 0 ? {} : { metrics: metrics.join(',') }),
    start_time: isoTime(span.start),
    end_time: isoTime(span.end),
    ...(summary ? { summary: 'true' } : {}),
    ...(asRate ? { as_rate: 'true' } : {}),
  }
}

/** The lines of one metric. CSV, because it is half of JSON's bytes and is read four times as fast. */
export async function askLines(query: Query, signal: AbortSignal): Promise<Line[]> {
  return readLines(await ask('get_metrics', argumentsOf(query), { select: lineColumns }, signal))
}

/** @returns how many values each metric has in the span */
export async function countValues(query: Query, signal: AbortSignal): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  await readCsv(
    await ask('get_metrics', argumentsOf(query), { select: 'metric_id' }, signal),
    ([metric = '']) => {
      counts.set(metric, (counts.get(metric) ?? 0) + 1)
    },
  )
  return counts
}

/** What had a value in the minute before a moment, in natural order; of a job's nodes, or of all devices. */
export async function askPairs(at: number, jobId: number | undefined, signal: AbortSignal): Promise<Pair[]> {
  const params = jobId === undefined ? {} : { params: JSON.stringify({ job_id: jobId }) }
  const pairs: Pair[] = []
  await readCsv(
    await ask('available_metrics', { at: isoTime(at), ...params }, {}, signal),
    ([device = '', metric = '']) => {
      pairs.push({ device, metric })
    },
  )
  return pairs
}

/** @returns undefined for a job that is unknown, or has not started */
export async function askJob(id: number, now: number, signal: AbortSignal): Promise<Job | undefined> {
  const filters = { job_id: `eq.${id}`, start_time: 'not.is.null', select: 'node,start_time,stop_time' }
  const rows: { node: string; start: number; stop: number | undefined }[] = []
  await readCsv(
    await ask('../nodetime_per_job', {}, filters, signal),
    ([node = '', start = '', stop = '']) => {
      rows.push({ node, start: readTimestamp(start), stop: stop === '' ? undefined : readTimestamp(stop) })
    },
  )
  if (rows.length === 0) return undefined
  const isRunning = rows.some(({ stop }) => stop === undefined || stop > now)
  return {
    id,
    nodes: [...new Set(rows.map(({ node }) => node))],
    span: {
      start: Math.min(...rows.map(({ start }) => start)),
      end: isRunning ? now : Math.max(...rows.map(({ stop }) => stop ?? now)),
    },
    isRunning,
  }
}

const energyColumns =
  'device_id,metric_id,source,energy_joules,duration_seconds,covered_share,longest_gap_seconds,samples'

/** @returns one for each metric that tells of energy; none where no node has a value of one */
export async function askJobEnergy(jobId: number, signal: AbortSignal): Promise<MetricEnergy[]> {
  const energies: MetricEnergy[] = []
  let nodes: (Energy & { node: string })[] = []
  const csv = await ask('get_job_energy', { job_id: String(jobId) }, { select: energyColumns }, signal)
  await readCsv(csv, ([node = '', metric = '', source, joules = '', ...others]) => {
    const [seconds = 0, coveredShare = 0, longestGap = 0, samples = 0] = others.map(Number)
    const energy = {
      joules: joules === '' ? Number.NaN : Number(joules),
      seconds,
      coveredShare,
      longestGap,
      samples,
    }
    // The total comes behind its nodes; null is empty in PostgREST's CSV.
    if (node !== '') return void nodes.push({ node, ...energy })
    energies.push({ metric, source: source === 'counter' ? 'counter' : 'power', nodes, total: energy })
    nodes = []
  })
  return energies
}

/** @returns whether a scheduler has told of any job at all */
export async function hasJobs(signal: AbortSignal): Promise<boolean> {
  const text = await ask('../nodetime_per_job', {}, { select: 'job_id', limit: '1' }, signal)
  return text.trimEnd().includes('\n')
}

/** Optional metrics that are collected now, as rows of promoted_metrics: a device and a regular expression. */
export async function askPromotions(
  signal: AbortSignal,
): Promise<readonly { device: string; expression: string }[]> {
  const promotions: { device: string; expression: string }[] = []
  const filters = { select: 'device_id,metric_id' }
  await readCsv(await ask('../promoted_metrics', {}, filters, signal), ([device = '', expression = '']) => {
    promotions.push({ device, expression: expression === '' ? '.*' : expression })
  })
  return promotions
}
