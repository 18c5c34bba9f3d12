import ava from 'ava'
import { freePort, freeUdpPort } from '../../scripts/stack/free_port.ts'
import { until } from '../../scripts/stack/until.ts'
import { testDatabase } from '../harness/database.ts'
import { openScope } from '../harness/scope.ts'
import { testWhere, withConnection } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { nodeExporterMissing, startNodeExporter } from '../peers/node_exporter.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { startTcpRelay } from '../peers/tcp_relay.ts'
import { startRelay } from '../peers/udp_relay.ts'
import {
  configure,
  spooledValues,
  startKwollector,
  stopKwollector,
  storedMetrics,
  waitingValues,
} from './kwollector_program.ts'

const test = testWhere(ava, snmpdMissing ?? nodeExporterMissing)

const wattsOid = '1.3.6.1.4.1.99999.1.1.0'
const placeOid = '1.3.6.1.4.1.99999.1.2.0'
const overrides = [
  [wattsOid, 'integer', '182'],
  [placeOid, 'octet_str', 'rack 7'],
] as const

test('values of an SNMP agent and of an exporter are stored with their times, labels and factors', async t => {
  const [database, agent, exporter] = await Promise.all([
    testDatabase(t),
    startSnmpd(t, { overrides }),
    startNodeExporter(t, { collectors: ['loadavg'] }),
  ])
  exporter.writeTextfile('rack_temperature_celsius{sensor="inlet"} 23.5\n')
  const configuration = configure(t, database)
  const snmp = `snmp://public@${agent.host}:${agent.port}`
  configuration.describe('switch-3.yml', [
    {
      name: 'power_watt',
      device_id: 'switch-3',
      url: `${snmp}/${wattsOid}`,
      update_every: 500,
      scale_factor: 0.1,
    },
    {
      name: 'place',
      device_id: 'switch-3',
      url: `${snmp}/${placeOid}`,
      update_every: 1000,
      labels: { row: 2 },
    },
  ])
  configuration.describe('node-1.yaml', [
    {
      name: 'exporter',
      device_id: 'node-1',
      url: `prometheus://${exporter.host}:${exporter.port}/rack_temperature_celsius`,
      update_every: 1000,
      labels: { site: 'lyon' },
    },
  ])
  const began = Date.now() * 1000
  const program = await startKwollector(t, configuration)
  await until(
    'five values of each',
    async () => {
      const rows = await storedMetrics(database)
      const names = ['power_watt', 'place', 'prom_rack_temperature_celsius']
      return names.every(name => rows.filter(({ metric_id }) => metric_id === name).length >= 5)
    },
    20_000,
  )
  await stopKwollector(t, program, database)
  const ended = Date.now() * 1000

  const all = await storedMetrics(database)
  t.is(all.length, spooledValues(program), 'all that was on disk is stored')
  t.true(all.every(({ us }) => us >= began && us <= ended))
  for (const [name, device_id, value, labels] of [
    ['power_watt', 'switch-3', 18.2, {}],
    ['place', 'switch-3', Number.NaN, { row: '2', value_str: 'rack 7' }],
    ['prom_rack_temperature_celsius', 'node-1', 23.5, { sensor: 'inlet', site: 'lyon' }],
  ] as const) {
    const rows = all.filter(({ metric_id }) => metric_id === name)
    t.is(new Set(rows.map(({ us }) => us)).size, rows.length)
    for (const row of rows) {
      t.is(row.device_id, device_id)
      t.is(Number(row.value.toFixed(6)), value)
      t.deepEqual(row.labels, labels)
    }
  }
})

test('devices that are dead, hang, refuse or answer garbage delay and disturb no other', async t => {
  const [database, agent] = await Promise.all([testDatabase(t), startSnmpd(t, { overrides })])
  const deadPort = await freeUdpPort()
  const html = await startExporter(t, (_request, response) => {
    response.setHeader('content-type', 'text/html').end('<html>Log in, please</html>')
  })
  const hanging = await startExporter(t, () => {})
  const hostile = await startRelay(t, agent, {
    onRequest: (_request, to) => to.client(Buffer.from('3082ffff02', 'hex')),
  })
  const configuration = configure(t, database)
  const bad: readonly (readonly [words: RegExp, url: string])[] = [
    [/no SNMP agent listens/, `snmp://public@127.0.0.1:${deadPort}/${wattsOid}`],
    [
      /dead, filtered, or the community is wrong/,
      `snmp://wrong-community@${agent.host}:${agent.port}/${wattsOid}`,
    ],
    [/is this an exporter\?/, `prometheus://${html.host}:${html.port}/`],
    // 4 s, or a little less where a busy machine polls late
    [/no answer in [\d.]+ s; 1 metrics/, `prometheus://${hanging.host}:${hanging.port}/`],
    [/127\.0\.0\.1:\d+ \(bad-4\)/, `snmp://public@127.0.0.1:${hostile.port}/${wattsOid}`],
  ]
  configuration.describe(
    'bad.yml',
    bad.map(([, url], index) => ({
      name: 'power_watt',
      device_id: `bad-${index}`,
      url,
      update_every: 5000,
    })),
  )
  configuration.describe('good.yml', [
    {
      name: 'good_watt',
      device_id: 'good',
      url: `snmp://public@${agent.host}:${agent.port}/${wattsOid}`,
      update_every: 250,
    },
  ])
  const program = await startKwollector(t, configuration)
  const complaints = () =>
    program
      .output()
      .split('\n')
      .filter(line => line.includes('cannot reach'))
  for (const [words] of bad) await program.untilPrinted(words, 30_000)
  await until('a line for each', () => complaints().length >= bad.length, 30_000)
  await stopKwollector(t, program, database)

  t.is(complaints().length, bad.length, 'one line each')
  t.false(program.output().includes('wrong-community'))
  const times = (await storedMetrics(database, 'good_watt')).map(({ us }) => us)
  t.true(times.length > 10)
  const gaps = times.slice(1).map((us, index) => (us - (times[index] ?? us)) / 1000)
  // One that waited for a bad one would wait 4 s; the rest is for a busy machine.
  t.true(Math.max(...gaps) < 2_000, `${Math.max(...gaps)} ms without a value`)
})

