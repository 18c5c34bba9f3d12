import type { BenchDatabase } from './databases.ts'
import { medians } from './measure.ts'
import { absoluteLine, type Line, skippedLine } from './report.ts'
import { milliseconds } from './storage_works.ts'

const work = {
  name: 'summary of one device over 30 days',
  target: { bound: '<', value: 200, unit: 'ms' },
} as const

/** Hours of the data set that {@link measureSummary} needs. */
export const summaryHours = 30 * 24

/** @param database one node over {@link summaryHours}; undefined where the edition has no continuous aggregates */
export async function measureSummary(database: BenchDatabase | undefined): Promise<Line> {
  if (database === undefined)
    return skippedLine(work, 'ms', 'the Apache edition of TimescaleDB has no continuous aggregates')
  const { sql, extent } = database
  await sql.unsafe('call kwollect.refresh_summary()')
  await sql.unsafe('vacuum (analyze)')
  const start = new Date(extent.dataEnd.getTime() - summaryHours * 3_600_000).toISOString()
  const query = `select * from api.get_metrics(devices => 'node-1', start_time => '${start}',
                                               end_time => '${extent.dataEnd.toISOString()}', summary => true)`
  const [ms = Number.NaN] = await medians(() => milliseconds(database, `copy (${query}) to '/dev/null'`))
  return absoluteLine(work, ms)
}
