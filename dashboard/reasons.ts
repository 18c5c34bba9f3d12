import { ApiError, askPromotions, hasJobs, type Job, type Pair } from './api.ts'
import { localTime, type Span } from './time.ts'

/** Something to tell instead of a plot: what, and what to do about it. */
export interface Notice {
  readonly title: string
  readonly text: string
}

const spanText = ({ start, end }: Span) => `between ${localTime(start)} and ${localTime(end)}`

/** "node-1, node-2, node-3 and 13 others" */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map(name => name.slice(0, 100))
  const others = names.length - shown.length
  if (others > 0) return `${shown.join(', ')} and ${others} others`
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}` : (shown[0] ?? 'no device')
}

/** What a request failed of: the API's own words where it gave some. */
export function whyFailed(failure: unknown): Notice {
  return failure instanceof ApiError
    ? { title: failure.message, text: failure.hint }
    : { title: 'The page has failed.', text: String(failure) }
}

export async function whyNoJob(id: number, signal: AbortSignal): Promise<Notice> {
  if (await hasJobs(signal))
    return {
      title: `Job ${id} is unknown, or has not started.`,
      text: 'Check the number. A job appears here once the scheduler has started it on its nodes.',
    }
  return {
    title: `Job ${id} is unknown: this installation knows no jobs.`,
    text: 'An administrator connects the scheduler with kwollect-setup-db-oar, or defines the view nodetime_per_job. Devices can be chosen from the list.',
  }
}

export function whyNoMetrics(job: Job): Notice {
  return {
    title: `Nothing has been stored of job ${job.id}.`,
    text: `It ${job.isRunning ? 'runs' : 'ran'} on ${listed(job.nodes)} ${spanText(job.span)}, and these have no values then.`,
  }
}

export function whyNoDevices(span: Span): Notice {
  return {
    title: 'There is nothing to choose from.',
    text: `No device has stored a value in the minute before ${localTime(span.end)}. If that is now: does kwollector run, and reach its devices? Its log tells.`,
  }
}

/** What a metric without values is asked about. */
interface EmptyMetric {
  readonly metric: string
  readonly devices: readonly string[]
  readonly span: Span
  /** The time ends now: what is promoted now matters. */
  readonly isCurrent: boolean
  readonly pairs: readonly Pair[]
}

/** A sentence or three on why there may be no value: a name that cannot be asked for, not promoted, other devices. */
export async function whyNoValues(empty: EmptyMetric, signal: AbortSignal): Promise<string> {
  const { metric, devices, span, pairs } = empty
  const odd = [metric, ...devices].find(name => name.includes(','))
  if (odd !== undefined)
    return `The API cannot be asked for “${odd.slice(0, 100)}”: a comma ends a name there.`
  const dotted = devices.filter(name => name.includes('.'))
  const owners = [...new Set(pairs.filter(pair => pair.metric === metric).map(({ device }) => device))]
  return [
    `No value of this metric ${spanText(span)} from ${listed(devices)}.`,
    dotted.length > 0 ? `The API cuts names at the first dot, and so does not find ${listed(dotted)}.` : '',
    owners.length > 0 && !owners.some(owner => devices.includes(owner))
      ? `${listed(owners)} ${owners.length === 1 ? 'has' : 'have'} it.`
      : '',
    owners.length === 0 ? await promotionSentence(empty, signal) : '',
  ]
    .filter(Boolean)
    .join(' ')
}

async function promotionSentence(
  { metric, devices, isCurrent }: EmptyMetric,
  signal: AbortSignal,
): Promise<string> {
  if (!isCurrent) return 'An optional metric is stored only while it is promoted: perhaps it was not then.'
  const promoted = (await askPromotions(signal)).filter(
    ({ device, expression }) => devices.includes(device) && matchesAtStart(expression, metric),
  )
  if (promoted.length > 0)
    return `It is promoted for ${listed([...new Set(promoted.map(({ device }) => device))])}, so values should come: does kwollector reach the device? Its log tells.`
  return 'An optional metric is stored only while it is promoted, and this one is not promoted now: submit the job with “-t monitor”, or add a row to promoted_metrics.'
}

/** PostgreSQL's expressions are nearly JavaScript's; one that is not tells nothing here. */
function matchesAtStart(expression: string, metric: string): boolean {
  try {
    return new RegExp(`^(?:${expression})`).test(metric)
  } catch {
    return false
  }
}
