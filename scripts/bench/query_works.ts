import type { BenchDatabase } from './databases.ts'
import { medians, type Timed } from './measure.ts'
import { failedLine, informationLine, type Line, shareLine, speedLine, type Target, times } from './report.ts'

/** A question as a user of each layout asks it; the answers are the same rows. */
export interface Query {
  readonly name: string
  readonly target: Target
  readonly ours: string
  readonly baseline: string
  /** The strongest form of the baseline that we know, asked with jit off, and what it is: for information. */
  readonly strongest: { readonly form: string; readonly baseline: string }
  /** So many rows that handing them on takes most of the time: that is measured by itself, for information. */
  readonly isWholeJob?: true
}

/** What get_metrics of the wide layout is written in. */
export type Language = 'python' | 'plpgsql'

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

/** The six queries on both layouts, then on a tenth of our data, then against the strongest form of the baseline. */
export async function measureQueries(
  databases: Answering,
  language: Language,
  measured: (name: string) => void,
): Promise<Line[]> {
  const speed: Line[] = []
  const growth: Line[] = []
  const information: Line[] = []
  for (const query of queries(databases.narrow.extent.dataEnd, language)) {
    measured(query.name)
    const grown = { name: `${query.name}, from a tenth of the data to all`, target: growthTarget }
    try {
      await compareAnswers(databases, query)
      const [ours = 0, baseline = 0, strongest = 0, tenth = 0] = await medians(
        timed(databases.narrow, query.ours),
        timed(databases.wide, query.baseline),
        timedWithoutJit(databases.wide, query.strongest.baseline),
        timed(databases.tenth, query.ours),
      )
      speed.push(speedLine(query, ours, baseline))
      growth.push(shareLine(grown, ours, tenth, 'ms'))
      information.push(informationLine(`${query.name}, against ${query.strongest.form}`, ours, strongest))
      if (query.isWholeJob === true) information.push(await measureReadyRows(databases.narrow, query))
    } catch (error) {
      const reason = (error as Error).message
      speed.push(failedLine(query, 'ms', reason))
      growth.push(failedLine(grown, 'ms', reason))
    }
  }
  return [...speed, ...growth, ...information]
}

/** Times are constants, as a program would send them; "last" is the end of the data, which stand still. */
export function queries(dataEnd: Date, language: Language): Query[] {
  const before = (minutes: number) => `'${new Date(dataEnd.getTime() - minutes * 60_000).toISOString()}'`
  const ofJob = (view: string) => `select timestamp, device_id, metric_id, value from public.${view}
                                    where job_id = 16 and metric_id = 'bmc_node_power_watt'`
  const minute = `(${before(0)}, '{"devices": ["node-7"]}')`
  return [
    {
      name: 'metrics_by_job, one job, one metric',
      target: times('>=', 40),
      ours: ofJob('metrics_by_job'),
      baseline: ofJob('metrics_by_job'),
      strongest: { form: 'a view by hand without jit', baseline: ofJob('metrics_by_job_node_by_node') },
    },
    {
      name: 'get_metrics, job of 16 nodes and one hour',
      target: times('>=', 4),
      ours: 'select * from api.get_metrics(job_id => 16)',
      ...wideGetMetrics(language, '16, null, null, null, null'),
      isWholeJob: true,
    },
    {
      name: 'get_metrics, job of 8 nodes and one hour',
      target: times('>=', 8),
      ours: 'select * from api.get_metrics(job_id => 8)',
      ...wideGetMetrics(language, '8, null, null, null, null'),
      isWholeJob: true,
    },
    {
      name: 'get_metrics, one device, one metric, 24 h',
      target: times('>=', 4),
      ours: `select * from api.get_metrics(devices => 'node-7', metrics => 'bmc_node_power_watt',
                                           start_time => ${before(24 * 60)}, end_time => ${before(0)})`,
      ...wideGetMetrics(language, `null, 'node-7', 'bmc_node_power_watt', ${before(24 * 60)}, ${before(0)}`),
    },
    {
      name: 'get_metrics, one device, last 5 minutes',
      target: times('>=', 1.2),
      ours: `select * from api.get_metrics(devices => 'node-7', end_time => ${before(0)})`,
      ...wideGetMetrics(language, `null, 'node-7', null, ${before(5)}, ${before(0)}`),
    },
    {
      name: 'available_metrics, one device',
      target: times('>=', 10),
      ours: `select * from api.available_metrics${minute}`,
      baseline: `select * from public.available_metrics${minute}`,
      strongest: {
        form: 'constants without jit',
        baseline: `select * from public.available_metrics_of_constants${minute}`,
      },
    },
  ]
}

function wideGetMetrics(language: Language, values: string): Pick<Query, 'baseline' | 'strongest'> {
  return {
    baseline: `select * from public.get_metrics_in_${language}(${values})`,
    strongest: {
      form: 'PL/pgSQL without jit',
      baseline: `select * from public.get_metrics_in_plpgsql(${values})`,
    },
  }
}

/** What is left where nothing has to be found or sorted: what limits the ratio, see ready_rows.sql. */
async function measureReadyRows(database: BenchDatabase, query: Query): Promise<Line> {
  const { sql } = database
  await sql.unsafe('drop table if exists bench.ready')
  await sql.unsafe(`create table bench.ready as ${query.ours}`)
  await sql.unsafe('vacuum (analyze) bench.ready')
  const [ours = 0, ready = 0] = await medians(
    timed(database, query.ours),
    timed(database, 'select * from bench.ready_rows()'),
  )
  return informationLine(`${query.name}, against its rows out of a table`, ours, ready)
}

/**
 * The two layouts give the same rows, and a tenth of the data (whose values are others) as many.
 *
 * @throws {AnswersDiffer}
 */
export async function compareAnswers({ narrow, wide, tenth }: Answering, query: Query): Promise<void> {
  const ours = await summarise(narrow, query.ours)
  const baseline = await summarise(wide, query.baseline)
  const strongest = await summarise(wide, query.strongest.baseline)
  const small = await summarise(tenth, query.ours)
  if (ours.rows === '0') throw new AnswersDiffer('there is no answer')
  for (const { rows, hash } of [baseline, strongest]) {
    if (ours.rows !== rows || ours.hash !== hash)
      throw new AnswersDiffer(`the answers differ: ${ours.rows} rows of ours, ${rows} rows of the baseline`)
  }
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

function timedWithoutJit(database: BenchDatabase, query: string): Timed {
  const time = timed(database, query)
  return async () => {
    await database.sql.unsafe('set jit = off')
    const ms = await time()
    await database.sql.unsafe('reset jit')
    return ms
  }
}
