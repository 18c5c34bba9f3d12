import test from 'ava'
import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import type { Scope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'
import { type Answer, request } from './client.ts'

interface SetUp {
  readonly database: TestDatabase
  readonly api: TestApi
  readonly sql: postgres.Sql
  update(): Promise<Answer>
  /** Exchanges what running jobs ask for. */
  ask(rows: readonly (readonly [node: string | null, metric: string | null])[]): Promise<void>
}

/** A database whose jobs are rows of a table of the test. */
async function setUp(scope: Scope): Promise<SetUp> {
  const database = await testDatabase(scope)
  const sql = session(scope, database.admin)
  await sql.unsafe(`
    create table public.asked (job_id integer default 1, node text, metric_id text);
    grant select on public.asked to kwollect_owner;
    create or replace view promoted_metrics_per_job as select job_id, node, metric_id from public.asked`)
  const api = await startPostgrest(scope, database)
  return {
    database,
    api,
    sql,
    update: () => request(api, '/rpc/update_promoted_metrics', { method: 'POST', token: api.token }),
    async ask(rows) {
      await sql.begin(async transaction => {
        await transaction`delete from public.asked`
        for (const [node, metric] of rows)
          await transaction`insert into public.asked (node, metric_id) values (${node}, ${metric})`
      })
    },
  }
}

const promoted = async (sql: postgres.Sql) =>
  (await sql`select device_id, metric_id from promoted_metrics order by 1, 2`).map(row => ({ ...row }))

test('what running jobs ask for is promoted and answered, what they no longer ask for goes', async t => {
  const { sql, update, ask } = await setUp(t)
  await ask([
    ['node-2', 'watt.*'],
    ['node-1', null],
    ['node-2', 'watt.*'],
    [null, 'nobody'],
  ])
  const { status, json } = await update()
  t.is(status, 200)
  t.deepEqual(json, [
    { device_id: 'node-1', metric_id: null },
    { device_id: 'node-2', metric_id: 'watt.*' },
  ])
  t.deepEqual(await promoted(sql), json as Record<string, unknown>[])
  await ask([['node-2', '']])
  t.deepEqual((await update()).json, [{ device_id: 'node-2', metric_id: '' }])
  await ask([])
  t.deepEqual((await update()).json, [])
  t.deepEqual(await promoted(sql), [])
})

test('rows that somebody inserted by hand stay, also where a job asks for the same', async t => {
  const { database, sql, update, ask } = await setUp(t)
  const writer = session(t, database.writer)
  await writer`insert into promoted_metrics values ('node-1', 'watt'), ('node-9', null)`
  await ask([['node-1', 'watt']])
  const byHand = [
    { device_id: 'node-1', metric_id: 'watt' },
    { device_id: 'node-9', metric_id: null },
  ]
  t.deepEqual((await update()).json, byHand)
  await ask([])
  t.deepEqual((await update()).json, byHand)
  t.deepEqual(await promoted(sql), byHand)
})

test('twenty calls at the same moment give one right result', async t => {
  const { sql, update, ask } = await setUp(t)
  const wanted = Array.from({ length: 50 }, (_, i) => [`node-${i}`, 'm'] as const)
  await ask(wanted)
  const answers = await Promise.all(Array.from({ length: 20 }, update))
  for (const { status, json } of answers) {
    t.is(status, 200)
    t.is((json as unknown[]).length, 50)
  }
  t.is((await promoted(sql)).length, 50)
})

test('calls while jobs come and go: after the last one the promotions are those of the jobs', async t => {
  const { sql, update, ask } = await setUp(t)
  const calls: Promise<Answer>[] = []
  for (let round = 0; round < 20; round++) {
    await ask([[`node-${round % 3}`, `m${round}`]])
    calls.push(update())
  }
  for (const { status, text } of await Promise.all(calls)) t.is(status, 200, text)
  t.deepEqual(await promoted(sql), [{ device_id: 'node-1', metric_id: 'm19' }])
})

test('changes are announced, calls that change nothing are not', async t => {
  const { database, sql, update, ask } = await setUp(t)
  const payloads: string[] = []
  let finish: () => void = () => undefined
  const end = new Promise<void>(resolve => {
    finish = resolve
  })
  await session(t, database.admin).listen('kwollect_promotions', payload => {
    payloads.push(payload)
    if (payload === 'end') finish()
  })
  await update()
  await ask([['node-1', 'm']])
  await update()
  await sql.notify('kwollect_promotions', 'changed once')
  await update()
  await update()
  await ask([['node-1', 'n']])
  await update()
  await sql.notify('kwollect_promotions', 'end')
  await end
  t.deepEqual(payloads, [database.name, 'changed once', database.name, 'end'])
})

test('an expression that does not compile costs no other', async t => {
  const { sql, update, ask } = await setUp(t)
  await ask([
    ['node-1', '('],
    ['node-1', 'a{2,1}'],
    ['node-1', '((((((x{255}){255}){255}){255}){255}){255})'],
    ['node-1', "'; drop table kwollect.promotions; --"],
    ['node-1', '(a+)+$'],
    ['node-1', '(.*)(.*)x\\1\\2'],
    ['node-2', 'm'],
  ])
  const expected = [
    { device_id: 'node-1', metric_id: "'; drop table kwollect.promotions; --" },
    { device_id: 'node-1', metric_id: '(a+)+$' },
    { device_id: 'node-2', metric_id: 'm' },
  ]
  const { status, json } = await update()
  t.is(status, 200)
  const inOrder = (rows: unknown) => (rows as { metric_id: string }[]).map(row => row.metric_id).toSorted()
  t.deepEqual(inOrder(json), inOrder(expected))
  t.deepEqual(inOrder(await promoted(sql)), inOrder(expected))
})

test('without a token the answer is 401 and nothing changes', async t => {
  const { api, sql, ask } = await setUp(t)
  await ask([['node-1', 'm']])
  const { status } = await request(api, '/rpc/update_promoted_metrics', { method: 'POST' })
  t.is(status, 401)
  t.deepEqual(await promoted(sql), [])
})
