import { askLines, type Query } from './api.ts'
import type { MetricData } from './metric_data.ts'
import { askDensities, chooseSummaries } from './resolution.ts'

/** The metrics of one view over one time. */
export interface Wanted extends Omit<Query, 'summary' | 'asRate'> {
  /** How many devices there are, also where the job names them. */
  readonly deviceCount: number
  readonly isRate: (metric: string) => boolean
}

/** The server works on as many at once; browsers open six connections to one host, of which the page keeps some. */
const parallel = 4

/**
 * Reads each metric as finely as the number of its values permits.
 *
 * @param arrived called with each metric as soon as it is there
 * @returns values a second of each metric
 * @throws {ApiError} for the first that fails; the others are given up
 */
export async function loadMetrics(
  wanted: Wanted,
  arrived: (metric: string, data: MetricData) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const { span, metrics, deviceCount, isRate } = wanted
  const query = { ...wanted, summary: false, asRate: false }
  const densities = await askDensities(query, deviceCount, signal)
  const summaries = chooseSummaries(metrics, densities, span)
  await forEachInTurns(metrics, async (metric, failed) => {
    const asked = { ...query, metrics: [metric], summary: summaries.has(metric), asRate: isRate(metric) }
    const lines = await askLines(asked, AbortSignal.any([signal, failed]))
    if (!signal.aborted) arrived(metric, { lines, span, summary: asked.summary, asRate: asked.asRate })
  })
  return densities
}

/** At most {@link parallel} at a time, in their order; the first failure ends all. */
export async function forEachInTurns<Item>(
  items: readonly Item[],
  work: (item: Item, failed: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController()
  const rest = items.values()
  const worker = async () => {
    for (const item of rest) await work(item, failure.signal)
  }
  try {
    await Promise.all(Array.from({ length: parallel }, worker))
  } catch (error) {
    failure.abort()
    throw error
  }
}
