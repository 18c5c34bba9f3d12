import test, { type ExecutionContext } from 'ava'
import { until } from '../../scripts/stack/until.ts'
import type { DatabaseAddress } from '../../sidecar/database.ts'
import type { Description } from '../../sidecar/descriptions.ts'
import { type PromotionPatience, Promotions } from '../../sidecar/promoted.ts'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { withConnection } from '../harness/server.ts'
import { startTcpRelay } from '../peers/tcp_relay.ts'
import { keptLog } from './samples.ts'
import { describe } from './snmp_host.ts'
import { addressOf, keptPromotions } from './storing.ts'

/** No refresh in the time of a test: only an announcement or a new connection can bring a change. */
const patience: PromotionPatience = { refreshMs: 3_600_000, retryMs: 50, answerMs: 60_000 }

const fans = describe('1.1', { name: 'fan_rpm', optional: true })
const watts = describe('1.2', { name: 'power_watt', optional: true, labels: { _device_alias: 'node-3' } })
const other = describe('1.3', { name: 'power_watt', optional: true, deviceId: 'switch-4' })

function startPromotions(t: ExecutionContext, address: DatabaseAddress, times = patience) {
  const log = keptLog()
  const answers: string[][] = []
  const promotions = new Promotions<Description>(
    address,
    keptPromotions(t),
    log,
    promoted => {
      answers.push(promoted.map(namesOf).sort())
    },
    times,
  )
  t.teardown(() => promotions.stop())
  return {
    promotions,
    log,
    answers,
    untilPromoted: (...wanted: readonly Description[]) => {
      const names = JSON.stringify(wanted.map(namesOf).sort())
      return until(`the answer ${names}`, () => JSON.stringify(answers.at(-1)) === names)
    },
  }
}

function namesOf({ deviceId, name }: Pick<Description, 'deviceId' | 'name'>): string {
  return `${deviceId} ${name}`
}

async function promote(database: TestDatabase, deviceId: string, metricId: string | null): Promise<void> {
  await withConnection(
    database.writer,
    sql => sql`insert into promoted_metrics (device_id, metric_id) values (${deviceId}, ${metricId})`,
  )
}

async function endPromotions(database: TestDatabase): Promise<void> {
  await withConnection(database.writer, sql => sql`delete from promoted_metrics`)
}

test('a promotion and its end are noticed when they are announced', async t => {
  const database = await testDatabase(t)
  const { promotions, untilPromoted, answers } = startPromotions(t, addressOf(database))
  promotions.watch([fans, watts, other])
  await untilPromoted()
  await promote(database, 'switch-3', 'fan')
  await untilPromoted(fans)
  await promote(database, 'node-3', 'power.*')
  await untilPromoted(fans, watts)
  await promote(database, 'switch-4', null)
  await untilPromoted(fans, watts, other)
  await endPromotions(database)
  await untilPromoted()
  t.is(answers.length, 5)
})

test('of many announcements at once none is missed', async t => {
  const database = await testDatabase(t)
  const { promotions, untilPromoted } = startPromotions(t, addressOf(database))
  promotions.watch([fans, watts, other])
  await untilPromoted()
  for (let round = 0; round < 15; round += 1) {
    // Each comes while the question about the one before is on its way.
    await withConnection(database.writer, async sql => {
      await sql`insert into promoted_metrics (device_id, metric_id) values ('switch-3', 'fan')`
      await sql`insert into promoted_metrics (device_id, metric_id) values ('switch-4', null)`
    })
    await untilPromoted(fans, other)
    await endPromotions(database)
    await untilPromoted()
  }
  t.pass()
})

test('descriptions that are replaced while the database is asked are asked about', async t => {
  const database = await testDatabase(t)
  await promote(database, 'switch-4', null)
  const { promotions, untilPromoted } = startPromotions(t, addressOf(database))
  for (const optional of [[fans], [fans, watts], [fans, other]]) {
    promotions.watch(optional)
    await new Promise(resolve => setImmediate(resolve))
  }
  await untilPromoted(other)
  promotions.watch([])
  await untilPromoted()
  t.pass()
})

test('an announcement that was lost with the connection is made up for by the next connection', async t => {
  const database = await testDatabase(t)
  const relay = await startTcpRelay(t, database.server)
  const { promotions, untilPromoted, answers } = startPromotions(t, addressOf(database, relay))
  promotions.watch([fans, watts])
  await untilPromoted()
  await promote(database, 'switch-3', 'fan')
  await untilPromoted(fans)
  const before = answers.length
  relay.goSilent()
  await promote(database, 'node-3', null)
  t.is(answers.length, before, 'with the database away the last answer stands')
  relay.recover()
  relay.cut()
  await untilPromoted(fans, watts)
})

test('a network that swallows everything is noticed by the next refresh', async t => {
  const database = await testDatabase(t)
  const relay = await startTcpRelay(t, database.server)
  const times = { refreshMs: 200, retryMs: 50, answerMs: 500 }
  const { promotions, untilPromoted } = startPromotions(t, addressOf(database, relay), times)
  promotions.watch([fans])
  await untilPromoted()
  relay.goSilent()
  await promote(database, 'switch-3', null)
  relay.recover()
  await untilPromoted(fans)
  t.pass()
})

test('an invalid expression is reported once and costs no other', async t => {
  const database = await testDatabase(t)
  await promote(database, 'switch-3', 'fan[')
  await promote(database, 'switch-4', 'power')
  const { promotions, untilPromoted, log } = startPromotions(t, addressOf(database))
  promotions.watch([fans, watts, other])
  await untilPromoted(other)
  await promote(database, 'switch-3', 'fan')
  await untilPromoted(fans, other)
  const warnings = log.lines.filter(line => line.startsWith('warning'))
  t.is(warnings.length, 1)
  t.regex(
    warnings[0] ?? '',
    /^warning promoted_metrics: 'fan\[' is no regular expression: .* The row for switch-3/,
  )
})

test('what the database refuses is told, once', async t => {
  const database = await testDatabase(t)
  const relay = await startTcpRelay(t, database.server)
  const { promotions, log } = startPromotions(t, {
    ...addressOf(database, relay),
    user: database.userRo,
    password: database.passwordRo,
  })
  promotions.watch([fans])
  await until('a third try', () => relay.connections() >= 3)
  await promotions.stop()
  t.deepEqual(log.lines, [
    'warning cannot ask for promoted metrics: permission denied for function promoted_descriptions; the last answer stands',
  ])
})

for (const [state, silent] of [
  ['does not answer', 'at once'],
  ['falls silent', 'later'],
] as const) {
  test(`a stop ends at once although the database ${state}`, async t => {
    const database = await testDatabase(t)
    const relay = await startTcpRelay(t, database.server)
    if (silent === 'at once') relay.goSilent()
    const { promotions, untilPromoted } = startPromotions(t, addressOf(database, relay))
    promotions.watch([fans])
    if (silent === 'later') {
      await untilPromoted()
      relay.goSilent()
      promotions.watch([fans, watts])
    }
    await until('a request without an answer', () => relay.swallowed() > 0)
    const before = performance.now()
    await promotions.stop()
    // A bound that only a hang passes.
    t.true(performance.now() - before < 5_000)
  })
}
