import { randomUUID } from 'node:crypto'
import test from 'ava'
import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from './session.ts'

// A chunk that a plan merely mentions is locked, with its indexes, up to the end of the transaction: after three years
// of chunks of six hours, 9,000 locks and a second for each statement, where PostgreSQL has room for 7,000. DELETE is not
// here: TimescaleDB locks all chunks for it, whatever its condition.

const file = fileScope(test)
let database: TestDatabase
let admin: postgres.Sql
let chunks: readonly Chunk[]

interface Chunk {
  readonly name: string
  readonly start: Date
  readonly end: Date
}

const hour = 3_600_000
/** The job runs from here on for two hours; the data go back 20 days from its end, in 80 chunks. */
const start = new Date('2026-03-20T13:00:00Z')
const end = new Date(start.getTime() + 2 * hour)

const data = `
  insert into kwollect.series (device_id, metric_id, labels)
  select device, 'watt', labels::jsonb
    from (values ('node-1', '{}'), ('node-2', '{}'), ('port-1', '{"_device_alias": "node-1"}')) as named (device, labels);
  insert into kwollect.samples (timestamp, series_id, value)
  select moment, series.series_id, 7
    from (
           select '${end.toISOString()}'::timestamptz - six_hours * interval '6 hours' as moment from generate_series(0, 80) as six_hours
           union all
           select '${end.toISOString()}'::timestamptz - minutes * interval '1 minute' from generate_series(1, 120) as minutes
         ) as times
   cross join kwollect.series;
  create table jobs (job_id integer, start_time timestamptz, stop_time timestamptz, node text);
  insert into jobs
  select 1, '${start.toISOString()}', '${end.toISOString()}', 'node-' || node from generate_series(1, 2) as node;
  insert into jobs values (2, now() - interval '10 days', null, 'node-2');
  insert into kwollect.samples (timestamp, series_id, value)
  select now() - hours * interval '1 hour', series_id, 8
    from generate_series(1, 240) as hours
   cross join kwollect.series
   where device_id = 'node-2';
  create or replace view nodetime_per_job as
  select job_id, start_time, stop_time, node from jobs;
  grant select on jobs to kwollect_owner;
  analyze kwollect.series;
  analyze kwollect.samples`

test.before(async () => {
  database = await testDatabase(file)
  admin = session(file, database.admin)
  await admin.unsafe(data)
  chunks = await admin<Chunk[]>`
    select format('%I.%I', chunk_schema, chunk_name) as name, range_start as start, range_end as end
      from timescaledb_information.chunks`
})

interface Work {
  readonly name: string
  /** One statement, as the administrator sends it; `$spool` becomes a new UUID at each execution. */
  readonly statement: string
  readonly from: Date
  readonly upto: Date
  /** Chunks of the last seven days may be touched, too. */
  readonly andLastWeek?: true
}

const before = (hours: number) => new Date(start.getTime() - hours * hour)
const times = `start_time => '${start.toISOString()}', end_time => '${end.toISOString()}'`
const between = `timestamp between '${start.toISOString()}' and '${end.toISOString()}'`
const ofDevice = `where device_id = 'node-1' and metric_id = 'watt' and ${between}`
const inJob = { from: start, upto: end }
/** The bucket that the start lies in begins before it; so does the step that energy is measured over. */
const aroundJob = { from: before(1), upto: new Date(end.getTime() + hour) }

