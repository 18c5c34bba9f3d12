import { fc } from '@fast-check/ava'
import test from 'ava'
import postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'
import { type Answer, request } from './client.ts'
import { apiFunctions, checksum, hostileArguments, hostileJson, oddItems, type Routine } from './hostile.ts'

const file = fileScope(test)
let database: TestDatabase
let api: TestApi
/** A superuser: whatever a hostile string got executed would succeed, and be seen. */
let sql: postgres.Sql
let before: string

const seed = Date.now() % 2 ** 31
const reported = { seed, includeErrorInReport: true }

test.before(async t => {
  t.log(`seed ${seed}`)
  database = await testDatabase(file)
  sql = session(file, database.admin)
  await sql.unsafe(`
    create sequence public.executed_calls;
    create function public.kwollect_executed() returns text language sql as $$ select nextval('public.executed_calls')::text $$;
    grant execute on function public.kwollect_executed() to public;
    create or replace view nodetime_per_job as
    select 1 as job_id, timestamptz '2021-01-01' as start_time, null::timestamptz as stop_time, 'node-1' as node`)
  await sql`
    insert into metrics (timestamp, device_id, metric_id, value, labels)
    values ('2021-01-01', 'node-1', 'm', 1, '{"_device_alias": "alias"}'), (now(), 'node-1', 'm_total', 2, '{}')`
  api = await startPostgrest(file, database)
  before = await checksum(sql)
})

test.after('nothing was executed and the database is as it was', async t => {
  t.is(await checksum(sql), before)
  const [calls] = await sql`select is_called from public.executed_calls`
  t.is(calls?.is_called, false)
})

/** A mistake that PostgREST answers with 4xx: our own codes, data exceptions, constraints, limits. */
function isClientError(error: postgres.PostgresError): boolean {
  // PostgREST writes the message into the status line.
  if (/^PT4\d\d$/.test(error.code)) return Boolean(error.hint) && !/\p{Cc}/u.test(error.message)
  return /^(22|23|54)/.test(error.code)
}

/** Calls the function as PostgREST does, its arguments cast from text. */
async function call(
  on: postgres.ISql,
  routine: Routine,
  values: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const given = routine.arguments.filter(({ name }) => name in values)
  const list = given.map(
    ({ name, type }, index) => `${name === '' ? '' : `"${name}" => `}$${index + 1}::text::${type}`,
  )
  await on.unsafe(
    `select * from api."${routine.name}"(${list.join(', ')})`,
    given.map(({ name }) => values[name] ?? ''),
  )
}

/** Runs it in a transaction that is taken back. @returns the error, if any */
async function attempt(
  routine: Routine,
  values: Readonly<Record<string, string | undefined>>,
): Promise<unknown> {
  const undo = new Error('taken back')
  try {
    await sql.begin(async transaction => {
      await call(transaction, routine, values)
      throw undo
    })
  } catch (error) {
    return error === undo ? undefined : error
  }
  return undefined
}

function complaint(routine: Routine, error: unknown): string | undefined {
  if (error === undefined) return undefined
  if (!(error instanceof postgres.PostgresError)) return `${routine.name}: ${error}`
  return isClientError(error) ? undefined : `${routine.name}: ${error.code} ${error.message}`
}

for (const kind of ['reading', 'writing'] as const) {
  test(`whatever the arguments of the ${kind} functions: data, or a mistake of the client`, async t => {
    const routines = await apiFunctions(sql, kind)
    t.true(routines.length >= 2)
    for (const routine of routines.filter(found => found.arguments.length > 0)) {
      const values = hostileArguments(routine)
      const property = fc.asyncProperty(values, async given => {
        const error = await attempt(routine, given)
        const wrong = complaint(routine, error)
        if (wrong !== undefined) throw new Error(wrong)
      })
      await t.notThrowsAsync(fc.assert(property, { ...reported, numRuns: 400 }))
    }
  })
}

/** 2xx with data, or 4xx with a sentence. */
function isFine({ status, json }: Answer): boolean {
  if (status >= 200 && status < 300) return json !== undefined
  const { message, hint } = (json ?? {}) as { message?: string; hint?: string }
  return status >= 400 && status < 500 && Boolean(hint || message)
}

test('over HTTP too, as GET and as POST', async t => {
  for (const routine of await apiFunctions(sql, 'reading')) {
    const property = fc.asyncProperty(hostileArguments(routine), async given => {
      const path = `/rpc/${routine.name}`
      for (const answer of [
        await request(api, `${path}?${new URLSearchParams(given as Record<string, string>)}`),
        await request(api, path, { body: given }),
      ])
        if (!isFine(answer)) throw new Error(`${answer.status} ${answer.text}`)
    })
    await t.notThrowsAsync(fc.assert(property, { ...reported, numRuns: 150 }))
  }
})

test('a line break in an argument does not get into the head of the answer', async t => {
  const split = 'x\r\nSet-Cookie: stolen=1\r\n\r\n<script>'
  const params = JSON.stringify({ job_id: split })
  const item = { device_id: 'node-1', metric_id: 'm' }
  for (const answer of [
    await request(api, `/rpc/get_metrics?${new URLSearchParams({ devices: 'node-1', start_time: split })}`),
    await request(api, `/rpc/get_metrics?${new URLSearchParams({ devices: 'node-1', end_time: split })}`),
    await request(api, `/rpc/available_metrics?${new URLSearchParams({ params })}`),
    await request(api, `/rpc/get_job_energy?${new URLSearchParams({ job_id: '1', metrics: split })}`),
    await request(api, '/rpc/insert_metrics', { body: { ...item, value: split }, token: api.token }),
    await request(api, '/rpc/insert_metrics', { body: { ...item, timestamp: split }, token: api.token }),
    await request(api, '/rpc/insert_metrics', { body: { ...item, [split]: 1 }, token: api.token }),
  ]) {
    t.is(answer.status, 400)
    t.like(answer.json, { code: 'PT400' })
  }
})

