import test from 'ava'
import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { type Explained, ExplainingSession, type Scan } from './plans.ts'
import { session } from './session.ts'

const file = fileScope(test)
let database: TestDatabase
let sql: postgres.Sql
/** The newest value; the data go back 24 hours from here and fill each chunk: a nearly empty one is best read whole. */
let end: Date
let chunks: readonly Chunk[]

interface Chunk {
  readonly name: string
  readonly start: Date
  readonly end: Date
}

/**
 * 40 nodes and 10 power ports with aliases, 4 metrics each, a value a minute for 24 hours: 288,000 values. And a device
 * of 5,000 metrics, without values.
 */
const data = `
  insert into kwollect.series (device_id, metric_id, labels)
  select 'node-' || node, metric, '{}'
    from generate_series(1, 40) as node
   cross join unnest(array['load', 'temp', 'watt', 'bytes_total']) as metric
  union all
  select 'port-' || port, 'metric-' || metric, jsonb_build_object('_device_alias', 'node-' || port / 2)
    from generate_series(1, 10) as port
   cross join generate_series(1, 4) as metric;
  insert into kwollect.samples (timestamp, series_id, value)
  select public.time_bucket('6 hours', now()) - minute * interval '1 minute', series.series_id, minute
    from generate_series(1, 1440) as minute
   cross join kwollect.series;
  insert into kwollect.series (device_id, metric_id)
  select 'exporter', 'metric-' || metric
    from generate_series(1, 5000) as metric;
  create or replace view nodetime_per_job as
  select 1 as job_id
       , public.time_bucket('6 hours', now()) - interval '9 hours 1 minute' as start_time
       , public.time_bucket('6 hours', now()) - interval '8 hours 1 minute' as stop_time
       , 'node-' || node as node
    from generate_series(1, 2) as node;
  analyze kwollect.series;
  analyze kwollect.samples`

test.before(async () => {
  database = await testDatabase(file)
  sql = session(file, database.admin)
  await sql.unsafe(data)
  const [newest] = await sql<{ end: Date }[]>`select max(timestamp) as end from kwollect.samples`
  end = newest?.end ?? new Date(Number.NaN)
  chunks = await sql<Chunk[]>`
    select chunk_name as name, range_start as start, range_end as end
      from timescaledb_information.chunks`
})

const minute = 60_000
const ago = (minutes: number) => new Date(end.getTime() - minutes * minute)

/** A query with `$device`, `$from` and `$upto` in the place of its values. */
interface Work {
  readonly name: string
  readonly query: string
  /** Minutes before the newest value. */
  readonly from: number
  readonly upto: number
}

const byDevice = `where device_id = $device and metric_id = 'watt' and timestamp between $from and $upto`
const ofFunction = `start_time => $from, end_time => $upto`

const works: readonly Work[] = [
  {
    name: 'metrics, one device and metric',
    query: `select * from metrics ${byDevice}`,
    from: 540,
    upto: 480,
  },
  {
    name: 'metrics_by_device, one device and metric',
    query: `select * from metrics_by_device ${byDevice}`,
    from: 540,
    upto: 480,
  },
  {
    name: 'metrics_by_device, an alias',
    query: `select * from metrics_by_device where device_id = 'node-5' and timestamp between $from and $upto`,
    from: 540,
    upto: 480,
  },
  {
    name: 'metrics_by_job, one metric',
    query: `select * from metrics_by_job where job_id = 1 and metric_id = 'watt'`,
    from: 540,
    upto: 480,
  },
  {
    name: 'metrics_by_job, all metrics',
    query: `select * from metrics_by_job where job_id = 1`,
    from: 540,
    upto: 480,
  },
  { name: 'get_metrics, a job', query: `select * from api.get_metrics(job_id => 1)`, from: 540, upto: 480 },
  {
    name: 'get_metrics, a device for an hour',
    query: `select * from api.get_metrics(devices => $device, ${ofFunction})`,
    from: 540,
    upto: 480,
  },
  {
    name: 'get_metrics, a device and a metric for 20 hours',
    query: `select * from api.get_metrics(devices => $device, metrics => 'watt', ${ofFunction})`,
    from: 1200,
    upto: 0,
  },
  {
    name: 'get_metrics, a device for the last 5 minutes',
    query: `select * from api.get_metrics(devices => $device, ${ofFunction})`,
    from: 5,
    upto: 0,
  },
  {
    name: 'get_metrics, rates',
    query: `select * from api.get_metrics(devices => $device, as_rate => true, ${ofFunction})`,
    from: 540,
    upto: 480,
  },
  {
    name: 'available_metrics, a device',
    query: `select * from api.available_metrics(at => ($upto)::timestamptz, params => '{"devices": ["node-7"]}')`,
    from: 481,
    upto: 480,
  },
  {
    name: 'available_metrics, all devices',
    query: `select * from api.available_metrics(at => ($upto)::timestamptz)`,
    from: 481,
    upto: 480,
  },
]

const summaries: readonly Work[] = [
  { name: 'metrics_summary', query: `select * from metrics_summary ${byDevice}`, from: 540, upto: 480 },
  {
    name: 'metrics_by_device_summary',
    query: `select * from metrics_by_device_summary ${byDevice}`,
    from: 540,
    upto: 480,
  },
  {
    name: 'metrics_by_job_summary',
    query: `select * from metrics_by_job_summary where job_id = 1`,
    from: 540,
    upto: 480,
  },
  {
    name: 'get_metrics, summary of a device',
    query: `select * from api.get_metrics(devices => $device, summary => true, ${ofFunction})`,
    from: 540,
    upto: 480,
  },
  {
    name: 'get_metrics, summary of a job',
    query: `select * from api.get_metrics(job_id => 1, summary => true)`,
    from: 540,
    upto: 480,
  },
]

