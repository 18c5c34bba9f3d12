import ava from 'ava'
import { freePort, freeUdpPort } from '../../scripts/stack/free_port.ts'
import { until } from '../../scripts/stack/until.ts'
import { testDatabase } from '../harness/database.ts'
import { runScript } from '../harness/processes.ts'
import { testWhere, withConnection } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import { configure, startKwollector, stopKwollector, storedMetrics } from './kwollector_program.ts'

const test = testWhere(ava, snmpdMissing)

const watts = '1.3.6.1.4.1.99999.1.1.0'

test('kwollector reports its hosts to the database, and to a kwollector that polls it as an exporter: itself', async t => {
  const [database, agent, deadPort, metrics_port] = await Promise.all([
    testDatabase(t),
    startSnmpd(t, { overrides: [[watts, 'integer', '182']] }),
    freeUdpPort(),
    freePort(),
  ])
  const configuration = configure(t, database, { metrics_port })
  const [live, dead, own] = [`127.0.0.1:${agent.port}`, `127.0.0.1:${deadPort}`, `127.0.0.1:${metrics_port}`]
  const described = (name: string, url: string, others: object = {}) => ({
    name,
    device_id: name,
    url,
    update_every: 250,
    ...others,
  })
  configuration.describe('devices.yml', [
    described('watts', `snmp://public@${agent.host}:${agent.port}/${watts}`),
    described('fan', `snmp://public@${agent.host}:${agent.port}/${watts}`, { optional: true }),
    described('dead', `snmp://kept-secret@127.0.0.1:${deadPort}/${watts}`),
    described('own', `prometheus://${own}/kwollector_host_up-kwollector_spool_bytes`),
  ])
  const program = await startKwollector(t, configuration)
  const rows = () =>
    withConnection(database.reader, async sql => [
      ...(await sql`
        select host, up, kwollector_state as state, devices, metrics_described::integer as described
             , metrics_polled::integer as polled, last_error, polls > 0 and values_collected > 0 as collects
          from kwollector_status order by protocol desc, up desc`),
    ])
  const reported = await until('a report of all three', async () => {
    const known = await rows()
    return known.length === 3 && known
  })
  const common = { state: 'running', described: 1, polled: 1 }
  t.deepEqual(reported, [
    {
      ...common,
      host: live.replace('127.0.0.1', agent.host),
      up: true,
      devices: ['fan', 'watts'],
      described: 2,
      last_error: null,
      collects: true,
    },
    {
      ...common,
      host: dead,
      up: false,
      devices: ['dead'],
      last_error: `no SNMP agent listens on UDP port ${deadPort} (ECONNREFUSED)`,
      collects: false,
    },
    { ...common, host: own, up: true, devices: ['own'], last_error: null, collects: true },
  ])

  await until('what it says of itself', async () => {
    const known = await storedMetrics(database, 'prom_kwollector_host_up')
    return known.some(({ value, labels }) => value === 0 && labels.host === dead)
  })
  const page = await (await fetch(`http://${own}/metrics`)).text()
  t.true(page.includes(`kwollector_host_up{host="${dead}",protocol="snmp"} 0\n`))
  t.true(page.includes('\nprocess_cpu_seconds_total '))
  for (const secret of ['kept-secret', database.password]) t.false(page.includes(secret))

  await stopKwollector(t, program, database)
  t.deepEqual(new Set((await rows()).map(({ state, up }) => `${state} ${up}`)), new Set(['stopped null']))
})

ava('a metrics_port that is in use ends it with status 1 and a sentence', async t => {
  const { port } = await startExporter(t, () => {})
  const configuration = configure(t, await testDatabase(t))
  const { status, stderr } = await runScript('sidecar/kwollector.ts', [
    configuration.file,
    '--metrics_port',
    String(port),
  ])
  t.is(status, 1)
  t.is(stderr, `kwollector: metrics_port ${port} on 127.0.0.1 is used by another program; give another one\n`)
})
