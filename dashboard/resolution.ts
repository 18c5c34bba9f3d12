import { countValues, type Query } from './api.ts'
import type { Span } from './time.ts'

/** Seconds of a bucket of metrics_summary. */
export const bucketSeconds = 300

/** More values than this in one plot, or in all, tell the eye nothing more and take seconds to come. */
const mostPerMetric = 120_000
const mostInAll = 300_000

/**
 * How many values a second each metric has, from up to three short looks: at the beginning, in the middle and at the
 * end, of which the highest counts, since devices come and go. Asking for everything with a limit would make the
 * server read everything.
 */
export async function askDensities(
  query: Query,
  deviceCount: number,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const { span, metrics } = query
  const length = Math.min(span.end - span.start, lookSeconds(deviceCount * metrics.length))
  const looks = [span.start, (span.start + span.end - length) / 2, span.end - length].map(start =>
    countValues({ ...query, span: { start, end: start + length }, summary: false, asRate: false }, signal),
  )
  const densities = new Map<string, number>()
  for (const counts of await Promise.all(looks)) {
    for (const [metric, count] of counts)
      densities.set(metric, Math.max(densities.get(metric) ?? 0, count / length))
  }
  return densities
}

/** A device's period is 10 s as a rule; with many series a shorter look tells as much, and costs no more. */
function lookSeconds(series: number): number {
  return Math.min(20, Math.max(2, 20_000 / Math.max(1, series)))
}

/**
 * Which metrics are read from the 5-minute summary: all that are too many by themselves, then the densest until the
 * rest is few enough.
 */
export function chooseSummaries(
  metrics: readonly string[],
  densities: ReadonlyMap<string, number>,
  span: Span,
): Set<string> {
  const counts = metrics.map(
    metric => [metric, (densities.get(metric) ?? 0) * (span.end - span.start)] as const,
  )
  const summaries = new Set<string>()
  let total = 0
  for (const [metric, count] of counts.toSorted(([, a], [, b]) => a - b)) {
    if (count > mostPerMetric || total + count > mostInAll) summaries.add(metric)
    else total += count
  }
  return summaries
}
