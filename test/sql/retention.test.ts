import test from 'ava'
import type postgres from 'postgres'
import { type EmptyInstallation, emptyInstallation, runSetup } from '../harness/database.ts'
import type { Scope } from '../harness/scope.ts'
import { missingCommunityEdition, testWhere } from '../harness/server.ts'
import { session } from './session.ts'
import { databaseWithoutJobs } from './without_jobs.ts'

const communityTest = testWhere(test, missingCommunityEdition())

/** Values of 1970, of 30 and 3 days ago and of now. */
async function fill(sql: postgres.Sql): Promise<void> {
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value)
    values ('1970-01-01', 'node-1', 'epoch', 1), (now() - interval '30 days', 'node-1', 'month', 1)
         , (now() - interval '3 days', 'node-1', 'days', 1), (now(), 'node-1', 'now', 1)`
}

async function metricsIn(sql: postgres.Sql, view: string): Promise<string[]> {
  const rows = await sql`select distinct metric_id from ${sql(view)} order by metric_id`
  return rows.map(row => row.metric_id)
}

const all = ['days', 'epoch', 'month', 'now']

test('values past retention_day are dropped, younger ones stay', async t => {
  const { admin: sql } = await databaseWithoutJobs(t)
  await fill(sql)
  await sql`call kwollect.keep_setting('retention_day', '7')`
  await sql`call kwollect.drop_expired_chunks()`
  t.deepEqual(await metricsIn(sql, 'metrics'), ['days', 'now'])
  t.deepEqual(await metricsIn(sql, 'metrics_summary'), ['days', 'now'])
})

test('of a long backlog the 200 oldest chunks go in a run, and the rest in the next', async t => {
  const { admin: sql } = await databaseWithoutJobs(t)
  await sql`
    insert into kwollect.samples (timestamp, series_id, value)
    select timestamptz '2020-01-01 01:00Z' + six_hours * interval '6 hours', 1, 1 from generate_series(1, 230) as six_hours`
  await sql`call kwollect.keep_setting('retention_day', '7')`
  await sql`call kwollect.drop_expired_chunks()`
  const [left] = await sql`select count(*)::int as rows, min(timestamp) as oldest from kwollect.samples`
  t.deepEqual(left, { rows: 30, oldest: new Date('2020-02-20T07:00:00Z') })
  await sql`call kwollect.drop_expired_chunks()`
  t.is((await sql`select from kwollect.samples`).length, 0)
})

test('without retention_day everything is kept', async t => {
  const { admin: sql } = await databaseWithoutJobs(t)
  await fill(sql)
  await sql`call kwollect.drop_expired_chunks()`
  t.deepEqual(await metricsIn(sql, 'metrics'), all)
})

communityTest(
  'the stored summary is dropped with the values, and a refresh does not bring it back',
  async t => {
    const { admin: sql } = await databaseWithoutJobs(t)
    await fill(sql)
    await sql`call kwollect.refresh_summary()`
    await sql`call kwollect.compress_old_chunks()`
    t.deepEqual(await metricsIn(sql, 'metrics_summary'), all)
    await sql`call kwollect.keep_setting('retention_day', '7')`
    await sql`call kwollect.drop_expired_chunks()`
    t.deepEqual(await metricsIn(sql, 'metrics'), ['days', 'now'])
    t.deepEqual(await metricsIn(sql, 'metrics_summary'), ['days', 'now'])
    await sql`call kwollect.refresh_summary()`
    t.deepEqual(await metricsIn(sql, 'metrics_summary'), ['days', 'now'])
  },
)

async function setUp(
  scope: Scope,
  installation: EmptyInstallation,
  options: Readonly<Record<string, string | number>>,
): Promise<void> {
  const { status, stderr } = await runSetup(scope, installation, options)
  if (status !== 0) throw new Error(stderr)
}

test('retention_day of the last set-up counts, and without it nothing is dropped any more', async t => {
  const installation = emptyInstallation(t)
  await setUp(t, installation, { retention_day: 365 })
  const sql = session(t, installation.database.admin)
  await sql`select _timescaledb_functions.stop_background_workers()`
  await fill(sql)
  await sql`call kwollect.drop_expired_chunks()`
  t.deepEqual(await metricsIn(sql, 'metrics'), ['days', 'month', 'now'])
  await setUp(t, installation, {})
  await sql`call kwollect.drop_expired_chunks()`
  t.deepEqual(await metricsIn(sql, 'metrics'), ['days', 'month', 'now'])
  await setUp(t, installation, { retention_day: 2 })
  await sql`call kwollect.drop_expired_chunks()`
  t.deepEqual(await metricsIn(sql, 'metrics'), ['now'])
})

communityTest('chunk_compress_hour of the last set-up counts', async t => {
  const installation = emptyInstallation(t)
  await setUp(t, installation, { chunk_compress_hour: 10_000 })
  const sql = session(t, installation.database.admin)
  await sql`select _timescaledb_functions.stop_background_workers()`
  const compressed = async () =>
    (
      await sql`select from timescaledb_information.chunks where hypertable_name = 'samples' and is_compressed`
    ).length
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value)
    values (now() - interval '3 days', 'node-1', 'days', 1), (now(), 'node-1', 'now', 1)`
  await sql`call kwollect.compress_old_chunks()`
  t.is(await compressed(), 0)
  await setUp(t, installation, { chunk_compress_hour: 24 })
  await sql`call kwollect.compress_old_chunks()`
  t.is(await compressed(), 1)
})

test('what was refused goes with the values of its time', async t => {
  const { admin: sql } = await databaseWithoutJobs(t)
  await sql`
    insert into kwollect.dead_letters (refused_at, spool_id, batch, reason, sample)
    values (now() - interval '30 days', gen_random_uuid(), 1, 'old', '{}'), (now(), gen_random_uuid(), 1, 'young', '{}')`
  const reasons = async () =>
    (await sql`select reason from kwollect.dead_letters order by 1`).map(row => row.reason)
  await sql`call kwollect.drop_expired_chunks()`
  t.deepEqual(await reasons(), ['old', 'young'])
  await sql`call kwollect.keep_setting('retention_day', '7')`
  await sql`call kwollect.drop_expired_chunks()`
  t.deepEqual(await reasons(), ['young'])
})
