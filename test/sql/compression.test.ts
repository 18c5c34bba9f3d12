import test from 'ava'
import type postgres from 'postgres'
import type { Scope } from '../harness/scope.ts'
import { missingCommunityEdition, testWhere } from '../harness/server.ts'
import { session } from './session.ts'
import { databaseWithoutJobs } from './without_jobs.ts'

const communityTest = testWhere(test, missingCommunityEdition())

const views = [
  'metrics',
  'metrics_by_device',
  'metrics_by_job',
  'metrics_summary',
  'metrics_by_device_summary',
  'metrics_by_job_summary',
] as const

/** Values of ten days ago in two chunks, with aliases, labels, NaN, infinities and sample labels; and one of now. */
async function filledDatabase(scope: Scope): Promise<{ admin: postgres.Sql; writer: postgres.Sql }> {
  const { database, admin } = await databaseWithoutJobs(scope)
  await admin.unsafe(`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    select old.start + number * interval '30 seconds', 'node-' || number % 3, 'm' || number % 2
         , case number % 50 when 7 then 'NaN' when 8 then 'Infinity' else number / 7.0 end
         , case number % 3 when 0 then '{}' when 1 then '{"_device_alias": "rack", "unit": "W"}'
                when 2 then jsonb_build_object('value_str', number % 2) end
      from (select public.time_bucket('6 hours', now()) - interval '10 days 3 hours' as start) as old
     cross join generate_series(1, 720) as number;
    insert into metrics (device_id, metric_id, value) values ('node-0', 'm0', 1);
    create table public.jobs as
    select 1 as job_id, now() - interval '11 days' as start_time, now() - interval '9 days' as stop_time, 'node-' || node as node
      from generate_series(0, 2) as node;
    grant select on public.jobs to kwollect_owner;
    create or replace view nodetime_per_job as select * from public.jobs`)
  return { admin, writer: session(scope, database.writer) }
}

async function contents(sql: postgres.Sql): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const view of views) {
    const [row] = await sql.unsafe(
      `select count(*)::int as rows, sum(hashtextextended(seen::text, 0))::text as hash from ${view} as seen`,
    )
    found[view] = row
  }
  return found
}

async function compressed(sql: postgres.Sql): Promise<{ compressed: number; plain: number }> {
  const [row] = await sql<{ compressed: number; plain: number }[]>`
    select count(*) filter (where is_compressed)::int as compressed, count(*) filter (where not is_compressed)::int as plain
      from timescaledb_information.chunks where hypertable_name = 'samples'`
  return row ?? { compressed: -1, plain: -1 }
}

communityTest('old chunks are compressed, and every view has the same values as before', async t => {
  const { admin } = await filledDatabase(t)
  const before = await contents(admin)
  t.deepEqual(await compressed(admin), { compressed: 0, plain: 3 })
  await admin`call kwollect.compress_old_chunks()`
  t.deepEqual(await compressed(admin), { compressed: 2, plain: 1 })
  t.deepEqual(await contents(admin), before)
  t.like(before, { metrics: { rows: 721 } })
  await admin`call kwollect.compress_old_chunks()`
  t.deepEqual(await compressed(admin), { compressed: 2, plain: 1 })
})

communityTest('a chunk as young as chunk_compress_hour is left alone', async t => {
  const { admin } = await filledDatabase(t)
  await admin`call kwollect.keep_setting('chunk_compress_hour', '480')`
  await admin`call kwollect.compress_old_chunks()`
  t.deepEqual(await compressed(admin), { compressed: 0, plain: 3 })
})

communityTest('a late value goes into a compressed chunk and is found by every view', async t => {
  const { admin, writer } = await filledDatabase(t)
  await admin`call kwollect.compress_old_chunks()`
  await writer`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    values (now() - interval '10 days', 'node-1', 'late', 42, '{"value_str": "x"}')`
  for (const view of views.filter(name => !name.endsWith('_summary'))) {
    const rows =
      await admin`select value, labels from ${admin(view)} where device_id = 'node-1' and metric_id = 'late'`
    t.deepEqual([...rows], [{ value: 42, labels: { value_str: 'x' } }], view)
  }
  for (const view of views.filter(name => name.endsWith('_summary')))
    t.is(
      (await admin`select from ${admin(view)} where device_id = 'node-1' and metric_id = 'late'`).length,
      1,
      view,
    )
  await admin`call kwollect.compress_old_chunks()`
  t.is((await admin`select from metrics where metric_id = 'late'`).length, 1)
})

communityTest('values are deleted from a compressed chunk, and no others', async t => {
  const { admin } = await filledDatabase(t)
  const [all] = await admin`select count(*)::int as rows from metrics`
  const [doomed] =
    await admin`select count(*)::int as rows from metrics where device_id = 'node-1' and metric_id = 'm1'`
  const [nan] = await admin`select count(*)::int as rows from metrics where value = 'NaN'`
  t.true(doomed?.rows > 10 && nan?.rows > 5)
  await admin`call kwollect.compress_old_chunks()`
  t.is((await admin`delete from metrics where device_id = 'node-1' and metric_id = 'm1'`).count, doomed?.rows)
  const [left] = await admin`
    select count(*)::int as rows, count(*) filter (where device_id = 'node-1' and metric_id = 'm1')::int as doomed from metrics`
  t.deepEqual(left, { rows: all?.rows - doomed?.rows, doomed: 0 })
  await admin`delete from metrics where value = 'NaN'`
  t.is((await admin`select from metrics where value = 'NaN'`).length, 0)
})

communityTest(
  'a custom metric that is scraped again after its chunk was compressed is stored once',
  async t => {
    const { admin, writer } = await filledDatabase(t)
    const [series] = await writer<{ id: string; at: string }[]>`
    select series_id as id, (extract(epoch from now() - interval '10 days') * 1000000)::bigint as at
      from kwollect.resolve_series(array['node-1'], array['custom'], array['{}'::jsonb])`
    const store = (batch: number, value: number) => writer`
    select kwollect.store_batch('00000000-0000-4000-8000-000000000001', ${batch}, 'host', array[${series?.at ?? ''}]::bigint[]
         , array[${series?.id ?? ''}]::bigint[], array[${value}]::float8[]
         , array[${JSON.stringify({ _metric_scrape_time: batch })}]::text[], '{}', '{}')`
    await store(1, 5)
    await admin`call kwollect.compress_old_chunks()`
    await store(2, 5)
    t.is((await admin`select from metrics where metric_id = 'custom'`).length, 1)
    await store(3, 6)
    t.is((await admin`select from metrics where metric_id = 'custom'`).length, 2)
    t.is((await admin`select from kwollect.dead_letters`).length, 0)
  },
)

communityTest(
  'maintain compresses where the background job is gone, for the role of the collector',
  async t => {
    const { admin, writer } = await filledDatabase(t)
    await admin`call kwollect.keep_setting('retention_day', '3650')`
    await admin`
    select public.delete_job(job_id) from timescaledb_information.jobs where proc_name = 'compress_old_chunks'`
    await writer`call kwollect.maintain('compress_old_chunks')`
    t.deepEqual(await compressed(admin), { compressed: 2, plain: 1 })
  },
)
