import test from 'ava'
import type postgres from 'postgres'
import type { TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { getMetrics } from './client.ts'
import { type MetricRow, metricRows, metricsApi } from './metrics_api.ts'

const file = fileScope(test)
let api: TestApi
let sql: postgres.Sql

test.before(async () => {
  ;({ api, sql } = await metricsApi(file, async sql => {
    await sql`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    values ('2021-01-01 12:00:00+00', 'node-1', 'watt', 10, '{"_device_alias": "rack"}')
         , ('2021-01-01 12:04:59.999+00', 'node-1', 'watt', 20, '{"_device_alias": "rack", "value_str": "odd"}')
         , ('2021-01-01 12:05:00+00', 'node-1', 'watt', 30, '{"_device_alias": "rack"}')
         , ('2021-01-01 12:01:00+00', 'node-2', 'watt', 100, '{"_device_alias": "rack"}')
         , ('2021-01-01 12:00:00+00', 'node-1', 'bytes_total', 5, '{"port": 1}')
         , ('2021-01-01 12:01:00+00', 'node-1', 'bytes_total', 7, '{"port": 1}')
         , ('2021-01-01 12:02:00+00', 'node-1', 'bytes_total', 2, '{"port": 1}')
         , ('2021-01-01 12:02:00+00', 'node-1', 'bytes_total', 50, '{"port": 2}')
         , ('2021-01-01 12:02:00+00', 'node-1', 'total', 50, '{}')
         , ('2021-01-01 12:03:00+00', 'node-1', 'total', 60, '{}')
         , ('2021-01-01 12:02:00+00', 'gaps', 'm', 4, '{}')
         , ('2021-01-01 12:03:00+00', 'gaps', 'm', 'NaN', '{}')
         , ('2021-01-01 12:07:00+00', 'gaps', 'm', 'NaN', '{}')
         , ('2021-01-01 12:07:00+00', 'gaps', 'n_total', 'NaN', '{}')
         , ('2021-01-01 12:02:00+00', 'huge', 'm', 1e308, '{"_device_alias": "huge-alias"}')
         , ('2021-01-01 12:02:01+00', 'huge', 'm', -1, '{"_device_alias": "huge-alias"}')
         , ('2021-01-01 12:02:02+00', 'huge', 'm', 1e200, '{"_device_alias": "huge-alias"}')
         , ('2021-01-01 12:02:00+00', 'huge-2', 'm', 1e308, '{"_device_alias": "huge-alias"}')
         , ('2021-01-01 12:02:00+00', 'huge', 'n_total', 1.5e308, '{"_device_alias": "huge-alias"}')
         , ('2021-01-01 12:02:00+00', 'huge-2', 'n_total', 1.5e308, '{"_device_alias": "huge-alias"}')`
    await sql.unsafe(`
    create or replace view nodetime_per_job as
    select 7 as job_id, timestamptz '2021-01-01 12:04Z' as start_time, timestamptz '2021-01-01 12:30Z' as stop_time, 'node-1' as node`)
  }))
})

function summary(parameters: Readonly<Record<string, string>>): Promise<MetricRow[]> {
  return metricRows(api, {
    start_time: '2021-01-01T12:00:00',
    end_time: '2021-01-01T13:00:00',
    summary: 'true',
    ...parameters,
  })
}

/** "12:05 metric value" of each row, in the order of the answer. */
const inShort = (rows: readonly MetricRow[]) =>
  rows.map(row => `${row.timestamp.slice(11, 16)} ${row.metric_id} ${row.value}`)

test('buckets of five minutes have the average, and the maximum where the name ends in _total', async t => {
  t.deepEqual(inShort(await summary({ devices: 'node-1' })), [
    '12:00 bytes_total 7',
    '12:00 bytes_total 50',
    '12:00 total 55',
    '12:00 watt 15',
    '12:05 watt 30',
  ])
})

test('a bucket has the labels of the series, without those that differ from value to value', async t => {
  const rows = await summary({ devices: 'node-1' })
  t.deepEqual(
    rows
      .filter(row => row.metric_id === 'bytes_total')
      .map(row => row.labels)
      .sort(),
    [{ port: 1 }, { port: 2 }],
  )
  t.deepEqual(rows.find(row => row.metric_id === 'watt')?.labels, {})
})

test('NaN does not count; a bucket of nothing else is NaN', async t => {
  t.deepEqual(inShort(await summary({ devices: 'gaps' })), ['12:00 m 4', '12:05 m NaN', '12:05 n_total NaN'])
})

test("an alias has the sum of its devices' averages", async t => {
  const rows = await summary({ devices: 'rack' })
  t.deepEqual(inShort(rows), ['12:00 watt 115', '12:05 watt 30'])
  t.deepEqual(
    rows.map(row => row.labels),
    [{ _device_orig: ['node-1', 'node-2'] }, { _device_orig: ['node-1'] }],
  )
})

test('the bucket that the start lies in is the first, that of the end the last', async t => {
  const times = { start_time: '2021-01-01T12:04:59', end_time: '2021-01-01T12:05:00' }
  t.deepEqual(inShort(await summary({ devices: 'node-1', metrics: 'watt', ...times })), [
    '12:00 watt 15',
    '12:05 watt 30',
  ])
  t.deepEqual(
    inShort(
      await summary({ devices: 'node-1', metrics: 'watt', ...times, start_time: '2021-01-01T12:05:00' }),
    ),
    ['12:05 watt 30'],
  )
})

test("a job's first bucket may begin before the job, over get_metrics and the view alike", async t => {
  const rows = await summary({ job_id: '7', start_time: '2021-01-01T00:00:00', metrics: 'watt' })
  t.deepEqual(inShort(rows), ['12:00 watt 15', '12:05 watt 30'])
  const viewed = await sql`
    select to_char(timestamp at time zone 'UTC', 'HH24:MI') || ' ' || metric_id || ' ' || value as short
      from metrics_by_job_summary where job_id = 7 and metric_id = 'watt' order by timestamp`
  t.deepEqual(
    viewed.map(row => row.short),
    inShort(rows),
  )
})

test('the three views have the same buckets', async t => {
  const [counts] = await sql`
    select (select count(*)::int from metrics_summary where device_id = 'node-1') as all
         , (select count(*)::int from metrics_by_device_summary where device_id = 'node-1') as by_device
         , (select count(*)::int from metrics_by_job_summary where job_id = 7) as by_job`
  t.deepEqual(counts, { all: 5, by_device: 5, by_job: 5 })
})

test('a value is in its bucket at once, and a late one too', async t => {
  const now = {
    devices: 'live',
    start_time: String(Date.now() / 1000 - 3600),
    end_time: String(Date.now() / 1000 + 3600),
  }
  await sql`insert into metrics (timestamp, device_id, metric_id, value) values (now(), 'live', 'm', 1)`
  t.deepEqual(
    (await summary(now)).map(row => row.value),
    [1],
  )
  await sql`insert into metrics (timestamp, device_id, metric_id, value) values (now() - interval '20 minutes', 'live', 'm', 3)`
  t.deepEqual(
    (await summary(now)).map(row => row.value),
    [3, 1],
  )
})

test('values at the end of what a double holds do not make a bucket unreadable', async t => {
  t.deepEqual(inShort(await summary({ devices: 'huge' })), ['12:00 m Infinity', '12:00 n_total 1.5e+308'])
  t.deepEqual(inShort(await summary({ devices: 'huge-alias' })), [
    '12:00 m Infinity',
    '12:00 n_total Infinity',
  ])
  const { json } = await getMetrics(api, {
    devices: 'huge-alias',
    metrics: 'm',
    start_time: '2021-01-01T12:02:00',
  })
  t.deepEqual(
    (json as MetricRow[]).map(row => row.value),
    ['Infinity', -1, 1e200],
  )
  const viewed =
    await sql`select value from metrics_by_device where device_id = 'huge-alias' and metric_id = 'm' order by timestamp`
  t.deepEqual(
    viewed.map(row => row.value),
    [Infinity, -1, 1e200],
  )
})
