import test from 'ava'
import type { TestDatabase } from '../harness/database.ts'
import type { TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'
import { getMetrics, request } from './client.ts'
import { type MetricRow, metricRows, metricsApi } from './metrics_api.ts'

const file = fileScope(test)
let database: TestDatabase
let api: TestApi

/** As the manual has it: the administrator's own table, which the owner of the view may read. */
const jobs = `
  create schema site;
  create table site.jobs (job_id integer, start_time timestamptz, stop_time timestamptz, node text);
  insert into site.jobs
  values (1, '2021-01-01 12:00Z', '2021-01-01 12:10Z', 'node-1')
       , (1, '2021-01-01 12:00Z', '2021-01-01 12:10Z', 'node-2')
       , (2, '2021-01-01 12:10:00.000001Z', '2021-01-01 12:20Z', 'node-1')
       , (3, now() - interval '1 hour', null, 'node-3')
       , (4, null, null, 'node-1')
       , (5, '2021-01-01 12:10Z', '2021-01-01 12:00Z', 'node-1')
       , (6, '2021-01-01 12:00Z', '2021-01-01 12:01Z', 'node-1')
       , (6, '2021-01-01 12:08Z', '2021-01-01 12:10Z', 'node-1')
       , (6, '2021-01-01 12:00Z', '2021-01-01 12:02Z', 'node-2');
  grant usage on schema site to kwollect_owner;
  grant select on site.jobs to kwollect_owner;
  create or replace view nodetime_per_job as select job_id, start_time, stop_time, node from site.jobs`

test.before(async () => {
  ;({ api, database } = await metricsApi(file, async sql => {
    await sql.unsafe(jobs)
    await sql`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    select timestamptz '2021-01-01 11:55Z' + minute * interval '1 minute', device, metric, minute, labels::jsonb
      from generate_series(0, 30) as minute
     cross join (values ('node-1', 'temp', '{}'), ('node-1', 'load', '{"_device_alias": "other"}'), ('node-2', 'temp', '{"cpu": 1}')
                      , ('node-4', 'temp', '{}'), ('pdu-1', 'watt', '{"_device_alias": "node-2"}')
                      , ('pdu-2', 'watt', '{"_device_alias": "node-2"}')
                      , ('pdu-3', 'ampere', '{"_device_alias": "node-1"}')) as series (device, metric, labels)`
    await sql`
    insert into metrics (timestamp, device_id, metric_id, value)
    values (now() - interval '2 hours', 'node-3', 'temp', 1), (now() - interval '10 minutes', 'node-3', 'temp', 2)
         , (now(), 'node-3', 'temp', 3), (now() + interval '1 hour', 'node-3', 'temp', 4)`
  }))
})

const rows = (parameters: Readonly<Record<string, string>>) => metricRows(api, parameters)

/** First and last minute, devices and number of rows. */
function extent(found: readonly MetricRow[]) {
  return {
    first: found[0]?.timestamp.slice(11, 16),
    last: found.at(-1)?.timestamp.slice(11, 16),
    devices: [...new Set(found.map(row => row.device_id))].toSorted(),
    rows: found.length,
  }
}

test('a job has the values of its nodes, by name and alias, from its start to its end, both included', async t => {
  const found = await rows({ job_id: '1' })
  t.deepEqual(extent(found), { first: '12:00', last: '12:10', devices: ['node-1', 'node-2'], rows: 5 * 11 })
  const first = found.filter(row => row.timestamp.startsWith('2021-01-01T12:00:00'))
  t.deepEqual(
    first.map(row => `${row.device_id} ${row.metric_id} ${row.value}`),
    ['node-1 ampere 5', 'node-1 load 5', 'node-1 temp 5', 'node-2 temp 5', 'node-2 watt 10'],
  )
})

test('the value at the end of a job is not one of the job that starts a microsecond later', async t => {
  const found = await rows({ job_id: '2', metrics: 'temp' })
  t.deepEqual(extent(found), { first: '12:11', last: '12:20', devices: ['node-1'], rows: 10 })
})

test('a running job reaches up to now', async t => {
  t.deepEqual(
    (await rows({ job_id: '3' })).map(row => row.value),
    [2, 3],
  )
})

test("explicit times narrow a job's time and never widen it", async t => {
  const metrics = { job_id: '1', metrics: 'load' }
  const narrow = await rows({
    ...metrics,
    start_time: '2021-01-01T12:03:00',
    end_time: '2021-01-01T12:05:00',
  })
  t.deepEqual(extent(narrow), { first: '12:03', last: '12:05', devices: ['node-1'], rows: 3 })
  t.is((await rows({ ...metrics, start_time: '2021-01-01T12:08:00' })).length, 3)
  t.is((await rows({ ...metrics, end_time: '2021-01-01T12:01:00' })).length, 2)
  t.is((await rows({ ...metrics, start_time: '2000-01-01', end_time: '2100-01-01' })).length, 11)
  t.deepEqual(await rows({ ...metrics, start_time: '2021-01-01T13:00:00' }), [])
})

test("devices with a job have the job's time, its nodes or not", async t => {
  const found = await rows({ job_id: '1', devices: 'node-4.site.example.org', nodes: 'pdu-1' })
  t.deepEqual(extent(found), { first: '12:00', last: '12:10', devices: ['node-4', 'pdu-1'], rows: 22 })
})

test('a node that a job had twice has the values of both times, and none from between', async t => {
  const inShort = (found: readonly MetricRow[]) =>
    found.map(row => `${row.timestamp.slice(11, 16)} ${row.device_id} ${row.value}`)
  t.deepEqual(inShort(await rows({ job_id: '6', metrics: 'temp' })), [
    '12:00 node-1 5',
    '12:00 node-2 5',
    '12:01 node-1 6',
    '12:01 node-2 6',
    '12:02 node-2 7',
    '12:08 node-1 13',
    '12:09 node-1 14',
    '12:10 node-1 15',
  ])
  t.deepEqual(inShort(await rows({ job_id: '6', metrics: 'temp', devices: 'node-4' })), [
    '12:00 node-4 5',
    '12:01 node-4 6',
    '12:02 node-4 7',
    '12:08 node-4 13',
    '12:09 node-4 14',
    '12:10 node-4 15',
  ])
  const buckets = await rows({ job_id: '6', metrics: 'temp', devices: 'node-1', summary: 'true' })
  t.deepEqual(inShort(buckets), ['12:00 node-1 7', '12:05 node-1 12', '12:10 node-1 17'])
})

for (const [what, job] of [
  ['an unknown job', '99'],
  ['a job that has not begun', '4'],
  ['a job that ends before it begins', '5'],
  ['a negative number', '-1'],
] as const) {
  test(`${what} has no rows, in get_metrics, with devices, as rate, as summary and in the view`, async t => {
    t.deepEqual(await rows({ job_id: job }), [])
    t.deepEqual(await rows({ job_id: job, devices: 'node-1' }), [])
    t.deepEqual(await rows({ job_id: job, as_rate: 'true' }), [])
    t.deepEqual(await rows({ job_id: job, summary: 'true' }), [])
    t.deepEqual((await request(api, `/metrics_by_job?job_id=eq.${job}`)).json, [])
  })
}

test('a job_id that is no integer is 400', async t => {
  for (const job of ['x', '1.5', '99999999999', ''])
    t.is((await getMetrics(api, { job_id: job })).status, 400, job)
})

test('metrics_by_job answers with its filters, the times of the job in each row', async t => {
  const { json } = await request(
    api,
    '/metrics_by_job?job_id=eq.1&metric_id=eq.temp&device_id=eq.node-2&timestamp=gte.2021-01-01T12:09:00Z&order=timestamp.desc',
  )
  const expected = { device_id: 'node-2', metric_id: 'temp', labels: { cpu: 1 }, job_id: 1 }
  const times = { start_time: '2021-01-01T12:00:00+00:00', stop_time: '2021-01-01T12:10:00+00:00' }
  t.deepEqual(json, [
    { timestamp: '2021-01-01T12:10:00+00:00', value: 15, ...expected, ...times },
    { timestamp: '2021-01-01T12:09:00+00:00', value: 14, ...expected, ...times },
  ])
})

test('metrics_by_job and get_metrics have the same rows', async t => {
  const columns = 'timestamp,device_id,metric_id,value,labels'
  for (const job of ['1', '2', '3', '6']) {
    const viewed = await request(
      api,
      `/metrics_by_job?job_id=eq.${job}&select=${columns}&order=timestamp,device_id,metric_id`,
    )
    const asked = await rows({ job_id: job })
    t.true(asked.length > 0)
    t.deepEqual(viewed.json, asked)
  }
})

test('nodetime_per_job and its second name show the redefined table', async t => {
  const { json } = await request(api, '/nodetime_per_job?job_id=eq.1&order=node')
  t.deepEqual(
    (json as { node: string }[]).map(row => row.node),
    ['node-1', 'node-2'],
  )
  const reader = session(t, database.reader)
  t.is((await reader`select from nodetime_by_job`).length, 9)
  t.is((await reader`select from metrics_by_job where job_id = 1`).length, 55)
})
