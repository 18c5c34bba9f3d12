import test from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { until } from '../../scripts/stack/until.ts'
import type { DeliveryStatus } from '../../sidecar/delivery.ts'
import type { HostStatus } from '../../sidecar/host_status.ts'
import type { Clock } from '../../sidecar/schedule.ts'
import { StatusReport } from '../../sidecar/status_report.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import type { Scope } from '../harness/scope.ts'
import { withConnection } from '../harness/server.ts'
import { startTcpRelay } from '../peers/tcp_relay.ts'
import { keptLog } from './samples.ts'
import { addressOf } from './storing.ts'

const now = Date.UTC(2026, 10, 22, 10)
const spoolId = '0d9f1a3e-0000-4000-8000-00000000000a'

const waiting: DeliveryStatus = {
  spoolId,
  waitingBatches: 2,
  waitingBytes: 1024,
  oldestAt: now - 90_000,
  storedBatches: 10,
  storedValues: 5000,
  lostValues: 0,
}

const fresh: HostStatus = {
  host: '10.0.0.1',
  protocol: 'snmp',
  devices: ['switch-3'],
  metricsDescribed: 2,
  metricsPolled: 1,
  metricsMissing: 0,
  up: undefined,
  since: undefined,
  lastSuccessAt: undefined,
  lastErrorAt: undefined,
  lastError: undefined,
  lastDurationMs: undefined,
  polls: 0,
  failedPolls: 0,
  skippedPolls: 0,
  values: 0,
  nextPollAt: now + 1000,
}

/** Reports of one host, or those that the test says; the time between two passes when it says so. */
function startReports(scope: Scope, address: ReturnType<typeof addressOf>) {
  const planned: { ms: number; callback: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    after(ms, callback) {
      planned.push({ ms, callback })
      return () => {}
    },
  }
  const log = keptLog()
  let hosts: readonly HostStatus[] = [fresh]
  let reads = 0
  const identity = { host: 'collector-1', spoolDir: '/var/lib/kwollect', version: '2.0.0' }
  const report = new StatusReport(address, clock, log, {
    hosts: () => hosts,
    delivery: () => {
      reads += 1
      return waiting
    },
    identity,
  })
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= report.stop()
    return stopping
  }
  scope.teardown(stop)
  return {
    report,
    log,
    stop,
    reads: () => reads,
    poll(...now: readonly HostStatus[]) {
      hosts = now
    },
    /** Lets the time pass that was asked for. @returns how long it was */
    next: async () => {
      const { ms, callback } = await until('the plan of the next report', () => planned.shift())
      callback()
      await until('the end of the report', () => planned.length > 0)
      return ms
    },
  }
}

function statusRows(database: TestDatabase) {
  return withConnection(database.reader, async sql => [
    ...(await sql`
      select kwollector_state as state, host, up, last_error, last_success, next_poll
           , extract(epoch from last_duration)::float as seconds, extract(epoch from spool_age)::integer as age
        from kwollector_status order by host`),
  ])
}

test('what the collector knows is in the views 2 s after the start and every 10 s, and a reload counts', async t => {
  const database = await testDatabase(t)
  const { next, poll, log, reads } = startReports(t, addressOf(database))
  t.is(await next(), 2_000)
  t.is(reads(), 1, 'the spool is asked once a report')
  const unknown = {
    state: 'running',
    host: '10.0.0.1',
    up: null,
    last_error: null,
    last_success: null,
    next_poll: new Date(now + 1000),
    seconds: null,
    age: 90,
  }
  t.deepEqual(await statusRows(database), [unknown])
  const answered = { ...fresh, up: true, since: now, lastSuccessAt: now, lastDurationMs: 12.5, polls: 1 }
  const lastError = 'no answer in 4 s "{\\'
  poll(answered, { ...fresh, host: '10.0.0.2', up: false, lastError, lastErrorAt: now })
  t.is(await next(), 10_000)
  t.deepEqual(await statusRows(database), [
    { ...unknown, up: true, last_success: new Date(now), seconds: 0.0125 },
    { ...unknown, host: '10.0.0.2', up: false, last_error: lastError },
  ])
  poll({ ...fresh, host: '10.0.0.2' })
  await next()
  t.deepEqual(
    (await statusRows(database)).map(({ host }) => host),
    ['10.0.0.2'],
  )
  t.deepEqual(log.lines, [])
})

test('a stop is a state of its own, and what the last report learnt of dead letters stays', async t => {
  const database = await testDatabase(t)
  await withConnection(
    database.admin,
    sql =>
      sql`insert into kwollect.dead_letters (spool_id, batch, reason, sample) values (${spoolId}, 1, 'a NUL', '{}')`,
  )
  const { next, report, stop, log } = startReports(t, addressOf(database))
  t.is(report.deadLetters, undefined)
  await next()
  t.is(report.deadLetters, 1)
  await stop()
  t.is((await statusRows(database))[0]?.state, 'stopped')
  t.deepEqual(log.lines, [])
})

test('a database that is away, or breaks a connection, costs nothing but a report', async t => {
  const database = await testDatabase(t)
  const port = await freePort()
  const { next, log } = startReports(t, addressOf(database, { host: '127.0.0.1', port }))
  await next()
  await next()
  const relay = await startTcpRelay(t, database.server, port)
  await next()
  t.is((await statusRows(database)).length, 1)
  await next()
  t.is(relay.connections(), 1, 'a connection that works is kept')
  relay.cut()
  await until('another connection', async () => {
    await next()
    return relay.connections() === 2
  })
  t.true(log.lines.length >= 2)
  t.true(log.lines.every(line => line.startsWith('debug cannot report the status')))
})

test('a database of an older kwollect is named once', async t => {
  const database = await testDatabase(t)
  await withConnection(database.admin, sql => sql`drop function kwollect.report_status`)
  const { next, log } = startReports(t, addressOf(database))
  await next()
  await next()
  t.is(log.lines.filter(line => line.startsWith('warning')).length, 1)
  t.regex(
    log.lines[0] ?? '',
    /^warning .*function kwollect\.report_status\(uuid, json, json\) does not exist/,
  )
})
