import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { SignJWT } from 'jose'
import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'
import { getMetrics, request } from './client.ts'

const file = fileScope(test)
let database: TestDatabase
let api: TestApi
let sql: postgres.Sql
let secret: Uint8Array

test.before(async () => {
  database = await testDatabase(file)
  api = await startPostgrest(file, database)
  sql = session(file, database.reader)
  const configuration = readFileSync(join(database.apiFolder, 'postgrest.conf'), 'utf8')
  secret = new TextEncoder().encode(/^jwt-secret = "(.*)"$/m.exec(configuration)?.[1])
})

const insert = (body: unknown, query = '') =>
  request(api, `/rpc/insert_metrics${query}`, { body, token: api.token })

const stored = async (device: string) => [
  ...(await sql`select * from metrics where device_id = ${device} order by timestamp, metric_id`),
]

test('the documented object is stored, answered, and found by get_metrics', async t => {
  const value = {
    timestamp: '2020-01-06 14:00:00',
    device_id: 'node-1',
    metric_id: 'example_metric',
    value: 42,
  }
  const { status, json } = await insert(value)
  t.is(status, 200)
  const expected = [{ ...value, timestamp: '2020-01-06T14:00:00+00:00', labels: {} }]
  t.deepEqual(json, expected)
  t.deepEqual((await getMetrics(api, { devices: 'node-1', end_time: '2020-01-06T14:00:00' })).json, expected)
})

test('the documented array is stored with the same moment, now', async t => {
  const { status, json } = await insert([
    { device_id: 'node-2', metric_id: 'example_metric1', value: 42 },
    { device_id: 'node-2', metric_id: 'example_metric2', value: 22 },
  ])
  t.is(status, 200)
  t.like(json, [
    { metric_id: 'example_metric1', value: 42 },
    { metric_id: 'example_metric2', value: 22 },
  ])
  const rows = await stored('node-2')
  t.deepEqual(
    rows.map(row => row.value),
    [42, 22],
  )
  t.deepEqual(rows[0]?.timestamp, rows[1]?.timestamp)
})

test('absent and null fields have defaults; NaN and infinities are strings both ways', async t => {
  const { json } = await insert([
    { device_id: 'defaults', metric_id: 'a', value: null, timestamp: null, labels: null },
    {
      device_id: 'defaults',
      metric_id: 'b',
      value: 'Infinity',
      timestamp: 1578317700.5,
      labels: { port: 1 },
    },
    { device_id: 'defaults', metric_id: 'c', value: '-Infinity', timestamp: '1578317700', labels: {} },
  ])
  t.like(json, [
    { value: 'NaN', labels: {} },
    { value: 'Infinity', labels: { port: 1 }, timestamp: '2020-01-06T13:35:00.5+00:00' },
    { value: '-Infinity', labels: {}, timestamp: '2020-01-06T13:35:00+00:00' },
  ])
})

test('an empty array stores nothing and answers with nothing', async t => {
  t.deepEqual(await insert([]), { status: 200, text: '[]', json: [] })
})

test('objects with different fields are refused by PostgREST, unless the address names columns', async t => {
  const items = [
    { device_id: 'different', metric_id: 'm' },
    { device_id: 'different', metric_id: 'm', value: 2 },
  ]
  const refused = await insert(items)
  t.is(refused.status, 400)
  t.like(refused.json, { code: 'PGRST102', message: 'All object keys must match' })
  t.deepEqual(await stored('different'), [])
  const { status } = await insert(items, '?columns=device_id,metric_id')
  t.is(status, 200)
  t.deepEqual(
    (await stored('different')).map(row => row.value),
    [Number.NaN, 2],
  )
})

