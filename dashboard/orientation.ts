import { askJob, askPairs, type Pair } from './api.ts'
import { devicesToBeginWith, mergePairs, metricsToBeginWith } from './choices.ts'
import { now } from './clock.ts'
import { type Notice, whyNoDevices, whyNoMetrics } from './reasons.ts'
import { devicesOf, isFollowing, type Situation, spanOf } from './situation.ts'
import type { View } from './view.ts'

/** Asks for the job, and so for the time that is meant; an unknown job is `undefined`. */
export async function findTime(view: View, signal: AbortSignal): Promise<Pick<Situation, 'job' | 'span'>> {
  const moment = now()
  const job = view.jobId === undefined ? undefined : await askJob(view.jobId, moment, signal)
  return { job, span: spanOf(view, job, moment) }
}

/** What had values at the end of the time, and for a time in the past at its beginning too. */
export async function listPairs(situation: Situation, signal: AbortSignal): Promise<readonly Pair[]> {
  const { span, view } = situation
  const moments = isFollowing(situation) ? [span.end] : [span.end, Math.min(span.end, span.start + 60)]
  return mergePairs(await Promise.all(moments.map(at => askPairs(at, view.jobId, signal))))
}

/** Who decides what is not chosen yet. */
interface Freedom {
  /** On the first visit to a small site all devices are shown. */
  readonly devices: 'page' | 'user'
  /** A visitor, or a job's number, comes without metrics; a user who has chosen none wants none. */
  readonly metrics: 'page' | 'user'
}

/** Needs devices and metrics to be chosen, by the page where the user leaves it that. */
export function isComplete(situation: Situation): boolean {
  return devicesOf(situation).length > 0 && situation.view.metrics.length > 0
}

/** @returns the view with something to show in it, or what to tell the user instead */
export function complete(situation: Situation, freedom: Freedom): View | Notice {
  const { view, job, pairs, span } = situation
  const devices = job === undefined && freedom.devices === 'page' ? devicesToBeginWith(pairs) : view.devices
  const shown = devicesOf({ ...situation, view: { ...view, devices } })
  const metrics =
    view.metrics.length === 0 && freedom.metrics === 'page' ? metricsToBeginWith(pairs, shown) : view.metrics
  if (shown.length > 0 && metrics.length > 0) return { ...view, devices, metrics }
  if (pairs.length === 0) return job === undefined ? whyNoDevices(span) : whyNoMetrics(job)
  if (shown.length > 0)
    return { title: 'Choose metrics.', text: 'Each becomes a plot with a line for each device.' }
  return {
    title: 'What would you like to see?',
    text: 'Type the number of a job, or choose devices and metrics from the lists.',
  }
}
