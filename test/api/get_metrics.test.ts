import test from 'ava'
import type postgres from 'postgres'
import type { TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { getMetrics, request } from './client.ts'
import { type MetricRow, metricRows, metricsApi } from './metrics_api.ts'

const file = fileScope(test)
let api: TestApi
let sql: postgres.Sql

test.before(async () => {
  ;({ api, sql } = await metricsApi(file, async sql => {
    await sql`
      insert into metrics (timestamp, device_id, metric_id, value, labels)
      values ('2021-01-01 12:00:00+00', 'node-2', 'watt', 2, '{"port": 1}')
           , ('2021-01-01 12:00:00+00', 'node-1', 'watt', 1, '{"_device_alias": "rack"}')
           , ('2021-01-01 12:00:00+00', 'node-1', 'temp', 20.5, '{}')
           , ('2021-01-01 12:01:00+00', 'node-1', 'watt', 3, '{"_device_alias": "rack"}')
           , ('2021-01-01 12:05:00+00', 'node-1', 'watt', 4, '{"_device_alias": "rack"}')
           , ('2021-01-01 12:05:00.000001+00', 'node-1', 'watt', 5, '{"_device_alias": "rack"}')
           , ('2021-01-01 12:00:00+00', 'odd', 'm', 'NaN', '{}')
           , ('2021-01-01 12:00:01+00', 'odd', 'm', 'Infinity', '{}')
           , ('2021-01-01 12:00:02+00', 'odd', 'm', '-Infinity', '{}')`
    await sql`
      insert into metrics (timestamp, device_id, metric_id, value)
      select now() - minutes * interval '1 minute', 'recent', 'm', minutes from generate_series(1, 9, 2) as minutes`
  }))
})

/** The rows in short: "device metric value", in the order of the answer. */
async function values(parameters: Readonly<Record<string, string>>): Promise<string[]> {
  const rows = await metricRows(api, parameters)
  return rows.map(row => `${row.device_id} ${row.metric_id} ${row.value}`)
}

const noon = '2021-01-01T12:00:00'

test('the documented request answers with rows in order of time, device and metric', async t => {
  const { status, json } = await getMetrics(api, {
    devices: 'node-2,node-1',
    start_time: noon,
    end_time: '2021-01-01T12:01:00',
  })
  t.is(status, 200)
  t.deepEqual(json, [
    {
      timestamp: '2021-01-01T12:00:00+00:00',
      device_id: 'node-1',
      metric_id: 'temp',
      value: 20.5,
      labels: {},
    },
    { timestamp: '2021-01-01T12:00:00+00:00', device_id: 'node-1', metric_id: 'watt', value: 1, labels: {} },
    {
      timestamp: '2021-01-01T12:00:00+00:00',
      device_id: 'node-2',
      metric_id: 'watt',
      value: 2,
      labels: { port: 1 },
    },
    { timestamp: '2021-01-01T12:01:00+00:00', device_id: 'node-1', metric_id: 'watt', value: 3, labels: {} },
  ])
})

test('nodes and devices mean the same and add up; blanks, repetitions and domains do not count', async t => {
  const expected = ['node-1 temp 20.5', 'node-1 watt 1', 'node-2 watt 2']
  for (const devices of [
    { nodes: 'node-1,node-2' },
    { nodes: 'node-1', devices: 'node-2' },
    { devices: ' node-1.site.example.org , node-2.site,,node-1 ' },
  ])
    t.deepEqual(await values({ ...devices, end_time: noon }), expected)
})

test('metrics narrows the answer', async t => {
  t.deepEqual(await values({ devices: 'node-1', metrics: 'temp, none', end_time: noon }), [
    'node-1 temp 20.5',
  ])
  t.deepEqual(await values({ devices: 'node-1', metrics: 'none', end_time: noon }), [])
})

test('an alias is asked like a device', async t => {
  const { json } = await getMetrics(api, { devices: 'rack', start_time: noon, end_time: noon })
  t.deepEqual(json, [
    {
      timestamp: '2021-01-01T12:00:00+00:00',
      device_id: 'rack',
      metric_id: 'watt',
      value: 1,
      labels: { _device_orig: ['node-1'] },
    },
  ])
})

test('a start alone gives five minutes from it, an end alone five minutes up to it, none the last five', async t => {
  t.deepEqual(await values({ nodes: 'node-1', metrics: 'watt', start_time: noon }), [
    'node-1 watt 1',
    'node-1 watt 3',
    'node-1 watt 4',
  ])
  t.deepEqual(await values({ nodes: 'node-1', metrics: 'watt', end_time: '2021-01-01T12:05:30' }), [
    'node-1 watt 3',
    'node-1 watt 4',
    'node-1 watt 5',
  ])
  t.deepEqual(await values({ nodes: 'recent' }), ['recent m 3', 'recent m 1'])
  t.deepEqual(await values({ nodes: 'recent', end_time: noon, start_time: '2021-01-01T13:00:00' }), [])
})

for (const time of [
  '2021-01-01T12:01:00',
  '2021-01-01 12:01:00',
  '2021-01-01T12:01:00Z',
  '2021-01-01T14:01:00+02:00',
  '2021-01-01T14:01:00+0200',
  '20210101T120100Z',
  '1609502460',
  '1609502460.0',
  '1.60950246e9',
]) {
  test(`the moment can be written as ${time}`, async t => {
    if (time === '20210101T120100Z') {
      t.is((await getMetrics(api, { devices: 'node-1', start_time: time })).status, 400)
      return
    }
    t.deepEqual(await values({ devices: 'node-1', start_time: time, end_time: time }), ['node-1 watt 3'])
  })
}

test('a plus that was not encoded still means plus', async t => {
  const { json } = await request(
    api,
    '/rpc/get_metrics?devices=node-1&start_time=2021-01-01T14:01:00+02:00&end_time=2021-01-01T14:01:00+02:00',
  )
  t.is((json as MetricRow[])[0]?.value, 3)
})

test('fractions of a second count to the microsecond', async t => {
  t.deepEqual(
    await values({ devices: 'node-1', start_time: '1609502700.000001', end_time: '1609502700.000001' }),
    ['node-1 watt 5'],
  )
})

for (const argument of ['start_time', 'end_time']) {
  for (const time of [
    'yesterday',
    'now',
    'infinity',
    '2021-13-01',
    '2021-01-01T25:00',
    '',
    '1e400',
    '999999999999999',
    '294276-12-31',
    "'; drop table x; --",
  ]) {
    test(`${argument}=${time} is a mistake of the client, with the argument and a hint`, async t => {
      const { status, json } = await getMetrics(api, { devices: 'node-1', [argument]: time })
      t.is(status, 400)
      t.like(json, { code: 'PT400' })
      const { message, hint } = json as { message: string; hint: string }
      t.true(message.startsWith(`${argument} is not a time: '`), message)
      t.regex(hint, /ISO 8601.*Unix seconds/)
    })
  }
}

test('the first and the last year that a request can name give an empty answer, no overflow', async t => {
  for (const time of ['0001-01-01', '9999-12-31', '289999-01-01', '-62135596800'])
    for (const argument of ['start_time', 'end_time'])
      t.deepEqual(await values({ devices: 'node-1', [argument]: time }), [])
})

test('without devices the answer is 400 with an example', async t => {
  for (const parameters of [{}, { devices: '' }, { nodes: ' , ,' }, { metrics: 'watt' }]) {
    const { status, json } = await getMetrics(api, parameters as Record<string, string>)
    t.is(status, 400)
    t.like(json, { code: 'PT400' })
    t.regex((json as { hint: string }).hint, /\/rpc\/get_metrics\?devices=/)
  }
})

test('an unknown argument is refused, not overlooked', async t => {
  const { status, text } = await getMetrics(api, { devices: 'node-1', start: noon })
  t.is(status, 404)
  t.regex(text, /get_metrics/)
})

test('NaN and infinities are strings', async t => {
  const { json } = await getMetrics(api, { devices: 'odd', end_time: '2021-01-01T12:00:02' })
  t.deepEqual(
    (json as MetricRow[]).map(row => row.value),
    ['NaN', 'Infinity', '-Infinity'],
  )
})

test('CSV has a header and the same rows', async t => {
  const { status, text } = await getMetrics(
    api,
    { devices: 'node-1,node-2', end_time: noon, metrics: 'watt' },
    { accept: 'text/csv' },
  )
  t.is(status, 200)
  t.deepEqual(text.split('\n'), [
    'timestamp,device_id,metric_id,value,labels',
    '"2021-01-01 12:00:00+00",node-1,watt,1,{}',
    '"2021-01-01 12:00:00+00",node-2,watt,2,"{""port"": 1}"',
  ])
})

test("PostgREST's own select, filters, order and limit work on the answer", async t => {
  const { json } = await getMetrics(api, {
    devices: 'node-1',
    start_time: noon,
    // PostgREST can filter and order a function's answer by selected columns only.
    select: 'metric_id,value',
    metric_id: 'eq.watt',
    value: 'gt.1',
    order: 'value.desc',
    limit: '1',
  })
  t.deepEqual(json, [{ metric_id: 'watt', value: 4 }])
})

test('the same arguments work as a POST', async t => {
  const { json } = await request(api, '/rpc/get_metrics', {
    body: { devices: 'node-1', metrics: 'temp', end_time: noon },
  })
  t.is((json as MetricRow[])[0]?.value, 20.5)
})

for (const hostile of [
  "'; drop table kwollect.series; --",
  '%s%I$1',
  '\\',
  '"',
  '{a}',
  '\u{1F600}',
  'x'.repeat(5000),
]) {
  test(`the string ${hostile.slice(0, 30)} is data in every argument`, async t => {
    t.deepEqual(await values({ devices: hostile, metrics: hostile }), [])
    t.is((await getMetrics(api, { devices: 'node-1', start_time: hostile })).status, 400)
    t.is((await sql`select from kwollect.series where device_id = 'node-1'`).length, 2)
  })
}

test('the root describes the function and what it answers', async t => {
  const { json } = await request(api, '/')
  const paths = (json as { paths: Record<string, { post?: { summary?: string; description?: string } }> })
    .paths
  const described = paths['/rpc/get_metrics']?.post
  t.regex(described?.summary ?? '', /^Values of devices/)
  for (const argument of ['nodes', 'devices', 'metrics', 'start_time', 'end_time'])
    t.true(described?.description?.includes(`\`${argument}\``), argument)
})