test('insert_metrics over HTTP refuses what it cannot store, with a sentence', async t => {
  const property = fc.asyncProperty(hostileJson, async body => {
    // Without the token nothing is stored, but PostgREST reads the body all the same.
    const answer = await request(api, '/rpc/insert_metrics', { body })
    if (answer.status < 400 || !isFine(answer)) throw new Error(`${answer.status} ${answer.text}`)
  })
  await t.notThrowsAsync(fc.assert(property, { ...reported, numRuns: 100 }))
})

test('what insert_metrics takes is found again as it was answered', async t => {
  let stored = 0
  const property = fc.asyncProperty(oddItems, async body => {
    const undo = new Error('taken back')
    await sql
      .begin(async transaction => {
        const rows = await transaction`
          select timestamp::text as timestamp, device_id, metric_id, value::text as value, labels::text as labels
            from api.insert_metrics(${body}::text::json)`
        stored += rows.length
        for (const row of rows) {
          const found = await transaction`
            select from metrics
             where timestamp = ${row.timestamp}::text::timestamptz and device_id = ${row.device_id} and metric_id = ${row.metric_id}
               and value = ${row.value}::text::double precision and labels::text = ${row.labels}`
          if (found.length === 0) throw new Error(`lost: ${JSON.stringify(row)}`)
        }
        throw undo
      })
      .catch(error => {
        const wrong = error === undo ? undefined : complaint({ name: 'insert_metrics', arguments: [] }, error)
        if (wrong !== undefined) throw new Error(wrong)
      })
  })
  await t.notThrowsAsync(fc.assert(property, { ...reported, numRuns: 300 }))
  t.log(`${stored} rows`)
  t.true(stored > 20, `${stored} rows`)
})

const megabyte = 2 ** 20

test('strings of a megabyte and ten thousand names are data', async t => {
  const long = "x'\\".repeat(megabyte / 3)
  const names = Array.from({ length: 10_000 }, (_, i) => `node-${i}`)
  for (const body of [
    { devices: long },
    { devices: 'node-1', metrics: long },
    { devices: names.join(',') },
    { nodes: names.join(','), metrics: names.join(','), summary: true, as_rate: true },
    { job_id: 1, devices: names.join(',') },
  ]) {
    const { status, json } = await request(api, '/rpc/get_metrics', { body })
    t.is(status, 200)
    t.true(Array.isArray(json))
  }
  for (const params of [{ devices: names }, { devices: [long] }]) {
    const { status } = await request(api, '/rpc/available_metrics', { body: { params } })
    t.is(status, 200)
  }
  for (const body of [
    { devices: 'node-1', start_time: long },
    { devices: 'node-1', end_time: long },
  ]) {
    const { status, text } = await request(api, '/rpc/get_metrics', { body })
    t.is(status, 400)
    t.true(text.length < 1000, 'the answer does not repeat the megabyte')
  }
})

test('names and values of a megabyte are refused by insert_metrics without repeating them', async t => {
  const long = 'x'.repeat(megabyte)
  for (const item of [
    { device_id: long, metric_id: 'm' },
    { device_id: 'node-1', metric_id: long },
    { device_id: 'node-1', metric_id: 'm', value: long },
    { device_id: 'node-1', metric_id: 'm', timestamp: long },
    { device_id: 'node-1', metric_id: 'm', labels: { long } },
    { device_id: 'node-1', metric_id: 'm', labels: long },
    { device_id: 'node-1', metric_id: 'm', [long]: 1 },
  ]) {
    const { status, json, text } = await request(api, '/rpc/insert_metrics', { body: item, token: api.token })
    t.is(status, 400, text.slice(0, 200))
    t.truthy((json as { hint: string }).hint)
    t.true(text.length < 2000)
  }
})

test('JSON nested a hundred thousand deep is refused, and the server lives', async t => {
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  for (const [path, body] of [
    ['/rpc/available_metrics', `{"params": ${nested}}`],
    ['/rpc/available_metrics', `{"params": {"devices": ${nested}}}`],
    ['/rpc/insert_metrics', nested],
    ['/rpc/insert_metrics', `{"device_id": "node-1", "metric_id": "m", "labels": {"a": ${nested}}}`],
  ] as const) {
    const answer = await request(api, path, { body, token: api.token })
    t.true(answer.status >= 400 && isFine(answer), `${answer.status} ${answer.text.slice(0, 300)}`)
  }
  t.is((await request(api, '/rpc/get_metrics?devices=node-1')).status, 200)
})

test('filters of the views take hostile strings as data', async t => {
  const property = fc.asyncProperty(fc.string({ unit: 'binary' }), async text => {
    for (const path of [
      '/metrics_by_device?device_id=eq.',
      '/metrics_by_job?job_id=eq.1&metric_id=in.',
      '/nodetime_per_job?node=like.',
    ]) {
      const answer = await request(api, `${path}${encodeURIComponent(text.toWellFormed())}`)
      if (!isFine(answer)) throw new Error(`${path}: ${answer.status} ${answer.text}`)
    }
  })
  await t.notThrowsAsync(fc.assert(property, { ...reported, numRuns: 60 }))
})