const works: readonly Work[] = [
  {
    name: 'get_metrics of a device',
    statement: `select * from api.get_metrics(devices => 'node-1', ${times})`,
    ...inJob,
  },
  { name: 'get_metrics of a job', statement: 'select * from api.get_metrics(job_id => 1)', ...inJob },
  {
    name: 'get_metrics, rates',
    statement: `select * from api.get_metrics(job_id => 1, as_rate => true)`,
    ...inJob,
  },
  {
    name: 'get_metrics, summary',
    statement: `select * from api.get_metrics(job_id => 1, summary => true)`,
    ...aroundJob,
  },
  { name: 'get_job_energy', statement: 'select * from api.get_job_energy(job_id => 1)', ...aroundJob },
  {
    name: 'available_metrics',
    statement: `select * from api.available_metrics(at => '${end.toISOString()}')`,
    from: new Date(end.getTime() - hour),
    upto: end,
  },
  { name: 'metrics', statement: `select * from metrics ${ofDevice}`, ...inJob },
  { name: 'metrics_by_device', statement: `select * from metrics_by_device ${ofDevice}`, ...inJob },
  {
    name: 'metrics_by_job',
    statement: `select * from metrics_by_job where job_id = 1 and metric_id = 'watt'`,
    ...inJob,
    andLastWeek: true,
  },
  {
    name: 'metrics_by_job, all metrics',
    statement: 'select * from metrics_by_job where job_id = 1',
    ...inJob,
    andLastWeek: true,
  },
  { name: 'metrics_summary', statement: `select * from metrics_summary ${ofDevice}`, ...aroundJob },
  {
    name: 'metrics_by_device_summary',
    statement: `select * from metrics_by_device_summary ${ofDevice}`,
    ...aroundJob,
  },
  {
    name: 'metrics_by_job_summary',
    statement: 'select * from metrics_by_job_summary where job_id = 1',
    ...aroundJob,
  },
  {
    name: 'INSERT of a row',
    statement: `insert into metrics (timestamp, device_id, metric_id, value) values ('${start.toISOString()}', 'node-1', 'watt', 1)`,
    ...inJob,
  },
  {
    name: 'INSERT of rows',
    statement: `insert into metrics (timestamp, device_id, metric_id, value)
                select '${start.toISOString()}'::timestamptz, 'node-1', 'watt', n from generate_series(1, 50) as n`,
    ...inJob,
  },
  {
    name: "a batch with a custom metric of its exporter's time",
    statement: `select kwollect.store_batch('$spool', 1, 'host', array[extract(epoch from timestamptz '${start.toISOString()}')::bigint * 1000000]
                     , array[1], array[5.5], array['{"_metric_scrape_time": "2026-03-20T13:00:00Z"}'], '{}', '{}')`,
    // known ones are looked for in the day
    from: new Date('2026-03-20T00:00:00Z'),
    upto: new Date('2026-03-21T00:00:00Z'),
  },
]

/** Names of the chunks that the statement's transaction holds locks on after its sixth execution in a session. */
async function lockedChunks(sql: postgres.Sql, { statement }: Work): Promise<string[]> {
  const execution = () => statement.replaceAll('$spool', randomUUID())
  for (let time = 1; time < 6; time++) await sql.unsafe(execution())
  return sql.begin(async transaction => {
    await transaction.unsafe(execution())
    const rows = await transaction<{ name: string }[]>`
      select distinct relation::regclass::text as name
        from pg_locks
       where pid = pg_backend_pid()
         and locktype = 'relation'`
    return rows.map(({ name }) => name).filter(name => chunks.some(chunk => chunk.name === name))
  })
}

for (const work of works) {
  test(`${work.name}: no chunk is touched but those of its time`, async t => {
    // TimescaleDB reckons with a day that is four hours shorter or longer.
    const lastWeek = work.andLastWeek ? new Date(Date.now() - 7 * 24 * hour - 4 * hour) : new Date()
    const allowed = chunks.filter(
      chunk => (chunk.start <= work.upto && chunk.end > work.from) || chunk.end > lastWeek,
    )
    const locked = await lockedChunks(session(t, database.admin), work)
    t.true(chunks.length > 80)
    t.true(locked.length > 0)
    t.deepEqual(
      locked.filter(name => !allowed.some(chunk => chunk.name === name)),
      [],
    )
  })
}

test('metrics_by_job has each value of a job of ten days once, also where what is older begins', async t => {
  const rows = await session(t, database.admin).begin(async sql => {
    await sql`
      insert into kwollect.samples (timestamp, series_id, value)
      select now() - interval '7 days' + microseconds * interval '1 microsecond', series_id, 9
        from generate_series(-2, 2) as microseconds
       cross join kwollect.series
       where device_id = 'node-2'`
    return sql`
      select timestamp::text as timestamp, value from metrics_by_job
       where job_id = 2 and timestamp >= now() - interval '9 days' and value > 7`
  })
  t.is(rows.filter(({ value }) => value === 9).length, 5)
  t.is(new Set(rows.map(({ timestamp }) => timestamp)).size, rows.length)
  t.true(rows.length > 200)
})
