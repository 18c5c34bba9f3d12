import test from 'ava'
import type { TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { request } from './client.ts'
import { type MetricRow, metricRows, metricsApi } from './metrics_api.ts'

const file = fileScope(test)
let api: TestApi

test.before(async () => {
  ;({ api } = await metricsApi(file, async sql => {
    await sql`
      insert into metrics (timestamp, device_id, metric_id, value, labels)
      values ('2021-01-01 12:00:00+00', 'node-1', 'bytes_total', 100, '{"port": 1}')
           , ('2021-01-01 12:00:10+00', 'node-1', 'bytes_total', 150, '{"port": 1}')
           , ('2021-01-01 12:00:10.5+00', 'node-1', 'bytes_total', 150, '{"port": 1}')
           , ('2021-01-01 12:00:20.5+00', 'node-1', 'bytes_total', 30, '{"port": 1}')
           , ('2021-01-01 12:00:30.5+00', 'node-1', 'bytes_total', 40, '{"port": 1}')
           , ('2021-01-01 12:00:00+00', 'node-1', 'bytes_total', 1000, '{"port": 2}')
           , ('2021-01-01 12:00:10+00', 'node-1', 'bytes_total', 1010, '{"port": 2}')
           , ('2021-01-01 12:00:05+00', 'node-1', 'packets_total', 7, '{}')
           , ('2021-01-01 12:00:00+00', 'pdu-1', 'joule_total', 10, '{"_device_alias": "rack"}')
           , ('2021-01-01 12:00:00+00', 'pdu-2', 'joule_total', 20, '{"_device_alias": "rack"}')
           , ('2021-01-01 12:00:10+00', 'pdu-1', 'joule_total', 30, '{"_device_alias": "rack"}')
           , ('2021-01-01 12:00:10+00', 'pdu-2', 'joule_total', 60, '{"_device_alias": "rack"}')
           , ('2021-01-01 12:00:00+00', 'twice', 'm_total', 1, '{}')
           , ('2021-01-01 12:00:10+00', 'twice', 'm_total', 21, '{}')
           , ('2021-01-01 12:00:10+00', 'twice', 'm_total', 11, '{}')
           , ('2021-01-01 12:00:20+00', 'twice', 'm_total', 31, '{}')
           , ('2021-01-01 12:00:00+00', 'gap', 'm_total', 1, '{}')
           , ('2021-01-01 12:00:10+00', 'gap', 'm_total', 'NaN', '{"value_str": "none"}')
           , ('2021-01-01 12:00:20+00', 'gap', 'm_total', 5, '{}')
           , ('2021-01-01 12:00:00+00', 'script', 'done_total', 1, '{"_metric_scrape_time": 1}')
           , ('2021-01-01 12:00:10+00', 'script', 'done_total', 3, '{"_metric_scrape_time": 2}')
           , ('2021-01-01 12:00:00+00', 'wild', 'm_total', -1.7e308, '{}')
           , ('2021-01-01 12:00:00.000001+00', 'wild', 'm_total', 1.7e308, '{}')
           , ('2021-01-01 12:00:10+00', 'wild', 'm_total', 5e-324, '{}')
           , ('2021-01-01 12:00:20+00', 'wild', 'm_total', 'Infinity', '{}')
           , ('2021-01-01 12:05:01+00', 'node-1', 'bytes_total', 340, '{"port": 1}')
           , ('2021-01-01 12:10:01+00', 'node-1', 'bytes_total', 10, '{"port": 1}')`
  }))
})

function rates(parameters: Readonly<Record<string, string>>): Promise<MetricRow[]> {
  return metricRows(api, {
    start_time: '2021-01-01T12:00:00',
    end_time: '2021-01-01T12:01:00',
    as_rate: 'true',
    ...parameters,
  })
}

const values = (rows: readonly MetricRow[]) => rows.map(row => row.value)

test('the increase per second of each counter, which is one of device, metric and labels', async t => {
  t.deepEqual(await rates({ devices: 'node-1', end_time: '2021-01-01T12:00:10' }), [
    {
      timestamp: '2021-01-01T12:00:10+00:00',
      device_id: 'node-1',
      metric_id: 'bytes_total',
      value: 5,
      labels: { port: 1 },
    },
    {
      timestamp: '2021-01-01T12:00:10+00:00',
      device_id: 'node-1',
      metric_id: 'bytes_total',
      value: 1,
      labels: { port: 2 },
    },
  ])
})

test('the first point of a counter is dropped, and a counter with one point is absent', async t => {
  const rows = await rates({ devices: 'node-1' })
  t.false(rows.some(row => row.metric_id === 'packets_total'))
  t.is(rows.filter(row => row.timestamp === '2021-01-01T12:00:00+00:00').length, 0)
})

test('a smaller value counts as a reset to zero', async t => {
  const rows = await rates({ devices: 'node-1' })
  const ofPort1 = rows.filter(row => JSON.stringify(row.labels) === '{"port":1}')
  t.deepEqual(values(ofPort1), [5, 0, 3, 1])
})

test('of two values at the same instant the second is dropped, and the next counts from the greater', async t => {
  t.deepEqual(values(await rates({ devices: 'twice' })), [1, 1])
})

test('NaN is no reading of a counter', async t => {
  t.deepEqual(values(await rates({ devices: 'gap' })), [0.2])
})

test("an alias has the rate of its devices' sum", async t => {
  t.deepEqual(values(await rates({ devices: 'rack' })), [6])
})

test('labels that differ from value to value do not make a counter of each', async t => {
  t.deepEqual(
    (await rates({ devices: 'script' })).map(({ value, labels }) => ({ value, labels })),
    [{ value: 0.2, labels: {} }],
  )
})

test('with summary the rate is that of the buckets', async t => {
  const rows = await rates({
    devices: 'node-1',
    metrics: 'bytes_total',
    summary: 'true',
    end_time: '2021-01-01T12:15:00',
  })
  t.deepEqual(
    rows.map(row => [row.timestamp.slice(11, 16), row.value]),
    [
      ['12:05', (340 - 150) / 300],
      ['12:10', 10 / 300],
    ],
  )
})

test('values at the end of what a double holds are no error', async t => {
  t.deepEqual(values(await rates({ devices: 'wild' })), ['Infinity', 0, 'Infinity'])
})

test('null flags count as absent ones', async t => {
  const { json } = await request(api, '/rpc/get_metrics', {
    body: { devices: 'gap', start_time: '2021-01-01T12:00:00', as_rate: true, summary: null },
  })
  t.deepEqual(values(json as MetricRow[]), [0.2])
  const plain = await request(api, '/rpc/get_metrics', {
    body: { devices: 'gap', start_time: '2021-01-01T12:00:00', as_rate: null, summary: null },
  })
  t.is((plain.json as MetricRow[]).length, 3)
})

test('rows are in order of time, device and metric', async t => {
  const rows = await rates({ devices: 'node-1,twice,gap,rack,script' })
  const keys = rows.map(row => [row.timestamp, row.device_id, row.metric_id].join(' '))
  t.true(keys.length > 5)
  t.deepEqual(keys, keys.toSorted())
})
