import test from 'ava'
import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'
import { type Answer, request } from './client.ts'

const file = fileScope(test)
let database: TestDatabase
let api: TestApi
let admin: postgres.Sql

test.before(async () => {
  database = await testDatabase(file)
  admin = session(file, database.admin)
  await admin`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    values ('2021-01-01 12:00:00+00', 'node-10', 'watt', 1, '{}')
         , ('2021-01-01 12:00:00+00', 'node-2', 'fan10', 1, '{}')
         , ('2021-01-01 12:00:00+00', 'node-2', 'fan2', 1, '{}')
         , ('2021-01-01 12:00:30+00', 'node-2', 'fan2', 1, '{"side": "left"}')
         , ('2021-01-01 11:59:30+00', 'pdu-1', 'watt', 1, '{"_device_alias": "node-3"}')
         , ('2021-01-01 11:59:30+00', 'pdu-2', 'watt', 1, '{"_device_alias": "node-3"}')
         , (now() - interval '10 seconds', 'recent', 'm', 1, '{}')
         , (now() - interval '2 minutes', 'former', 'm', 1, '{}')`
  await admin.unsafe(`
    create or replace view nodetime_per_job as
    select 7 as job_id, timestamptz '2021-01-01 11:00Z' as start_time, null::timestamptz as stop_time, node
      from unnest(array['node-2', 'node-3']) as node`)
  api = await startPostgrest(file, database)
})

const ask = (parameters: Readonly<Record<string, string>>): Promise<Answer> =>
  request(api, `/rpc/available_metrics?${new URLSearchParams(parameters)}`)

/** The pairs in short: "device metric", in the order of the answer. */
function pairs({ json, text }: Answer): string[] {
  if (!Array.isArray(json)) throw new Error(text)
  return json.map(({ device_id, metric_id }) => `${device_id} ${metric_id}`)
}

const noon = '2021-01-01T12:00:00Z'

test('devices under their names and aliases, and their metrics, each once, in natural order', async t => {
  t.deepEqual(pairs(await ask({ at: noon })), [
    'node-2 fan2',
    'node-2 fan10',
    'node-3 watt',
    'node-10 watt',
    'pdu-1 watt',
    'pdu-2 watt',
  ])
})

test('a value counts from its moment until a minute later', async t => {
  const params = '{"devices": ["node-10"]}'
  t.deepEqual(pairs(await ask({ at: '2021-01-01T11:59:59.999Z', params })), [])
  t.deepEqual(pairs(await ask({ at: noon, params })), ['node-10 watt'])
  t.deepEqual(pairs(await ask({ at: '2021-01-01T12:00:59.999Z', params })), ['node-10 watt'])
  t.deepEqual(pairs(await ask({ at: '2021-01-01T12:01:00Z', params })), [])
})

test('without a moment it is now', async t => {
  t.deepEqual(pairs(await ask({})), ['recent m'])
  t.deepEqual(pairs(await request(api, '/rpc/available_metrics')), ['recent m'])
})

test('devices can be named as over get_metrics: aliases, and a domain that does not count', async t => {
  const params = JSON.stringify({ devices: ['node-3', 'node-10.site.example.org', 'node-10', 'unknown'] })
  t.deepEqual(pairs(await ask({ at: noon, params })), ['node-3 watt', 'node-10 watt'])
  t.deepEqual(pairs(await ask({ at: noon, params: '{"devices": []}' })), [])
})

test("a job's nodes are its devices; an unknown job has none", async t => {
  const ofJob = ['node-2 fan2', 'node-2 fan10', 'node-3 watt']
  t.deepEqual(pairs(await ask({ at: noon, params: '{"job_id": 7}' })), ofJob)
  t.deepEqual(pairs(await ask({ at: noon, params: '{"job_id": "7"}' })), ofJob)
  t.deepEqual(pairs(await ask({ at: noon, params: '{"job_id": 8}' })), [])
})

test('params that are null or empty mean all devices', async t => {
  for (const params of ['null', '{}', '{ }', '{"devices": null}', '{"job_id": null, "devices": null}'])
    t.is(pairs(await ask({ at: noon, params })).length, 6, params)
})

test('a POST takes params as an object, or as the string that a GET has', async t => {
  for (const params of [{ devices: ['node-10'] }, '{"devices": ["node-10"]}'])
    t.deepEqual(pairs(await request(api, '/rpc/available_metrics', { body: { at: noon, params } })), [
      'node-10 watt',
    ])
})

for (const params of [
  '"node-1"',
  '["node-1"]',
  '5',
  'true',
  '{"device": ["node-1"]}',
  '{"devices": "node-1"}',
  '{"devices": {"node-1": 1}}',
  '{"job_id": "x"}',
  '{"job_id": 1.5}',
  '{"job_id": 99999999999}',
  '{"job_id": [7]}',
  '{"devices": ["\\u0000"]}',
]) {
  test(`params=${params} is a mistake of the client, with a hint`, async t => {
    const { status, json } = await ask({ at: noon, params })
    t.is(status, 400)
    t.like(json, { code: 'PT400' })
    t.regex((json as { message: string }).message, /^params /)
    t.regex((json as { hint: string }).hint, /"devices": \["node-1"\]/)
  })
}

test('params that are no JSON and moments that are none are 400', async t => {
  for (const parameters of [{ params: '{' }, { params: '' }, { at: 'yesterdayish' }, { at: '' }] as const) {
    const answer = await ask(parameters as Record<string, string>)
    t.is(answer.status, 400, JSON.stringify(parameters))
  }
  const { status, json } = await ask({ at: '4714-11-24 BC' })
  t.is(status, 400)
  t.regex((json as { message: string }).message, /^at is /)
})

test('a moment that is infinite has no metrics', async t => {
  for (const at of ['infinity', '-infinity']) t.deepEqual(pairs(await ask({ at })), [])
})

test('CSV and the filters of PostgREST work on the answer', async t => {
  const { text } = await request(api, `/rpc/available_metrics?at=${noon}&metric_id=eq.watt&limit=1`, {
    headers: { accept: 'text/csv' },
  })
  t.is(text, 'device_id,metric_id\nnode-3,watt')
})
