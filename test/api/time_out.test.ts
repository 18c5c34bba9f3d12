import test from 'ava'
import { privateCluster } from '../harness/cluster.ts'
import { installedDatabase } from '../harness/database.ts'
import { startPostgrest } from '../harness/postgrest.ts'
import { session } from '../sql/session.ts'
import { getMetrics, request } from './client.ts'

test('a request has the time-out of the option, though PostgREST logs in as another role', async t => {
  const database = await installedDatabase(t, (await privateCluster(t)).address)
  const admin = session(t, database.admin)
  await admin.unsafe(`
    create function api.shown_timeout() returns text language sql stable return current_setting('statement_timeout');
    grant execute on function api.shown_timeout() to public`)
  const api = await startPostgrest(t, database)
  t.is((await request(api, '/rpc/shown_timeout')).json, '5min')
})

test('a query past the time-out is 504 with a hint, not 500', async t => {
  const database = await installedDatabase(t, (await privateCluster(t)).address)
  const admin = session(t, database.admin)
  // The option counts minutes; what it sets is the setting of the role.
  await admin.unsafe(`alter role ${database.userRo} set statement_timeout = '200ms'`)
  const api = await startPostgrest(t, database)
  await admin`begin`
  await admin`lock table kwollect.series in access exclusive mode`
  const { status, json } = await getMetrics(api, { devices: 'node-1' })
  await admin`rollback`
  t.is(status, 504)
  t.deepEqual(json, {
    code: 'PT504',
    message: 'the query took too long',
    hint: 'Narrow the time range or use summary=true.',
    details: null,
  })
  t.is((await getMetrics(api, { devices: 'node-1' })).status, 200)
})

test('available_metrics, get_job_energy and insert_metrics past the time-out are 504 with what to do instead', async t => {
  const database = await installedDatabase(t, (await privateCluster(t)).address)
  const admin = session(t, database.admin)
  await admin.unsafe(`
    alter role ${database.userRo} set statement_timeout = '200ms';
    alter role ${database.user} set statement_timeout = '200ms';
    create or replace view nodetime_per_job as
    select 1 as job_id, now() - interval '1 hour' as start_time, null::timestamptz as stop_time, 'node-1' as node`)
  const api = await startPostgrest(t, database)
  await admin`begin`
  await admin`lock table kwollect.series in access exclusive mode`
  const asked = await request(api, '/rpc/available_metrics')
  const summed = await request(api, '/rpc/get_job_energy?job_id=1')
  const pushed = await request(api, '/rpc/insert_metrics', {
    body: { device_id: 'node-1', metric_id: 'm' },
    token: api.token,
  })
  await admin`rollback`
  t.is(asked.status, 504)
  t.like(asked.json, { code: 'PT504', hint: 'Name devices or a job_id in params.' })
  t.is(summed.status, 504)
  t.like(summed.json, { code: 'PT504', hint: "Name one of the job's metrics in metrics." })
  t.is(pushed.status, 504)
  t.like(pushed.json, { code: 'PT504', message: 'the values took too long to store' })
  t.is((await admin`select from metrics`).length, 0)
})
