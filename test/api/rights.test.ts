import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { SignJWT } from 'jose'
import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'
import { request } from './client.ts'

const file = fileScope(test)
let database: TestDatabase
let admin: postgres.Sql
let api: TestApi

test.before(async () => {
  database = await testDatabase(file)
  admin = session(file, database.admin)
  await admin`insert into metrics (device_id, metric_id, value) values ('node-1', 'm', 1)`
  await admin`insert into promoted_metrics values ('node-1', 'm')`
  await admin`
    create or replace view promoted_metrics_per_job as select 1 as job_id, 'node-2'::text as node, 'm'::text as metric_id`
  api = await startPostgrest(file, database)
})

/** All paths that OpenAPI lists, for the most that anybody may see: those of the token. */
async function paths(token?: string): Promise<string[]> {
  const { json } = await request(api, '/', token === undefined ? {} : { token })
  return Object.keys((json as { paths: object }).paths)
}

/** Numbers of rows and of writes ever made, of every table that is not PostgreSQL's. */
async function contents(): Promise<unknown> {
  return [
    ...(await admin`
      select (select count(*) from metrics) as metrics
           , (select count(*) from promoted_metrics) as promoted
           , (select string_agg(name || value, ',' order by name) from kwollect.settings) as settings
           , (select count(*) from kwollect.series) as series
           , (select count(*) from kwollect.dead_letters) as letters`),
  ]
}

const body = { device_id: 'stolen', metric_id: 'm', value: 1 }

test('no request of any method on any path lets an anonymous user or the reading role write', async t => {
  const configuration = readFileSync(join(database.apiFolder, 'postgrest.conf'), 'utf8')
  const secret = new TextEncoder().encode(/^jwt-secret = "(.*)"$/m.exec(configuration)?.[1])
  const reading = await new SignJWT({ role: database.userRo })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(secret)
  const before = await contents()
  const all = await paths(api.token)
  t.true(all.includes('/rpc/insert_metrics') && all.includes('/rpc/get_metrics') && all.length > 4)
  const names = await admin<{ path: string }[]>`
    select '/' || relname as path from pg_class where relnamespace in ('kwollect'::regnamespace, 'public'::regnamespace) and relkind in ('r', 'v')
     union all
    select '/rpc/' || proname from pg_proc where pronamespace = 'kwollect'::regnamespace`
  const succeeded: string[] = []
  for (const path of [...all, ...names.map(({ path }) => path)]) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const token of [undefined, reading]) {
        // An empty PATCH is answered by PostgREST itself: there is nothing to ask the database for.
        for (const content of method === 'PATCH' ? [body] : [body, {}]) {
          const { status } = await request(api, path, { method, body: content, ...(token ? { token } : {}) })
          if (status < 400) succeeded.push(`${method} ${path}`)
          t.true(status < 500, `${method} ${path}: ${status}`)
        }
      }
    }
  }
  t.deepEqual(await contents(), before)
  const reads = /^POST \/rpc\/(get_metrics|available_metrics|dashboard)$/
  t.deepEqual(
    [...new Set(succeeded)].filter(what => !reads.test(what)),
    [],
  )
})

test('with the token, views can still only be read', async t => {
  const before = await contents()
  for (const path of (await paths(api.token)).filter(path => path !== '/' && !path.startsWith('/rpc/'))) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status } = await request(api, `${path}?device_id=eq.node-1`, { method, body, token: api.token })
      t.true(status >= 400 && status < 500, `${method} ${path}: ${status}`)
    }
  }
  t.deepEqual(await contents(), before)
})

test('a GET never writes, not even with the token', async t => {
  const before = await contents()
  for (const path of await paths(api.token)) {
    await request(api, path, { token: api.token })
    await request(api, `${path}?${new URLSearchParams({ device_id: 'stolen', metric_id: 'm' })}`, {
      token: api.token,
    })
  }
  t.deepEqual(await contents(), before)
})

test('anonymous users are not shown what they may not call', async t => {
  const shown = await paths()
  t.true(shown.includes('/rpc/get_metrics'))
  for (const path of ['/rpc/insert_metrics', '/rpc/update_promoted_metrics']) t.false(shown.includes(path))
})

test('no header chooses another schema or role', async t => {
  for (const headers of [{ 'accept-profile': 'kwollect' }, { 'accept-profile': 'public' }] as const)
    t.true((await request(api, '/settings', { headers })).status >= 400)
  const { status } = await request(api, '/rpc/last_batch', {
    body: { spool_id: null },
    headers: { 'content-profile': 'kwollect' },
  })
  t.true(status >= 400)
})
