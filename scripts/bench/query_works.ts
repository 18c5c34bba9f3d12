import type { BenchDatabase } from './databases.ts'
import { medians, type Timed } from './measure.ts'
import { failedLine, type Line, shareLine, speedLine, type Target, times } from './report.ts'

/** A question as a user of each layout asks it; the answers are the same rows. */
export interface Query {
  readonly name: string
  readonly target: Target
  readonly ours: string
  readonly baseline: string
}

/** The three databases that answer. */
export interface Answering {
  readonly narrow: BenchDatabase
  readonly wide: BenchDatabase
  /** Our layout with a tenth of the nodes. */
  readonly tenth: BenchDatabase
}

const growthTarget = times('<=', 1.3)

/** A query was answered differently by the two layouts: no time means anything then. */
class AnswersDiffer extends Error {
  override name = 'AnswersDiffer'
}

/** The six queries on both layouts, then on a tenth of our data. */
export async function measureQueries(
  databases: Answering,
  measured: (name: string) => void,
): Promise<Line[]> {
  const speed: Line[] = []
  const growth: Line[] = []
  for (const query of queries(databases.narrow.extent.dataEnd)) {
    measured(query.name)
    const grown = { name: `${query.name}, from a tenth of the data to all`, target: growthTarget }
    try {
      await compareAnswers(databases, query)
      const [ours = 0, baseline = 0, tenth = 0] = await medians(
        timed(databases.narrow, query.ours),
        timed(databases.wide, query.baseline),
        timed(databases.tenth, query.ours),
      )
      speed.push(speedLine(query, ours, baseline))
      growth.push(shareLine(grown, ours, tenth, 'ms'))
    } catch (error) {
      const reason = (error as Error).message
      speed.push(failedLine(query, 'ms', reason))
      growth.push(failedLine(grown, 'ms', reason))
    }
  }
  return [...speed, ...growth]
}

/** Times are constants, as a program would send them; "last" is the end of the data, which stand still. */
export function queries(dataEnd: Date): Query[] {
  const before = (minutes: number) => new Date(dataEnd.getTime() - minutes * 60_000).toISOString()
  const end = before(0)
  return [
    {
      name: 'metrics_by_job, one job, one metric',
      target: times('>=', 40),
      ours: `select timestamp, device_id, metric_id, value from public.metrics_by_job
              where job_id = 16 and metric_id = 'bmc_node_power_watt'`,
      baseline: `select timestamp, device_id, metric_id, value from public.metrics_by_job
                  where job_id = 16 and metric_id = 'bmc_node_power_watt'`,
    },
    {
      name: 'get_metrics, job of 16 nodes and one hour',
      target: times('>=', 4),
      ours: 'select * from api.get_metrics(job_id => 16)',
      baseline: 'select * from public.get_metrics(16, null, null, null, null)',
    },
    {
      name: 'get_metrics, job of 8 nodes and one hour',
      target: times('>=', 8),
      ours: 'select * from api.get_metrics(job_id => 8)',
      baseline: 'select * from public.get_metrics(8, null, null, null, null)',
    },
    {
      name: 'get_metrics, one device, one metric, 24 h',
      target: times('>=', 4),
      ours: `select * from api.get_metrics(devices => 'node-7', metrics => 'bmc_node_power_watt',
                                           start_time => '${before(24 * 60)}', end_time => '${end}')`,
      baseline: `select * from public.get_metrics(null, 'node-7', 'bmc_node_power_watt',
                                                  '${before(24 * 60)}', '${end}')`,
    },
    {
      name: 'get_metrics, one device, last 5 minutes',
      target: times('>=', 1.2),
      ours: `select * from api.get_metrics(devices => 'node-7', end_time => '${end}')`,
      baseline: `select * from public.get_metrics(null, 'node-7', null, '${before(5)}', '${end}')`,
    },
    {
      name: 'available_metrics, one device',
      target: times('>=', 10),
      ours: `select * from api.available_metrics(at => '${end}', params => '{"devices": ["node-7"]}')`,
      baseline: `select * from public.available_metrics('${end}', '{node-7}')`,
    },
  ]
}

/**
 * The two layouts give the same rows, and a tenth of the data (whose values are others) as many.
 *
 * @throws {AnswersDiffer}
 */
export async function compareAnswers({ narrow, wide, tenth }: Answering, query: Query): Promise<void> {
  const ours = await summarise(narrow, query.ours)
  const baseline = await summarise(wide, query.baseline)
  const small = await summarise(tenth, query.ours)
  if (ours.rows === '0') throw new AnswersDiffer('there is no answer')
  if (ours.rows !== baseline.rows || ours.hash !== baseline.hash)
    throw new AnswersDiffer(
      `the answers differ: ${ours.rows} rows of ours, ${baseline.rows} rows of the baseline`,
    )
  if (small.rows !== ours.rows)
    throw new AnswersDiffer(`a tenth of the data gives ${small.rows} rows instead of ${ours.rows}`)
}

/** @returns the number of rows and a hash of all of them, whatever their order */
async function summarise({ sql }: BenchDatabase, query: string): Promise<{ rows: string; hash: string }> {
  const [summary] = await sql.unsafe<{ rows: string; hash: string }[]>(
    `select count(*)::text as rows
          , coalesce(sum(hashtextextended(row_to_json(answer)::text, 0)), 0)::text as hash
       from (${query}) as answer`,
  )
  return summary ?? { rows: '0', hash: '0' }
}

function timed({ sql }: BenchDatabase, query: string): Timed {
  return async () => {
    const [row] = await sql<{ ms: number }[]>`
      select bench.milliseconds(${`copy (${query}) to '/dev/null'`}) as ms`
    return row?.ms ?? Number.NaN
  }
}
