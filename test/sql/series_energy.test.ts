import { fc } from '@fast-check/ava'
import test from 'ava'
import type postgres from 'postgres'
import { assign, at, energySite, type Point } from '../api/energy.ts'
import type { TestDatabase } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { ExplainingSession } from './plans.ts'
import { session } from './session.ts'

const file = fileScope(test)
let database: TestDatabase
let sql: postgres.Sql

const seed = Date.now() % 2 ** 31
const reported = { seed, numRuns: 40, includeErrorInReport: true }

test.before(async t => {
  t.log(`seed ${seed}`)
  const site = await energySite(file)
  database = site.database
  // its statements follow each other in transactions that are taken back
  sql = session(file, database.admin)
  await site.sql`
    insert into kwollect.series (device_id, metric_id) values ('node-1', 'x_power_watt'), ('node-1', 'y_joules_total')`
  // one value a minute for three days: several chunks
  await site.sql`
    insert into kwollect.samples (timestamp, series_id, value)
    select ${at(0)}::timestamptz + minute * interval '1 minute', series.series_id, minute
      from generate_series(-4320, 4320) as minute
     cross join kwollect.series`
  await site.sql`analyze kwollect.samples`
  await assign(site.sql, 1, 'node-1', [0, 3600])
})

interface Part {
  readonly energy: number | null
  readonly covered_seconds: number
  readonly longest_gap_seconds: number
}

/** The energy between moments that follow each other, and that of the whole. */
async function parts(
  points: readonly Point[],
  moments: readonly number[],
  kind: 'power' | 'counter',
): Promise<{ readonly whole: Part; readonly pieces: readonly Part[] }> {
  const undo = new Error('taken back')
  let rows: readonly Part[] = []
  await sql
    .begin(async transaction => {
      await transaction`
        insert into kwollect.series (device_id, metric_id) values ('node-2', 'x')`
      await transaction`
        insert into kwollect.samples (timestamp, series_id, value)
        select point.timestamp, series.series_id, point.value
          from unnest(${points.map(([second]) => at(second))}::timestamptz[], ${points.map(([, value]) => value)}::float8[])
               as point (timestamp, value)
          join kwollect.series on series.device_id = 'node-2'`
      const starts = [moments[0] ?? 0, ...moments.slice(0, -1)].map(at)
      const ends = [moments.at(-1) ?? 0, ...moments.slice(1)].map(at)
      rows = await transaction<Part[]>`
        select part.energy, part.covered_seconds, part.longest_gap_seconds
          from unnest(${starts}::timestamptz[], ${ends}::timestamptz[]) with ordinality as span (range_start, range_end, position)
         cross join kwollect.series as series
         cross join kwollect.series_energy(series.series_id, span.range_start, span.range_end, ${kind === 'counter'}) as part
         where series.device_id = 'node-2'
         order by span.position`
      throw undo
    })
    .catch(error => {
      if (error !== undo) throw error
    })
  const [whole, ...pieces] = rows
  if (whole === undefined) throw new Error('no answer')
  return { whole, pieces }
}

/** Steps of 10 ms to 20 s, a hole of minutes after at most every tenth, so that the usual step is known in every piece. */
const steps = fc.array(
  fc.record({
    run: fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 10, maxLength: 20 }),
    hole: fc.integer({ min: 6001, max: 60_000 }),
    rises: fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 21, maxLength: 21 }),
  }),
  { minLength: 2, maxLength: 6 },
)

/** Times in whole hundredths of a second, so that sums of steps are exact; and the middle of each run. */
const series = steps.map(runs => {
  const points: Point[] = []
  const middles: number[] = []
  let now = 0
  for (const { run, hole, rises } of runs) {
    now += hole
    for (const [i, step] of run.entries()) {
      now += step
      points.push([now / 100, rises[i] ?? 0])
      if (i === 5) middles.push((now - step / 2) / 100)
    }
  }
  return { points, middles, end: now / 100 }
})

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b))
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

for (const kind of ['power', 'counter'] as const) {
  test(`${kind}: a range cut anywhere is the sum of its pieces, and what is not negative stays so`, async t => {
    const property = fc.asyncProperty(series, async ({ points, middles, end }) => {
      const moments = [0, ...middles, end + 100]
      const { whole, pieces } = await parts(points, moments, kind)
      const energies = pieces.map(({ energy }) => energy ?? 0)
      const covered = pieces.map(({ covered_seconds: seconds }) => seconds)
      if (energies.some(energy => energy < 0)) throw new Error(`negative: ${energies}`)
      if (!near(total(energies), whole.energy ?? 0)) throw new Error(`${energies} are not ${whole.energy}`)
      if (!near(total(covered), whole.covered_seconds))
        throw new Error(`${covered} are not ${whole.covered_seconds}`)
      if (whole.covered_seconds > end + 100 + 1e-6) throw new Error('more is covered than there is')
    })
    await t.notThrowsAsync(fc.assert(property, reported))
  })
}

test('the energy of a constant power is its product with what is covered, whatever the steps', async t => {
  const property = fc.asyncProperty(
    series,
    fc.integer({ min: 1, max: 1000 }),
    async ({ points, end }, power) => {
      const constant = points.map(([second]): Point => [second, power])
      const { whole } = await parts(constant, [0, end + 100], 'power')
      if (!near(whole.energy ?? 0, power * whole.covered_seconds)) throw new Error(`${whole.energy}`)
      // 100 s follow the last point; a difference of seconds that are no whole ones is rounded
      if (whole.covered_seconds <= 0 || whole.longest_gap_seconds < 100 - 1e-9)
        throw new Error(JSON.stringify(whole))
    },
  )
  await t.notThrowsAsync(fc.assert(property, reported))
})

test('of two values at one moment neither is lost, and the order in which they came does not count', async t => {
  const first: Point[] = [
    [0, 10],
    [10, 20],
    [10, 40],
    [20, 10],
  ]
  const second: Point[] = [
    [10, 40],
    [20, 10],
    [10, 20],
    [0, 10],
  ]
  for (const points of [first, second]) t.is((await parts(points, [0, 20], 'power')).whole.energy, 150 + 250)
})

test("a job's energy reads the chunks of its time and the hour around it alone, by series and time", async t => {
  const [chunks] = await sql<{ far: string[]; near: string[] }[]>`
    select array_agg(chunk_name) filter (where range_end <= ${at(-3600)} or range_start > ${at(7200)}) as far
         , array_agg(chunk_name) filter (where range_end > ${at(0)} and range_start <= ${at(3600)}) as near
      from timescaledb_information.chunks`
  t.true((chunks?.far.length ?? 0) >= 10)
  const explaining = new ExplainingSession(t, database.admin)
  await explaining.start()
  const plans = await explaining.run('select * from api.get_job_energy(1)')
  const scans = plans.flatMap(plan => plan.scans).filter(({ relation }) => relation.startsWith('_hyper_'))
  const read = new Set(scans.map(({ relation }) => relation))
  t.deepEqual(
    chunks?.far.filter(name => read.has(name)),
    [],
  )
  t.deepEqual(
    chunks?.near.filter(name => !read.has(name)),
    [],
  )
  for (const scan of scans) t.regex(scan.condition, /\(series_id = .*"timestamp" >/, JSON.stringify(scan))
})