test('a database that comes long after the start gets everything that was spooled', async t => {
  const [database, agent] = await Promise.all([testDatabase(t), startSnmpd(t, { overrides })])
  const db_port = await freePort()
  const configuration = configure(t, database, { db_port })
  configuration.describe('switch-3.yml', [
    {
      name: 'power_watt',
      device_id: 'switch-3',
      url: `snmp://public@${agent.host}:${agent.port}/${wattsOid}`,
      update_every: 100,
    },
  ])
  const program = await startKwollector(t, configuration)
  await program.untilPrinted('spooled batch 3')
  t.is((await storedMetrics(database)).length, 0)
  await startTcpRelay(t, database.server, db_port)
  await program.untilPrinted('the database stores again')
  await stopKwollector(t, program, database)
  t.is((await storedMetrics(database)).length, spooledValues(program))
  t.is(waitingValues(configuration), 0)
})

test('what is promoted is polled on by a restart without the database, until the database says otherwise', async t => {
  const [database, agent] = await Promise.all([testDatabase(t), startSnmpd(t, { overrides })])
  const db_port = await freePort()
  const configuration = configure(t, database, { db_port })
  configuration.describe('switch-3.yml', [
    {
      name: 'power_watt',
      device_id: 'switch-3',
      url: `snmp://public@${agent.host}:${agent.port}/${wattsOid}`,
      update_every: 100,
      optional: true,
    },
  ])
  await withConnection(database.writer, sql => sql`insert into promoted_metrics values ('switch-3', 'power')`)
  const reachable = openScope()
  t.teardown(() => reachable.end())
  await startTcpRelay(reachable, database.server, db_port)
  const first = await startKwollector(t, configuration)
  await first.untilPrinted('stored batch 1:')
  await reachable.end()
  await first.untilPrinted('cannot store in database')
  first.signal('SIGKILL')
  await first.ended

  const second = await startKwollector(t, configuration)
  await until('values of the time without the database', () => spooledValues(second) >= 10)
  await withConnection(database.writer, sql => sql`delete from promoted_metrics`)
  await startTcpRelay(t, database.server, db_port)
  await second.untilPrinted('0 of 1 optional metrics are promoted')
  await stopKwollector(t, second, database)
  const times = (await storedMetrics(database, 'power_watt')).map(({ us }) => us)
  // The first may have died before it could print its last batch.
  t.true(times.length >= spooledValues(first) + spooledValues(second))
  t.is(new Set(times).size, times.length)
  t.is(waitingValues(configuration), 0)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends it with status 0, with the database away, another silent, and a device that hangs`, async t => {
    const [database, agent] = await Promise.all([testDatabase(t), startSnmpd(t, { overrides })])
    const relay = await startTcpRelay(t, database.server)
    relay.goSilent()
    const hanging = await startExporter(t, () => {})
    const away = signal === 'SIGTERM' ? await freePort() : relay.port
    const configuration = configure(t, database, { db_port: away })
    configuration.describe('devices.yml', [
      {
        name: 'power_watt',
        device_id: 'a',
        url: `snmp://public@${agent.host}:${agent.port}/${wattsOid}`,
        update_every: 200,
      },
      {
        name: 'exporter',
        device_id: 'b',
        url: `prometheus://${hanging.host}:${hanging.port}/`,
        update_every: 1000,
      },
      {
        name: 'fan',
        device_id: 'a',
        url: `snmp://public@${agent.host}:${agent.port}/${placeOid}`,
        optional: true,
      },
    ])
    const program = await startKwollector(t, configuration)
    await program.untilPrinted('spooled batch 2')
    await until('a request that hangs', () => hanging.connections() > 0)
    await stopKwollector(t, program, database, signal)
    t.true(spooledValues(program) > 2)
    t.is(waitingValues(configuration), spooledValues(program), 'nothing that was on disk is lost')
  })
}
