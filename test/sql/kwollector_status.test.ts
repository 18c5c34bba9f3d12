import test from 'ava'
import type postgres from 'postgres'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import type { Scope } from '../harness/scope.ts'
import { refusal, session } from './session.ts'

const [rackA, rackB] = ['0d9f1a3e-0000-4000-8000-00000000000a', '0d9f1a3e-0000-4000-8000-00000000000b']

const service = {
  host: 'collector-1',
  spool_dir: '/var/lib/kwollect/',
  version: '2.0.0',
  started_at: '2026-11-22T10:00:00.000Z',
  has_stopped: false,
  spool_batches: 3,
  spool_bytes: 4096,
  spool_age: '90 seconds',
  batches_stored: 12,
  values_stored: 3400,
  values_lost: 0,
}

const polled = {
  protocol: 'snmp',
  host: 'switch-3',
  devices: ['switch-3', 'rack "7"'],
  metrics_described: 10,
  metrics_polled: 8,
  metrics_missing: 1,
  up: true,
  since: '2026-11-22T10:00:01.000Z',
  last_success: '2026-11-22T10:05:00.000Z',
  last_error_at: '2026-11-22T10:00:01.000Z',
  last_error: 'no value of place (switch-3): the agent has no 1.3.6',
  last_duration: '0.012 seconds',
  polls: 300,
  polls_failed: 0,
  polls_skipped: 2,
  values_collected: 2400,
  next_poll: '2026-11-22T10:05:01.000Z',
}

function sessions(scope: Scope, database: TestDatabase) {
  const [writer, reader, admin] = [database.writer, database.reader, database.admin].map(url =>
    session(scope, url),
  ) as [postgres.Sql, postgres.Sql, postgres.Sql]
  const report = async (spool: string, hosts: readonly object[], changes: object = {}) => {
    const [row] = await writer<[{ dead_letters: string }]>`
      select kwollect.report_status(
               ${spool}::uuid, ${JSON.stringify({ ...service, ...changes })}::text::json, ${JSON.stringify(hosts)}::text::json
             ) as dead_letters`
    return Number(row.dead_letters)
  }
  /** Lets as much time pass since the last report of a kwollector. */
  const age = (spool: string, time: string) =>
    admin`update kwollect.kwollectors set reported_at = now() - ${time}::interval where spool_id = ${spool}`
  const services = async () =>
    (await reader`select state, hosts::integer, hosts_down::integer from kwollectors order by spool_id`).map(
      ({ state, hosts, hosts_down }) => [state, hosts, hosts_down],
    )
  return { reader, writer, admin, report, age, services }
}

test('a report is a row of the kwollector and one of each host, as both roles read them', async t => {
  const { reader, writer, report } = sessions(t, await testDatabase(t))
  await report(rackA, [polled, { ...polled, protocol: 'ipmisensor', up: false }])
  for (const sql of [reader, writer]) {
    const [row] = await sql`
      select kwollector, kwollector_state, devices, up, since, last_success, last_error, next_poll
           , extract(epoch from last_duration)::float as seconds, metrics_described::integer as described
           , metrics_polled::integer as polled, metrics_missing::integer as missing, polls::integer
           , polls_failed::integer as failed, polls_skipped::integer as skipped, values_collected::integer as values
           , spool_bytes::integer as bytes, spool_age::text as age, batches_stored::integer as batches
           , dead_letters::integer as letters
        from kwollector_status where host = 'switch-3' and protocol = 'snmp'`
    t.deepEqual(row, {
      kwollector: 'collector-1',
      kwollector_state: 'running',
      devices: polled.devices,
      up: true,
      since: new Date(polled.since),
      last_success: new Date(polled.last_success),
      last_error: polled.last_error,
      next_poll: new Date(polled.next_poll),
      seconds: 0.012,
      described: 10,
      polled: 8,
      missing: 1,
      polls: 300,
      failed: 0,
      skipped: 2,
      values: 2400,
      bytes: 4096,
      age: '00:01:30',
      batches: 12,
      letters: 0,
    })
    const [whole] = await sql`select state, hosts::integer, hosts_down::integer, version from kwollectors`
    t.deepEqual(whole, { state: 'running', hosts: 2, hosts_down: 1, version: '2.0.0' })
  }
})

test('each report replaces the one before, and touches no other kwollector', async t => {
  const { reader, report, services } = sessions(t, await testDatabase(t))
  await report(rackA, [polled, { ...polled, host: 'pdu-1' }])
  await report(rackB, [polled])
  await report(rackA, [{ ...polled, up: false, last_success: null, polls: 301 }], { spool_bytes: 0 })
  t.deepEqual(await services(), [
    ['running', 1, 1],
    ['running', 1, 0],
  ])
  const rows = await reader`
    select host, up, polls::integer, last_success is null as never, spool_bytes::integer as bytes
      from kwollector_status order by spool_id`
  t.deepEqual(
    [...rows],
    [
      { host: 'switch-3', up: false, polls: 301, never: true, bytes: 0 },
      { host: 'switch-3', up: true, polls: 300, never: false, bytes: 4096 },
    ],
  )
  await report(rackA, [])
  t.deepEqual((await services())[0], ['running', 0, 0])
})

test('a kwollector that reports no more is silent, one that was stopped says so, and neither vouches for a host', async t => {
  const { reader, report, age, services } = sessions(t, await testDatabase(t))
  await report(rackA, [polled])
  await report(rackB, [polled], { has_stopped: true })
  await age(rackA, '1 minute')
  t.deepEqual(
    (await services()).map(([state]) => state),
    ['silent', 'stopped'],
  )
  const rows = await reader`select kwollector_state as state, up from kwollector_status order by spool_id`
  t.deepEqual(
    [...rows],
    [
      { state: 'silent', up: null },
      { state: 'stopped', up: null },
    ],
  )
  await report(rackA, [polled])
  t.is((await services())[0]?.[0], 'running')
})

test('a host of which nothing is polled is neither up nor down', async t => {
  const { reader, report } = sessions(t, await testDatabase(t))
  await report(rackA, [{ ...polled, metrics_polled: 0 }])
  t.deepEqual([...(await reader`select up from kwollector_status`)], [{ up: null }])
})

test('a kwollector that is gone for a week goes from the view with its hosts', async t => {
  const { reader, report, age, services } = sessions(t, await testDatabase(t))
  await report(rackA, [polled])
  await age(rackA, '6 days 23 hours')
  await report(rackB, [polled])
  t.is((await services()).length, 2)
  await age(rackA, '7 days 1 hour')
  await report(rackB, [polled])
  t.deepEqual(await services(), [['running', 1, 0]])
  t.is((await reader`select from kwollector_status`).length, 1)
})

test('dead letters are counted for the spool that they come from', async t => {
  const { admin, reader, report } = sessions(t, await testDatabase(t))
  await admin`insert into kwollect.dead_letters (spool_id, batch, reason, sample)
    select ${rackA}, batch, 'impossible time', '{}' from generate_series(1, 3) as batch`
  t.is(await report(rackA, [polled]), 3)
  t.is(await report(rackB, [polled]), 0)
  const rows = await reader`select dead_letters::integer as letters from kwollectors order by spool_id`
  t.deepEqual(
    rows.map(({ letters }) => letters),
    [3, 0],
  )
})

test('the reader may not report', async t => {
  const { reader } = sessions(t, await testDatabase(t))
  t.is((await refusal(t, reader`select kwollect.report_status(${rackA}::uuid, '{}', '[]')`)).code, '42501')
})