for (const [what, item, message] of [
  ['no device', { metric_id: 'm' }, /^item 2 lacks device_id or metric_id/],
  ['a device that is an object', { device_id: { a: 1 }, metric_id: 'm' }, /^item 2 lacks .* no string/],
  ['an unknown field', { device_id: 'a', metric_id: 'm', valeu: 1 }, /^item 2 has an unknown field 'valeu'/],
  ['a number instead of an object', 5, /^item 2 is no object but number/],
  [
    'a value that is text',
    { device_id: 'a', metric_id: 'm', value: 'many' },
    /^value of item 2 is not a number: 'many'/,
  ],
  [
    'a value that is true',
    { device_id: 'a', metric_id: 'm', value: true },
    /^value of item 2 is not a number/,
  ],
  [
    'a bad time',
    { device_id: 'a', metric_id: 'm', timestamp: 'noon' },
    /^timestamp of item 2 is not a time: 'noon'/,
  ],
  [
    'labels that are an array',
    { device_id: 'a', metric_id: 'm', labels: [1] },
    /labels must be a JSON object, got array/,
  ],
  [
    'labels over 64 KB',
    { device_id: 'a', metric_id: 'm', labels: { x: 'y'.repeat(66_000) } },
    /labels_of_at_most_64_kb/,
  ],
  ['a NUL', { device_id: 'a', metric_id: 'm\u0000' }, /cannot be stored/],
  ['an empty name', { device_id: '', metric_id: 'm' }, /device_id_of_1_to_1024_bytes/],
] as const) {
  test(`one item with ${what} refuses all, with status 400, the item and a hint`, async t => {
    const good = { device_id: `beside ${what}`, metric_id: 'm' }
    const { status, json } = await insert([good, item], '?columns=device_id')
    t.is(status, 400)
    const error = json as { code: string; message: string; hint: string }
    t.is(error.code, 'PT400')
    t.regex(error.message, message)
    t.true(error.hint.length > 20)
    t.deepEqual(await stored(good.device_id), [])
  })
}

test('a number that no double can hold, and a body that is no JSON, are 400 too', async t => {
  t.is((await insert('{"device_id": "a", "metric_id": "m", "value": 1e400}')).status, 400)
  t.is((await insert('{"device_id": ')).status, 400)
})

test('strings that mean something to SQL are stored as they are', async t => {
  const device = `'; drop table kwollect.samples; -- %s \\ "`
  const labels = { "key'--": `va"lue\\n` }
  t.is((await insert({ device_id: device, metric_id: '{a,b}', value: 1, labels })).status, 200)
  const [row] = await stored(device)
  t.deepEqual([row?.metric_id, row?.labels], ['{a,b}', labels])
})

test('fifty requests at once with the same new series all succeed', async t => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, value) => insert({ device_id: 'parallel', metric_id: 'm', value })),
  )
  t.deepEqual([...new Set(answers.map(answer => answer.status))], [200])
  t.is((await stored('parallel')).length, 50)
})

const value = { device_id: 'forbidden', metric_id: 'm' }
const sign = (payload: Record<string, unknown>, key = secret) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(key)

test('without a token nothing is stored: 401', async t => {
  t.is((await request(api, '/rpc/insert_metrics', { body: value })).status, 401)
  t.deepEqual(await stored('forbidden'), [])
})

test('a forged, expired, unsigned or foreign token stores nothing: 401 or 403', async t => {
  const now = Math.floor(Date.now() / 1000)
  const unsigned = (alg: string) =>
    `${[{ alg, typ: 'JWT' }, { role: database.user }].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`
  const tokens = {
    'signed with another key': await sign({ role: database.user }, new TextEncoder().encode('x'.repeat(32))),
    expired: await sign({ role: database.user, exp: now - 3600 }),
    'not valid yet': await sign({ role: database.user, nbf: now + 3600 }),
    'of the algorithm none': unsigned('none'),
    'without a signature': unsigned('HS256'),
    'for the reading role': await sign({ role: database.userRo }),
    'for the administrator': await sign({ role: database.server.user }),
    'for the owner': await sign({ role: 'kwollect_owner' }),
    'that names no role': await sign({}),
    'that is no token': 'hello',
  }
  for (const [what, token] of Object.entries(tokens)) {
    const { status } = await request(api, '/rpc/insert_metrics', { body: value, token })
    t.true(status === 401 || status === 403, `a token ${what} got ${status}`)
  }
  t.deepEqual(await stored('forbidden'), [])
})