/** The values as a program sends them, in the text. */
function written(work: Work): string {
  return work.query
    .replaceAll('$device', "'node-7'")
    .replaceAll('$from', `'${ago(work.from).toISOString()}'`)
    .replaceAll('$upto', `'${ago(work.upto).toISOString()}'`)
}

/** The same as a prepared statement: three parameters, each used. */
function prepared(work: Work): string {
  const isFunction = work.query.includes('api.get_metrics')
  const type = isFunction ? 'text' : 'timestamptz'
  return `prepare work (text, ${type}, ${type}) as ${work.query
    .replaceAll('$device', '$1')
    .replaceAll('$from', '$2')
    .replaceAll('$upto', '$3')}`
}

const execution = (work: Work) =>
  `execute work ('node-7', '${ago(work.from).toISOString()}', '${ago(work.upto).toISOString()}')`

/** Each way that PostgreSQL comes to a plan. */
const ways: Readonly<Record<string, (explaining: ExplainingSession, work: Work) => Promise<Explained[]>>> = {
  'the first execution of a session': (explaining, work) => explaining.run(written(work)),
  'the sixth execution': async (explaining, work) => {
    await explaining.sql.unsafe(prepared(work))
    for (let time = 1; time < 6; time++) await explaining.sql.unsafe(execution(work))
    return explaining.run(execution(work))
  },
  'a generic plan': async (explaining, work) => {
    await explaining.sql.unsafe('set plan_cache_mode = force_generic_plan')
    await explaining.sql.unsafe(prepared(work))
    return explaining.run(execution(work))
  },
}

/** Names of the chunks that the scans read. */
function chunksOf(plans: readonly Explained[]): string[] {
  const read = plans.flatMap(({ scans }) => scans).map(({ relation }) => relation)
  return [...new Set(read.filter(name => chunks.some(chunk => chunk.name === name)))].toSorted()
}

/** Names of the chunks that hold values of the range. */
function chunksIn(from: Date, upto: Date): string[] {
  return chunks
    .filter(chunk => chunk.start <= upto && chunk.end > from)
    .map(({ name }) => name)
    .toSorted()
}

for (const [way, explain] of Object.entries(ways)) {
  for (const work of works) {
    test(`${work.name}: ${way} reads the chunks of its time alone, by series and time`, async t => {
      const explaining = new ExplainingSession(t, database.admin)
      await explaining.start()
      const plans = await explain(explaining, work)
      t.deepEqual(chunksOf(plans), chunksIn(ago(work.from), ago(work.upto)), JSON.stringify(plans, null, 1))
      for (const scan of chunkScans(plans)) {
        t.not(scan.kind, 'Seq Scan')
        t.regex(scan.condition, isWithin(scan, work) ? /\(series_id = / : /\(series_id = .*"timestamp" >/)
      }
    })
  }

  for (const work of summaries) {
    test(`${work.name}: ${way} reads the chunks of its buckets alone, by series`, async t => {
      const explaining = new ExplainingSession(t, database.admin)
      await explaining.start()
      const plans = await explain(explaining, work)
      // The first bucket begins before the range, and the last may end after it.
      const allowed = chunksIn(ago(work.from + 5), ago(work.upto - 5))
      const read = chunksOf(plans)
      t.true(read.length > 0)
      t.deepEqual(
        read.filter(name => !allowed.includes(name)),
        [],
      )
      for (const scan of chunkScans(plans)) {
        t.not(scan.kind, 'Seq Scan')
        t.regex(scan.condition, /\(?series_id = /, JSON.stringify(scan))
      }
    })
  }
}

/** A chunk that lies in the range as a whole is read by series: TimescaleDB 2.26 leaves out what all its values meet. */
function isWithin({ relation }: Scan, { from, upto }: Work): boolean {
  return chunks.some(({ name, start, end }) => name === relation && start >= ago(from) && end <= ago(upto))
}

function chunkScans(plans: readonly Explained[]): Scan[] {
  return plans
    .flatMap(({ scans }) => scans)
    .filter(({ relation }) => chunks.some(chunk => chunk.name === relation))
}

for (const [way, times] of Object.entries({ first: 1, sixth: 6 })) {
  test(`get_metrics, one metric of 5,000: the ${way} execution finds its series by device and metric`, async t => {
    const explaining = new ExplainingSession(t, database.admin)
    await explaining.start()
    let plans: Explained[] = []
    for (let time = 0; time < times; time++)
      plans = await explaining.run(
        `select * from api.get_metrics(devices => 'exporter', metrics => 'metric-7')`,
      )
    const scans = plans.flatMap(plan => plan.scans).filter(({ relation }) => relation === 'series')
    t.true(scans.length > 0)
    for (const scan of scans)
      t.regex(scan.condition, /device_(id|alias) = .*metric_id = /, JSON.stringify(scan))
  })
}

test('the data lie in several chunks, and a sequential scan would be seen', async t => {
  t.true(chunks.length >= 4)
  const explaining = new ExplainingSession(t, database.admin)
  await explaining.start()
  const plans = await explaining.run('select count(*) from metrics')
  t.is(chunksOf(plans).length, chunks.length)
  t.true(plans.some(({ scans }) => scans.some(({ kind }) => kind === 'Seq Scan')))
})
