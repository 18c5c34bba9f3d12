import test from 'ava'
import type postgres from 'postgres'
import type { Scope } from '../harness/scope.ts'
import { missingCommunityEdition, testWhere } from '../harness/server.ts'
import { databaseWithoutJobs } from './without_jobs.ts'

const communityTest = testWhere(test, missingCommunityEdition())

async function database(scope: Scope): Promise<postgres.Sql> {
  return (await databaseWithoutJobs(scope)).admin
}

/** Average of each bucket, the oldest first. */
async function averages(sql: postgres.Sql): Promise<number[]> {
  const rows = await sql`select value from metrics_summary where device_id = 'node-1' order by timestamp`
  return rows.map(row => row.value)
}

const insert = (sql: postgres.Sql, minutesAgo: number, value: number) => sql`
  insert into metrics (timestamp, device_id, metric_id, value)
  values (public.time_bucket('5 minutes', now()) - ${minutesAgo} * interval '1 minute', 'node-1', 'm', ${value})`

/** What is stored of the summary; the rest is computed when it is read. */
async function stored(sql: postgres.Sql): Promise<number> {
  const [table] = await sql`
    select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) as name
      from timescaledb_information.continuous_aggregates where view_name = 'samples_summary'`
  const [row] = await sql.unsafe(`select count(*)::int as rows from ${table?.name}`)
  return row?.rows
}

communityTest(
  'what a refresh stores is what was computed before, and it stops short of the present',
  async t => {
    const sql = await database(t)
    for (const [minutes, value] of [
      [600, 1],
      [599, 2],
      [300, 3],
      [30, 4],
      [0, 5],
    ] as const)
      await insert(sql, minutes, value)
    t.deepEqual(await averages(sql), [1.5, 3, 4, 5])
    t.is(await stored(sql), 0)
    await sql`call kwollect.refresh_summary()`
    t.is(await stored(sql), 3)
    t.deepEqual(await averages(sql), [1.5, 3, 4, 5])
  },
)

communityTest(
  'a history of several hundred chunks is stored by one run, late values of all times by the next',
  async t => {
    const sql = await database(t)
    const history = (value: number) => sql`
    insert into metrics (timestamp, device_id, metric_id, value)
    select public.time_bucket('6 hours', now()) - six_hours * interval '6 hours', 'node-1', 'm', ${value}
      from generate_series(1, 229) as six_hours`
    await history(1)
    await sql`call kwollect.refresh_summary()`
    t.is(await stored(sql), 229)
    await history(3)
    await sql`call kwollect.refresh_summary()`
    t.is(await stored(sql), 229)
    t.deepEqual(await averages(sql), Array(229).fill(2))
  },
)

communityTest('a late value is in the summary after the next refresh, and one above it at once', async t => {
  const sql = await database(t)
  await insert(sql, 600, 1)
  await insert(sql, 30, 4)
  await sql`call kwollect.refresh_summary()`
  await insert(sql, 600, 5)
  await insert(sql, 0, 9)
  t.deepEqual((await averages(sql)).at(-1), 9)
  await sql`call kwollect.refresh_summary()`
  t.deepEqual(await averages(sql), [3, 4, 9])
})

communityTest('a value taken away is gone from the summary after the next refresh', async t => {
  const sql = await database(t)
  await insert(sql, 600, 1)
  await insert(sql, 600, 3)
  await insert(sql, 300, 7)
  await sql`call kwollect.refresh_summary()`
  await sql`delete from metrics where value in (3, 7)`
  await sql`call kwollect.refresh_summary()`
  t.deepEqual(await averages(sql), [1])
})

communityTest('values at the end of what a double holds do not stop the refresh', async t => {
  const sql = await database(t)
  await insert(sql, 600, 1e308)
  await insert(sql, 600, -1e308)
  await insert(sql, 599, 1e200)
  await insert(sql, 300, 2)
  await sql`call kwollect.refresh_summary()`
  t.deepEqual(await averages(sql), [Number.NaN, 2])
})

communityTest('values of 1970 and of the future are in the summary', async t => {
  const sql = await database(t)
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value)
    values ('1970-01-01', 'node-1', 'm', 1), (now() + interval '10 years', 'node-1', 'm', 3)`
  await insert(sql, 60, 2)
  await sql`call kwollect.refresh_summary()`
  t.deepEqual(await averages(sql), [1, 2, 3])
})
